import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const modules = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules');

/** How TypeScript may be told to find packages: https://www.typescriptlang.org/tsconfig/#moduleResolution */
export const RESOLUTIONS = ['node16', 'nodenext', 'bundler'] as const;

const USE = `createRecorder({ keys: developmentKeyring('types') }).record`;
const IMPORTED = `
import { createRecorder, developmentKeyring, type Exchange, type UsageEvent } from '@siphonwatch/recorder';
import { eventStream } from '@siphonwatch/recorder/kinesis';
export const made: (exchange: Exchange) => UsageEvent = ${USE};
export const stop: () => void = eventStream({ stream: 's' }).destroy;
`;
const REQUIRED = `
import type { Exchange, UsageEvent } from '@siphonwatch/recorder';
import recorder = require('@siphonwatch/recorder');
const { createRecorder, developmentKeyring } = recorder;
export const made: (exchange: Exchange) => UsageEvent = ${USE};
`;

/**
 * Compiles a use of the installed package, strictly and with the declarations of libraries checked too.
 * @param folder where the package is installed
 * @param more another module to compile beside it
 * @returns what the compiler complains about; empty when all is well
 */
export async function typeCheck(
  folder: string,
  resolution: (typeof RESOLUTIONS)[number],
  more = '',
): Promise<string> {
  const bundler = resolution === 'bundler';
  await writeFile(join(folder, 'typed.mts'), IMPORTED);
  await writeFile(join(folder, 'typed.cts'), REQUIRED);
  await writeFile(join(folder, 'more.mts'), more);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'ES2022',
    module: bundler ? 'preserve' : resolution,
    moduleResolution: resolution,
    types: ['node'],
    typeRoots: [join(modules, '@types')],
  };
  const files = bundler ? ['typed.mts', 'more.mts'] : ['typed.mts', 'typed.cts', 'more.mts'];
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  const done = await run(process.execPath, [compiler, '-p', folder]).catch((error: unknown) => error);
  return typeof done === 'object' && done !== null && 'stdout' in done ? String(done.stdout) : String(done);
}
