import { defineConfig } from 'vitest/config';

/** `fast` is what `npm test` runs (under two minutes); `slow` holds long emulator and end-to-end runs. */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['lib/**', 'lambdas/**'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
    projects: [
      {
        test: {
          name: 'fast',
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
