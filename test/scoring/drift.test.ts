import { describe, expect, it } from 'vitest';
import { DriftTest, learnDriftBase, type NewestRow, SCORE } from '../../lib/scoring/drift.ts';
import { FACTS } from '../../lib/signals/facts/index.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';

const QUESTION = FACTS.findIndex(({ id }) => id === 'question');

/** Accounts whose facts are often nothing, as facts are; `shift` is added to the share of questions in one product. */
function accounts(count: number, seed: number, shift = 0, louder = 0): NewestRow[] {
  const uniform = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const product = uniform() < 0.5 ? 'api' : 'chat';
    const row = Float64Array.from(FACTS, () => (uniform() < 0.6 ? 0 : uniform()));
    if (product === 'api') row[QUESTION] = Math.min(1, (row[QUESTION] as number) + shift * uniform());
    return { product, row, score: uniform() + louder * uniform() };
  });
}

function reportOf(past: readonly NewestRow[], present: readonly NewestRow[]) {
  const test = new DriftTest(learnDriftBase(168, past));
  for (const held of present) test.see(held);
  return test.report();
}

describe('drift', () => {
  it('accounts like those of the past raise no alarm, however many are looked at', () => {
    const alarms = Array.from({ length: 12 }, (_, i) =>
      reportOf(accounts(300, 2 * i + 1), accounts(600, 2 * i + 2)),
    ).filter(({ drifted }) => drifted.length > 0);
    // at most one in a hundred is stated
    expect(alarms).toEqual([]);
  });

  it('a planted drift is told by the fact that moved and the group in which it did, with numbers', () => {
    const { drifted, accounts: compared } = reportOf(accounts(600, 1), accounts(400, 2, 0.4));
    expect(compared).toBe(400);
    expect(new Set(drifted.map(({ fact }) => fact))).toEqual(new Set(['question']));
    expect(drifted[0]?.group).toBe('api');
    expect(drifted.map(({ group }) => group)).not.toContain('chat');
    expect(drifted[0]?.evidence).toMatch(
      /question, api: at most .* in \d+ % of the past's \d+ accounts, in \d+ % of \d+ now/,
    );
  });

  it('a score that moved is told apart from facts, as the promise rests on it', () => {
    const { drifted } = reportOf(accounts(600, 1), accounts(400, 2, 0, 0.5));
    expect(new Set(drifted.map(({ fact }) => fact))).toEqual(new Set([SCORE]));
    expect(drifted[0]?.evidence).toMatch(/score.*, everyone: at most .* in \d+ % of the past's 600 accounts/);
  });

  it('a past of few accounts is not compared with', () => {
    expect(reportOf(accounts(30, 1), accounts(400, 2, 0.9))).toMatchObject({ watched: 0, drifted: [] });
  });
});
