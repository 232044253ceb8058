import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { UNSCORED_LEAST, UnscoredShares, type Unwatched } from '../../lambdas/score/unscored.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { testCalibration } from '../calibration.ts';
import { account, DAY, harvest, MINUTE, START } from '../events.ts';

const RULES = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const who = account(1);
const tasks = harvest({ account: who, events: 60, everyMs: MINUTE / 2 });

const arrivalsOf = (events: readonly (typeof tasks)[number][]): IngestedEvent[] =>
  events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: START + i * (MINUTE / 2),
    position: { epoch: 's/b1-256', sequence: padSequence(String(i + 1)), index: 0 },
  }));

/** Puts events of the account through the store as the function does, ten a batch, and gives who was said to go unwatched. */
async function unwatched(events: readonly (typeof tasks)[number][]): Promise<Unwatched[]> {
  const store = new MemoryProfileStore();
  const shares = new UnscoredShares();
  const found: Unwatched[] = [];
  const arrivals = arrivalsOf(events);
  for (let i = 0; i < arrivals.length; i += 10) {
    const batch = new Map([[who, arrivals.slice(i, i + 10)]]);
    found.push(...shares.add(await applyBatch(batch, store, RULES, {}), batch));
  }
  return found;
}

/** A customer who hides its requests where nothing is scored. */
describe('an account that is mostly not scored', () => {
  it('is told of once an hour when it hides behind repeats', async () => {
    const same = tasks.map((event, i) => (i % 2 === 0 ? event : (tasks[i - 1] ?? event)));
    const [one, ...more] = await unwatched(same);
    expect(more).toEqual([]);
    expect(one?.account).toBe(who);
    expect(one?.seen).toBeGreaterThanOrEqual(UNSCORED_LEAST);
  });

  it('is told of when it hides behind lateness', async () => {
    const late = tasks.map((event, i) =>
      i % 2 === 0 ? event : { ...event, time: new Date(Date.parse(event.time) - 20 * DAY).toISOString() },
    );
    expect(await unwatched(late)).toHaveLength(1);
  });

  it('is told of when its stored state cannot be read, and all its events are set aside', () => {
    const arrivals = arrivalsOf(tasks);
    const unusable = [{ arrivals, error: new Error('unreadable') }];
    const told = new UnscoredShares().add(
      [{ account: who, steps: [], unusable, state: undefined }],
      new Map([[who, arrivals]]),
    );
    expect(told).toEqual([{ account: who, seen: tasks.length, unscored: tasks.length }]);
  });

  it('is not one whose client retries now and then', async () => {
    expect(
      await unwatched(tasks.map((event, i) => (i % 10 === 9 ? (tasks[i - 1] ?? event) : event))),
    ).toEqual([]);
  });
});
