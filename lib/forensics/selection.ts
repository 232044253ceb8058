import { normalTail } from '../statistics/distributions.ts';
import type { Answer, AnswerSheet } from './answers.ts';
import type { Lowest } from './missing-items.ts';

/** Whether items that one side, or both, lack are missing by chance. */
export interface Selection {
  /** Items answered in the reference's file that the suspect's lacks or leaves without an answer, and the reverse. */
  readonly missingFromSuspect: number;
  readonly missingFromReference: number;
  /** Items that most controls answered and neither of the two. */
  readonly missingFromBoth: number;
  /** Share of the items that most controls answered that one of the two, or both, lack. */
  readonly missingShare: number;
  /** Excess and p if all those had been answered and the answers had differed; null for texts, and where few are missing. */
  readonly lowest: Lowest | null;
  /** Standardised difference between items present and missing, the largest of all sides; null where too few are missing. */
  readonly z: number | null;
  readonly p: number | null;
  /** By how much strangers agree more (or less) at the items that are left than at all: the largest of all sides. */
  readonly shift: number | null;
  /** Whether the items look selected, by enough to make a result. */
  readonly selected: boolean;
  readonly text: string;
}

/** Fewest missing items that can show a pattern, and fewest of the other kind. */
const LEAST_MISSING = 20;
/** Level at which items count as selected. */
const SELECTED_AT = 0.001;
/** Least shift in the agreement of strangers that can make a result. Answers that parsers lose on hard questions shift it by .01 to .04 on MMLU-Pro, keeping what two models agree on by .10. */
const LEAST_SHIFT = 0.04;
/** Share of the controls that must have answered an item for it to count as left out by both parties. */
const MOST_CONTROLS = 0.5;

/** Whether two answers are the same; undefined where they cannot be compared. */
function alike(a: Answer, b: Answer): boolean | undefined {
  if (a.choice >= 0 && b.choice >= 0) return a.choice === b.choice;
  if (a.form !== undefined && b.form !== undefined) return a.form === b.form;
  return undefined;
}

/** Whether an answer of the same kind was given: a line that says null lacks an answer as much as a missing line. */
function answered(other: Answer | undefined, own: Answer): boolean {
  if (other === undefined) return false;
  if (own.choice >= 0) return other.choice >= 0;
  if (own.form !== undefined) return other.form !== undefined;
  return (
    (own.text !== undefined && other.text !== undefined) ||
    (own.trace !== undefined && other.trace !== undefined)
  );
}

function isGiven(a: Answer): boolean {
  return a.choice >= 0 || a.form !== undefined || a.text !== undefined || a.trace !== undefined;
}

/** How easily strangers agree with an answer: the share of controls that give the same; for prose its log length. */
function easeOf(answer: Answer, controls: readonly AnswerSheet[]): number | undefined {
  let same = 0;
  let all = 0;
  for (const control of controls) {
    const other = control.answers.get(answer.item);
    const equal = other === undefined ? undefined : alike(answer, other);
    if (equal === undefined) continue;
    all++;
    if (equal) same++;
  }
  if (all > 0) return same / all;
  const text = answer.text ?? answer.trace;
  return text === undefined ? undefined : Math.log1p(text.length);
}

interface Difference {
  readonly z: number;
  readonly shift: number;
}

function moments(values: readonly number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((s, x) => s + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error2: variance / values.length };
}

/** Items present against items missing (Welch), and what leaving the missing ones out does to the mean. */
function compared(
  present: readonly number[],
  missing: readonly number[],
  all = present.length + missing.length,
): Difference | undefined {
  if (missing.length < LEAST_MISSING || present.length < LEAST_MISSING) return undefined;
  const [here, gone] = [moments(present), moments(missing)];
  const error = Math.sqrt(here.error2 + gone.error2);
  if (!(error > 0)) return undefined;
  const share = missing.length / all;
  return { z: (here.mean - gone.mean) / error, shift: share * (here.mean - gone.mean) };
}

/** Items of a file that the other has, against those that it lacks. */
function betweenFiles(own: AnswerSheet, other: AnswerSheet, controls: readonly AnswerSheet[]) {
  const present: number[] = [];
  const missing: number[] = [];
  let lacking = 0;
  for (const [item, answer] of own.answers) {
    if (!isGiven(answer)) continue;
    const there = answered(other.answers.get(item), answer);
    if (!there) lacking++;
    const ease = easeOf(answer, controls);
    if (ease !== undefined) (there ? present : missing).push(ease);
  }
  return { lacking, difference: compared(present, missing) };
}

