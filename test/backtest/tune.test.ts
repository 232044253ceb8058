import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelsFor, type TuningAccount, tune } from '../../lib/backtest/tune.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { supportedBudget } from '../../lib/scoring/supported-budget.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, application, DAY, harvest, START } from '../events.ts';
import { smallLibrary } from '../small-library.ts';

function slicesOf(events: readonly UsageEvent[]): Slice[] {
  const slices = new Map<number, Slice>();
  for (const event of events) {
    const time = Date.parse(event.time);
    const slice = slices.get(sliceStart(time)) ?? emptySlice(sliceStart(time));
    slices.set(slice.start, slice);
    addEvent(slice, event, time);
  }
  return [...slices.values()];
}

const customer = { plan: 'payg', product: 'api', createdAt: START - 90 * DAY };

/** Applications, of different sizes; and accounts that harvest. */
function population(benign: number, extraction: number): TuningAccount[] {
  const of = (name: string, label: TuningAccount['label'], events: readonly UsageEvent[]): TuningAccount => ({
    account: name,
    customer,
    slices: slicesOf(events),
    label,
    campaign: label === 'benign' ? '' : 'c1',
  });
  return [
    ...Array.from({ length: benign }, (_, i) =>
      of(
        account(i),
        'benign',
        application({
          account: account(i),
          events: 25 + (i % 40),
          everyMs: (10 + (i % 7)) * 60_000,
          seed: i,
        }),
      ),
    ),
    ...Array.from({ length: extraction }, (_, i) =>
      of(account(5000 + i), 'extraction', harvest({ account: account(5000 + i), events: 60, seed: 90 + i })),
    ),
  ];
}

describe('tuning', () => {
  it('refuses a rate that so few benign accounts cannot support, with the numbers', () => {
    const held = population(40, 2);
    const refused = tune(held, defaultPolicy, 0.001, { library: smallLibrary });
    expect(refused).toMatchObject({ ok: false });
    const said = JSON.stringify(refused);
    expect(said).toMatch(/40 benign accounts cannot support .* over as many days/);
    // what it says to give is taken
    expect(
      tune(held, defaultPolicy, Number(/give --max-fpr ([\d.]+)/.exec(said)?.[1]), { library: smallLibrary })
        .ok,
    ).toBe(true);
  });

  it('states no smaller chance than the accounts support, and catches strangers that harvest', () => {
    const population_ = population(120, 6);
    // an hour or two of traffic: a month has many such periods
    const tuned = tune(population_, defaultPolicy, 0.5, { library: smallLibrary });
    if (!tuned.ok) throw new Error(tuned.reason);
    expect(tuned.policy.budget.suspect).toBeLessThanOrEqual(0.5);
    expect(tuned.expected.monthly).toBeLessThanOrEqual(0.5);
    expect(tuned.expected.chance).toBeGreaterThanOrEqual(1 / 121);
    expect(tuned.expected.wronged).toBeLessThanOrEqual(2);
    expect(tuned.expected.caught).toBe(6);
    expect(tuned.policy.budget.suspect).toBeCloseTo(tuned.expected.monthly, 3);
    expect(tuned.calibration.verdicts).toEqual({ extraction: 6, benign: 0, grey: 0 });
    const rates = tuned.frontier.map(({ caught }) => caught);
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
  });

  it('proposes only levels that can be reached, in their order, and says where two are one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 200_000 }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.double({ min: 1e-5, max: 0.4, noNaN: true }),
        (accounts, days, asked) => {
          const size = { accounts, days };
          const { least } = supportedBudget(size, { watch: 1, suspect: 1, critical: 1 });
          fc.pre(least <= asked);
          const { budget, notes } = levelsFor(asked, defaultPolicy.budget, size);
          expect(budget.watch).toBeGreaterThanOrEqual(budget.suspect);
          expect(budget.suspect).toBeGreaterThanOrEqual(budget.critical);
          // in force as it is written
          expect(supportedBudget(size, budget)).toMatchObject(budget);
          expect(budget.critical === budget.suspect).toBe(
            notes.some((note) => note.includes('equals budget.suspect: whoever')),
          );
          expect(budget.watch === budget.suspect).toBe(notes.some((note) => note.startsWith('budget.watch')));
        },
      ),
      { numRuns: 200 },
    );
  });
});
