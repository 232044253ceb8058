import { bootstrapMeanInterval, jackknifeError } from '../statistics/bootstrap.ts';
import { holm } from '../statistics/distributions.ts';
import { type Random, seededRandom } from '../statistics/generator.ts';
import { naiveBinomialP } from './agreement.ts';
import { type AnswerSheet, AnswersError } from './answers.ts';
import {
  choiceStudy,
  choiceTable,
  choiceView,
  commonChoiceItems,
  itemInfluence,
  kappaOfAccused,
  measurePairs,
} from './choice-study.ts';
import { familyOf } from './family.ts';
import type { Pair } from './pair-effects.ts';
import {
  controlsNeeded,
  criticalZ,
  itemsNeeded,
  type PairArray,
  type PairTest,
  power,
  testAccusedPair,
  withoutModel,
} from './pair-test.ts';
import {
  type Caveat,
  type ForensicsReport,
  negativeMeans,
  type PowerReport,
  positiveMeans,
  type SuspectReport,
  type Verdict,
  type ViewReport,
} from './report.ts';
import {
  identicalChoices,
  identicalTexts,
  leastControls,
  leastCoWrong,
  leastItems,
  leastTexts,
  type Unfit,
  unfitChoices,
} from './screening.ts';
import { rankingPairs, rankTeachers, type TeacherRanking } from './teachers.ts';
import { corpusOf, textArray, textStudy } from './text-study.ts';
import { type Corpus, formatCovariates, measureText, textBlocks, viewValues } from './text-views.ts';

/** What is asked. */
export interface ForensicsInput {
  readonly reference: AnswerSheet;
  readonly suspects: readonly AnswerSheet[];
  /** Models presumed unrelated to the reference, to the suspects, and (but for kin) to each other. */
  readonly controls: readonly AnswerSheet[];
  /** Candidate teachers to rank; the reference is always a candidate where there are others. */
  readonly teachers: readonly AnswerSheet[];
}

export interface ForensicsOptions {
  /** Level at which the verdict is "consistent with" (after Holm). */
  readonly alpha?: number;
  /** Smallest excess that matters, in kappa: below it a negative would be empty words. */
  readonly effect?: number;
  readonly seed?: number;
  /** Presumed family of a model; the name decides by default. */
  readonly family?: (model: string) => string;
  /** Told before each suspect. */
  readonly onSuspect?: (suspect: string, index: number, of: number) => void;
}

/**
 * Smallest excess of interest, in kappa: about what continued training leaves of a base model (public Mistral fine-tunes
 * show 0.015 to 0.04).
 */
export const smallestEffect = 0.02;
/** Excess of a documented distillation (Gemini 1.5 Flash from Pro on MMLU-Pro, residual kappa). */
export const documentedEffect = 0.047;
/** A product line is named when the probability of it being the closest is at least this. */
export const nameAtProbability = 0.5;
/** ... and it leads by at least this many null spreads. */
export const nameAtMargin = 0.4;

/** Interim result before p-values are corrected over all questions. */
interface Draft {
  report: SuspectReport;
  p: number | undefined;
  ranking: TeacherRanking | undefined;
}

/**
 * Asks of each suspect whether its answers resemble the reference's more than unrelated models' resemble each other, and
 * which candidate teacher is closest.
 *
 * Every suspect is judged apart from the others, with its own null; the p-values are then corrected over all suspects
 * and teachers (Holm). What cannot be judged abstains with a reason; nothing is guessed.
 *
 * @throws AnswersError for input that is wrong rather than insufficient: a model named twice in conflicting roles, or
 *   formats that cannot be compared at all
 */
export function runForensics(input: ForensicsInput, options: ForensicsOptions = {}): ForensicsReport {
  const alpha = options.alpha ?? 0.01;
  const seed = options.seed ?? 1;
  const effect = options.effect ?? smallestEffect;
  const family = options.family ?? familyOf;
  checkRoles(input);
  const everyone = uniqueSheets([input.reference, ...input.suspects, ...input.controls, ...input.teachers]);
  const textful = everyone.filter((s) => s.textItems > 0);
  const corpus = textful.length >= 4 ? corpusOf(textful) : undefined;
  const random = seededRandom(seed);
  const context: Context = { input, alpha, effect, family, corpus, textful, random };
  const drafts = input.suspects.map((suspect, i) => {
    options.onSuspect?.(suspect.model, i, input.suspects.length);
    return judge(context, suspect);
  });
  return { alpha, seed, suspects: finish(drafts, context) };
}

