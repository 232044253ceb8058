import { describe, expect, it } from 'vitest';
import { startReplay } from '../../lib/backtest/replay.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { priced, type Rules } from '../../lib/detection/judge.ts';
import { type BatchResult, processBatch } from '../../lib/detection/process-batch.ts';
import { type Notice, notice as noticeSchema } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import type { Slice } from '../../lib/profile/slice.ts';
import { joinSlices, windowOf } from '../../lib/profile/window.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, iso, START, usageEvent } from '../events.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

function arrivals(events: readonly UsageEvent[]): IngestedEvent[] {
  return events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
  }));
}

function run(
  events: readonly UsageEvent[],
  size: number,
): { last: BatchResult; notices: Notice[]; seals: number } {
  let state = newAccount(events[0]?.account ?? '');
  const list = arrivals(events);
  const notices: Notice[] = [];
  let seals = 0;
  let last: BatchResult | undefined;
  for (let i = 0; i < list.length; i += size) {
    last = processBatch(state, list.slice(i, i + size), rules);
    state = last.state;
    if (last.seal !== undefined) seals++;
    notices.push(...last.notices);
  }
  if (last === undefined) throw new Error('no events');
  return { last, notices, seals };
}

function slicesOf(events: readonly UsageEvent[]): readonly Slice[] {
  const { state } = run(events, events.length).last;
  return joinSlices([state.sealed, state.profile.slices]);
}

