import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { countPrompts, sampleOf } from '../../lib/profile/prompt-sample.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { testCalibration } from '../calibration.ts';
import { account, HOUR, harvest, print } from '../events.ts';
import { MeteredTables } from '../simulation/services/metered-tables.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const day: Rules = { ...rules, policy: { ...defaultPolicy, windows: [24] } };
const who = account(3);
const all: IngestedEvent[] = harvest({ account: who, events: 160, everyMs: HOUR }).map((event, i) => ({
  event: {
    ...event,
    // the newest hashes lie anywhere, so that some come into a sample that is full
    prints: [
      {
        ...(event.prints[0] as (typeof event.prints)[number]),
        prompt: print((i * 101) % 163),
        sketch: Buffer.alloc(32, i).toString('base64url'),
      },
    ],
  },
  time: Date.parse(event.time),
  arrived: Date.parse(event.time),
  position: { epoch: 'usage', sequence: padSequence(String(i + 1)), index: 0 },
}));

/** Every event by itself, by a function that remembers nothing or all; how many parts were asked for, and how it ends. */
async function replayed(remembers: boolean, arrivals = all, under: Rules | ((i: number) => Rules) = rules) {
  const tables = new MeteredTables();
  const noted: number[] = [];
  tables.onPut = (_table, _before, { content }) => {
    if (content !== undefined) noted.push(Number(content.N));
  };
  const client = tables.client();
  let queries = 0;
  const counted: typeof client = Object.create(client, {
    send: {
      value: (command: object) => {
        if (command.constructor.name === 'QueryCommand') queries++;
        return client.send(command as never);
      },
    },
  });
  const make = () => new ProfileTable(counted, 'profiles', { retentionDays: 35 });
  let table = make();
  let looks = 0;
  for (const [i, arrival] of arrivals.entries()) {
    if (!remembers) table = make();
    const inForce = typeof under === 'function' ? under(i) : under;
    const [applied] = await applyBatch(new Map([[who, [arrival]]]), table, inForce);
    looks += applied?.steps.some(({ scores }) => scores.length > 0) ? 1 : 0;
  }
  const asked = queries;
  const end = (await make().load([who])).get(who);
  if (end === undefined) throw new Error('the account is not stored');
  return { queries: asked, looks, end, noted };
}

/** What does not depend on where writes ended. */
function judged({ profile, judgement, sealed, asked }: AccountState) {
  return {
    judgement: { ...judgement, notices: undefined },
    events: profile.totals,
    slices: Buffer.from(encodeSlices(joinSlices([sealed, profile.slices]))).toString('base64'),
    sample: sampleOf(asked),
  };
}

describe('sealed parts of an account that is not remembered', () => {
  it('tell a candidate that begins in the middle no more than what is remembered does', async () => {
    // a function that remembers the account has forgotten what lies further back than a window
    const candidate = { policy: { ...day.policy, id: 'candidate' }, calibration: testCalibration };
    const under = (i: number): Rules => (i < 100 ? day : { ...day, candidate });
    const [cold, warm] = [await replayed(false, all, under), await replayed(true, all, under)];
    expect(cold.end.judgement.shadow?.finding).toBeDefined();
    expect(judged(cold.end)).toEqual(judged(warm.end));
    expect(cold.end.judgement.notices).toEqual(warm.end.judgement.notices);
  });

  it('are read where it is looked at or sealed, and it ends as one of which all is remembered', async () => {
    const [cold, warm] = [await replayed(false), await replayed(true)];
    expect(judged(cold.end)).toEqual(judged(warm.end));
    expect(cold.end.profile.sealed).toBeGreaterThan(2);
    expect(countPrompts(sampleOf(cold.end.asked))).toBeGreaterThan(40);
    expect(warm.queries).toBe(0);
    // those that compare contents are told once, by whole samples, and never that there are too few prompts
    expect(warm.noted).not.toContain(0);
    expect(cold.noted).toEqual(warm.noted);
    // an hour apart, six to a slice: each is looked at once, and a seal needs the sample that it adds to
    expect(cold.queries).toBeGreaterThan(cold.looks / 2);
    expect(cold.queries).toBeLessThanOrEqual(cold.looks + cold.end.profile.sealed + 1);
    expect(cold.queries).toBeLessThan(all.length / 2);
  });

  it('are remembered as far back as the window of a late event that nobody has looked at', async () => {
    // twelve busy hours, two silent days, an event, some that are 40 hours late, and the next look
    const hourOf = (i: number): number =>
      i < 72 ? i / 6 : i === 72 ? 60 : i < 113 ? 20 + (i - 73) / 12 : 67;
    const late = all.slice(0, 114).map((arrival, i) => {
      const time = (all[0]?.time ?? 0) + hourOf(i) * HOUR;
      return { ...arrival, event: { ...arrival.event, time: new Date(time).toISOString() }, time };
    });
    const [cold, warm] = [await replayed(false, late, day), await replayed(true, late, day)];
    expect(cold.end.profile.totals).toMatchObject({ events: 114, late: 0 });
    expect(cold.end.judgement.evidence.peak).toBeGreaterThan(0);
    expect(judged(warm.end)).toEqual(judged(cold.end));
  });

  it('are never taken for none: who judges without them is told', async () => {
    const client = new MeteredTables().client();
    const table = new ProfileTable(client, 'profiles', { retentionDays: 35 });
    for (const arrival of all.slice(0, 100)) await applyBatch(new Map([[who, [arrival]]]), table, rules);
    const cold = new ProfileTable(client, 'profiles', { retentionDays: 35 });
    const hot = (await cold.load([who], undefined, 'recent')).get(who) as AccountState;
    expect(hot.partsUnread).toBe(true);
    expect(() => processBatch(hot, all.slice(100, 110), rules)).toThrow('sealed parts were not read');
    expect(judged(await cold.whole(hot))).toEqual(judged((await table.load([who])).get(who) as AccountState));
    // and what is asked for as it stands is never without them
    expect((await cold.load([who])).get(who)?.partsUnread).toBeUndefined();
  });
});
