import { describe, expect, it } from 'vitest';
import { CLEAR, type LevelState, levelFor, nextLevel } from '../../lib/scoring/level.ts';
import { DAY, HOUR, START } from '../events.ts';

const rules = { watch: 0.01, suspect: 0.001, critical: 0.0002, calm: 3 * DAY };

describe('levels', () => {
  it('rise at once', () => {
    expect(nextLevel(CLEAR, 0.0005, START, rules)).toEqual({
      level: 'suspect',
      since: START,
      supported: START,
    });
    expect(levelFor(0.0002, rules)).toBe('critical');
  });

  it('do not flap around the threshold', () => {
    let state: LevelState = nextLevel(CLEAR, 0.0009, START, rules);
    for (let hour = 1; hour <= 200; hour++)
      state = nextLevel(state, hour % 2 === 0 ? 0.0009 : 0.002, START + hour * HOUR, rules);
    expect(state).toMatchObject({ level: 'suspect', since: START });
  });

  it('fall only after a calm stretch, to what the present supports', () => {
    const state = nextLevel(CLEAR, 0.0005, START, rules);
    expect(nextLevel(state, 0.5, START + 2 * DAY, rules).level).toBe('suspect');
    expect(nextLevel(state, 0.5, START + 3 * DAY, rules).level).toBe('clear');
    expect(nextLevel(state, 0.005, START + 3 * DAY, rules).level).toBe('watch');
  });
});
