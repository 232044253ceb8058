import { excludedByTime, type Lineages } from './models.ts';
import type { PairArray, PairTest } from './pair-test.ts';
import { testAccusedPair, withoutModel } from './pair-test.ts';
import { FIRST_CONTROL, type Parties, REFERENCE, SUSPECT } from './parties.ts';

/** A control that itself resembles a party to the question. */
export interface QuestionedControl {
  readonly control: string;
  readonly resembles: 'reference' | 'suspect';
  /** Standardised excess of the control with that party. */
  readonly z: number;
}

/** Standard deviations from which a control is questioned, and share of the null pairs that may be as alike. */
const QUESTIONED_FROM = 2.5;
const QUESTIONED_SHARE = 0.05;

/**
 * Controls whose likeness to a party would be an accusation of its own. They are not left out of the test: that would
 * choose the null by its values. They are flagged, and the result without them stands beside.
 */
export function questionControls(array: PairArray, test: PairTest, parties: Parties) {
  const nulls = Array.from(test.nullZ);
  const controls = nulls.flatMap((z, k): QuestionedControl[] => {
    const [a, b] = array.pairs[k + 1] ?? [0, 0];
    if (a >= FIRST_CONTROL || b < FIRST_CONTROL || z < QUESTIONED_FROM) return [];
    if (nulls.filter((other) => other >= z).length > Math.max(1, QUESTIONED_SHARE * nulls.length)) return [];
    return [{ control: parties.name(b), resembles: a === REFERENCE ? 'reference' : 'suspect', z }];
  });
  if (controls.length === 0) return null;
  const names = new Set(controls.map((c) => c.control));
  let reduced = array;
  // From the last place to the first, so that the places before keep their numbers.
  for (const place of [...parties.controlPlaces].reverse())
    if (names.has(parties.name(place))) reduced = withoutModel(reduced, place);
  if (reduced.pairs.length < 4) return { controls, without: null };
  const again = testAccusedPair(reduced);
  return {
    controls,
    without: { z: again.z, p: again.p, controls: parties.controls.length - names.size },
  };
}

/** A control that the suspect is at least as like as the reference. */
export interface CloserControl {
  readonly control: string;
  readonly z: number;
  /** Whether it was released after the suspect, so that the suspect cannot have learnt from it. */
  readonly excludedByDates: boolean;
}

/** Controls that the suspect is at least as like as the reference. */
export function closerControls(
  array: PairArray,
  test: PairTest,
  parties: Parties,
  of: Lineages,
): CloserControl[] {
  return Array.from(test.nullZ, (z, k) => ({ z, pair: array.pairs[k + 1] ?? [0, 0] }))
    .filter(({ z, pair }) => pair.includes(SUSPECT) && z >= test.z)
    .map(({ z, pair }) => {
      const control = parties.name(pair[0] === SUSPECT ? pair[1] : pair[0]);
      return {
        control,
        z,
        excludedByDates: excludedByTime(control, parties.suspect.model, of) !== undefined,
      };
    })
    .sort((a, b) => b.z - a.z);
}
