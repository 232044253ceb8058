import { jackknifeError } from '../statistics/bootstrap.ts';
import type { AnswerSheet } from './answers.ts';
import { BLOCKS } from './blocks.ts';
import { sharedClauses, shownClauses, type WithoutClauses, withoutClauses } from './boilerplate.ts';
import { evidence, nullCaveats, viewReports } from './evidence.ts';
import { aliasOf } from './identity.ts';
import { votersAmong } from './near-copies.ts';
import { percent } from './numbers.ts';
import { otherLanguage } from './other-language.ts';
import type { Pair } from './pair-effects.ts';
import { accusedAndNullPairs, type PairArray, type PairTest, testAccusedPair } from './pair-test.ts';
import { ACCUSED, type Parties } from './parties.ts';
import { abstain, type Draft, dropControl, partiesOf, type Question, unfitControls } from './question.ts';
import { closenessOfTexts } from './rank-texts.ts';
import { type Caveat, emptyReport, type PartReport, type SuspectReport, type ViewReport } from './report.ts';
import { KEPT_AT } from './rests-on.ts';
import { enoughTexts, LEAST_CONTROLS, LEAST_TEXTS, type Unfit } from './screening.ts';
import {
  capOf,
  commonTexts,
  comparable,
  measurePart,
  type PartCorpus,
  type PartSums,
  partCorpus,
  partViews,
} from './text-parts.ts';
import { cutMidway, partName, unfitTexts } from './unfit-texts.ts';

/** Most that sampling of prompts can explain of the null's spread. */
const MOST_SAMPLING = 0.95;

/** Texts of the parties, measured. */
export interface TextComparison {
  readonly parties: Parties;
  readonly corpora: readonly PartCorpus[];
  readonly sums: readonly PartSums[];
  readonly pairs: readonly Pair[];
  readonly array: PairArray;
  readonly items: number;
}

function enough(corpus: PartCorpus, a: AnswerSheet, b: AnswerSheet): boolean {
  const { questions, characters } = commonTexts(corpus, a.model, b.model);
  return enoughTexts(questions, characters);
}

/** Controls with enough texts in all the parts. */
function controlsWith(corpora: readonly PartCorpus[], question: Question): AnswerSheet[] {
  const { reference } = question.context.input;
  return distinct(question).filter(
    (c) =>
      unfitTexts(c, corpora) === undefined &&
      corpora.every((corpus) => enough(corpus, reference, c) && enough(corpus, question.suspect, c)),
  );
}

/** Controls without those that are another model under a second name. */
function distinct(question: Question): AnswerSheet[] {
  const kept: AnswerSheet[] = [];
  for (const control of question.controls)
    if (aliasOf(control, [question.context.input.reference, question.suspect, ...kept]) === undefined)
      kept.push(control);
  return kept;
}

/**
 * The parts that can be compared: both traces and replies where both parties and enough controls have them, else the one
 * that more controls have.
 */
export function chooseParts(question: Question): { corpora: readonly PartCorpus[]; controls: AnswerSheet[] } {
  const { parts, input } = question.context;
  const shared = parts.filter((corpus) => enough(corpus, input.reference, question.suspect));
  const both = controlsWith(shared, question);
  if (shared.length < 2 || unfitControls(question, both) === undefined)
    return { corpora: shared, controls: both };
  const single = shared
    .map((corpus) => ({ corpora: [corpus], controls: controlsWith([corpus], question) }))
    .sort((a, b) => b.controls.length - a.controls.length)[0];
  return single ?? { corpora: [], controls: [] };
}

function arrayOf(
  sums: readonly PartSums[],
  models: number,
  pairs: readonly Pair[],
  leaveOut?: number,
): PairArray {
  return { models, pairs, views: sums.flatMap((s) => partViews(s, pairs, leaveOut)) };
}

/** Measures the texts of reference, suspect and controls; undefined where there are too few of either. */
export function compareTexts(
  question: Question,
  corpora: readonly PartCorpus[],
  controls: readonly AnswerSheet[],
): TextComparison {
  const parties = partiesOf(question, controls);
  const { kin } = question.context.of;
  const { names } = parties;
  const sums = corpora.map((corpus) => measurePart(corpus, names));
  const pairs = accusedAndNullPairs(names.length, (a, b) => kin(parties.name(a), parties.name(b))).filter(
    (pair) => pair === ACCUSED || comparable(sums, pair),
  );
  const [reference, suspect] = [parties.reference.model, parties.suspect.model];
  return {
    parties,
    corpora,
    sums,
    pairs,
    array: { ...arrayOf(sums, names.length, pairs), voters: votersAmong(parties.all, kin) },
    items: Math.max(...corpora.map((c) => commonTexts(c, reference, suspect).texts)),
  };
}

/** Each part of a comparison, tested by itself against its own null. */
export function partReports({ array, corpora, parties }: TextComparison): PartReport[] {
  return corpora.map((corpus) => {
    const test = testAccusedPair({ ...array, views: array.views.filter((v) => v.group === corpus.part) });
    const { texts, characters } = commonTexts(corpus, parties.reference.model, parties.suspect.model);
    return { part: corpus.part, items: texts, characters, z: test.z, p: test.p };
  });
}

