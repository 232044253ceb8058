import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnGroupNull } from '../../lib/campaigns/judging/group-null.ts';
import { buildGroupInput, groupSignificance, scoreGroup } from '../../lib/campaigns/judging/group-score.ts';
import { mergedWindow, novelShares } from '../../lib/campaigns/judging/group-window.ts';
import { memberWindow } from '../../lib/campaigns/judging/member-window.ts';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { windowEnding } from '../../lib/profile/window.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { WEEK_MS } from '../../lib/time.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';
import { content } from '../profile/content.ts';

function slicesOf(events: readonly UsageEvent[]): Slice[] {
  const slices = new Map<number, Slice>();
  for (const event of events) {
    const time = Date.parse(event.time);
    const start = sliceStart(time);
    const slice = slices.get(start) ?? emptySlice(start);
    slices.set(start, slice);
    addEvent(slice, event, time);
  }
  return [...slices.values()].sort((a, b) => a.start - b.start);
}

const rules = { windows: [24, 168] };
const customer = { plan: 'payg', product: 'api', createdAt: START };

/** A base of benign accounts: applications, and people who ask a few tasks between many other things. */
const base = Array.from({ length: 160 }, (_, i) => {
  const name = account(i);
  const events = [
    ...application({ account: name, events: 60, everyMs: 2 * HOUR, seed: 5000 + i }),
    ...harvest({ account: name, events: i % 7, everyMs: 11 * HOUR, from: START + HOUR, seed: 7000 + i }),
  ];
  return { account: name, customer, slices: slicesOf(events) };
});
const nulls = learnGroupNull(base, rules, { resamples: 160 });

function judge(members: readonly (readonly Slice[])[], at = START + 5 * DAY) {
  let best = { score: 0, p: 1 };
  for (const hours of rules.windows) {
    const { score } = scoreGroup(buildGroupInput(members, customer, at, hours, 0), nulls);
    const { p } = groupSignificance(
      score,
      { product: 'api', members: members.length },
      {
        groupScore: nulls,
        days: 14,
      },
    );
    if (score > best.score) best = { score, p };
  }
  return best;
}

/** Work of somebody else and, one in six, a task of a query set that is dealt out. */
function diluted(n: number, seed = n): Slice[] {
  const name = account(1000 + n);
  return slicesOf([
    ...application({ account: name, events: 50, everyMs: 2 * HOUR, seed: 9000 + seed }),
    ...harvest({
      account: name,
      events: 10,
      everyMs: 9 * HOUR,
      from: START + n * MINUTE,
      seed: 20_000 + seed,
    }),
  ]);
}

describe('a group', () => {
  it('whose members each add tasks of their own is seen, though each member is ordinary', () => {
    const members = Array.from({ length: 24 }, (_, n) => diluted(n));
    expect(judge(members).p).toBeLessThan(0.02);
    expect(judge(members.slice(0, 1).concat(base.slice(0, 3).map((held) => held.slices))).p).toBeGreaterThan(
      0.05,
    );
  });

  it('whose members all ask the same exercises is not', () => {
    const members = Array.from({ length: 24 }, (_, n) => diluted(n, 1));
    expect(judge(members).p).toBeGreaterThan(0.05);
  });

  it('of benign accounts at random is rarely surprising', () => {
    let surprising = 0;
    for (let i = 0; i + 8 <= 160; i += 8)
      if (judge(base.slice(i, i + 8).map((held) => held.slices)).p < 0.02) surprising++;
    expect(surprising).toBeLessThanOrEqual(1);
  });

  it('abstains where the calibration knows no groups of its product, and with too few requests', () => {
    const sight = buildGroupInput(
      [diluted(1), diluted(2)],
      { ...customer, product: 'unheard-of' },
      START + DAY,
      24,
      0,
    );
    expect(scoreGroup(sight, nulls).score).toBe(0);
    const few = slicesOf(harvest({ account: account(1), events: 9 }));
    expect(judge([few, few, few], START + DAY).score).toBe(0);
  });

  it('merges to the same window in any order, and as one account would with all the events', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 5 }), (counts) => {
        const runs = counts.map((events, i) =>
          harvest({
            account: account(i),
            events,
            everyMs: 37 * MINUTE,
            from: START + i * 11 * MINUTE,
            seed: i,
          }),
        );
        const at = START + DAY;
        const members = runs.map((run) => memberWindow(slicesOf(run), at, WEEK_MS, 0));
        const forth = mergedWindow(members, at, WEEK_MS);
        const back = mergedWindow([...members].reverse(), at, WEEK_MS);
        expect(content(back)).toEqual(content(forth));
        const one = windowEnding(slicesOf(runs.flat()), at, WEEK_MS);
        expect(forth.window.counts.events).toBe(one.counts.events);
        expect(forth.window.cells.active).toBe(one.cells.active);
      }),
      { numRuns: 25 },
    );
  });

  it('counts no slices from before its link', () => {
    const slices = slicesOf(harvest({ account: account(1), events: 40, everyMs: HOUR }));
    const all = memberWindow(slices, START + 2 * DAY, WEEK_MS, 0);
    const late = memberWindow(slices, START + 2 * DAY, WEEK_MS, START + DAY);
    expect(all.counts.events).toBe(40);
    expect(late.counts.events).toBe(16);
  });

  it('gives every member its own share, shared openings apart', () => {
    const shared = harvest({ account: account(1), events: 10, seed: 3 });
    const own = harvest({ account: account(2), events: 10, seed: 4 });
    const members = [shared, shared, own].map((run) => memberWindow(slicesOf(run), START + DAY, WEEK_MS, 0));
    const [a, b, c] = novelShares(members);
    expect(a).toBe(0);
    expect(b).toBe(0);
    expect(c).toBeCloseTo(1, 1);
  });

  it('of rare words altogether is excused: its tasks recur as little as its questions', () => {
    const question = (name: string, seed: number, shared: boolean) =>
      harvest({ account: name, events: 30, seed }).map((event, i) => ({
        ...event,
        shape: { ...event.shape, instruction: false, question: true },
        prints: event.prints.map((prints) => ({
          ...prints,
          opening: print(shared ? 77_000 + (i % 12) : 88_000 + seed * 100 + i),
        })),
      }));
    const group = (shared: boolean) =>
      Array.from({ length: 10 }, (_, n) => {
        const name = account(n);
        const tasks = harvest({ account: name, events: 10, seed: 400 + n });
        return memberWindow(
          slicesOf([...tasks, ...question(name, 500 + n, shared)]),
          START + DAY,
          WEEK_MS,
          0,
        );
      });
    const mean = (members: ReturnType<typeof group>) =>
      novelShares(members).reduce((sum, share) => sum + share, 0) / members.length;
    expect(mean(group(true))).toBeGreaterThan(0.1);
    expect(mean(group(false))).toBeLessThan(0.3 * mean(group(true)));
  });
});