/** How easily the controls agree at an item: the share of their pairs that give the same; for prose the mean log length. */
function easeAmong(answers: readonly Answer[]): number | undefined {
  const times = new Map<number | string, number>();
  const lengths: number[] = [];
  let all = 0;
  for (const a of answers) {
    const given = a.choice >= 0 ? a.choice : a.form;
    const text = a.text ?? a.trace;
    if (given !== undefined) {
      times.set(given, (times.get(given) ?? 0) + 1);
      all++;
    } else if (text !== undefined) lengths.push(Math.log1p(text.length));
  }
  if (all > 1) return [...times.values()].reduce((n, k) => n + k * (k - 1), 0) / (all * (all - 1));
  return lengths.length > 0 ? moments(lengths).mean : undefined;
}

/** Items that most controls answered: those of both parties against those of neither. */
function outsideBoth(a: AnswerSheet, b: AnswerSheet, controls: readonly AnswerSheet[]) {
  const items = new Map<string, Answer[]>();
  for (const control of controls)
    for (const [item, answer] of control.answers)
      if (isGiven(answer)) {
        const list = items.get(item);
        if (list === undefined) items.set(item, [answer]);
        else list.push(answer);
      }
  const present: number[] = [];
  const missing: number[] = [];
  let lacking = 0;
  let short = 0;
  let all = 0;
  for (const [item, answers] of items) {
    const [first] = answers;
    if (first === undefined || answers.length < 2 || answers.length < MOST_CONTROLS * controls.length)
      continue;
    const held = [a, b].filter((s) => answered(s.answers.get(item), first)).length;
    all++;
    if (held === 0) lacking++;
    if (held < 2) short++;
    const ease = held === 1 ? undefined : easeAmong(answers);
    if (ease !== undefined) (held === 2 ? present : missing).push(ease);
  }
  return { lacking, short, all, difference: compared(present, missing, all) };
}

/**
 * Tests whether the items that one side, or both, lack differ from those that both have in how easily strangers agree at
 * them. Who keeps the items where two models agree, or drops those where they do not, leaves that difference, whether the
 * lines are taken out or their answers.
 */
export function testSelection(
  reference: AnswerSheet,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
): Selection {
  const bySuspect = betweenFiles(reference, suspect, controls);
  const byReference = betweenFiles(suspect, reference, controls);
  const byBoth = outsideBoth(reference, suspect, controls);
  const found = [bySuspect, byReference, byBoth].flatMap((x) => x.difference ?? []);
  const order = [...found].sort((a, b) => Math.abs(b.z) - Math.abs(a.z));
  // A side that can make a result goes before one that differs more surely and by less.
  const worst = order.find((x) => Math.abs(x.shift) >= LEAST_SHIFT) ?? order[0];
  const one = bySuspect.lacking + byReference.lacking;
  const counts = [
    ...(one > 0 || byBoth.lacking === 0
      ? [`${one.toLocaleString('en')} items are answered by one of the two only`]
      : []),
    ...(byBoth.lacking > 0
      ? [`${byBoth.lacking.toLocaleString('en')} items that most controls answered are answered by neither`]
      : []),
  ].join(', ');
  const base = {
    missingFromSuspect: bySuspect.lacking,
    missingFromReference: byReference.lacking,
    missingFromBoth: byBoth.lacking,
    missingShare: byBoth.all === 0 ? 0 : byBoth.short / byBoth.all,
    lowest: null,
  };
  if (worst === undefined)
    return {
      ...base,
      z: null,
      p: null,
      shift: null,
      selected: false,
      text:
        one + byBoth.lacking === 0
          ? 'Both answered the same items.'
          : `${counts}: too few to show whether they were selected.`,
    };
  const p = Math.min(1, 2 * found.length * normalTail(Math.abs(worst.z)));
  const selected = p <= SELECTED_AT && Math.abs(worst.shift) >= LEAST_SHIFT;
  return {
    ...base,
    z: worst.z,
    p,
    shift: worst.shift,
    selected,
    text: selected
      ? `${counts}, and not by chance: strangers agree ${worst.z > 0 ? 'more' : 'less'} easily at the items that are left (z ${worst.z.toFixed(1)}). Selecting items, or losing answers in a way that depends on the question, can make this result.`
      : `${counts}; strangers agree about as easily at those missing as at the others (z ${worst.z.toFixed(1)}, shift ${worst.shift.toFixed(3)}). Items that were chosen alike in ease do not show in this.`,
  };
}
