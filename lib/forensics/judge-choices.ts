import { bootstrapMeanInterval } from '../statistics/bootstrap.ts';
import { naiveBinomialP } from './agreement.ts';
import type { AnswerSheet } from './answers.ts';
import { byQuestion, questionsIn } from './blocks.ts';
import { candidatesFor, notToldApartByLikeness } from './candidates.ts';
import {
  choiceStudy,
  choiceTable,
  choiceView,
  commonChoiceItems,
  itemInfluence,
  kappaOfAccused,
  measurePairs,
} from './choice-study.ts';
import { DOCUMENTED_EFFECT, SMALLEST_EFFECT } from './effects.ts';
import { evidence, nullCaveats } from './evidence.ts';
import { aliasOf } from './identity.ts';
import { textsBeside } from './judge-texts.ts';
import { lowestBy } from './missing-items.ts';
import { votersAmong } from './near-copies.ts';
import { percent } from './numbers.ts';
import { withoutOneLetter } from './one-letter.ts';
import { testAccusedPair } from './pair-test.ts';
import { FIRST_CONTROL, REFERENCE, SUSPECT } from './parties.ts';
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
import { choicesOnWrong, KEPT_AT } from './rests-on.ts';
import { LEAST_CO_WRONG, LEAST_ITEMS, type Unfit, unfitChoices } from './screening.ts';
import { rankingPairs, rankTeachers } from './teachers.ts';

/** Share of items with differing keys from which the files do not hold the same questions. */
export const MOST_CONFLICTING = 0.05;
/** Share of missing answers or items from which a caveat is due. */
const MANY = 0.05;

/** What two files that do not hold the same questions are told. */
export function conflictUnfit(conflicting: number, items: number): Unfit | undefined {
  if (conflicting <= MOST_CONFLICTING * (items + conflicting)) return undefined;
  return {
    code: 'differing-keys',
    reason: `${conflicting} of ${items + conflicting} common items have a different key or number of options in the two files: they are not the same questions`,
  };
}

/** Controls that can carry a number: enough answers that are no guesses, and nobody's twin. */
function usableControls(
  question: Question,
  items: readonly string[],
): { unfit?: Unfit; controls: AnswerSheet[] } {
  const { context, suspect, controls, caveats } = question;
  const { reference } = context.input;
  const table = choiceTable([reference, suspect, ...controls], [], 'kin', reference, items);
  const row = (place: number) => table.choices[place] ?? new Int8Array(items.length).fill(-1);
  const unfitAt = (place: number) =>
    unfitChoices(table.models[place] ?? '', row(place), table.keys, table.options);
  const unfit = unfitAt(REFERENCE) ?? unfitAt(SUSPECT);
  if (unfit !== undefined) return { unfit, controls: [] };
  const kept: AnswerSheet[] = [];
  controls.forEach((control, k) => {
    const place = FIRST_CONTROL + k;
    const reason = unfitAt(place)?.reason;
    const twin = aliasOf(control, [reference, suspect, ...kept]);
    if (reason !== undefined) dropControl(caveats, control.model, reason);
    else if (twin !== undefined) dropControl(caveats, control.model, `it gives the same answers as ${twin}`);
    else kept.push(control);
  });
  return { controls: kept };
}

/** Judges a suspect by multiple choice. */
export function judgeChoices(question: Question): Draft {
  const { context, suspect, caveats } = question;
  const { reference } = context.input;
  const { items: common, conflicting } = commonChoiceItems(reference, suspect);
  const stop = (unfit: Unfit) => abstain(question, 'choices', common.length, unfit);
  const conflict = conflictUnfit(conflicting, common.length);
  if (conflict !== undefined) return stop(conflict);
  if (conflicting > 0)
    caveats.push({
      code: 'keys-differ',
      text: `${conflicting} items were dropped: key or number of options differs between the files.`,
    });
  const questions = questionsIn(common);
  if (questions < LEAST_ITEMS)
    return stop({
      code: 'too-few-items',
      reason: `reference and suspect have ${questions} questions in common; at least ${LEAST_ITEMS} are needed, 2,000 are advisable`,
    });
  if (questions < common.length) caveats.push(sampledCaveat(questions, common.length));
  const { unfit, controls } = usableControls(question, common);
  if (unfit !== undefined) return stop(unfit);
  const few = unfitControls(question, controls);
  if (few !== undefined) return stop(few);
  return judged(question, controls, common);
}

