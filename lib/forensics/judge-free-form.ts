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
import { lowestBy } from './missing-items.ts';
import { votersAmong } from './near-copies.ts';
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
import { type Caveat, emptyReport, type SuspectReport } from './report.ts';
import { freeOnWrong, KEPT_AT, withoutFillers } from './rests-on.ts';
import { LEAST_FREE_CO_WRONG, LEAST_ITEMS, type Unfit } from './screening.ts';
import { rankingPairs, rankTeachers } from './teachers.ts';
import { writtenOtherwise } from './written-otherwise.ts';

/** Share of a model's answers that may be nobody else's; models of public answers lie below .4. */
const MOST_ALONE = 0.9;
/** Share of a model's answers that may be the key and graded wrong. */
const MOST_AGAINST_KEY = 0.05;
/** Most characters of a wrapper that are shown. */
const MOST_SHOWN = 40;

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
    voters: votersAmong(parties.all, of.kin),
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
    const unfit = unfitWriting(control, [context.input.reference, suspect, ...controls], items);
    if (unfit !== undefined) dropControl(caveats, control.model, unfit.reason);
    else if (twin !== undefined)
      dropControl(caveats, control.model, `it gives the same wrong answers as ${twin}`);
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

/** Median over pairs of the share of equal answers among those that both got wrong; null where none shows any. */
function medianShare(pairs: readonly FreePair[]): number | null {
  const shares = pairs
    .filter((p) => p.coWrong >= LEAST_FREE_CO_WRONG)
    .map((p) => p.sameWrong / p.coWrong)
    .sort((a, b) => a - b);
  return shares[shares.length >> 1] ?? null;
}

/** What is to be said of how answers are written and graded. */
function writingCaveats(sheets: readonly AnswerSheet[]): Caveat[] {
  return sheets.flatMap((s): Caveat[] => [
    ...(s.wrapper === undefined
      ? []
      : [
          {
            code: 'wrapped-answers',
            text: `All answers of ${s.model} ${[
              s.wrapper.before === '' ? [] : [`begin with ${quoted(s.wrapper.before)}`],
              s.wrapper.after === '' ? [] : [`end with ${quoted(s.wrapper.after)}`],
            ]
              .flat()
              .join(' and ')}; it was taken off.`,
          },
        ]),
    ...(s.againstKey === 0
      ? []
      : [
          {
            code: 'graded-against-the-key',
            text: `${s.model}: ${s.againstKey.toLocaleString('en')} answers are the key and are graded wrong.`,
          },
        ]),
  ]);
}

const quoted = (text: string) =>
  JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text);

/** Items with the same answer in both that one grader calls right and the other wrong. */
function gradedApart(a: AnswerSheet, b: AnswerSheet, items: readonly string[]): number {
  return items.filter((item) => {
    const [x, y] = [a.answers.get(item), b.answers.get(item)];
    const graded = x?.right !== undefined && y?.right !== undefined;
    return graded && x.form === y.form && x.right !== y.right;
  }).length;
}

/** Why a model's answers cannot be compared as they are written or graded; `others` are all who answered too. */
function unfitWriting(
  sheet: AnswerSheet,
  others: readonly AnswerSheet[],
  items: readonly string[],
): Unfit | undefined {
  let answered = 0;
  let alone = 0;
  for (const item of items) {
    const form = sheet.answers.get(item)?.form;
    const theirs = others.flatMap((o) => (o === sheet ? [] : (o.answers.get(item)?.form ?? [])));
    if (form === undefined || theirs.length === 0) continue;
    answered++;
    if (!theirs.includes(form)) alone++;
  }
  if (sheet.againstKey > MOST_AGAINST_KEY * sheet.freeItems)
    return {
      code: 'graded-against-the-key',
      reason: `${sheet.againstKey.toLocaleString('en')} of ${sheet.freeItems.toLocaleString('en')} answers of ${sheet.model} are the key and are graded wrong: "right", "score" or "correct" is wrong`,
    };
  if (answered < LEAST_ITEMS || alone <= MOST_ALONE * answered) return undefined;
  return {
    code: 'answers-of-its-own',
    reason: `${alone.toLocaleString('en')} of ${answered.toLocaleString('en')} answers of ${sheet.model} are nobody else's: they are written in another way, or read by another parser`,
  };
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
  const everyone = [reference, suspect, ...question.controls];
  const unfit = unfitWriting(reference, everyone, items) ?? unfitWriting(suspect, everyone, items);
  if (unfit !== undefined) return stop(unfit);
  const apart = gradedApart(reference, suspect, items);
  if (apart > MOST_AGAINST_KEY * items.length)
    return stop({
      code: 'graded-against-the-key',
      reason: `${apart.toLocaleString('en')} answers are the same in ${reference.model} and ${suspect.model}, and graded right in one and wrong in the other`,
    });
  if (apart > 0)
    caveats.push({
      code: 'graded-apart',
      text: `${apart.toLocaleString('en')} answers are the same in both files, and graded right in one and wrong in the other.`,
    });
  const controls = usableControls(question, items);
  caveats.push(...writingCaveats([reference, suspect, ...controls]));
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
  { array, parties, table, values }: ReturnType<typeof measured>,
  items: readonly string[],
  own: FreePair,
): Draft {
  const { context, caveats } = question;
  const test = testAccusedPair(array);
  const perItem = influence(values, test.weights, items.length);
  const tested = { array, test, parties, items: own.items };
  const report: SuspectReport = {
    ...emptyReport({
      suspect: parties.suspect.model,
      reference: parties.reference.model,
      mode: 'free-form',
      items: items.length,
      caveats: [],
    }),
    oneAnswer: test.p <= KEPT_AT ? (withoutFillers(table, array) ?? null) : null,
    wrongOnly: test.p <= KEPT_AT ? freeOnWrong(table, array) : null,
    coWrong: own.coWrong,
    sameWrong: own.sameWrong,
    kappa: own.value,
    expected: own.value - test.excess,
    excess: test.excess,
    strangersShare: medianShare(values.slice(1)),
    writtenOtherwise: writtenOtherwise(parties.reference, parties.suspect, items),
    ci95: bootstrapMeanInterval(byQuestion(items, perItem), context.random),
    ci95Models: [test.excess - 1.96 * test.scale, test.excess + 1.96 * test.scale],
    z: test.z,
    p: test.p,
    ...textsBeside(question),
    ...evidence(tested, context.of, context.alpha, [test.scale, 3 * test.scale]),
  };
  caveats.push(...nullCaveats(report, tested));
  return {
    report: { ...report, caveats },
    p: test.p,
    closeness: closenessOfFreeForm(question, parties.controls, items),
    lowest: lowestBy(test, perItem, (i) => {
      const [a, b] = [parties.reference, parties.suspect].map((s) => s.answers.get(items[i] ?? '')?.form);
      return a !== undefined && b !== undefined && a !== b;
    }),
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
    voters: votersAmong(sheets, of.kin),
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
    copies: found.copies,
    notToldApart: notToldApartByLikeness(detector),
  };
}