interface Context {
  readonly input: ForensicsInput;
  readonly alpha: number;
  readonly effect: number;
  readonly family: (model: string) => string;
  readonly corpus: Corpus | undefined;
  readonly textful: readonly AnswerSheet[];
  readonly random: Random;
}

function uniqueSheets(sheets: readonly AnswerSheet[]): AnswerSheet[] {
  return [...new Map(sheets.map((s) => [s.model, s])).values()];
}

function checkRoles({ reference, suspects, controls, teachers }: ForensicsInput): void {
  if (suspects.length === 0) throw new AnswersError('no suspect was given');
  const twice = (role: string, sheets: readonly AnswerSheet[]) => {
    const seen = new Set<string>();
    for (const s of sheets) {
      if (seen.has(s.model)) throw new AnswersError(`${role} "${s.model}" is given twice`);
      seen.add(s.model);
    }
  };
  twice('suspect', suspects);
  twice('control', controls);
  twice('teacher', teachers);
  for (const s of suspects)
    if (s.model === reference.model)
      throw new AnswersError(`"${s.model}" is both the reference and a suspect`);
  const hasChoices = (s: AnswerSheet) => s.choiceItems > 0;
  for (const s of suspects) {
    const choices = hasChoices(reference) && hasChoices(s);
    const texts = reference.textItems > 0 && s.textItems > 0;
    if (!choices && !texts)
      throw new AnswersError(
        `${reference.model} has ${formatOf(reference)} and ${s.model} has ${formatOf(s)}: there is nothing to compare`,
      );
  }
}

function formatOf(s: AnswerSheet): string {
  if (s.choiceItems > 0 && s.textItems > 0) return 'choices and text';
  return s.choiceItems > 0 ? 'choices only' : 'free text only';
}

/** Controls of one suspect: whoever is not a party to the question. A candidate teacher is never a control. */
function controlsFor(context: Context, suspect: AnswerSheet, caveats: Caveat[]): AnswerSheet[] {
  const { input } = context;
  const parties = new Set([input.reference.model, suspect.model, ...input.teachers.map((t) => t.model)]);
  const out = input.controls.filter((c) => !parties.has(c.model));
  const asControl = input.controls.some((c) => c.model === suspect.model);
  if (asControl)
    caveats.push({
      code: 'suspect-was-control',
      text: `${suspect.model} is also listed as a control; it was left out while accused.`,
    });
  return out;
}

function judge(context: Context, suspect: AnswerSheet): Draft {
  const { input } = context;
  const caveats: Caveat[] = [];
  const controls = controlsFor(context, suspect, caveats);
  const common = commonChoiceItems(input.reference, suspect);
  const byChoice = common.items.length > 0 || common.conflicting > 0;
  if (byChoice) return judgeChoices(context, suspect, controls, common, caveats);
  return judgeTexts(context, suspect, controls, caveats);
}

function empty(
  context: Context,
  suspect: AnswerSheet,
  mode: SuspectReport['mode'],
  items: number,
  caveats: readonly Caveat[],
): SuspectReport {
  return {
    suspect: suspect.model,
    reference: context.input.reference.model,
    mode,
    items,
    coWrong: null,
    kappa: null,
    expected: null,
    excess: null,
    ci95: null,
    ci95Models: null,
    z: null,
    p: null,
    pAdjusted: null,
    questions: 0,
    teachers: [],
    closest: null,
    verdict: 'abstained',
    statement: '',
    reason: null,
    null: null,
    leaveOneControlOut: null,
    power: null,
    views: [],
    text: null,
    naive: null,
    caveats,
  };
}

function abstain(
  context: Context,
  suspect: AnswerSheet,
  mode: SuspectReport['mode'],
  items: number,
  unfit: Unfit,
  caveats: readonly Caveat[],
): Draft {
  const size =
    unfit.code === 'too-few-items' || unfit.code === 'too-few-co-wrong' || unfit.code === 'too-few-controls';
  return {
    report: {
      ...empty(context, suspect, mode, items, caveats),
      verdict: size ? 'cannot tell at this size' : 'abstained',
      statement: `No statement about ${suspect.model}: ${unfit.reason}.`,
      reason: unfit.reason,
      caveats: [...caveats, { code: unfit.code, text: `${unfit.reason}.` }],
    },
    p: undefined,
    ranking: undefined,
  };
}

