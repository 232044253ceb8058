import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url));
const CACHE = join(CHECKOUT, '.cache', 'assemblies');
/** Assemblies kept; older ones are dropped. */
const KEPT = 3;

/** What an assembly depends on: the app, everything that may be in a bundle, and the versions of what is bundled. */
const SOURCES = ['lib', 'lambdas', 'bin', 'cdk.json', 'package-lock.json', 'package.json', 'tsconfig.json'];

export interface Assembly {
  readonly folder: string;
  /** it was there already: nothing that it depends on has changed */
  readonly cached: boolean;
}

/**
 * The synthesized app, bundles included, exactly as `cdk deploy` would upload it under this context. Kept by the
 * content of what it depends on, so that only a change is synthesized again.
 * @throws {Error} with what the synthesis printed, when it fails
 */
export async function synthesize(context: Readonly<Record<string, unknown>> = {}): Promise<Assembly> {
  const folder = join(CACHE, await contentHash(context));
  if (existsSync(join(folder, 'manifest.json'))) return { folder, cached: true };
  const begun = `${folder}.${process.pid}`;
  await mkdir(begun, { recursive: true });
  try {
    await run(begun, context);
    await rm(folder, { recursive: true, force: true });
    await rename(begun, folder);
  } catch (error) {
    await rm(begun, { recursive: true, force: true });
    throw error;
  }
  await forget(folder);
  return { folder, cached: false };
}

function run(folder: string, context: Readonly<Record<string, unknown>>): Promise<void> {
  const script = fileURLToPath(new URL('../synthesis-worker.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder, JSON.stringify(context)], {
      cwd: CHECKOUT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`synthesizing the app failed (exit code ${code}):\n${said.slice(-4000)}`));
    });
  });
}

async function contentHash(context: Readonly<Record<string, unknown>>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(context)).update(process.version);
  const add = async (path: string): Promise<void> => {
    hash.update(path).update(await readFile(join(CHECKOUT, path)));
  };
  for (const source of SOURCES) {
    const path = join(CHECKOUT, source);
    if (!existsSync(path)) continue;
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
    if (!entries) {
      await add(source);
      continue;
    }
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(CHECKOUT.length))
      .sort();
    for (const file of files) await add(file);
  }
  return hash.digest('hex').slice(0, 24);
}

/** Drops all but the newest assemblies; `current` stays. */
async function forget(current: string): Promise<void> {
  const names = await readdir(CACHE);
  const dated = await Promise.all(
    names.map(async (name) => ({ path: join(CACHE, name), at: (await stat(join(CACHE, name))).mtimeMs })),
  );
  dated.sort((a, b) => b.at - a.at);
  for (const { path } of dated.slice(KEPT)) {
    if (path !== current) await rm(path, { recursive: true, force: true });
  }
}
