import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { runFastTests } from '../fast-tests.ts';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts';

/** What became of the planted bugs. */
export interface Planted {
  planted: number;
  caught: number;
  readonly survivors: string[];
}

const FOLDER = '.cache/planted';
/** Histories that a bug is looked for in, until the first that it breaks. */
const SEEDS = 60;
const TIMEOUT_MS = 300_000;

/** Plants each bug in turn in a bundle of the simulation, or in the tests that name it, and sees whether it is noticed. */
export async function plant(only: string | undefined, say: (line: string) => void): Promise<Planted> {
  const result: Planted = { planted: 0, caught: 0, survivors: [] };
  for (const bug of PLANTED_BUGS.filter(({ id }) => only === undefined || id === only)) {
    result.planted++;
    // tests of a bug that has no place any more would fail, and count as having seen it
    const text = sourceWith(bug);
    const by =
      bug.tests === undefined ? await inSimulation(bug.id, bug.file, text) : await inTests(bug, bug.tests);
    if (by === undefined) result.survivors.push(bug.id);
    else result.caught++;
    say(`${bug.id}: ${by ?? 'SURVIVES'} (${bug.harm})`);
  }
  return result;
}

/** @throws where the place of a bug is not there, or not the only one of its kind */
export function withBug(bug: PlantedBug, source: string): string {
  const parts = source.split(bug.find);
  if (parts.length !== 2) throw new Error(`${bug.id}: ${bug.file} has its place ${parts.length - 1} times`);
  return parts.join(bug.replace);
}

function sourceWith(bug: PlantedBug): string {
  return withBug(bug, readFileSync(bug.file, 'utf8'));
}

/**
 * Runs histories with another text of one file, until the first that breaks a property.
 * @param name of the bundle that is written
 * @returns what broke, or undefined
 */
export async function inSimulation(
  name: string,
  file: string,
  text: string,
  seeds = SEEDS,
): Promise<string | undefined> {
  const outfile = `${FOLDER}/${name}.mjs`;
  const path = resolve(file);
  mkdirSync(FOLDER, { recursive: true });
  await build({
    entryPoints: ['test/simulation/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'planted',
        setup(bundler) {
          bundler.onLoad({ filter: /\.ts$/ }, (asked) =>
            asked.path === path ? { contents: text, loader: 'ts' } : undefined,
          );
        },
      },
    ],
  });
  const run = spawnSync(process.execPath, [outfile, '--seeds', String(seeds), '--until-first'], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  if (run.status === 0) return undefined;
  if (run.error !== undefined) return `does not end within ${TIMEOUT_MS / 1000} s`;
  return run.stdout.split('\n')[0]?.slice(0, 120) || 'the simulation fails';
}

async function inTests(bug: PlantedBug, tests: readonly string[]): Promise<string | undefined> {
  const ended = await runFastTests(tests, { SIPHONWATCH_PLANTED: bug.id }, TIMEOUT_MS);
  return ended === 'passed' ? undefined : tests.join(', ');
}
