import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { shippedLibrary } from '../../lib/scoring/attack-library.ts';
import { CalibrationLearner, type SeenPart } from '../../lib/scoring/learn-calibration.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { StoredPast } from '../../lib/scoring/stored-past.ts';
import { UNLEARNT } from '../../lib/scoring/unlearnt.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { bucketOf } from '../../lib/telemetry/record.ts';
import { account, application, harvest } from '../events.ts';

const rules = { policy: defaultPolicy, calibration: UNLEARNT, code: 'test', shadow: false };
const windows = defaultPolicy.windows;

function past(): PastAccount[] {
  const store = new MemoryProfileStore();
  for (let n = 1; n <= 40; n++) {
    const of = { account: account(n * 7919), events: 25 + (n % 9) * 6, seed: n };
    const events = n % 3 === 0 ? harvest(of) : application(of);
    const stored = store.one(of.account);
    const arrivals = events.map((event, i) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 'e', sequence: String(i).padStart(6, '0'), index: 0 },
    }));
    const { state, seal } = processBatch(stored, arrivals, rules);
    store.saveNow(stored, state, seal);
  }
  return [...store.states()].map(({ profile, sealed }) => ({
    account: profile.account,
    customer: profile.customer,
    slices: joinSlices([sealed, profile.slices]),
  }));
}

const verdicts = {
  extraction: new Set([account(3 * 7919)]),
  benign: new Set<string>(),
  grey: new Set<string>(),
};
// a part of the library: what is learnt from does not matter here, only that it is the same
const library = {
  ...shippedLibrary,
  attacks: shippedLibrary.attacks.slice(0, 8),
  ordinary: shippedLibrary.ordinary.slice(0, 8),
};
const learning = { windows, verdicts, library };

const sent = <T>(part: T): T => deserialize(serialize(part)) as T;

/** In order of accounts: who was seen first is no part of what was seen. */
function inOrder({ rows, ...rest }: SeenPart): SeenPart {
  return { ...rest, rows: rows.toSorted((a, b) => (a.account < b.account ? -1 : 1)) };
}

describe('a calibration learnt in shards', () => {
  it('holds accounts as they are stored: the same accounts, also after another step got them', () => {
    for (const held of past()) {
      const stored = StoredPast.of(held);
      const bytes = encodeSlices(held.slices);
      expect(encodeSlices(stored.slices)).toEqual(bytes);
      expect(encodeSlices(new StoredPast(sent(stored.sent())).slices)).toEqual(bytes);
      // eighty kilobytes decoded: nothing of it stays
      expect(stored.slices).not.toBe(stored.slices);
    }
  });

  it('is the one learnt at once, bit for bit, with 2, 7 and 16 shards', () => {
    const accounts = past();
    const single = new CalibrationLearner(learning);
    for (const held of accounts) single.see(held);
    const seen = inOrder(single.seen());
    single.fit();
    for (const held of accounts) single.measure(held);
    const expected = JSON.stringify(single.finish({ id: 'c' }));
    for (const shards of [2, 7, 16]) {
      const parts = Array.from({ length: shards }, (_, shard) =>
        accounts.filter((held) => bucketOf(held.account) % shards === shard),
      );
      const merged = new CalibrationLearner(learning);
      for (const part of [...parts].reverse()) {
        const learner = new CalibrationLearner(learning);
        for (const held of part) learner.see(held);
        merged.mergeSeen(sent(learner.seen()));
      }
      expect(inOrder(merged.seen())).toStrictEqual(seen);
      // forests are grown from what was seen, which is the same
      const whole = CalibrationLearner.measuring(learning, sent(single.fitted()));
      for (const part of parts) {
        const learner = CalibrationLearner.measuring(learning, sent(single.fitted()));
        for (const held of part) learner.measure(held);
        whole.mergeMeasured(sent(learner.measured()));
      }
      expect(JSON.stringify(whole.finish({ id: 'c' }))).toBe(expected);
    }
  });
});
