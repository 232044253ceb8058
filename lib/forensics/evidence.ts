import { centralParty } from './central-party.ts';
import { closerControls, questionControls } from './control-questions.ts';
import type { Lineages } from './models.ts';
import { pValue } from './numbers.ts';
import { type PairArray, type PairTest, testAccusedPair, withoutModel } from './pair-test.ts';
import { betweenControls, FIRST_CONTROL, type Parties } from './parties.ts';
import { criticalZ, itemsNeeded, power } from './power.ts';
import type { Caveat, NullReport, PowerReport, SuspectReport, ViewReport } from './report.ts';

/** Sizes for which power is told. */
const SIZES = [200, 500, 1000, 2000, 5000, 10_000, 20_000];
/** Standard normal quantile of a power of 80 %. */
const Q80 = 0.8416;
/** Standard deviations from which two controls are remarkably alike. */
const REMARKABLE = 4;

/** One test, and whom it was about. */
export interface Tested {
  readonly array: PairArray;
  readonly test: PairTest;
  readonly parties: Parties;
  readonly items: number;
}

function nullReport({ array, test, parties }: Tested, of: Lineages): NullReport {
  const order = Array.from(test.nullZ, (z, p) => ({ z, pair: array.pairs[p + 1] ?? ([0, 0] as const) }))
    .filter(({ pair }) => betweenControls(pair))
    .sort((a, b) => b.z - a.z);
  const controls = parties.controls.map((c) => c.model);
  return {
    pairs: test.nullPairs,
    controls,
    families: new Set(controls.map(of.family)).size,
    makers: new Set(controls.map(of.maker)).size,
    smallestP: 1 / (1 + test.nullPairs),
    spread: test.scale,
    z: Array.from(Float64Array.from(test.nullZ).sort(), (z) => Math.round(z * 1e4) / 1e4),
    top: order
      .slice(0, 3)
      .map(({ z, pair }) => ({ pair: [parties.name(pair[0]), parties.name(pair[1])] as const, z })),
  };
}

/** The test without the controls at these places; undefined where too few pairs are left. */
function testWithout(array: PairArray, places: readonly number[]): PairTest | undefined {
  // From the last place to the first, so that the places before keep their numbers.
  const reduced = [...places].sort((a, b) => b - a).reduce(withoutModel, array);
  return reduced.pairs.length < 4 ? undefined : testAccusedPair(reduced);
}

/** Groups of controls of which each is one opinion: near copies, and kin. */
function groupsOfControls({ array, parties }: Tested, of: Lineages): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const place of parties.controlPlaces) {
    const labels = [`family ${of.family(parties.name(place))}`, `voter ${array.voters?.[place] ?? place}`];
    for (const label of labels) groups.set(label, [...(groups.get(label) ?? []), place]);
  }
  return [...groups.values()].filter((places) => places.length > 1);
}

/** Leaves each control out in turn; for the largest p each group of kin too, of which any one would stand in for another. */
function leaveOneOut(tested: Tested, of: Lineages): SuspectReport['leaveOneControlOut'] {
  const { array, test, parties } = tested;
  const runs = parties.controls.flatMap((c, k) => {
    const without = testWithout(array, [FIRST_CONTROL + k]);
    return without === undefined ? [] : [{ control: c.model, test: without }];
  });
  if (runs.length === 0) return null;
  const groups = groupsOfControls(tested, of).flatMap((places) => {
    const without = testWithout(array, places);
    return without === undefined
      ? []
      : [{ control: places.map((x) => parties.name(x)).join(', '), p: without.p }];
  });
  const largest = [...runs.map((r) => ({ control: r.control, p: r.test.p })), ...groups].reduce((a, b) =>
    b.p > a.p ? b : a,
  );
  const range = (f: (t: PairTest) => number): readonly [number, number] => {
    const v = runs.map((r) => f(r.test));
    return [Math.min(...v), Math.max(...v)];
  };
  const most = runs.reduce((a, b) => (Math.abs(b.test.z - test.z) > Math.abs(a.test.z - test.z) ? b : a));
  return {
    z: range((t) => t.z),
    p: range((t) => t.p),
    excess: range((t) => t.excess),
    mostInfluential: most.control,
    largestP: { without: largest.control, p: largest.p },
  };
}