/** The texts beside a test on answers: corroboration only. */
export function textsBeside(
  question: Question,
): (Pick<SuspectReport, 'text' | 'parts'> & { views: ViewReport[] }) | undefined {
  const { corpora, controls } = chooseParts(question);
  if (corpora.length === 0 || controls.length < LEAST_CONTROLS) return undefined;
  if (foreignParty(question, corpora, controls) !== undefined) return undefined;
  const comparison = compareTexts(question, corpora, controls);
  if (comparison.pairs.length < 4) return undefined;
  const test = testAccusedPair(comparison.array);
  return {
    text: { items: comparison.items, z: test.z, p: test.p },
    parts: partReports(comparison),
    views: viewReports(comparison.array, test),
  };
}

/**
 * The texts measured anew without the clauses that recur in both parties, for all models alike; undefined where none do, or too
 * little is left.
 */
function testWithoutClauses(question: Question, comparison: TextComparison): WithoutClauses | undefined {
  const { reference, suspect, all } = comparison.parties;
  const shared = comparison.corpora.map(({ part }) => ({
    part,
    clauses: sharedClauses(reference, suspect, part),
  }));
  const found = shared.flatMap((s) => s.clauses);
  if (found.length === 0) return undefined;
  const sets = new Map(shared.map((s) => [s.part, new Set(s.clauses)]));
  const left = all.map((s) => withoutClauses(s, sets));
  const [own, other, ...controls] = left;
  if (own === undefined || other === undefined) return undefined;
  const corpora = comparison.corpora.flatMap(({ part }) => partCorpus(part, left) ?? []);
  const { input } = question.context;
  const asked: Question = {
    ...question,
    suspect: other,
    context: { ...question.context, input: { ...input, reference: own } },
  };
  const measured = compareTexts(asked, corpora, controls);
  if (measured.pairs.length < 4) return undefined;
  const { z, p } = testAccusedPair(measured.array);
  return { clauses: shownClauses(found), kinds: found.length, z, p };
}

/** How much of the excess, and of the null's spread, is sampling of prompts (jackknife over blocks of items). */
function sampling(comparison: TextComparison, test: PairTest): { error: number; sized: PairTest } {
  const { sums, parties, pairs } = comparison;
  const leftOut = Array.from({ length: BLOCKS }, (_, b) =>
    testAccusedPair(arrayOf(sums, parties.all.length, pairs, b)),
  );
  const share = Math.min(MOST_SAMPLING, jackknifeError(leftOut.map((t) => t.z)) ** 2);
  const variance = share * test.scale ** 2;
  return {
    error: jackknifeError(leftOut.map((t) => t.excess)),
    sized: { ...test, samplingVariance: variance, betweenVariance: test.scale ** 2 - variance },
  };
}

function textCaveats(question: Question, corpora: readonly PartCorpus[]): Caveat[] {
  const out: Caveat[] = [];
  const { reference } = question.context.input;
  const { suspect } = question;
  const compared = new Set(corpora.map((c) => c.part));
  for (const corpus of question.context.parts) {
    const [own, theirs] = [corpus.texts.has(reference.model), corpus.texts.has(suspect.model)];
    if (compared.has(corpus.part) || !(own || theirs)) continue;
    out.push({
      code: 'part-not-compared',
      text:
        own && theirs
          ? `Both have ${partName(corpus.part)}, but too few controls do: they were not compared.`
          : `Only ${own ? reference.model : suspect.model} has ${partName(corpus.part)}: they were not compared with anything.`,
    });
    if (own !== theirs)
      out.push({
        code: 'part-missing',
        text: `What ${own ? suspect.model : reference.model} lacks may be mixed into its other texts: nothing is excluded where one part stands alone.`,
      });
  }
  for (const corpus of corpora) {
    const caps = [capOf(corpus, reference.model), capOf(corpus, suspect.model)].filter(Number.isFinite);
    if (caps.length > 0)
      out.push({
        code: 'texts-cut',
        text: `Several of the ${partName(corpus.part)} end at ${[...new Set(caps)].join(' and ')} characters or just below: they were cut off there. Rates go by length; endings and whatever followed are not compared.`,
      });
    if (corpus.forced > 0)
      out.push({
        code: 'forced-by-the-prompt',
        text: `${corpus.forced} items were left out of the text: the prompt forces a short reply that many models give letter for letter.`,
      });
  }
  for (const s of [reference, suspect]) {
    if (s.frameLines > 0)
      out.push({
        code: 'framed-texts',
        text: `${s.model}: ${s.frameLines === 1 ? 'a long line stands' : `${s.frameLines} long lines stand`} letter for letter in most of its texts, as a harness or a template puts it there: taken out.`,
      });
    if (s.cutTraces > 0)
      out.push({
        code: 'traces-cut',
        text: `${s.model}: ${s.cutTraces} traces were never closed; what there is of them counts as trace, and these answers have no reply.`,
      });
    for (const corpus of corpora) {
      const share = cutMidway(corpus, s.model);
      if (share !== undefined)
        out.push({
          code: 'texts-end-midway',
          text: `${s.model}: ${percent(share)} of its ${partName(corpus.part)} end in the middle of a sentence: they may have been cut off at a limit that the other models did not have.`,
        });
    }
  }
  out.push({
    code: 'text-corroborates',
    text: 'Free text shares style with prompt, decoding and access mode; length and formatting are taken out, house style and post-training recipes are not. Text alone corroborates.',
  });
  return out;
}