function judgeChoices(
  context: Context,
  suspect: AnswerSheet,
  candidates: readonly AnswerSheet[],
  common: { items: string[]; conflicting: number },
  caveats: Caveat[],
): Draft {
  const { input, alpha } = context;
  const reference = input.reference;
  const items = common.items.length;
  const stop = (unfit: Unfit) => abstain(context, suspect, 'choices', items, unfit, caveats);
  if (common.conflicting > 0.05 * (items + common.conflicting))
    return stop({
      code: 'differing-keys',
      reason: `${common.conflicting} of ${items + common.conflicting} common items have a different key or number of options in the two files: they are not the same questions`,
    });
  if (common.conflicting > 0)
    caveats.push({
      code: 'keys-differ',
      text: `${common.conflicting} items were dropped: key or number of options differs between the files.`,
    });
  if (items < leastItems)
    return stop({
      code: 'too-few-items',
      reason: `reference and suspect have ${items} items in common; at least ${leastItems} are needed, 2,000 are advisable`,
    });
  const table = choiceTable([reference, suspect, ...candidates], [], false, reference, common.items);
  const unfitParty = [0, 1]
    .map((m) =>
      unfitChoices(table.models[m] as string, table.choices[m] as Int8Array, table.keys, table.options),
    )
    .find((u) => u !== undefined);
  if (unfitParty !== undefined) return stop(unfitParty);
  const same = (a: number, b: number) =>
    identicalChoices(table.choices[a] as Int8Array, table.choices[b] as Int8Array, table.keys, table.options);
  if (same(0, 1) || identicalTexts(reference, suspect))
    return stop({
      code: 'identical',
      reason:
        'the two files give the same answers throughout: one model queried twice, or one file copied; that is identity, which needs no test, and says nothing of distillation',
    });
  const kept: number[] = [];
  candidates.forEach((c, k) => {
    const unfit = unfitChoices(c.model, table.choices[k + 2] as Int8Array, table.keys, table.options);
    const twin = [0, 1, ...kept].find((other) => same(other, k + 2));
    if (unfit !== undefined)
      caveats.push({ code: 'control-dropped', text: `Control ${c.model} was left out: ${unfit.reason}.` });
    else if (twin !== undefined)
      caveats.push({
        code: 'control-dropped',
        text: `Control ${c.model} was left out: it gives the same answers as ${table.models[twin]}.`,
      });
    else kept.push(k + 2);
  });
  const controls = kept.map((m) => candidates[m - 2] as AnswerSheet);
  if (controls.length < leastControls)
    return stop({
      code: 'too-few-controls',
      reason: `${controls.length} usable controls; ${leastControls} are needed to say anything, ${controlsNeeded(alpha, 1)} unrelated ones for p <= ${alpha}`,
    });
  const families = [reference, suspect, ...controls].map((s) => context.family(s.model));
  const study = choiceStudy(reference, suspect, controls, families);
  const counts = study.counts[0];
  if (counts === undefined || counts.coWrong < leastCoWrong)
    return stop({
      code: 'too-few-co-wrong',
      reason: `both are wrong on ${counts?.coWrong ?? 0} items only; at least ${leastCoWrong} are needed: take harder questions`,
    });
  const test = testAccusedPair(study.array);
  const n = counts.items;
  const { kappa, expected } = kappaOfAccused(study, test.excess);
  const ci95 = bootstrapMeanInterval(itemInfluence(study, test.weights), context.random);
  choiceCaveats(caveats, reference, suspect, study.table.choices, common.items.length, n);
  const text = textBeside(context, suspect, controls);
  const report: SuspectReport = {
    ...empty(context, suspect, 'choices', n, caveats),
    coWrong: counts.coWrong,
    kappa,
    expected,
    excess: test.excess,
    ci95,
    ci95Models: [test.excess - 1.96 * test.scale, test.excess + 1.96 * test.scale],
    z: test.z,
    p: test.p,
    naive: {
      sameWrong: counts.sameWrong,
      chanceSameWrong: counts.chanceSameWrong,
      p: naiveBinomialP(counts),
    },
    views: text?.views ?? [],
    text: text?.text ?? null,
    ...testReports(context, test, study.array, controls, families, n, [smallestEffect, documentedEffect]),
  };
  nullCaveats(caveats, report, study.array, test, reference, suspect, controls);
  return { report, p: test.p, ranking: rankByChoices(context, suspect, controls, common.items) };
}

