import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, FUNCTIONS, readEnvironment } from '../../lib/contract/environment.ts';

describe('environment of the functions', () => {
  it('every function has its handler', () => {
    for (const name of FUNCTION_NAMES) {
      expect(
        existsSync(new URL(`../../${FUNCTIONS[name].entry}`, import.meta.url)),
        FUNCTIONS[name].entry,
      ).toBe(true);
    }
  });

  it('is read whole, and an empty value is a value', () => {
    const environment = Object.fromEntries(FUNCTIONS.score.variables.map((variable) => [variable, 'x']));
    const read = readEnvironment('score', { ...environment, ARCHIVE_BUCKET: '', UNRELATED: 'y' });
    expect(read.ARCHIVE_BUCKET).toBe('');
    expect(read).not.toHaveProperty('UNRELATED');
  });

  it('names the function and everything that is missing', () => {
    expect(() => readEnvironment('index', { LOG_LEVEL: 'INFO' })).toThrow(
      /function index is missing .*PROFILE_TABLE \(table of profiles\), LINK_TABLE/,
    );
  });
});