describe('advancing an account', () => {
  const harvesting = harvest({ account: account(1), events: 200 });

  it('opens one finding on a harvested query set, complete enough to be sent', () => {
    const { notices } = run(harvesting, 5);
    expect(notices[0]).toMatchObject({ transition: 'opened', subject: { id: account(1), type: 'account' } });
    expect(notices.filter((held) => held?.transition === 'opened')).toHaveLength(1);
    for (const held of notices) expect(() => noticeSchema.parse(held)).not.toThrow();
    expect(notices[0]?.reasons[0]?.evidence).toMatch(/self-contained tasks/);
    const numbers = notices.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  it('says what a window cost at list price only where every model has one', () => {
    const [model = ''] = harvesting.map((event) => event.model);
    const window = windowOf(slicesOf(harvesting), START, START + 30 * DAY);
    const { inputTokens, outputTokens } = window.counts;
    const policy = { ...defaultPolicy, prices: { [model]: { inputPerMillion: 3, outputPerMillion: 15 } } };
    expect(priced(window, policy)?.listPriceUsd).toBeCloseTo((inputTokens * 3 + outputTokens * 15) / 1e6, 2);
    const other = harvesting.map((event, i) => (i === 0 ? { ...event, model: 'another' } : event));
    expect(priced(windowOf(slicesOf(other), START, START + 30 * DAY), policy)).toBeUndefined();
  });

  it('leaves an application alone that fills one template all day', () => {
    const { last, notices } = run(
      application({ account: account(2), events: 400, everyMs: 10 * 60_000 }),
      20,
    );
    expect(notices).toEqual([]);
    expect(last.state.judgement.level.level).toBe('clear');
  });

  it('ends in the same slices and score whatever the batches', () => {
    const one = run(harvesting, 1).last;
    const all = run(harvesting, harvesting.length).last;
    const joined = (step: BatchResult) =>
      Buffer.from(encodeSlices(joinSlices([step.state.sealed, step.state.profile.slices]))).toString('hex');
    expect(joined(one)).toBe(joined(all));
    const seen = ({ state: { judgement } }: BatchResult) => [judgement.evidence.peak, judgement.looked];
    expect(seen(one)).toEqual(seen(all));
  });

  it('makes the same notices wherever batches end, out of order or not', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seeded(seed);
      const share = random();
      const mixed = [
        ...harvest({ account: account(seed), events: 150, seed }).filter(() => random() < share),
        ...application({ account: account(seed), events: 120, everyMs: 23 * 60_000, seed: seed + 900 }).map(
          (event) => ({ ...event, id: `p${event.id}` }),
        ),
      ].sort(
        (a, b) => Date.parse(a.time) - Date.parse(b.time) + (random() < 0.1 ? (random() - 0.5) * 8e6 : 0),
      );
      const [one, ...others] = [1, 3, 17, 60, mixed.length].map((size) => {
        const { last, notices } = run(mixed, size);
        const { notices: _, ...judgement } = last.state.judgement;
        return JSON.stringify([judgement, notices]);
      });
      for (const other of others) expect(other).toBe(one);
    }
  });

  it('opens a finding of its own, with numbers of its own, for an account that was forgotten', () => {
    const before = run(harvesting, 10).notices;
    const later = run(
      harvest({ account: account(1), events: 200, seed: 2, from: START + 57 * DAY }),
      10,
    ).notices;
    const ids = (list: readonly Notice[]) => new Set(list.map(({ finding }) => finding));
    const numbers = (list: readonly Notice[]) => list.map(({ number }) => number);
    expect(later[0]?.transition).toBe('opened');
    expect([...ids(later)].filter((id) => ids(before).has(id))).toEqual([]);
    expect(Math.min(...numbers(later))).toBeGreaterThan(Math.max(...numbers(before)));
  });

  it('says that nothing changed when a whole batch was applied before', () => {
    const list = arrivals(harvesting.slice(0, 10));
    const first = processBatch(newAccount(account(1)), list, rules);
    const again = processBatch(first.state, list, rules);
    expect(again).toMatchObject({ changed: false, used: 0, replayed: 10 });
    expect(again.notices).toEqual([]);
  });

  it('moves old slices out of the hot item, and no event is lost by it', () => {
    const { last, seals } = run(harvest({ account: account(1), events: 240, everyMs: HOUR / 2 }), 4);
    expect(seals).toBeGreaterThan(1);
    expect(last.state.profile.slices.length).toBeLessThan(10);
    const all = joinSlices([last.state.sealed, last.state.profile.slices]);
    expect(all.reduce((sum, slice) => sum + slice.counts.events, 0)).toBe(240);
  });

  it('gives sane answers on few events, a jumping clock, and an unknown plan', () => {
    expect(run(harvesting.slice(0, 3), 3).last.state.judgement.level.level).toBe('clear');
    const jumping = Array.from({ length: 20 }, (_, i) =>
      usageEvent({
        account: account(3),
        id: `j-${i}`,
        time: iso(START + (i % 2 === 0 ? 1 : 200) * i * HOUR),
      }),
    );
    const { last } = run(jumping, 2);
    expect(Number.isFinite(last.scores[0]?.score)).toBe(true);
    const odd = harvest({ account: account(4), events: 60 }).map((event) => ({
      ...event,
      customer: { ...event.customer, plan: 'never-seen', product: 'never-seen' },
    }));
    const judged = run(odd, 6).last;
    expect(judged.certainty?.group).toBe('everyone');
  });

  it('records an exception as quiet until it expires', () => {
    const policy = {
      ...defaultPolicy,
      exceptions: [{ account: account(1), until: '2027-01-01T00:00:00Z', reason: 'red team exercise' }],
    };
    const step = processBatch(newAccount(account(1)), arrivals(harvesting), { ...rules, policy });
    expect(step.notices[0]?.quiet).toBe('red team exercise');
  });
});

describe('a replay', () => {
  it('finds the harvester among applications and counts what it read', () => {
    const events = [
      ...harvest({ account: account(1), events: 80 }),
      ...Array.from({ length: 6 }, (_, i) =>
        application({ account: account(10 + i), events: 80, seed: i + 1 }),
      ).flat(),
    ].sort((a, b) => (a.time < b.time ? -1 : 1));
    const flagged = new Set<string>();
    const replay = startReplay(new MemoryProfileStore(), rules, {
      onNotice: (held) => flagged.add(held.subject.id),
    });
    for (const event of events) replay.push(event);
    replay.push(usageEvent({ account: account(1), id: 'from the future', time: '2099-01-01T00:00:00.000Z' }));
    for (const event of events.slice(-3)) replay.push({ ...event });
    expect(replay.finish()).toEqual({ read: 564, used: 560, late: 0, repeated: 3, quarantined: 1 });
    expect([...flagged]).toEqual([account(1)]);
  });
});