/** Parts of the report that every test has. */
function testReports(
  context: Context,
  test: PairTest,
  array: PairArray,
  controls: readonly AnswerSheet[],
  families: readonly string[],
  items: number,
  effects: readonly number[],
): Pick<SuspectReport, 'null' | 'leaveOneControlOut' | 'power'> {
  const names = [context.input.reference.model, '', ...controls.map((c) => c.model)];
  const order = Array.from(test.nullZ, (z, p) => ({ z, pair: array.pairs[p + 1] as Pair }))
    .filter(({ pair }) => pair[0] > 1)
    .sort((a, b) => b.z - a.z);
  return {
    null: {
      pairs: test.nullZ.length,
      controls: controls.map((c) => c.model),
      families: new Set(families.slice(2)).size,
      smallestP: 1 / (1 + test.nullZ.length),
      spread: test.scale,
      z: Array.from(Float64Array.from(test.nullZ).sort(), (z) => Math.round(z * 1e4) / 1e4),
      top: order
        .slice(0, 3)
        .map(({ z, pair }) => ({ pair: [names[pair[0]] as string, names[pair[1]] as string] as const, z })),
    },
    leaveOneControlOut: leaveOneOut(array, controls),
    power: powerReport(test, items, context.alpha, effects),
  };
}

function leaveOneOut(
  array: PairArray,
  controls: readonly AnswerSheet[],
): SuspectReport['leaveOneControlOut'] {
  const runs = controls.flatMap((c, k) => {
    const reduced = withoutModel(array, k + 2);
    return reduced.pairs.length < 4 ? [] : [{ control: c.model, test: testAccusedPair(reduced) }];
  });
  if (runs.length === 0) return null;
  const range = (f: (t: PairTest) => number): readonly [number, number] => {
    const v = runs.map((r) => f(r.test));
    return [Math.min(...v), Math.max(...v)];
  };
  const whole = testAccusedPair(array);
  const most = runs.reduce((a, b) => (Math.abs(b.test.z - whole.z) > Math.abs(a.test.z - whole.z) ? b : a));
  return {
    z: range((t) => t.z),
    p: range((t) => t.p),
    excess: range((t) => t.excess),
    mostInfluential: most.control,
  };
}

function powerReport(test: PairTest, items: number, alpha: number, effects: readonly number[]): PowerReport {
  const critical = criticalZ(test.nullZ, alpha);
  const sizes = [200, 500, 1000, 2000, 5000, 10_000, 20_000];
  const needed = itemsNeeded(test, items, test.excess, alpha);
  return {
    alpha,
    atThisSize: effects.map((effect) => ({ effect, power: power(test, items, items, effect, alpha) })),
    curve: effects.flatMap((effect) =>
      sizes.map((n) => ({ items: n, effect, power: power(test, items, n, effect, alpha) })),
    ),
    detectable: Number.isFinite(critical) ? (critical + 0.8416) * test.scale : null,
    itemsNeeded: needed ?? null,
  };
}

function choiceCaveats(
  caveats: Caveat[],
  reference: AnswerSheet,
  suspect: AnswerSheet,
  choices: readonly Int8Array[],
  common: number,
  answered: number,
): void {
  for (const s of [reference, suspect]) {
    if (s.outside > 0)
      caveats.push({
        code: 'outside-options',
        text: `${s.model}: ${s.outside} answers lie outside their options and count as none.`,
      });
    if (s.badKeys > 0)
      caveats.push({
        code: 'bad-keys',
        text: `${s.model}: ${s.badKeys} items have a key outside their options and were set aside.`,
      });
  }
  const none = [0, 1].map((m) => (choices[m] as Int8Array).filter((c) => c < 0).length / common);
  if (Math.max(...none) > 0.05)
    caveats.push({
      code: 'missing-answers',
      text: `Without a usable answer: ${pct(none[0])} of the common items in the reference, ${pct(none[1])} in the suspect; ${answered} items remain. If answers were lost by a parser, repair it: loss that depends on the question biases both ways.`,
    });
  const missing = Math.max(reference.choiceItems, suspect.choiceItems) - common;
  if (missing > 0.05 * common)
    caveats.push({
      code: 'items-differ',
      text: `${missing} items are in one of the two files only and were not used.`,
    });
}