/** Why a party's texts cannot be compared with the controls'. */
function foreignParty(
  { context, suspect }: Question,
  corpora: readonly PartCorpus[],
  controls: readonly AnswerSheet[],
): Unfit | undefined {
  const names = controls.map((c) => c.model);
  return (
    otherLanguage(context.input.reference.model, corpora, names) ??
    otherLanguage(suspect.model, corpora, names)
  );
}

/** Judges a suspect by traces and replies alone. */
export function judgeTexts(question: Question): Draft {
  const { context, suspect, caveats } = question;
  const { reference } = context.input;
  const { corpora, controls } = chooseParts(question);
  const unusable = unfitTexts(reference, context.parts) ?? unfitTexts(suspect, context.parts);
  if (unusable !== undefined) return abstain(question, 'text', 0, unusable);
  const items = Math.max(
    0,
    ...context.parts.map((c) => commonTexts(c, reference.model, suspect.model).texts),
  );
  if (corpora.length === 0) return abstain(question, 'text', items, tooFewTexts(question));
  for (const c of question.controls) {
    if (controls.includes(c)) continue;
    const twin = aliasOf(c, [
      reference,
      suspect,
      ...question.controls.slice(0, question.controls.indexOf(c)),
    ]);
    dropControl(
      caveats,
      c.model,
      twin !== undefined
        ? `it gives the same answers as ${twin}`
        : (unfitTexts(c, corpora)?.reason ??
            `it has too few texts in common with the parties (${corpora.map((x) => partName(x.part)).join(' and ')})`),
    );
  }
  const unfit = unfitControls(question, controls);
  if (unfit !== undefined) return abstain(question, 'text', items, unfit);
  const foreign = foreignParty(question, corpora, controls);
  if (foreign !== undefined) return abstain(question, 'text', items, foreign);
  return judged(question, compareTexts(question, corpora, controls));
}

/** What is said where reference and suspect have too few texts of one part in common. */
function tooFewTexts({ context, suspect }: Question): Unfit {
  const { reference } = context.input;
  const counts = context.parts.map((c) => ({
    part: partName(c.part),
    forced: c.forced,
    questions: commonTexts(c, reference.model, suspect.model).questions,
  }));
  const most = counts.sort((a, b) => b.questions - a.questions)[0];
  const forced = Math.max(0, ...counts.map((c) => c.forced));
  return {
    code: forced >= LEAST_TEXTS ? 'forced-by-the-prompt' : 'too-few-items',
    reason: `reference and suspect have ${most === undefined ? 'no texts' : `${most.part} to ${most.questions} questions`} in common that can be compared${
      forced > 0 ? `, and short replies to ${forced} more that the prompt forces on many models` : ''
    }; at least ${LEAST_TEXTS} are needed, half as many if they are long, 500 are advisable`,
  };
}

function judged(question: Question, comparison: TextComparison): Draft {
  const { context, suspect, caveats } = question;
  const { array, parties, items } = comparison;
  if (array.pairs.length < 4)
    return abstain(question, 'text', items, {
      code: 'too-few-controls',
      reason: 'the controls have too few texts in common with each other to say what strangers share',
    });
  const test = testAccusedPair(array);
  if (!(test.scale > 0 && Number.isFinite(test.z)))
    return abstain(question, 'text', items, {
      code: 'nothing-differs',
      reason: 'the texts have nothing in which these models differ: no words, or all alike',
    });
  const { error, sized } = sampling(comparison, test);
  const value = array.views[0]?.values[0] ?? 0;
  caveats.push(...textCaveats(question, comparison.corpora));
  const tested = { array, test: sized, parties, items };
  const report: SuspectReport = {
    ...emptyReport({
      suspect: suspect.model,
      reference: context.input.reference.model,
      mode: 'text',
      items,
      caveats: [],
    }),
    withoutClauses: test.p <= KEPT_AT ? (testWithoutClauses(question, comparison) ?? null) : null,
    kappa: value,
    expected: value - test.excess,
    excess: test.excess,
    ci95: [test.excess - 1.96 * error, test.excess + 1.96 * error],
    ci95Models: [test.excess - 1.96 * test.scale, test.excess + 1.96 * test.scale],
    z: test.z,
    p: test.p,
    views: viewReports(array, test),
    text: { items, z: test.z, p: test.p },
    parts: partReports(comparison),
    ...evidence(tested, context.of, context.alpha, [test.scale, 3 * test.scale]),
  };
  caveats.push(...nullCaveats(report, tested));
  return {
    report: { ...report, caveats },
    p: test.p,
    closeness: closenessOfTexts(question, comparison.corpora, parties.controls),
  };
}