function judged(question: Question, controls: readonly AnswerSheet[], common: readonly string[]): Draft {
  const { context, suspect, caveats } = question;
  const { reference } = context.input;
  const parties = partiesOf(question, controls);
  const study = choiceStudy(
    reference,
    suspect,
    controls,
    parties.names.map(context.of.family),
    undefined,
    (a, b) => context.of.kin(parties.name(a), parties.name(b)),
  );
  const counts = study.counts[0];
  if (counts === undefined || counts.coWrong < LEAST_CO_WRONG)
    return abstain(question, 'choices', common.length, {
      code: 'too-few-co-wrong',
      reason: `both are wrong on ${counts?.coWrong ?? 0} items only; at least ${LEAST_CO_WRONG} are needed: take harder questions`,
    });
  const array = { ...study.array, voters: votersAmong(parties.all, context.of.kin) };
  const test = testAccusedPair(array);
  const influence = itemInfluence(study, test.weights);
  const [own, other] = [REFERENCE, SUSPECT].map((place) => study.table.choices[place]);
  const { kappa, expected } = kappaOfAccused(study, test.excess);
  caveats.push(...choiceCaveats(question, study.table.choices, common.length, counts.items));
  const tested = { array, test, parties, items: counts.items };
  const report: SuspectReport = {
    ...emptyReport({
      suspect: suspect.model,
      reference: reference.model,
      mode: 'choices',
      items: counts.items,
      caveats: [],
    }),
    oneLetter: test.p <= KEPT_AT ? (withoutOneLetter(study, array, influence) ?? null) : null,
    wrongOnly: test.p <= KEPT_AT ? choicesOnWrong(study, array) : null,
    coWrong: counts.coWrong,
    sameWrong: counts.sameWrong,
    kappa,
    expected,
    excess: test.excess,
    ci95: bootstrapMeanInterval(byQuestion(common, influence), context.random),
    ci95Models: [test.excess - 1.96 * test.scale, test.excess + 1.96 * test.scale],
    z: test.z,
    p: test.p,
    naive: {
      sameWrong: counts.sameWrong,
      chanceSameWrong: counts.chanceSameWrong,
      p: naiveBinomialP(counts),
    },
    ...textsBeside(question),
    ...evidence(tested, context.of, context.alpha, [SMALLEST_EFFECT, DOCUMENTED_EFFECT]),
  };
  caveats.push(...nullCaveats(report, tested));
  return {
    report: { ...report, caveats },
    p: test.p,
    closeness: closenessOfChoices(question, controls, common),
    lowest: lowestBy(
      test,
      influence,
      (i) => (own?.[i] ?? -1) >= 0 && (other?.[i] ?? -1) >= 0 && own?.[i] !== other?.[i],
    ),
  };
}

function choiceCaveats(
  { context, suspect }: Question,
  choices: readonly Int8Array[],
  common: number,
  answered: number,
): Caveat[] {
  const { reference } = context.input;
  const out: Caveat[] = [];
  for (const s of [reference, suspect]) {
    if (s.outside > 0)
      out.push({
        code: 'outside-options',
        text: `${s.model}: ${s.outside} answers lie outside their options and count as none.`,
      });
    if (s.badKeys > 0)
      out.push({
        code: 'bad-keys',
        text: `${s.model}: ${s.badKeys} items have a key outside their options and were set aside.`,
      });
  }
  const none = [REFERENCE, SUSPECT].map(
    (place) => (choices[place]?.filter((c) => c < 0).length ?? 0) / common,
  );
  if (Math.max(...none) > MANY)
    out.push({
      code: 'missing-answers',
      text: `Without a usable answer: ${percent(none[0])} of the common items in the reference, ${percent(none[1])} in the suspect; ${answered} items remain. If answers were lost by a parser, repair it: loss that depends on the question biases both ways.`,
    });
  const missing = Math.max(reference.choiceItems, suspect.choiceItems) - common;
  if (missing > MANY * common)
    out.push({
      code: 'items-differ',
      text: `${missing} items are in one of the two files only and were not used.`,
    });
  return out;
}

function closenessOfChoices(
  question: Question,
  controls: readonly AnswerSheet[],
  items: readonly string[],
): Closeness | undefined {
  const { context, suspect } = question;
  const found = candidatesFor(question, controls, (t) => t.choiceItems >= LEAST_ITEMS);
  if (found === undefined) return undefined;
  const sheets = [suspect, ...found.candidates, ...found.rest];
  const models = sheets.map((s) => s.model);
  const pairs = {
    ...rankingPairs(models, context.of.kin, found.candidates.length),
    voters: votersAmong(sheets, context.of.kin),
  };
  const table = choiceTable(sheets, models.map(context.of.family), 'kin', context.input.reference, items);
  const { residuals, counts } = measurePairs(table, [...pairs.null, ...pairs.asked]);
  const detector = rankTeachers(pairs, [choiceView(residuals, counts)]);
  return {
    detector,
    order: detector,
    method: 'likeness of errors beyond that of unrelated models, candidate by candidate',
    needsDates: false,
    copies: found.copies,
    notToldApart: notToldApartByLikeness(detector),
  };
}
