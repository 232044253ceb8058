import type { CustomerFacts } from '../profile/profile.ts';
import { type Calibration, p90Among } from '../scoring/calibration.ts';
import { peerGroups } from '../scoring/peer-group.ts';
import type { Contribution, WindowScore } from '../scoring/score.ts';
import { SIGNALS } from '../signals/index.ts';

/** What nine tenths of the peers stay below, in the order of SIGNALS: worked out once for a chain of groups. */
const ninths = new WeakMap<Calibration, Map<string, readonly (number | undefined)[]>>();

function ninthsOf(
  calibration: Calibration,
  hours: number,
  groups: readonly string[],
): readonly (number | undefined)[] {
  let known = ninths.get(calibration);
  if (known === undefined) {
    known = new Map();
    ninths.set(calibration, known);
  }
  const key = `${hours} ${groups[0] ?? ''}`;
  let list = known.get(key);
  if (list === undefined) {
    const nulls = calibration.signals[String(hours)];
    list = SIGNALS.map(({ id }) => p90Among(nulls?.[id], groups));
    known.set(key, list);
  }
  return list;
}

const PLACE = new Map(SIGNALS.map(({ id }, place) => [id, place]));

/**
 * How many steps each signal of a window lies beyond nine tenths of the peers, silent signals too: what the window would
 * score under other weights. Flat: place in SIGNALS, steps, place, ...; signals within the nine tenths are left out.
 */
export function stepsAtPeak(
  top: Pick<WindowScore, 'hours' | 'to'>,
  parts: readonly Pick<Contribution, 'signal' | 'value'>[],
  customer: CustomerFacts,
  calibration: Calibration,
): number[] {
  const limits = ninthsOf(calibration, top.hours, peerGroups(customer, top.to));
  const steps: number[] = [];
  for (const { signal, value } of parts) {
    const place = PLACE.get(signal);
    if (place === undefined) continue;
    const ninth = limits[place];
    const unit = SIGNALS[place]?.unit;
    if (ninth !== undefined && unit !== undefined && value > ninth) steps.push(place, (value - ninth) / unit);
  }
  return steps;
}

/** By id of the signal, for people and for the console. */
export function namedSteps(flat: readonly number[]): Record<string, number> {
  const named: Record<string, number> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const signal = SIGNALS[flat[i] as number];
    if (signal !== undefined) named[signal.id] = Number((flat[i + 1] as number).toPrecision(4));
  }
  return named;
}