function nullCaveats(
  caveats: Caveat[],
  report: SuspectReport,
  array: PairArray,
  test: PairTest,
  reference: AnswerSheet,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
): void {
  const z = report.z ?? 0;
  const name = (m: number) =>
    m === 0 ? reference.model : m === 1 ? suspect.model : (controls[m - 2]?.model ?? '');
  const closer = Array.from(test.nullZ, (value, p) => ({ value, pair: array.pairs[p + 1] as Pair }))
    .filter(({ value, pair }) => pair.includes(1) && value > z)
    .sort((a, b) => b.value - a.value)[0];
  if (closer !== undefined && z > 1)
    caveats.push({
      code: 'closer-to-a-control',
      text: `The suspect is more like ${name(closer.pair[0] === 1 ? closer.pair[1] : closer.pair[0])} (z ${closer.value.toFixed(1)}) than like the reference (z ${z.toFixed(1)}).`,
    });
  const odd = (report.null?.top ?? []).filter((t) => t.z > 4);
  for (const t of odd)
    caveats.push({
      code: 'kin-among-controls',
      text: `Controls ${t.pair[0]} and ${t.pair[1]} are remarkably alike (z ${t.z.toFixed(1)}). If they are of one lineage, declare it (--kin): undeclared kin make the test blunter, never sharper.`,
    });
  const loco = report.leaveOneControlOut;
  if (
    loco !== null &&
    report.p !== null &&
    report.p <= 0.05 &&
    loco.p[1] > 2 * Math.max(report.p, report.null?.smallestP ?? 0) &&
    loco.p[1] > 0.05
  )
    caveats.push({
      code: 'rests-on-one-control',
      text: `Without ${loco.mostInfluential} p would be up to ${fmtP(loco.p[1])}.`,
    });
}

/** The text views beside a test on choices: corroboration only. */
function textBeside(context: Context, suspect: AnswerSheet, controls: readonly AnswerSheet[]) {
  const prepared = textParts(context, suspect, controls);
  if (prepared === undefined || prepared.study.items < leastTexts) return undefined;
  const test = testAccusedPair(prepared.study.array);
  return {
    text: { items: prepared.study.items, z: test.z, p: test.p },
    views: viewReports(prepared.study.array, test),
  };
}

function viewReports(array: PairArray, test: PairTest): ViewReport[] {
  return array.views.map((v, k) => ({
    view: v.name,
    z: test.viewZ[k] as number,
    p: test.viewP[k] as number,
  }));
}

function textParts(context: Context, suspect: AnswerSheet, controls: readonly AnswerSheet[]) {
  const { corpus, textful } = context;
  if (corpus === undefined) return undefined;
  const at = (s: AnswerSheet) => textful.findIndex((t) => t.model === s.model);
  const usable = controls.filter((c) => at(c) >= 0);
  if (at(context.input.reference) < 0 || at(suspect) < 0 || usable.length < leastControls) return undefined;
  const sheets = [context.input.reference, suspect, ...usable];
  const families = sheets.map((s) => context.family(s.model));
  return { study: textStudy(corpus, sheets.map(at), families), usable, families };
}

