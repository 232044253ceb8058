import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { withBug } from './test/simulation/plant.ts';
import { PLANTED_BUGS } from './test/simulation/planted-bugs.ts';

/** Plants the bug that `npm run simulate -- --planted` names, so that tests can be seen to notice it. */
function planted(id: string | undefined): Plugin[] {
  const bug = PLANTED_BUGS.find((held) => held.id === id);
  if (bug === undefined) return [];
  const file = resolve(bug.file);
  return [
    {
      name: 'planted',
      enforce: 'pre',
      load: (path) => (path.split('?')[0] === file ? withBug(bug, readFileSync(file, 'utf8')) : undefined),
    },
  ];
}

const plugins = planted(process.env.SIPHONWATCH_PLANTED);

/** `fast` is what `npm test` runs (under two minutes); `slow` holds long emulator and end-to-end runs. */
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
          setupFiles: ['test/setup/property-seed.ts'],
          include: ['test/**/*.slow.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
