import { jackknifeError } from '../statistics/bootstrap.ts';
import type { AnswerSheet } from './answers.ts';
import { candidatesFor, notToldApartByLikeness } from './candidates.ts';
import type { Closeness, Context, Question } from './question.ts';
import { enoughTexts } from './screening.ts';
import { rankingPairs, rankTeachers, reordered, type TeacherRanking } from './teachers.ts';
import { commonTexts, comparable, measurePart, type PartCorpus, partViews } from './text-parts.ts';
import { VIEW_NAMES } from './text-views.ts';
import { type TraceClassifier, trainClassifier } from './trace-classifier.ts';

/**
 * Sharpness of the probabilities that the classifier's mean log-odds give. Ten public students of six candidates fit
 * about 12; half of it is shipped, because so few cannot rule it out. The benchmark prints the fit.
 */
export const CLASSIFIER_SHARPNESS = 6;
/** Standard errors over prompts by which the first must lead a candidate to be told from it. */
export const TOLD_APART_FROM = 2;

const WHAT_IS_SAID: ReadonlySet<string> = new Set(VIEW_NAMES);

/** Tests of the suspect with every candidate on the parts compared, and the order by what is said in replies. */
export function rankByTexts(
  question: Question,
  corpora: readonly PartCorpus[],
  candidates: readonly AnswerSheet[],
  rest: readonly AnswerSheet[],
): { detector: TeacherRanking; said: TeacherRanking | undefined } {
  const models = [question.suspect, ...candidates, ...rest].map((s) => s.model);
  const whole = rankingPairs(models, question.context.of.kin, candidates.length);
  const sums = corpora.map((corpus) => measurePart(corpus, models));
  const pairs = { ...whole, null: whole.null.filter((pair) => comparable(sums, pair)) };
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

/** Share of the candidates' own texts, of prompts not trained on, by which two candidates must be told apart. */
export const SEPARABLE_FROM = 0.75;

/** A classifier of all prompts, and two that share no prompt: what holds in one half must hold in the other. */
export interface Panel {
  readonly whole: TraceClassifier;
  readonly halves: readonly [TraceClassifier, TraceClassifier];
  /** Whether the candidates of two places are told apart on prompts that the classifier was not trained on. */
  separable(a: number, b: number): boolean;
}

type TextsByItem = ReadonlyMap<string, string>;

/** Trains a panel on the candidates' texts; prompts go to the halves in turn, in the order of their names. */
export function trainPanel(
  candidates: readonly string[],
  textsOf: (candidate: string) => TextsByItem,
): Panel {
  const items = [...new Set(candidates.flatMap((c) => [...textsOf(c).keys()]))].sort();
  const half = new Map(items.map((item, i) => [item, i % 2]));
  const trained = (keep: (item: string) => boolean) =>
    trainClassifier(
      candidates.map((candidate) => ({
        candidate,
        byItem: new Map([...textsOf(candidate)].filter(([item]) => keep(item))),
      })),
    );
  const halves = [trained((i) => half.get(i) === 0), trained((i) => half.get(i) === 1)] as const;
  const rows = candidates.map((candidate) =>
    [...textsOf(candidate)].map(([item, text]) => halves[half.get(item) === 0 ? 1 : 0].score(text)),
  );
  const separable = (a: number, b: number) => {
    const own = [
      ...(rows[a] ?? []).map((r) => (r[a] ?? 0) > (r[b] ?? 0)),
      ...(rows[b] ?? []).map((r) => (r[b] ?? 0) > (r[a] ?? 0)),
    ];
    return own.filter(Boolean).length >= SEPARABLE_FROM * own.length;
  };
  return { whole: trained(() => true), halves, separable };
}

function panelOf(context: Context, corpus: PartCorpus, candidates: readonly string[]): Panel {
  const key = [corpus.part, ...candidates].join('\n');
  const known = context.panels.get(key);
  if (known !== undefined) return known;
  const trained = trainPanel(candidates, (c) => corpus.texts.get(c) ?? new Map());
  context.panels.set(key, trained);
  return trained;
}

/**
 * Mean scores of the suspect's texts, and who cannot be told from the first. A candidate is told apart if the first leads
 * it by a paired comparison over the suspect's prompts, leads it in both halves of the training, and the two are told
 * apart on their own texts.
 */
export function classified(panel: Panel, texts: TextsByItem) {
  const { candidates } = panel.whole;
  const ordered = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const scored = (classifier: TraceClassifier) => ordered.map((text) => classifier.score(text));
  const rows = scored(panel.whole);
  const halves = panel.halves.map(scored);
  const mean = (of: readonly (readonly number[])[], k: number) =>
    of.reduce((s, r) => s + (r[k] ?? 0), 0) / of.length;
  const means = candidates.map((_, k) => mean(rows, k));
  const first = means.indexOf(Math.max(...means));
  const tied = candidates.filter((_, k) => {
    if (k === first) return true;
    const leads = rows.map((r) => (r[first] ?? 0) - (r[k] ?? 0));
    const total = leads.reduce((a, b) => a + b, 0);
    const error = jackknifeError(leads.map((lead) => (total - lead) / (leads.length - 1)));
    const agreed = halves.every((half) => mean(half, first) > mean(half, k));
    return !(total / leads.length > TOLD_APART_FROM * error && agreed && panel.separable(first, k));
  });
  return { scores: new Map(candidates.map((c, k) => [c, means[k] ?? 0])), tied };
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
      const { texts, characters } = commonTexts(corpus, candidate.model, suspect.model);
      return enoughTexts(texts, characters);
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
    return { detector, order, method: 'a classifier trained on the candidates\u2019 traces', notToldApart };
  }
  const order = said ?? detector;
  return {
    detector,
    order,
    method: 'likeness beyond that of unrelated models, candidate by candidate',
    notToldApart: notToldApartByLikeness(order),
  };
}
