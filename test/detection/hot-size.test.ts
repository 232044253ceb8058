import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { WRITE_UNIT_BYTES } from '../../lib/detection/hot-size.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, HOUR, MINUTE } from '../events.ts';
import { MeteredTables } from '../simulation/services/metered-tables.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const EPOCH = 'Siphonwatch-IngestStream8F1C2A77-wT3kPq9LmZxB/b1';
const FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

/** Bytes of the item in the table after each event of an account, and how many parts it has sealed. */
async function sizesOf(who: string, everyMs: number): Promise<{ bytes: number; sealed: number }[]> {
  const tables = new MeteredTables();
  const table = new ProfileTable(tables.client(), 'profiles', { retentionDays: 35 });
  const uniform = seeded(1);
  const some = (bytes: number): string =>
    Buffer.from(Uint8Array.from({ length: bytes }, () => uniform() * 256)).toString('base64url');
  const sizes: { bytes: number; sealed: number }[] = [];
  for (const [i, held] of application({ account: who, events: 80, everyMs }).entries()) {
    const prints = held.prints.map((own) => ({ ...own, sketch: some(32) }));
    const event = { ...held, id: `chatcmpl-${some(21)}`, prints };
    const time = Date.parse(event.time);
    const position = { epoch: EPOCH, sequence: padSequence(String(FIRST_SEQUENCE + BigInt(i))), index: 0 };
    await applyBatch(new Map([[who, [{ event, time, arrived: time, position }]]]), table, rules);
    const sealed = (await table.load([who])).get(who)?.profile.sealed ?? 0;
    sizes.push({ bytes: tables.sizesOf('profiles', 'hot')[0] ?? 0, sealed });
  }
  return sizes;
}

describe("an account's hot item", () => {
  it.each([10 * MINUTE, 7 * HOUR])(
    'stays within one write unit, and is sealed when it is nearly full (an event every %i ms)',
    async (everyMs) => {
      const sizes = await sizesOf(account(1), everyMs);
      expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeLessThanOrEqual(WRITE_UNIT_BYTES);
      const full = sizes.filter(({ sealed }, i) => sealed < (sizes[i + 1]?.sealed ?? 0));
      expect(full.length).toBeGreaterThan(2);
      // an event of this account takes some 160 bytes
      for (const { bytes } of full) expect(bytes).toBeGreaterThan(WRITE_UNIT_BYTES - 200);
    },
  );

  it('keeps the open slice of a busy account, whose ids fill it anyway: a part for each slice, not with each write', () => {
    let state = newAccount(account(2));
    let seals = 0;
    const events = application({ account: account(2), events: 9_600, everyMs: 6000 });
    for (let from = 0; from < events.length; from += 300) {
      const arrivals = events.slice(from, from + 300).map((event, i) => {
        const time = Date.parse(event.time);
        const position = { epoch: EPOCH, sequence: padSequence(String(from + i + 1)), index: 0 };
        return { event, time, arrived: time, position };
      });
      const step = processBatch(state, arrivals, rules);
      state = step.state;
      if (step.seal !== undefined) seals++;
    }
    // thirty-two writes in sixteen hours, of which two slices are over
    expect(seals).toBeLessThanOrEqual(2);
    const held = joinSlices([state.sealed, state.profile.slices]);
    expect(held.map(({ counts }) => counts.events)).toEqual([3600, 3600, 2400]);
  });
});
