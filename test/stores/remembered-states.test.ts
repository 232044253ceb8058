import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { decodeSlices, encodeSlices } from '../../lib/profile/codec.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { fromItem, type HotItem, toItem } from '../../lib/stores/profile-item.ts';
import { RememberedStates } from '../../lib/stores/remembered-states.ts';
import { account, application, harvest } from '../events.ts';

const rules = { policy: defaultPolicy, calibration: defaultCalibration, code: 'test', shadow: false };

/** The bytes of an item, with nothing remembered of how they came to be. */
function copied(item: HotItem): HotItem {
  return {
    ...item,
    slices: item.slices.slice(),
    recent: item.recent.slice(),
    redriven: item.redriven.slice(),
  };
}

function arrivalsOf(kind: 'application' | 'harvest', size: number): IngestedEvent[] {
  const events =
    kind === 'application'
      ? application({ account: account(1), events: 900 })
      : harvest({ account: account(2), events: 900 });
  return events.slice(0, size).map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 'e', sequence: String(i).padStart(6, '0'), index: 0 },
  }));
}

describe('a function that remembers what it decoded', () => {
  it('writes the bytes that one writes that remembers nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('application' as const, 'harvest' as const),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 3, maxLength: 12 }),
        (kind, sizes) => {
          const arrivals = arrivalsOf(kind, 600);
          const name = arrivals[0]?.event.account ?? '';
          const memory = new RememberedStates({ accounts: 100 });
          let cold: HotItem | undefined;
          let warm: HotItem | undefined;
          let sealed = newAccount(name).sealed;
          let logs = newAccount(name).profile;
          let at = 0;
          for (const size of sizes) {
            const part = arrivals.slice(at, at + size);
            at += size;
            const beside = { recent: logs.recent.parts, redriven: logs.redriven.parts };
            const read = cold === undefined ? newAccount(name) : fromItem(name, copied(cold), sealed, beside);
            const known = warm === undefined ? newAccount(name) : memory.known(name, copied(warm));
            expect(known).toBeDefined();
            const decoded = processBatch(read, part, rules);
            const remembered = processBatch(known ?? read, part, rules);
            cold = toItem(decoded.state);
            warm = toItem(remembered.state);
            memory.keep(name, warm, remembered.state);
            expect(copied(warm)).toStrictEqual(copied(cold));
            const seal = decoded.seal === undefined ? [] : decodeSlices(encodeSlices(decoded.seal.slices));
            sealed = joinSlices([sealed, seal]);
            logs = decoded.state.profile;
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('decodes an item that differs in one byte', () => {
    const state = processBatch(newAccount(account(2)), arrivalsOf('harvest', 50), rules).state;
    const item = toItem(state);
    const memory = new RememberedStates({ accounts: 100 });
    memory.keep('a', item, state);
    expect(memory.known('a', copied(item))).toBe(state);
    const slices = item.slices.slice();
    slices[slices.length - 1] = (slices[slices.length - 1] ?? 0) ^ 1;
    expect(memory.known('a', { ...item, slices })).toBeUndefined();
    expect(memory.known('a', { ...item, notices: ['{}'] })).toBeUndefined();
  });
});

it('slices are written again where they have more events than when they were written', () => {
  const first = processBatch(newAccount(account(2)), arrivalsOf('application', 20), rules).state;
  const before = encodeSlices(first.profile.slices);
  const later = processBatch(first, arrivalsOf('application', 60).slice(20), rules).state;
  expect(encodeSlices(decodeSlices(before))).toEqual(before);
  const again = encodeSlices(later.profile.slices);
  expect(encodeSlices(decodeSlices(again))).toEqual(again);
});
