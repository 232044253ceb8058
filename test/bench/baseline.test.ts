import { describe, expect, it } from 'vitest';
import { compare, MEASURES, readBaseline } from '../../bench/baseline.ts';

const score = (at10000: number, median: number): Map<string, unknown> =>
  new Map([
    ['score', { ratio: { 10000: at10000, 1000: 0.2, natural: 0.2 }, bytesPerAccount: { median, p99: 5000 } }],
  ]);
const known = { 'score: flushes of 10,000, of the bound': 0.5, 'score: bytes an account, median': 1000 };
const verdicts = (measured: Map<string, unknown>) =>
  Object.fromEntries(compare(measured, known).map(({ name, verdict }) => [name, verdict]));

describe('the comparison with the baseline', () => {
  it('tells a regression from noise, to the side that is worse', () => {
    const within = verdicts(score(0.4, 1020));
    expect(within['score: flushes of 10,000, of the bound']).toBe('as before');
    expect(within['score: bytes an account, median']).toBe('as before');
    const worse = verdicts(score(0.2, 1500));
    expect(worse['score: flushes of 10,000, of the bound']).toBe('regression');
    expect(worse['score: bytes an account, median']).toBe('regression');
    const better = verdicts(score(0.9, 500));
    expect(better['score: flushes of 10,000, of the bound']).toBe('better');
    expect(better['score: bytes an account, median']).toBe('better');
  });

  it('says what has no baseline yet, and nothing of what did not run', () => {
    const compared = compare(score(0.5, 1000), known);
    expect(compared.map(({ verdict }) => verdict)).toContain('new');
    expect(compared.some(({ name }) => name.startsWith('backtest'))).toBe(false);
  });

  it('is made with a committed baseline of measures that exist', () => {
    const names = MEASURES.map(({ name }) => name);
    expect(Object.keys(readBaseline()).filter((name) => !names.includes(name))).toEqual([]);
  });
});