function powerReport({ test, items }: Tested, alpha: number, effects: readonly number[]): PowerReport {
  const critical = criticalZ(test.nullZ, alpha, test.votes);
  return {
    alpha,
    atThisSize: effects.map((effect) => ({ effect, power: power(test, items, items, effect, alpha) })),
    curve: effects.flatMap((effect) =>
      SIZES.map((n) => ({ items: n, effect, power: power(test, items, n, effect, alpha) })),
    ),
    detectable: Number.isFinite(critical) ? (critical + Q80) * test.scale : null,
    itemsNeeded: itemsNeeded(test, items, test.excess, alpha) ?? null,
  };
}

/** Parts of the report that every test has. */
export function evidence(
  tested: Tested,
  of: Lineages,
  alpha: number,
  effects: readonly number[],
): Pick<SuspectReport, 'null' | 'leaveOneControlOut' | 'power' | 'questionedControls' | 'closerControls'> {
  return {
    null: nullReport(tested, of),
    leaveOneControlOut: leaveOneOut(tested, of),
    power: powerReport(tested, alpha, effects),
    questionedControls: questionControls(tested.array, tested.test, tested.parties),
    closerControls: closerControls(tested.array, tested.test, tested.parties, of),
  };
}

/** Each view by itself. */
export function viewReports(array: PairArray, test: PairTest): ViewReport[] {
  return array.views.map((v, k) => ({
    view: v.name,
    z: test.viewZ[k] ?? 0,
    p: test.viewP[k] ?? 1,
    ...(v.aside === true ? { aside: true } : {}),
  }));
}

/** That models that are nearly one count once. */
function copiesCaveat({ array, test, parties }: Tested): Caveat[] {
  if (test.votes === undefined) return [];
  const voters = array.voters ?? [];
  const groups = [...new Set(voters)].map((v) => parties.names.filter((_, m) => voters[m] === v));
  const named = groups.filter((g) => g.length > 1).map((g) => g.join(', '));
  return [
    {
      code: 'near-copies',
      text: `Nearly the same answers, and so one vote each: ${named.join('; ')}. All pairs of two votes count as one unrelated pair: ${test.nullPairs} instead of ${test.nullZ.length}.`,
    },
  ];
}

/** What the null itself gives reason to say. */
export function nullCaveats(report: SuspectReport, tested: Tested): Caveat[] {
  const out: Caveat[] = [...copiesCaveat(tested), ...centralParty(tested.array, tested.parties)];
  const z = report.z ?? 0;
  const closer = report.closerControls[0];
  if (closer !== undefined && z > 1)
    out.push({
      code: 'closer-to-a-control',
      text: `The suspect is more like ${closer.control} (z ${closer.z.toFixed(1)}) than like the reference (z ${z.toFixed(1)}).`,
    });
  for (const t of report.null?.top ?? [])
    if (t.z > REMARKABLE)
      out.push({
        code: 'kin-among-controls',
        text: `Controls ${t.pair[0]} and ${t.pair[1]} are remarkably alike (z ${t.z.toFixed(1)}). If they are of one lineage, declare it (--kin or --models): undeclared kin make the test blunter, never sharper.`,
      });
  const questioned = report.questionedControls;
  for (const c of questioned?.controls ?? [])
    out.push({
      code: 'questioned-control',
      text: `Control ${c.control} itself resembles the ${c.resembles} (z ${c.z.toFixed(1)}): it may not be unrelated.${
        questioned?.without == null
          ? ''
          : ` Without ${questioned.controls.length === 1 ? 'it' : 'the questioned controls'} z is ${questioned.without.z.toFixed(1)} and p ${pValue(questioned.without.p)}.`
      }`,
    });
  const loco = report.leaveOneControlOut;
  if (
    loco !== null &&
    report.p !== null &&
    report.p <= 0.05 &&
    loco.largestP.p > 2 * Math.max(report.p, report.null?.smallestP ?? 0) &&
    loco.largestP.p > 0.05
  )
    out.push({
      code: 'rests-on-one-control',
      text: `Without ${loco.largestP.without} p would be ${pValue(loco.largestP.p)}.`,
    });
  return out;
}
