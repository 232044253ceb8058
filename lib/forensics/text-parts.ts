import { largest } from '../statistics/extremes.ts';
import type { AnswerSheet } from './answers.ts';
import { questionsIn } from './blocks.ts';
import { type Corpus, commonCap, readCorpus } from './corpus.ts';
import type { Pair } from './pair-effects.ts';
import type { PairView } from './pair-test.ts';
import { Features } from './style-docs.ts';
import {
  lengthCovariates,
  measureStyle,
  type StyleCorpus,
  type StyleSums,
  styleCorpus,
  styleValues,
} from './style-views.ts';
import { formatCovariates, measureText, type TextSums, textItemsOf, viewValues } from './text-views.ts';

/** Traces and replies are compared apart, each with nulls of its own. */
export const PARTS = ['trace', 'reply'] as const;
export type Part = (typeof PARTS)[number];

/** An equal text of at most this length given by so large a share of at least so many models is what the prompt forces. */
const FORCED_LENGTH = 200;
const FORCED_SHARE = 1 / 3;
const FORCED_MODELS = 3;

/** One part of all models' texts, taken apart once for any number of questions. */
export interface PartCorpus {
  readonly part: Part;
  readonly texts: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly style: StyleCorpus;
  /** What is said at each prompt: measured on replies only. A trace says what its style says, at many times the length. */
  readonly said: Corpus | undefined;
  /** Items whose text the prompt forces; they are not compared. */
  readonly forced: number;
  /** Length at which texts were evidently cut off; Infinity where they were not. */
  readonly cap: number;
}

function textsOf(sheet: AnswerSheet, part: Part): Map<string, string> {
  const out = new Map<string, string>();
  for (const [item, answer] of sheet.answers) {
    const text = part === 'trace' ? answer.trace : answer.text;
    if (text !== undefined && text.trim() !== '') out.set(item, text);
  }
  return out;
}

/** Whether the prompt forces the text: many models that have nothing else in common give the same short one. */
function isForced(texts: readonly string[]): boolean {
  const times = new Map<string, number>();
  let most = 0;
  for (const text of texts) {
    if (text.length > FORCED_LENGTH) continue;
    const n = (times.get(text.trim()) ?? 0) + 1;
    times.set(text.trim(), n);
    most = Math.max(most, n);
  }
  return most >= FORCED_MODELS && most >= FORCED_SHARE * texts.length;
}

/**
 * Takes one part of the texts of all models apart.
 *
 * @param sheets no model twice; those without this part are left out
 */
export function partCorpus(part: Part, sheets: readonly AnswerSheet[]): PartCorpus | undefined {
  const texts = new Map<string, Map<string, string>>();
  const byItem = new Map<string, string[]>();
  for (const sheet of sheets) {
    const own = textsOf(sheet, part);
    if (own.size === 0) continue;
    texts.set(sheet.model, own);
    for (const [item, text] of own) byItem.set(item, [...(byItem.get(item) ?? []), text]);
  }
  if (texts.size === 0) return undefined;
  const items = [...byItem].filter(([, list]) => !isForced(list)).map(([item]) => item);
  const models = [...texts.keys()];
  const maps = [...texts.values()];
  const kept = new Set(items);
  const used = maps.map((m) => new Map([...m].filter(([item]) => kept.has(item))));
  return {
    part,
    texts: new Map(models.map((m, k) => [m, used[k] ?? new Map()])),
    style: styleCorpus(models, used, items, { openers: new Features(), pairs: new Features() }),
    said: part === 'reply' ? readCorpus(models, used, items) : undefined,
    forced: byItem.size - items.length,
    cap: commonCap(used),
  };
}

/** Texts, different questions and characters that two models have in common in a part. */
export function commonTexts(corpus: PartCorpus, a: string, b: string) {
  const [own, other] = [corpus.texts.get(a), corpus.texts.get(b)];
  const items: string[] = [];
  let characters = 0;
  for (const [item, text] of own ?? []) {
    const theirs = other?.get(item);
    if (theirs === undefined) continue;
    items.push(item);
    characters += Math.min(text.length, theirs.length);
  }
  return { texts: items.length, questions: questionsIn(items), characters };
}

/** Sums of one part over the members of a question. */
export interface PartSums {
  readonly part: Part;
  readonly style: StyleSums;
  readonly said: TextSums | undefined;
}

/** Measures one part of the members' texts. */
export function measurePart(corpus: PartCorpus, members: readonly string[]): PartSums {
  const places = members.map((m) => corpus.style.models.indexOf(m));
  return {
    part: corpus.part,
    style: measureStyle(corpus.style, places),
    said: corpus.said === undefined ? undefined : measureText(corpus.said, places),
  };
}

/** Fewest texts that a null pair must have in common. */
const LEAST_COMMON = 10;

/** Whether a pair has enough texts in common in every part to be compared. */
export function comparable(sums: readonly PartSums[], [a, b]: Pair): boolean {
  return sums.every((s) => {
    // Short replies have no style; what they say is compared all the same.
    const said = s.said === undefined ? 0 : textItemsOf(s.said, [a, b]);
    return Math.max(s.style.common.at(a, b), said) >= LEAST_COMMON;
  });
}

/**
 * The views of one part for the pair test; those of what is said bear their bare names. Rare phrases stand aside: where
 * measured they add nothing to the others.
 */
export function partViews(sums: PartSums, pairs: readonly Pair[], leaveOut?: number): PairView[] {
  const own = { group: sums.part, variances: undefined };
  const lengths = lengthCovariates(sums.style, pairs);
  const written = styleValues(sums.style, pairs, leaveOut).map(({ name, values }) => ({
    ...own,
    name: `${sums.part}: ${name}`,
    values,
    covariates: lengths,
    aside: name === 'rare phrases',
  }));
  if (sums.said === undefined) return written;
  const formats = formatCovariates(sums.said, pairs);
  const said = viewValues(sums.said, pairs, leaveOut).map(({ name, values }) => ({
    ...own,
    name,
    values,
    covariates: formats,
  }));
  return [...said, ...written];
}

/** The length at which a model's texts were cut off: several end there or just below. */
export function capOf(corpus: PartCorpus, model: string): number {
  const own = corpus.texts.get(model);
  if (own === undefined || !Number.isFinite(commonCap([own]))) return Number.POSITIVE_INFINITY;
  return largest([...own.values()].map((text) => text.length));
}
