import type { TeacherScore } from './teachers.ts';

/** What a report may say of a suspect, and no more. */
export const verdicts = ['consistent with', 'no evidence', 'cannot tell at this size', 'abstained'] as const;
export type Verdict = (typeof verdicts)[number];

/** A reason for care, with a stable code for machines. */
export interface Caveat {
  readonly code: string;
  readonly text: string;
}

/** Power statements of one test. */
export interface PowerReport {
  /** Significance level that they are for (after nothing: one question). */
  readonly alpha: number;
  /** Chance of p <= alpha at this number of items, for true excesses in units of kappa (text: null spreads). */
  readonly atThisSize: readonly { readonly effect: number; readonly power: number }[];
  /** The same for the smallest excess of interest and the documented one at other numbers of items. */
  readonly curve: readonly { readonly items: number; readonly effect: number; readonly power: number }[];
  /** Excess that is found with a chance of 80 % at this size; null if none is. */
  readonly detectable: number | null;
  /** Items for a power of 80 % at the excess that was observed; null: no number of items is enough with these controls. */
  readonly itemsNeeded: number | null;
}

/** One view of the likeness. */
export interface ViewReport {
  readonly view: string;
  readonly z: number;
  readonly p: number;
}

/** One suspect against the reference (contract: design, section 5; further fields are additions). */
export interface SuspectReport {
  readonly suspect: string;
  readonly reference: string;
  /** What was compared: chosen options, or free text. */
  readonly mode: 'choices' | 'text' | 'none';
  /** Items that both answered. */
  readonly items: number;
  /** Items that both got wrong; null for text. */
  readonly coWrong: number | null;
  /** CAPA's kappa; for text the mean item-centred cosine of words. */
  readonly kappa: number | null;
  /** What unrelated models of these accuracies and effects would show. */
  readonly expected: number | null;
  readonly excess: number | null;
  /** 95 % interval of the excess over items. */
  readonly ci95: readonly [number, number] | null;
  /** 95 % interval of the excess over items and over choice of models (the wider, and the one to quote). */
  readonly ci95Models: readonly [number, number] | null;
  readonly z: number | null;
  readonly p: number | null;
  /** Holm over every suspect and teacher asked about in this run. */
  readonly pAdjusted: number | null;
  /** How many questions this run asked. */
  readonly questions: number;
  /** Candidates, closest first; empty where none were given. */
  readonly teachers: readonly (TeacherScore & { readonly pAdjusted: number })[];
  /** The line that may be named, or null: margin or evidence too small. */
  readonly closest: {
    readonly teacher: string;
    readonly line: string;
    readonly probability: number;
    readonly margin: number;
    readonly named: boolean;
    readonly text: string;
    /** Chance that a control's best candidate is as close. */
    readonly anyP: number;
  } | null;
  readonly verdict: Verdict;
  /** The verdict in a sentence. */
  readonly statement: string;
  /** For an abstention, or where it cannot be told: why. */
  readonly reason: string | null;
  readonly null: {
    readonly pairs: number;
    readonly controls: readonly string[];
    readonly families: number;
    /** Smallest p that this number of pairs allows. */
    readonly smallestP: number;
    /** Standard deviation of the excess of an unrelated pair. */
    readonly spread: number;
    /** Standardised excesses of the null pairs, ascending. */
    readonly z: readonly number[];
    /** The three most alike unrelated pairs. */
    readonly top: readonly { readonly pair: readonly [string, string]; readonly z: number }[];
  } | null;
  /** Range over leaving out each control in turn. */
  readonly leaveOneControlOut: {
    readonly z: readonly [number, number];
    readonly p: readonly [number, number];
    readonly excess: readonly [number, number];
    readonly mostInfluential: string;
  } | null;
  readonly power: PowerReport | null;
  /** Views of the text, which corroborate and never convict beside choices. */
  readonly views: readonly ViewReport[];
  /** All views of the text together. */
  readonly text: { readonly items: number; readonly z: number; readonly p: number } | null;
  /** What the naive test would have said, for contrast. */
  readonly naive: { readonly sameWrong: number; readonly chanceSameWrong: number; readonly p: number } | null;
  readonly caveats: readonly Caveat[];
}

export interface ForensicsReport {
  readonly alpha: number;
  readonly seed: number;
  readonly suspects: readonly SuspectReport[];
}

/** What a negative result does not mean: goes with every report. */
export const negativeMeans =
  'A negative result does not clear the suspect: training on other prompts, on a small share of data, followed by other training, or on paraphrased answers leaves less than this test can see.';

/** What a positive result does not mean: goes with every report. */
export const positiveMeans =
  'A positive result is likeness beyond that of unrelated models: a shared ancestor, a shared teacher, shared training data or leaked test items give it too, in either direction. It does not show access, intent or date; pair it with telemetry.';
