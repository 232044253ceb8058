import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutantsOf, mutated } from './mutants.ts';
import { TARGETS, testsThatImport } from './targets.ts';

const sources = (text: string): string[] => mutantsOf('a.ts', text).map((mutant) => mutated(mutant, text));

describe('mutants', () => {
  it('move a boundary, turn a comparison, and decide a condition', () => {
    expect(sources('const x: number = a < b ? 1 : 2;')).toEqual([
      'const x: number = true ? 1 : 2;',
      'const x: number = false ? 1 : 2;',
      'const x: number = a <= b ? 1 : 2;',
      'const x: number = a >= b ? 1 : 2;',
    ]);
  });

  it('leave out a call, exchange a method, forget a default', () => {
    expect(sources('store.put(x ?? 1);')).toEqual([';', 'store.put(x);']);
    expect(sources('f = list.some(g);')).toEqual([';', 'f = list.every(g);']);
  });

  it('leave types and words alone', () => {
    expect(sources("type T = 1 extends 2 ? true : false; const said = 'a' + b;")).toEqual([]);
  });

  it('are of files, and tried by tests, that are there', () => {
    const named = TARGETS.flatMap(({ files, tests }) => [...files, ...tests]);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(testsThatImport('lib/profile/bottom-k.ts')).toContain('test/profile/bottom-k.test.ts');
  });
});
