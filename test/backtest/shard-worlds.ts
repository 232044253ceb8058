import fc from 'fast-check';
import { BacktestRun } from '../../lib/backtest/backtest-run.ts';
import type { BacktestOutcome } from '../../lib/backtest/outcome.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';

/** Small worlds that hold what is hard for a replay in shards, and the single replay of each. */

export interface World {
  /** linked harvesters, and accounts that share nothing */
  readonly harvesters: number;
  readonly others: number;
  /** harvesters that share nothing but a dispatcher's clock */
  readonly workers: number;
  readonly seed: number;
  /** places (share of the events) where something is wrong, and what */
  readonly faults: readonly (readonly [place: number, fault: 'late' | 'again' | 'absurd' | 'ahead'])[];
  readonly policy: Policy;
  readonly calibration: Calibration;
}

/** Adds to the first print of each event. */
function withPrints(
  events: readonly UsageEvent[],
  more: Partial<UsageEvent['prints'][number]>,
): UsageEvent[] {
  return events.map((event) => ({ ...event, prints: event.prints.map((one) => ({ ...one, ...more })) }));
}

/** Events of a worker's own for so long; then a dispatcher's, every 9 to 41 minutes, no two alike. */
const ALONE = 13 * HOUR;

function dispatched(events: readonly UsageEvent[]): UsageEvent[] {
  let at = START + ALONE;
  let sent = 0;
  return events.map((event) => {
    if (Date.parse(event.time) < START + ALONE) return event;
    at += (9 + ((sent * sent * 17 + sent * 5) % 33)) * MINUTE;
    sent++;
    return { ...event, time: new Date(at).toISOString() };
  });
}

export function eventsOf({ harvesters, others, workers, seed, faults }: World): UsageEvent[] {
  const many = (count: number, from: number): number[] => Array.from({ length: count }, (_, n) => from + n);
  const events: UsageEvent[] = [
    ...many(harvesters, 1).flatMap((n) =>
      withPrints(
        harvest({
          account: account(n * 7919 + seed),
          // the last ones send too little to be found alone
          events: n > 3 ? 24 : 70,
          seed: n,
          everyMs: (19 + (n % 3)) * MINUTE,
          from: START + n * MINUTE,
        }),
        { payment: print(7), network: print(9) },
      ),
    ),
    ...many(workers, 50).flatMap((n) =>
      withPrints(
        dispatched(
          harvest({
            account: account(n * 6101 + seed),
            events: 90,
            seed: n,
            everyMs: (17 + (n % 5)) * MINUTE,
            from: START + n * MINUTE,
          }),
        ),
        { network: print(n), payment: print(1000 + n) },
      ),
    ),
    ...many(others, 100).flatMap((n) =>
      withPrints(
        application({
          account: account(n * 104_729 + seed),
          events: 35,
          seed: n,
          everyMs: (17 + (n % 29)) * MINUTE,
          from: START + n * 7 * MINUTE,
        }),
        { network: print(20 + (n % 4)) },
      ),
    ),
  ].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  for (const [place, fault] of faults) {
    const at = Math.floor(place * events.length);
    const event = events[at] as UsageEvent;
    if (fault === 'again') events.splice(Math.min(events.length, at + 5), 0, event);
    else if (fault === 'late') {
      events.splice(at, 1);
      events.splice(Math.min(events.length, at + 160), 0, event);
    } else {
      const time = new Date(
        Date.parse(event.time) + (fault === 'ahead' ? 3 * HOUR : 900 * DAY),
      ).toISOString();
      events.splice(at, 0, { ...event, id: `${fault}-${at}`, time });
    }
  }
  return events;
}

export const world = fc.record<World>({
  harvesters: fc.integer({ min: 2, max: 6 }),
  others: fc.integer({ min: 1, max: 12 }),
  workers: fc.constantFrom(0, 3),
  seed: fc.integer({ min: 0, max: 1000 }),
  faults: fc.array(
    fc.tuple(
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      fc.constantFrom('late', 'again', 'absurd', 'ahead'),
    ),
    { maxLength: 12 },
  ),
  policy: fc.constantFrom(
    defaultPolicy,
    { ...defaultPolicy, id: 'no-campaigns', campaigns: { ...defaultPolicy.campaigns, enabled: false } },
    { ...defaultPolicy, id: 'short', windows: [6, 24], allowedLatenessHours: 1, sealAfterHours: 1 },
  ),
  calibration: fc.constantFrom(testCalibration, defaultCalibration),
});

export const campaignsOf = ({ harvesters, seed }: World): Map<string, string> =>
  new Map(Array.from({ length: harvesters }, (_, n) => [account((n + 1) * 7919 + seed), `c${n % 2}`]));

export function whole(of: World): BacktestOutcome {
  const run = new BacktestRun(of, campaignsOf(of));
  for (const event of eventsOf(of)) run.push(event);
  run.finish();
  return run.outcome(undefined, 0, 1);
}

/** As it is printed and saved: equal bit for bit, in the same order. */
export const text = (outcome: BacktestOutcome): string => JSON.stringify(outcome);

export const FULL: World = {
  harvesters: 5,
  others: 9,
  workers: 3,
  seed: 3,
  faults: [
    [0.2, 'late'],
    [0.4, 'again'],
    [0.5, 'absurd'],
    [0.6, 'ahead'],
    [0.61, 'late'],
  ],
  policy: { ...defaultPolicy, id: 'hurried', allowedLatenessHours: 1 },
  calibration: testCalibration,
};

/** Late events that still count, of those who are known by their clocks alone. */
export const WORKERS: World = {
  harvesters: 2,
  others: 2,
  workers: 3,
  seed: 5,
  faults: [0.15, 0.3, 0.45, 0.6, 0.7].map((place) => [place, 'late'] as const),
  policy: defaultPolicy,
  calibration: testCalibration,
};
