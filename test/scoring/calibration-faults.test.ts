import { describe, expect, it } from 'vitest';
import { type Calibration, calibration as schema } from '../../lib/scoring/calibration.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { testCalibration } from '../calibration.ts';

type Draft = Record<string, never> & { [name: string]: Draft };

/** What is refused of a copy of the shipped calibration, after the change: field and words. */
function refused(change: (draft: Draft) => void, of: Calibration = defaultCalibration): string {
  const draft = structuredClone(of);
  change(draft as unknown as Draft);
  const issue = schema.safeParse(draft).error?.issues[0];
  return issue === undefined ? 'accepted' : `${issue.path.join('.')}: ${issue.message}`;
}

/** Puts a value into a field. */
const put = (path: string, value: unknown) => (draft: Draft) => {
  const steps = path.split('/');
  let at: Record<string, unknown> = draft;
  for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>;
  at[steps.at(-1) ?? ''] = value;
};

const ranks = { accounts: 3, ranks: [1], values: [1.5] };
const history = { traces: [7], scores: [1.5], margin: 0.15, rises: 1, fresh: 1, standing: 0, tail: 0 };
const groups: NonNullable<Calibration['groups']> = { accounts: ranks, groups: ranks, history, content: [] };

describe('a calibration that was changed by hand, cut, or mixed from two', () => {
  it('is accepted as it was made', () => {
    expect(refused(() => undefined)).toBe('accepted');
    expect(refused(put('groups', groups))).toBe('accepted');
    expect(refused(() => undefined, testCalibration)).toBe('accepted');
  });

  it.each([
    ['accounts', 1_000_000_000, 'accounts: must be those that are ranked'],
    ['madeAt', 'yesterday', 'madeAt: Invalid ISO datetime'],
    ['windows', [], 'windows: Too small'],
    ['score', {}, 'accounts: must be those that are ranked under score.everyone: 0'],
    ['score/everyone/ranks', [1, 2], 'score.everyone: has 2 ranks'],
    ['score/everyone/ranks/0', 2, 'score.everyone: its ranks do not ascend'],
    ['score/everyone/values/0', 0, 'score.everyone: its values do not descend'],
    ['model/draws', [], 'model: has no facts or no forests'],
    ['model/facts/0/id', 'hair-colour', 'model: asks for a fact that this version does not know'],
    ['model/draws/0/0/cut', '', 'model: forest: its lists are not of one length'],
    ['spread/24/age/everyone/0', 1e9, 'spread.24.age.everyone: does not ascend'],
    ['drift/facts/score/everyone/counts', [1], 'drift.facts.score.everyone: has'],
    ['groups', { ...groups, groups: { ...ranks, values: [] } }, 'groups.groups: has 1 ranks and 0 values'],
    ['groups', { ...groups, history: { ...history, scores: [] } }, 'groups.history: has 1 traces and 0'],
  ])('names %s', (path, value, words) => {
    expect(refused(put(path, value))).toContain(words);
  });

  it('names a model whose forests ask more facts than it lists', () => {
    const fewer = (draft: Draft) => put('model/facts', defaultCalibration.model.facts.slice(0, 3))(draft);
    expect(refused(fewer)).toMatch(/^model: its forests ask \d+ facts of 3$/);
  });
});
