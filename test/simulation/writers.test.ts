import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import type { ProfileStore } from '../../lib/stores/profile-store.ts';
import { testCalibration } from '../calibration.ts';
import { account, harvest, MINUTE, START } from '../events.ts';
import { Clients } from './functions.ts';
import { inVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const who = account(7);
const EVENTS = 24;

/** Events of one account under a bucketing of their own, so that no shard puts them in order with the others. */
function arrivals(writer: number): IngestedEvent[] {
  return harvest({ account: who, events: EVENTS, everyMs: 40 * MINUTE, seed: writer }).map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: `usage/b${writer}`, sequence: padSequence(String(i + 1)), index: 0 },
  }));
}

/** Two writers of one account beside each other, each with batches of its own, some of them twice. */
async function race(seed: number): Promise<{ counted: number; deferred: number; aside: number }> {
  const world = new World(START, seeded(seed));
  const result = { counted: 0, deferred: 0, aside: 0 };
  const table = () => {
    const { dynamodb } = new Clients(world, { dead: false, sure: true });
    return new ProfileTable(dynamodb, 'profiles', { retentionDays: 35 });
  };
  const write = async (writer: number): Promise<void> => {
    const [store, all] = [table(), arrivals(writer)];
    for (let i = 0; i < all.length; ) {
      const batch = all.slice(i, i + 1 + Math.floor(world.random() * 6));
      const [applied] = await applyBatch(new Map([[who, batch]]), store, rules);
      result.deferred += applied?.deferred === undefined ? 0 : 1;
      result.aside += applied?.unusable.length ?? 0;
      if (world.random() < 0.8) i += batch.length;
    }
  };
  await inVirtualTime(world, async () => {
    await world.until(Promise.all([write(1), write(2)]));
    const state = (await world.until(table().load([who]))).get(who);
    const slices = joinSlices([state?.sealed ?? [], state?.profile.slices ?? []]);
    result.counted = slices.reduce((sum, { counts }) => sum + counts.events, 0);
  });
  return result;
}

describe('two writers of one account', () => {
  it('lose nothing of each other, and heal their conflicts by themselves', async () => {
    for (let seed = 1; seed <= 12; seed++)
      expect({ seed, ...(await race(seed)) }).toEqual({ seed, counted: 2 * EVENTS, deferred: 0, aside: 0 });
  });
});

describe('a first read that misses the last write', () => {
  /** Reads that ask for no consistency give what was stored before the last write. */
  function behind(): ProfileStore & { full: boolean } {
    const store = new MemoryProfileStore();
    let missed = store.loadNow([who]);
    return {
      full: false,
      load: async (accounts, _, reading) => (reading === 'recent' ? missed : store.loadNow(accounts)),
      whole: (state) => store.whole(state),
      async save(stored, next, seal) {
        if (this.full) throw Object.assign(new Error('item is too large'), { name: 'ValidationException' });
        missed = store.loadNow([who]);
        return store.save(stored, next, seal);
      },
    };
  }

  it('costs a second one, and nothing of what was applied is applied or set aside again', async () => {
    const store = behind();
    const all = arrivals(1);
    const apply = async (to: number) =>
      (await applyBatch(new Map([[who, all.slice(0, to)]]), store, rules))[0];
    await apply(4);
    expect((await apply(6))?.steps.map(({ used, replayed }) => ({ used, replayed }))).toEqual([
      { used: 2, replayed: 4 },
    ]);
    store.full = true;
    expect((await apply(9))?.unusable.flatMap((lost) => lost.arrivals)).toEqual(all.slice(6, 9));
  });
});
