import { readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** Files that are mutated, and the fast tests that have to notice. */
export interface Target {
  readonly name: string;
  readonly files: readonly string[];
  readonly tests: readonly string[];
}

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Who owns a table. */
function ownerFile(name: string): string {
  return `lib/aws/${name}.ts`;
}

let sources: ReadonlyMap<string, string> | undefined;

/** All fast tests, with their sources. */
function fastTests(): ReadonlyMap<string, string> {
  sources ??= new Map(
    readdirSync('test', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.slow.test.ts'))
      .sort()
      .map((name) => [`test/${name}`, readFileSync(`test/${name}`, 'utf8')]),
  );
  return sources;
}

/** Fast tests that import a file by its name, whichever room they are of: they know it best, and are soon over. */
export function testsThatImport(file: string): string[] {
  return [...fastTests()]
    .filter(([test, source]) =>
      [...source.matchAll(/from '([^']+)'/g)].some(
        ([, name = '']) => name.startsWith('.') && relative('.', resolve(test, '..', name)) === file,
      ),
    )
    .map(([test]) => test);
}

/** The tests that look at one room come first, then random histories of the whole pipeline (test/simulation). */
export const TARGETS: readonly Target[] = [
  {
    name: 'profile',
    files: filesIn('lib/profile'),
    tests: ['test/profile', 'test/stores/profile-store.test.ts', 'test/stores/remembered-states.test.ts'],
  },
  {
    name: 'stores',
    files: [
      ...filesIn('lib/stores'),
      ...['profile-table', 'profile-items', 'fact-items', 'sampled-prompts', 'notice-attribute'].map(
        ownerFile,
      ),
      ...['outbox-items', 'finding-table'].map(ownerFile),
    ],
    tests: [
      'test/stores',
      'test/findings/stores.test.ts',
      'test/findings/delivery.test.ts',
      'test/findings/outages.test.ts',
      'test/lambdas/index.test.ts',
    ],
  },
  {
    name: 'detection',
    files: filesIn('lib/detection'),
    tests: ['test/detection', 'test/scoring', 'test/lambdas/score.test.ts'],
  },
  {
    name: 'score',
    files: filesIn('lambdas/score'),
    tests: ['test/lambdas'],
  },
  {
    name: 'notify',
    files: filesIn('lambdas/notify'),
    tests: ['test/lambdas/handlers.test.ts', 'test/findings'],
  },
];
