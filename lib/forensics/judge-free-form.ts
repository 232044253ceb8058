import { bootstrapMeanInterval } from '../statistics/bootstrap.ts';
import type { AnswerSheet } from './answers.ts';
import { byQuestion, questionsIn } from './blocks.ts';
import { candidatesFor, notToldApartByLikeness } from './candidates.ts';
import { evidence, nullCaveats } from './evidence.ts';
import {
  commonFreeItems,
  enoughInCommon,
  type FreePair,
  freeTable,
  freeView,
  measureFreePairs,
} from './free-form.ts';
import { aliasOf } from './identity.ts';
import { conflictUnfit } from './judge-choices.ts';
import { textsBeside } from './judge-texts.ts';
import { accusedAndNullPairs, type PairArray, testAccusedPair } from './pair-test.ts';
import { ACCUSED } from './parties.ts';
import {
  abstain,
  type Closeness,
  type Draft,
  dropControl,
  partiesOf,
  type Question,
  sampledCaveat,
  unfitControls,
} from './question.ts';
import { emptyReport, type SuspectReport } from './report.ts';
import { LEAST_FREE_CO_WRONG, LEAST_ITEMS, type Unfit } from './screening.ts';
import { rankingPairs, rankTeachers } from './teachers.ts';

/** Array of pairs of free-form answers. */
function measured(question: Question, controls: readonly AnswerSheet[], items: readonly string[]) {
  const { of } = question.context;
  const parties = partiesOf(question, controls);
  const table = freeTable(parties.all, parties.names.map(of.family), items);
  const all = accusedAndNullPairs(parties.all.length, (a, b) => of.kin(parties.name(a), parties.name(b)));
  const values = measureFreePairs(table, all);
  const kept = all.flatMap((pair, p): { pair: typeof pair; value: FreePair }[] => {
    const value = values[p];
    return value !== undefined && (pair === ACCUSED || enoughInCommon(value)) ? [{ pair, value }] : [];
  });
  const pairs = kept.map((k) => k.pair);
  const array: PairArray = {
    models: parties.all.length,
    pairs,
    views: [
      freeView(
        table,
        pairs,
        kept.map((k) => k.value),
      ),
    ],
  };
  return { parties, table, values: kept.map((k) => k.value), array };
}

/** Per item, the influence on the excess: the excess is linear in the pairs' means, so resampling this is the bootstrap. */
function influence(values: readonly FreePair[], weights: Float64Array, items: number): Float64Array {
  const out = new Float64Array(items);
  values.forEach((v, p) => {
    const w = ((weights[p] ?? 0) * items) / Math.max(1, v.items);
    v.perItem.forEach((x, i) => {
      out[i] = (out[i] ?? 0) + w * x;
    });
  });
  return out;
}

/** Controls that answered enough of the items, and are nobody's twin. */
function usableControls(question: Question, items: readonly string[]): AnswerSheet[] {
  const { controls, caveats, context, suspect } = question;
  const kept: AnswerSheet[] = [];
  for (const control of controls) {
    const answered = items.filter((i) => control.answers.get(i)?.form !== undefined).length;
    const twin = aliasOf(control, [context.input.reference, suspect, ...kept]);
    if (twin !== undefined) dropControl(caveats, control.model, `it gives the same wrong answers as ${twin}`);
    else if (answered < LEAST_ITEMS)
      dropControl(
        caveats,
        control.model,
        `it answered ${answered} of the common items; at least ${LEAST_ITEMS} are needed`,
      );
    else kept.push(control);
  }
  return kept;
}

/** Judges a suspect by free-form final answers. */
export function judgeFreeForm(question: Question): Draft {
  const { context, suspect, caveats } = question;
  const { reference } = context.input;
  const { items, conflicting } = commonFreeItems(reference, suspect);
  const stop = (unfit: Unfit) => abstain(question, 'free-form', items.length, unfit);
  const conflict = conflictUnfit(conflicting, items.length);
  if (conflict !== undefined) return stop(conflict);
  const questions = questionsIn(items);
  if (questions < LEAST_ITEMS)
    return stop({
      code: 'too-few-items',
      reason: `reference and suspect have free-form answers to ${questions} questions in common; at least ${LEAST_ITEMS} are needed, 500 are advisable`,
    });
  if (questions < items.length) caveats.push(sampledCaveat(questions, items.length));
  const controls = usableControls(question, items);
  const few = unfitControls(question, controls);
  if (few !== undefined) return stop(few);
  const study = measured(question, controls, items);
  const own = study.values[0];
  if (own === undefined || own.coWrong < LEAST_FREE_CO_WRONG)
    return stop({
      code: 'too-few-co-wrong',
      reason: `both are wrong on ${own?.coWrong ?? 0} items only; at least ${LEAST_FREE_CO_WRONG} are needed: take harder questions`,
    });
  if (study.array.pairs.length < 4)
    return stop({
      code: 'too-few-controls',
      reason: 'the controls have too few answers in common with each other to say what strangers share',
    });
  if (study.table.keyless > 0)
    caveats.push({
      code: 'no-key',
      text: `${study.table.keyless} items have no key; the answer that most families agree on stood in for it where there is one.`,
    });
  return judged(question, study, items, own);
}

function judged(
  question: Question,
  { array, parties, values }: ReturnType<typeof measured>,
  items: readonly string[],
  own: FreePair,
): Draft {
  const { context, caveats } = question;
  const test = testAccusedPair(array);
  const tested = { array, test, parties, items: own.items };
  const report: SuspectReport = {
    ...emptyReport({
      suspect: parties.suspect.model,
      reference: parties.reference.model,
      mode: 'free-form',
      items: items.length,
      caveats: [],
    }),
    coWrong: own.coWrong,
    sameWrong: own.sameWrong,
    kappa: own.value,
    expected: own.value - test.excess,
    excess: test.excess,
    ci95: bootstrapMeanInterval(
      byQuestion(items, influence(values, test.weights, items.length)),
      context.random,
    ),
    ci95Models: [test.excess - 1.96 * test.scale, test.excess + 1.96 * test.scale],
    z: test.z,
    p: test.p,
    ...textsBeside(question),
    ...evidence(tested, context.of, context.alpha, [test.scale, 3 * test.scale]),
  };
  caveats.push(...nullCaveats(report));
  return {
    report: { ...report, caveats },
    p: test.p,
    closeness: closenessOfFreeForm(question, parties.controls, items),
  };
}

function closenessOfFreeForm(
  question: Question,
  controls: readonly AnswerSheet[],
  items: readonly string[],
): Closeness | undefined {
  const { of } = question.context;
  const found = candidatesFor(question, controls, (t) => t.freeItems >= LEAST_ITEMS);
  if (found === undefined) return undefined;
  const sheets = [question.suspect, ...found.candidates, ...found.rest];
  const models = sheets.map((s) => s.model);
  const whole = rankingPairs(models, of.kin, found.candidates.length);
  const table = freeTable(sheets, models.map(of.family), items);
  const nulls = measureFreePairs(table, whole.null);
  const pairs = {
    ...whole,
    null: whole.null.filter((_, p) => {
      const own = nulls[p];
      return own !== undefined && enoughInCommon(own);
    }),
  };
  const all = [...pairs.null, ...pairs.asked];
  const detector = rankTeachers(pairs, [
    freeView(table, all, [...nulls.filter(enoughInCommon), ...measureFreePairs(table, pairs.asked)]),
  ]);
  return {
    detector,
    order: detector,
    method: 'likeness of answers beyond that of unrelated models, candidate by candidate',
    needsDates: false,
    notToldApart: notToldApartByLikeness(detector),
  };
}
