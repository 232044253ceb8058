import type { AnswerSheet } from './answers.ts';
import { candidatesFor, notToldApartByLikeness } from './candidates.ts';
import { votersAmong } from './near-copies.ts';
import { classified, type Panel, trainPanel } from './panel.ts';
import type { Closeness, Context, Question } from './question.ts';
import { enoughTexts } from './screening.ts';
import {
  PROBABILITY_SHARPNESS,
  rankingPairs,
  rankTeachers,
  reordered,
  type TeacherRanking,
} from './teachers.ts';
import { commonTexts, comparable, measurePart, type PartCorpus, partViews } from './text-parts.ts';
import { VIEW_NAMES } from './text-views.ts';

/**
 * Sharpness of the probabilities that the classifier's mean log-odds give. Ten public students of six candidates fit
 * about 12; half of it is shipped, because so few cannot rule it out. The benchmark prints the fit.
 */
export const CLASSIFIER_SHARPNESS = 6;
const WHAT_IS_SAID: ReadonlySet<string> = new Set(VIEW_NAMES);

/** Tests of the suspect with every candidate on the parts compared, and the order by what is said in replies. */
export function rankByTexts(
  question: Question,
  corpora: readonly PartCorpus[],
  candidates: readonly AnswerSheet[],
  rest: readonly AnswerSheet[],
): { detector: TeacherRanking; said: TeacherRanking | undefined } {
  const sheets = [question.suspect, ...candidates, ...rest];
  const models = sheets.map((s) => s.model);
  const whole = rankingPairs(models, question.context.of.kin, candidates.length);
  const sums = corpora.map((corpus) => measurePart(corpus, models));
  const pairs = {
    ...whole,
    voters: votersAmong(sheets, question.context.of.kin),
    null: whole.null.filter((pair) => comparable(sums, pair)),
  };
  const all = [...pairs.null, ...pairs.asked];
  const views = sums.flatMap((s) => partViews(s, all));
  const bare = all.map((): number[] => []);
  // Length and formatting are part of what a student learns: the order leaves them in, the test takes them out.
  const said = views.filter((v) => WHAT_IS_SAID.has(v.name)).map((v) => ({ ...v, covariates: bare }));
  return {
    detector: rankTeachers(pairs, views),
    said: said.length === 0 ? undefined : rankTeachers(pairs, said),
  };
}

function panelOf(context: Context, corpus: PartCorpus, candidates: readonly string[]): Panel {
  const key = [corpus.part, ...candidates].join('\n');
  const known = context.panels.get(key);
  if (known !== undefined) return known;
  const trained = trainPanel(candidates, (c) => corpus.texts.get(c) ?? new Map());
  context.panels.set(key, trained);
  return trained;
}

/** How close each candidate is by texts: traces by a trained classifier, replies by their likeness. */
export function closenessOfTexts(
  question: Question,
  corpora: readonly PartCorpus[],
  controls: readonly AnswerSheet[],
): Closeness | undefined {
  const { suspect, context } = question;
  const usable = (candidate: AnswerSheet) =>
    corpora.every((corpus) => {
      const { questions, characters } = commonTexts(corpus, candidate.model, suspect.model);
      return enoughTexts(questions, characters);
    });
  const found = candidatesFor(question, controls, usable);
  if (found === undefined) return undefined;
  const { detector, said } = rankByTexts(question, corpora, found.candidates, found.rest);
  const traces = corpora.find((c) => c.part === 'trace');
  if (traces !== undefined && found.candidates.length > 1) {
    const names = found.candidates.map((c) => c.model).sort();
    const { scores, tied } = classified(
      panelOf(context, traces, names),
      traces.texts.get(suspect.model) ?? new Map(),
    );
    const order = reordered(detector, scores, CLASSIFIER_SHARPNESS);
    const notToldApart = order.teachers.map((t) => t.teacher).filter((t) => tied.includes(t));
    return {
      detector,
      order,
      method: 'a classifier trained on the candidates\u2019 traces',
      needsDates: false,
      copies: found.copies,
      notToldApart,
    };
  }
  // The order goes by what is said; z and p that stand beside it are the test's, as everywhere in the report.
  const likeness = said ?? detector;
  const scores = new Map(likeness.teachers.map((t) => [t.teacher, t.z]));
  return {
    detector,
    order: reordered(detector, scores, PROBABILITY_SHARPNESS),
    method: 'likeness beyond that of unrelated models, candidate by candidate',
    needsDates: traces === undefined,
    copies: found.copies,
    notToldApart: notToldApartByLikeness(likeness),
  };
}
