import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountState, newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { foldedUntil, wholeAccount } from '../../lib/detection/lanes.ts';
import { asksForLook, type BatchResult, processHot } from '../../lib/detection/process-batch.ts';
import { accountNotice } from '../../lib/dossier/account-notice.ts';
import type { Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { sampleOf } from '../../lib/profile/prompt-sample.ts';
import { encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, harvest, iso, MINUTE, START } from '../events.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const WHO = account(7);

/** Three slices and a bit, an event every two minutes: work, and between it a harvest. */
const EVENTS: readonly UsageEvent[] = [
  ...harvest({ account: WHO, events: 450, everyMs: 160_000 }),
  ...application({ account: WHO, events: 150, everyMs: 480_000, from: START + 80_000, seed: 2 }),
]
  .sort((a, b) => (a.time < b.time ? -1 : 1))
  .map((event) => ({
    ...event,
    prints: event.prints.map((made) => ({
      ...made,
      sketch: Buffer.from(made.prompt.repeat(3)).subarray(0, 32).toString('base64url'),
    })),
  }));

function arrivalsOf(events: readonly UsageEvent[]): IngestedEvent[] {
  return events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1-256', sequence: padSequence(String(i + 1)), index: 0 },
  }));
}

/** Each lane has an event every few minutes, as one of an account that has to be divided has every moment. */
function lanesOf(into: number): IngestedEvent[][] {
  const lanes: UsageEvent[][] = Array.from({ length: into }, () => []);
  for (const [i, event] of EVENTS.entries()) lanes[(3 * i + (i >> 3)) % into]?.push(event);
  return lanes.map(arrivalsOf);
}

/** An account's profiles as a table would hold them: each is written alone, and the account's own sees the others as they stand. */
class Stored {
  readonly notices: Notice[] = [];
  readonly #states = new Map<string, AccountState>();

  state(lane = 0): AccountState {
    const name = laneName(WHO, lane);
    const own = this.#states.get(name) ?? newAccount(name);
    const others = [...this.#states].filter(([other]) => other !== WHO);
    if (lane > 0 || others.length === 0) return own;
    const numbers = others.map((_, i) => i + 1);
    return { ...own, lanes: { numbers, states: others.map(([, held]) => held) } };
  }

  apply(lane: number, arrivals: readonly IngestedEvent[]): void {
    const before = this.state(lane);
    const { state } = this.#keep(before, arrivals);
    if (lane > 0 && asksForLook(state.profile.lastSeen, before.profile.lastSeen))
      this.#keep(this.state(), []);
  }

  #keep(stored: AccountState, arrivals: readonly IngestedEvent[]): BatchResult {
    const step = processHot(stored, arrivals, rules, true);
    if (step === undefined) throw new Error('nothing is left to be read');
    if (step.changed) this.#states.set(step.state.profile.account, step.state);
    this.notices.push(...step.notices);
    return step;
  }
}

const bits = (state: AccountState): string =>
  Buffer.from(encodeSlices(joinSlices([state.sealed, state.profile.slices]))).toString('base64');
const sample = ({ asked }: AccountState): string =>
  Buffer.from(encodePromptSamples(sampleOf(asked))).toString('base64');

const undivided = new Stored();
undivided.apply(0, arrivalsOf(EVENTS));

/** Lanes behind the newest by so much at most are waited for, whatever else happens (LANE_WAIT_MS), less the longest pause of one. */
const LAG_MS = 4 * MINUTE;

/** Plays lanes in random parts and any order, some parts twice. */
function play(into: number, choices: readonly number[]): Stored {
  const lanes = lanesOf(into);
  const at = lanes.map(() => 0);
  const stored = new Stored();
  for (let turn = 0; ; turn++) {
    const next = lanes.map((lane, i) => lane[at[i] ?? 0]?.time ?? Number.POSITIVE_INFINITY);
    const slowest = Math.min(...next);
    if (slowest === Number.POSITIVE_INFINITY) return stored;
    const able = lanes.flatMap((_, i) => ((next[i] ?? 0) <= slowest + LAG_MS ? [i] : []));
    const choice = choices[turn % choices.length] ?? 0;
    const lane = able[choice % able.length] ?? 0;
    const list = lanes[lane] ?? [];
    const from = at[lane] ?? 0;
    const most = list.findIndex(({ time }) => time > slowest + LAG_MS);
    const to = Math.min(from + 1 + (choice % 61), most < 0 ? list.length : Math.max(most, from + 1));
    // the invocation died behind its write, and the batch comes again
    if (choice % 5 === 0) stored.apply(lane, list.slice(Math.max(0, from - 7), to - 1));
    stored.apply(lane, list.slice(from, to));
    at[lane] = to;
  }
}

