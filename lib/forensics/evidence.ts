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
    pairs: test.nullZ.length,
    controls,
    families: new Set(controls.map(of.family)).size,
    makers: new Set(controls.map(of.maker)).size,
    smallestP: 1 / (1 + test.nullZ.length),
    spread: test.scale,
    z: Array.from(Float64Array.from(test.nullZ).sort(), (z) => Math.round(z * 1e4) / 1e4),
    top: order
      .slice(0, 3)
      .map(({ z, pair }) => ({ pair: [parties.name(pair[0]), parties.name(pair[1])] as const, z })),
  };
}

function leaveOneOut({ array, test, parties }: Tested): SuspectReport['leaveOneControlOut'] {
  const runs = parties.controls.flatMap((c, k) => {
    const reduced = withoutModel(array, FIRST_CONTROL + k);
    return reduced.pairs.length < 4 ? [] : [{ control: c.model, test: testAccusedPair(reduced) }];
  });
  if (runs.length === 0) return null;
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
  };
}

function powerReport({ test, items }: Tested, alpha: number, effects: readonly number[]): PowerReport {
  const critical = criticalZ(test.nullZ, alpha);
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
    leaveOneControlOut: leaveOneOut(tested),
    power: powerReport(tested, alpha, effects),
    questionedControls: questionControls(tested.array, tested.test, tested.parties),
    closerControls: closerControls(tested.array, tested.test, tested.parties),
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

/** What the null itself gives reason to say. */
export function nullCaveats(report: SuspectReport): Caveat[] {
  const out: Caveat[] = [];
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
    loco.p[1] > 2 * Math.max(report.p, report.null?.smallestP ?? 0) &&
    loco.p[1] > 0.05
  )
    out.push({
      code: 'rests-on-one-control',
      text: `Without ${loco.mostInfluential} p would be up to ${pValue(loco.p[1])}.`,
    });
  return out;
}