function judgeTexts(
  context: Context,
  suspect: AnswerSheet,
  candidates: readonly AnswerSheet[],
  caveats: Caveat[],
): Draft {
  const { input, alpha } = context;
  const stop = (unfit: Unfit, items = 0) => abstain(context, suspect, 'text', items, unfit, caveats);
  if (identicalTexts(input.reference, suspect))
    return stop({
      code: 'identical',
      reason:
        'nearly all texts are the same, letter for letter: one file copied or one model queried twice, which needs no test',
    });
  const controls = candidates.filter((c) => {
    const reason =
      c.textItems < leastTexts
        ? `it has ${c.textItems} texts`
        : identicalTexts(input.reference, c) || identicalTexts(suspect, c)
          ? 'its texts are those of a party to the question'
          : undefined;
    if (reason !== undefined)
      caveats.push({ code: 'control-dropped', text: `Control ${c.model} was left out: ${reason}.` });
    return reason === undefined;
  });
  if (controls.length < leastControls)
    return stop({
      code: 'too-few-controls',
      reason: `${controls.length} usable controls; ${leastControls} are needed to say anything, ${controlsNeeded(alpha, 1)} unrelated ones for p <= ${alpha}`,
    });
  const prepared = textParts(context, suspect, controls);
  if (prepared === undefined || prepared.study.items < leastTexts)
    return stop(
      {
        code: 'too-few-items',
        reason: `reference and suspect have ${prepared?.study.items ?? 0} texts in common; at least ${leastTexts} are needed, 500 are advisable`,
      },
      prepared?.study.items ?? 0,
    );
  const { study, usable, families } = prepared;
  const test = testAccusedPair(study.array);
  const leftOut = Array.from({ length: textBlocks }, (_, b) =>
    testAccusedPair(textArray(study.sums, study.pairs, b)),
  );
  const error = jackknifeError(leftOut.map((t) => t.excess));
  // How much of the null's spread is sampling of prompts: the jackknife of z, whose spread over null pairs is 1.
  const sampling = Math.min(0.95, jackknifeError(leftOut.map((t) => t.z)) ** 2) * test.scale ** 2;
  const sized: PairTest = {
    ...test,
    samplingVariance: sampling,
    betweenVariance: test.scale ** 2 - sampling,
  };
  const words = study.array.views[0]?.values[0] ?? 0;
  caveats.push({
    code: 'text-corroborates',
    text: 'Free text shares style with prompt, decoding and access mode; length and formatting are taken out, house style and post-training recipes are not. Text alone corroborates.',
  });
  const report: SuspectReport = {
    ...empty(context, suspect, 'text', study.items, caveats),
    kappa: words,
    expected: words - test.excess,
    excess: test.excess,
    ci95: [test.excess - 1.96 * error, test.excess + 1.96 * error],
    ci95Models: [test.excess - 1.96 * test.scale, test.excess + 1.96 * test.scale],
    z: test.z,
    p: test.p,
    views: viewReports(study.array, test),
    text: { items: study.items, z: test.z, p: test.p },
    ...testReports(context, sized, study.array, usable, families, study.items, [test.scale, 3 * test.scale]),
  };
  nullCaveats(caveats, report, study.array, test, input.reference, suspect, usable);
  return { report, p: test.p, ranking: rankByTexts(context, suspect, usable) };
}

function candidatesOf(context: Context): AnswerSheet[] {
  if (context.input.teachers.length === 0) return [];
  return uniqueSheets([context.input.reference, ...context.input.teachers]);
}

function rankByChoices(
  context: Context,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
  items: readonly string[],
): TeacherRanking | undefined {
  const teachers = candidatesOf(context).filter(
    (t) => t.model !== suspect.model && t.choiceItems >= leastItems,
  );
  if (teachers.length < 2) return undefined;
  const names = new Set(teachers.map((t) => t.model));
  const rest = controls.filter((c) => !names.has(c.model));
  if (rest.length < leastControls) return undefined;
  const sheets = [suspect, ...teachers, ...rest];
  const models = sheets.map((s) => s.model);
  const families = models.map(context.family);
  const pairs = rankingPairs(models, families, teachers.length);
  const all = [...pairs.null, ...pairs.asked];
  const table = choiceTable(sheets, families, false, context.input.reference, items);
  const { residuals, counts } = measurePairs(table, all);
  return rankTeachers(pairs, [choiceView(residuals, counts)]);
}

function rankByTexts(
  context: Context,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
): TeacherRanking | undefined {
  const { corpus, textful } = context;
  const teachers = candidatesOf(context).filter(
    (t) => t.model !== suspect.model && t.textItems >= leastTexts,
  );
  if (corpus === undefined || teachers.length < 2) return undefined;
  const names = new Set(teachers.map((t) => t.model));
  const rest = controls.filter((c) => !names.has(c.model));
  if (rest.length < leastControls) return undefined;
  return rankTextTeachers(corpus, textful, suspect, teachers, rest, context.family).ranking;
}