describe('an account that is divided into lanes', () => {
  const worlds = fc.tuple(fc.constantFrom(2, 4), fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 }));

  it('is the undivided account bit for bit, and judged the same whichever lane is faster', () => {
    const inOrder = new Map([2, 4].map((into) => [into, play(into, [1])]));
    fc.assert(
      fc.property(worlds, ([into, choices]) => {
        const played = play(into, choices);
        const whole = wholeAccount(played.state());
        expect(bits(whole)).toBe(bits(undivided.state()));
        expect(sample(whole)).toBe(sample(undivided.state()));
        const { firstSeen, lastSeen, arrived, totals, customer } = whole.profile;
        expect(undivided.state().profile).toMatchObject({ firstSeen, lastSeen, arrived, totals, customer });
        const same = inOrder.get(into)?.state().judgement;
        expect({ ...whole.judgement, notices: [] }).toEqual({ ...same, notices: [] });
        const { looked, evidence, level, episode } = undivided.state().judgement;
        expect(whole.judgement).toMatchObject({ looked, episode, evidence: { peak: evidence.peak } });
        expect(whole.judgement.level.level).toBe(level.level);
        const told = ({ notices }: Stored) => notices.map(({ transition, window }) => [transition, window]);
        expect(told(played)).toEqual(told(undivided));
        expect(told(played).length).toBeGreaterThan(0);
      }),
      { numRuns: 3 },
    );
  });

  it('is looked at though its own lane is silent, and does not wait for a lane that is', () => {
    const stored = new Stored();
    const [, second = []] = lanesOf(2);
    for (let i = 0; i < second.length; i += 10) stored.apply(1, second.slice(i, i + 10));
    expect(stored.state().judgement.looked).toBe(undivided.state().judgement.looked);
    const [first] = lanesOf(2)[0] ?? [];
    stored.apply(0, first === undefined ? [] : [first]);
    expect(iso(foldedUntil(stored.state()))).toBe(iso(undivided.state().judgement.looked + 6 * 60 * MINUTE));
  });

  it('does not wait for a lane that only a gateway feeds which sends what is old', () => {
    const stored = new Stored();
    const [first = [], second = []] = lanesOf(2);
    const late = 24 * 60 * MINUTE;
    const old = second.map((arrival) => ({ ...arrival, arrived: arrival.arrived + late }));
    const now = first.map((arrival) => ({
      ...arrival,
      event: { ...arrival.event, time: iso(arrival.time + late) },
      time: arrival.time + late,
      arrived: arrival.arrived + late,
    }));
    for (let i = 0; i < now.length; i += 5) {
      stored.apply(1, old.slice(i, i + 5));
      stored.apply(0, now.slice(i, i + 5));
    }
    expect(stored.state().judgement.looked).toBe(undivided.state().judgement.looked + late);
  });

  it('is looked at within minutes where a lane falls silent just before a slice is over', () => {
    const stored = new Stored();
    const [first = [], second = []] = lanesOf(2);
    const end = START + 6 * 60 * MINUTE;
    stored.apply(
      0,
      first.filter(({ time }) => time < end - 5 * MINUTE),
    );
    for (const arrival of second.filter(({ time }) => time < end + 30 * MINUTE)) {
      stored.apply(1, [arrival]);
      const waited = arrival.time >= end + 20 * MINUTE;
      expect(stored.state().judgement.looked).toBe(waited ? START : 0);
    }
  });

  it('is told of in notices that a dossier writes again from its events', () => {
    const { notices } = play(3, [1]);
    const archived = arrivalsOf(EVENTS);
    expect(notices.length).toBeGreaterThan(0);
    for (const notice of notices)
      expect(accountNotice(notice, archived, rules)).toMatchObject({ reproduced: true, differing: [] });
  });

  it('is itself where it has no lanes, or they were not read', () => {
    const state = undivided.state();
    expect(wholeAccount(state)).toBe(state);
    const unread: AccountState = { ...state, lanes: { numbers: [1] } };
    expect(wholeAccount(unread)).toBe(unread);
    expect(processHot(unread, [], rules)).toBe(undefined);
  });
});
