import { jackknifeError } from '../statistics/bootstrap.ts';
import { dealt } from './blocks.ts';
import { type TraceClassifier, trainClassifier } from './trace-classifier.ts';

/** Standard errors over prompts by which the first must lead a candidate to be told from it. */
export const TOLD_APART_FROM = 2;

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
  const deal = dealt(items, 2);
  const half = new Map(items.map((item, i) => [item, deal[i] ?? 0]));
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