/**
 * Ranks candidate teachers on texts; `formatAdjusted` is the leader once answer length and formatting are covariates.
 * The ranking itself leaves them in: they are part of what a student learns, and candidates are compared, not convicted.
 */
export function rankTextTeachers(
  corpus: Corpus,
  sheetsOfCorpus: readonly AnswerSheet[],
  suspect: AnswerSheet,
  teachers: readonly AnswerSheet[],
  controls: readonly AnswerSheet[],
  family: (model: string) => string = familyOf,
): { ranking: TeacherRanking; byView: { view: string; leader: string }[]; formatAdjusted: string } {
  const sheets = [suspect, ...teachers, ...controls];
  const models = sheets.map((s) => s.model);
  const pairs = rankingPairs(models, models.map(family), teachers.length);
  const members = models.map((m) => sheetsOfCorpus.findIndex((s) => s.model === m));
  const sums = measureText(corpus, members);
  const all = [...pairs.null, ...pairs.asked];
  const none = all.map(() => []);
  const views = viewValues(sums, all, undefined).map((v) => ({
    ...v,
    variances: undefined,
    covariates: none as number[][],
  }));
  const covariates = formatCovariates(sums, all);
  const adjusted = rankTeachers(
    pairs,
    views.map((v) => ({ ...v, covariates })),
  );
  return {
    ranking: rankTeachers(pairs, views),
    byView: views.map((v) => ({ view: v.name, leader: rankTeachers(pairs, [v]).teachers[0]?.teacher ?? '' })),
    formatAdjusted: adjusted.teachers[0]?.teacher ?? '',
  };
}

/** Corrects p-values over all questions of the run and words the verdicts. */
function finish(drafts: readonly Draft[], context: Context): SuspectReport[] {
  const asked: { draft: number; teacher: string | undefined; p: number }[] = [];
  const reference = context.input.reference.model;
  drafts.forEach((d, draft) => {
    if (d.p !== undefined) asked.push({ draft, teacher: undefined, p: d.p });
    for (const t of d.ranking?.teachers ?? [])
      if (t.teacher !== reference) asked.push({ draft, teacher: t.teacher, p: t.p });
  });
  const adjusted = holm(asked.map((a) => a.p));
  return drafts.map((d, draft): SuspectReport => {
    const own = (teacher: string | undefined) => {
      const at = asked.findIndex((a) => a.draft === draft && a.teacher === teacher);
      return at < 0 ? undefined : adjusted[at];
    };
    if (d.p === undefined) return { ...d.report, questions: asked.length };
    const pAdjusted = own(undefined) ?? 1;
    const teachers = (d.ranking?.teachers ?? []).map((t) => ({
      ...t,
      pAdjusted: (t.teacher === reference ? own(undefined) : own(t.teacher)) ?? 1,
    }));
    const report = {
      ...d.report,
      pAdjusted,
      questions: asked.length,
      teachers,
      closest: closestOf(d.ranking),
    };
    return { ...report, ...word(report, context) };
  });
}

function closestOf(ranking: TeacherRanking | undefined): SuspectReport['closest'] {
  const top = ranking?.teachers[0];
  if (ranking === undefined || top === undefined) return null;
  const named = top.lineProbability >= nameAtProbability && top.margin >= nameAtMargin;
  const siblings = ranking.teachers.filter((t) => t.line === top.line);
  const which =
    siblings.length > 1
      ? ` (within the line ${top.teacher} leads with probability ${(top.probability / top.lineProbability).toFixed(2)}; snapshots of one line are weakly told apart)`
      : '';
  return {
    teacher: top.teacher,
    line: top.line,
    probability: top.lineProbability,
    margin: top.margin,
    named,
    text: named
      ? `closest of the candidates: ${top.line}, probability ${top.lineProbability.toFixed(2)} if one of them is the teacher, margin ${top.margin.toFixed(1)}${which}`
      : `no candidate is named: the closest, ${top.line}, has probability ${top.lineProbability.toFixed(2)} and leads by ${top.margin.toFixed(1)} only`,
    anyP: ranking.anyP,
  };
}

