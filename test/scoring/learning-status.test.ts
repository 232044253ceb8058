import { describe, expect, it } from 'vitest';
import { linesOf } from '../../lib/cli/learning/learning.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { learningStatus } from '../../lib/scoring/learning-status.ts';
import { testCalibration } from '../calibration.ts';
import { holdToSchema } from '../cli/outputs.ts';

const { budget } = defaultPolicy;
const own = { id: 'cal-own', foreign: false };
const foreign = { id: 'default', foreign: true };
const newest = { ...testCalibration, id: 'cal-own', accounts: 1000, days: 14 };

describe('learning', () => {
  it('begins with nothing, accuses nobody and says what is missing', () => {
    const status = learningStatus({ inForce: foreign, newest: undefined, budget, moved: [] });
    expect(status).toMatchObject({ state: 'learning', ready: false, newest: undefined });
    expect(linesOf(status, 0).join('\n')).toMatch(
      /nobody is accused.*\n.*missing: nothing was learnt here yet/,
    );
    holdToSchema(['learning', '--json'], JSON.stringify({ ...status, flaggedInShadow: 0 }));
  });

  it('does not say that nobody is accused where a calibration of somebody else may accuse, as in a demo', () => {
    const facts = { inForce: foreign, newest: undefined, budget, moved: [], foreignAccuses: true };
    const text = linesOf(learningStatus(facts), 0).join('\n');
    expect(text).toMatch(/^live: accounts are judged/);
    expect(text).toContain('missing: a calibration of your own');
  });

  it('says which levels a thousand accounts over a fortnight support, and how to go live', () => {
    const status = learningStatus({ inForce: foreign, newest, budget, moved: [] });
    const text = linesOf(status, 2).join('\n');
    expect(status.ready).toBe(true);
    expect(text).toContain('suspect 0.21 % a month, critical not supported');
    expect(text).toContain('2 at suspect or above (siphonwatch findings list --shadow)');
    expect(text).toContain('calibration: cal-own');
    holdToSchema(['learning', '--json'], JSON.stringify({ ...status, flaggedInShadow: 2 }));
  });

  it('is not ready with a few accounts, and is held back where the score has moved', () => {
    const few = { ...newest, accounts: 40 };
    expect(learningStatus({ inForce: foreign, newest: few, budget, moved: [] }).ready).toBe(false);
    expect(learningStatus({ inForce: own, newest, budget, moved: [] }).state).toBe('live');
    const held = learningStatus({ inForce: own, newest, budget, moved: ['score, everyone: at most 1'] });
    expect(held.state).toBe('held back');
    expect(held.missing).toContain('score, everyone: at most 1');
  });
});
