import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = dirname(fileURLToPath(import.meta.url));
const modules = join(folder, '..', '..', 'node_modules');

export interface Tarball {
  readonly file: string;
  /** bytes as it is downloaded */
  readonly size: number;
  readonly unpackedSize: number;
  /** paths inside */
  readonly files: readonly string[];
}

/** Builds and packs the package into a folder. */
export async function packRecorder(into: string): Promise<Tarball> {
  await run(process.execPath, ['--import', 'tsx', join(folder, 'build.ts')], { cwd: folder });
  const packed = await run('npm', ['pack', '--json', '--pack-destination', into], { cwd: folder });
  const [{ filename, size, unpackedSize, files }] = JSON.parse(packed.stdout) as [
    { filename: string; size: number; unpackedSize: number; files: { path: string }[] },
  ];
  return { file: join(into, filename), size, unpackedSize, files: files.map(({ path }) => path) };
}

/**
 * Installs the tarball into a folder as a user would, but without network: its dependencies come from this checkout's
 * node_modules, and a version there that the package's ranges refuse fails the installation.
 */
export async function installTarball(tarball: string, into: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const wanted = [
    ...Object.keys(manifest.dependencies),
    '@aws-sdk/client-kinesis',
    '@smithy/node-http-handler',
  ];
  const dependencies = Object.fromEntries(wanted.map((name) => [name, `file:${join(modules, name)}`]));
  await writeFile(
    join(into, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { '@siphonwatch/recorder': `file:${tarball}`, ...dependencies },
    }),
  );
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: into });
}
