import { normalTail } from '../statistics/distributions.ts';
import type { Answer, AnswerSheet } from './answers.ts';

/** Whether items that one side lacks are missing by chance. */
export interface Selection {
  /** Items in the reference's file that the suspect's lacks, and the reverse. */
  readonly missingFromSuspect: number;
  readonly missingFromReference: number;
  /** Standardised difference between items present and missing, the larger of both sides; null where too few are missing. */
  readonly z: number | null;
  readonly p: number | null;
  /** Whether the items look selected. */
  readonly selected: boolean;
  readonly text: string;
}

/** Fewest missing items that can show a pattern, and fewest of the other kind. */
const LEAST_MISSING = 20;
/** Level at which items count as selected. */
const SELECTED_AT = 0.001;

/** Whether two answers are the same; undefined where they cannot be compared. */
function alike(a: Answer, b: Answer): boolean | undefined {
  if (a.choice >= 0 && b.choice >= 0) return a.choice === b.choice;
  if (a.form !== undefined && b.form !== undefined) return a.form === b.form;
  return undefined;
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

function moments(values: readonly number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((s, x) => s + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error2: variance / values.length };
}

/** Difference between the items of a file that the other has and those that it lacks, in standard errors (Welch). */
function differenceOf(
  own: AnswerSheet,
  other: AnswerSheet,
  controls: readonly AnswerSheet[],
): number | undefined {
  const present: number[] = [];
  const missing: number[] = [];
  for (const [item, answer] of own.answers) {
    const ease = easeOf(answer, controls);
    if (ease === undefined) continue;
    (other.answers.has(item) ? present : missing).push(ease);
  }
  if (missing.length < LEAST_MISSING || present.length < LEAST_MISSING) return undefined;
  const [here, gone] = [moments(present), moments(missing)];
  const error = Math.sqrt(here.error2 + gone.error2);
  return error > 0 ? (here.mean - gone.mean) / error : undefined;
}

function missingFrom(own: AnswerSheet, other: AnswerSheet): number {
  let n = 0;
  for (const item of own.answers.keys()) if (!other.answers.has(item)) n++;
  return n;
}

/**
 * Tests whether the items that one side lacks differ from those that both have in how easily strangers agree at them. Who
 * keeps the items where two models agree, or drops those where they do not, leaves that difference.
 */
export function testSelection(
  reference: AnswerSheet,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
): Selection {
  const missingFromSuspect = missingFrom(reference, suspect);
  const missingFromReference = missingFrom(suspect, reference);
  const zs = [differenceOf(reference, suspect, controls), differenceOf(suspect, reference, controls)].filter(
    (z): z is number => z !== undefined,
  );
  const worst = zs.sort((a, b) => Math.abs(b) - Math.abs(a))[0];
  const counts = `${(missingFromSuspect + missingFromReference).toLocaleString('en')} items are in one of the two files only`;
  if (worst === undefined)
    return {
      missingFromSuspect,
      missingFromReference,
      z: null,
      p: null,
      selected: false,
      text:
        missingFromSuspect + missingFromReference === 0
          ? 'Both files hold the same items.'
          : `${counts}: too few to show whether they were selected.`,
    };
  const p = Math.min(1, 2 * zs.length * normalTail(Math.abs(worst)));
  const selected = p <= SELECTED_AT;
  return {
    missingFromSuspect,
    missingFromReference,
    z: worst,
    p,
    selected,
    text: selected
      ? `${counts}, and not by chance: strangers agree ${worst > 0 ? 'more' : 'less'} easily at the items that both hold (z ${worst.toFixed(1)}). Selecting items, or losing answers in a way that depends on the question, can make this result.`
      : `${counts}; those missing do not differ from the others in how easily strangers agree (z ${worst.toFixed(1)}).`,
  };
}