/** The verdict: never more than the numbers carry. */
function word(
  report: SuspectReport,
  { alpha, effect }: Context,
): { verdict: Verdict; statement: string; reason: string | null; caveats: Caveat[] } {
  const caveats: Caveat[] = [...report.caveats];
  const say = (verdict: Verdict, statement: string, reason: string | null) => {
    caveats.push(
      verdict === 'consistent with'
        ? { code: 'what-it-does-not-mean', text: positiveMeans }
        : { code: 'not-exculpatory', text: negativeMeans },
    );
    return { verdict, statement, reason, caveats };
  };
  const { suspect, reference, p, pAdjusted, excess, ci95, ci95Models, null: nulls, mode, items } = report;
  if (
    p === null ||
    pAdjusted === null ||
    excess === null ||
    ci95 === null ||
    ci95Models === null ||
    nulls === null
  )
    return say('abstained', report.statement, report.reason);
  const what = mode === 'choices' ? 'errors' : 'texts';
  const figures = `excess ${signed(excess)} (95 % over items ${signed(ci95[0])} to ${signed(ci95[1])}), p ${fmtP(p)}, corrected ${fmtP(pAdjusted)}, ${items.toLocaleString('en')} items, ${nulls.pairs} unrelated pairs`;
  if (pAdjusted <= alpha && ci95[0] > 0)
    return say(
      'consistent with',
      `The ${what} of ${suspect} are consistent with training on ${reference}'s answers, or with a shared ancestor or teacher: more alike than unrelated models (${figures}).`,
      null,
    );
  const smallest = nulls.smallestP;
  if (p <= alpha || (p <= smallest * 1.0001 && smallest * report.questions > alpha)) {
    const reason =
      ci95[0] <= 0
        ? 'the likeness does not survive resampling of the items'
        : `${p <= smallest * 1.0001 ? 'no unrelated pair is as alike, but ' : ''}with ${nulls.pairs} unrelated pairs p cannot fall below ${fmtP(smallest)}, ${fmtP(Math.min(1, smallest * report.questions))} after correction for ${report.questions} question${report.questions === 1 ? '' : 's'}; ${controlsNeeded(alpha, report.questions)} unrelated controls would allow ${alpha}`;
    return say(
      'cannot tell at this size',
      `Cannot tell at this size whether ${suspect} learnt from ${reference}: ${reason} (${figures}).`,
      reason,
    );
  }
  // One-sided 95 % upper limit over items and models, in kappa; for text in spreads of the null.
  const upper = (ci95Models[1] - excess) * (1.645 / 1.96) + excess;
  const interest = mode === 'choices' ? effect : 2 * nulls.spread;
  const atSize = report.power?.atThisSize[0];
  if (upper < interest)
    return say(
      'no evidence',
      `No evidence that ${suspect} learnt from ${reference}: an excess of ${interest.toFixed(3)} or more is excluded at 95 % (${figures}).`,
      null,
    );
  const need = report.power?.itemsNeeded ?? null;
  const more =
    excess <= 0
      ? `an excess of ${interest.toFixed(3)} is not excluded`
      : need === null
        ? 'no number of items of this kind would settle an excess of the size observed, because unrelated models differ by as much: closer-matched controls or other questions are needed'
        : need <= items
          ? `the observed excess is below what these controls let stand out`
          : `about ${need.toLocaleString('en')} items would be needed to settle an excess of the size observed`;
  const reason = `an excess of ${(report.power?.detectable ?? Number.NaN).toFixed(3)} would be found four times in five, one of ${(atSize?.effect ?? interest).toFixed(3)} with a chance of ${pct(atSize?.power)}; ${more}`;
  return say(
    'cannot tell at this size',
    `Cannot tell at this size whether ${suspect} learnt from ${reference}: ${reason} (${figures}).`,
    reason,
  );
}

function pct(x: number | undefined): string {
  return x === undefined || Number.isNaN(x) ? 'n/a' : `${(100 * x).toFixed(x < 0.1 ? 1 : 0)} %`;
}

function signed(x: number): string {
  return `${x >= 0 ? '+' : '−'}${Math.abs(x).toFixed(3)}`;
}

function fmtP(p: number): string {
  return p < 0.001 ? p.toExponential(1) : p.toFixed(p < 0.1 ? 4 : 2);
}
