import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { type Mutant, mutated } from './test/mutation/mutants.ts';
import { withBug } from './test/simulation/plant.ts';
import { PLANTED_BUGS } from './test/simulation/planted-bugs.ts';

/** Other texts of a file, which `npm run simulate -- --planted` and `npm run mutate` name, so that tests can be seen to notice. */
function changed(planted: string | undefined, mutant: string | undefined): Plugin[] {
  const bug = PLANTED_BUGS.find((held) => held.id === planted);
  return [
    ...(bug === undefined ? [] : [loading(bug.file, (source) => withBug(bug, source))]),
    ...(mutant === undefined ? [] : [loading(...mutation(JSON.parse(mutant)))]),
  ];
}

function mutation(mutant: Mutant): [file: string, change: (source: string) => string] {
  return [mutant.file, (source) => mutated(mutant, source)];
}

function loading(of: string, change: (source: string) => string): Plugin {
  const file = resolve(of);
  return {
    name: 'changed',
    enforce: 'pre',
    load: (path) => (path.split('?')[0] === file ? change(readFileSync(file, 'utf8')) : undefined),
  };
}

const plugins = changed(process.env.SIPHONWATCH_PLANTED, process.env.SIPHONWATCH_MUTANT);

/** `fast` is what `npm test` runs (179 to 244 s on two quiet cores, whose speed differs from day to day; two minutes are the goal); `slow` holds long emulator and end-to-end runs. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['lib/**', 'lambdas/**'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
    projects: [
      {
        plugins,
        test: {
          name: 'fast',
          globalSetup: ['test/setup/temporary-folder.ts'],
          // modules are loaded once a worker, not once a file: a third of the time
          isolate: false,
          setupFiles: ['test/setup/property-seed.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.slow.test.ts'],
          // generous: a test that waits for an emulator must also pass on a machine with a load of fifteen
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'slow',
          globalSetup: ['test/setup/temporary-folder.ts'],
          setupFiles: ['test/setup/property-seed.ts'],
          include: ['test/**/*.slow.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
