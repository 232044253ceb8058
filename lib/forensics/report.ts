import type { WithoutClauses } from './boilerplate.ts';
import type { CloserControl, QuestionedControl } from './control-questions.ts';
import type { EditedCopy } from './edited-copies.ts';
import type { Excluded, ModelFacts } from './models.ts';
import type { OneLetter } from './one-letter.ts';
import type { OneAnswer, WrongOnly } from './rests-on.ts';
import type { Selection } from './selection.ts';
import type { TeacherScore } from './teachers.ts';
import type { Part } from './text-parts.ts';

/** What a report may say of a suspect, and no more. */
export const VERDICTS = [
  'consistent with',
  'one of several',
  'another candidate',
  'excluded by dates',
  'no evidence',
  'cannot tell at this size',
  'cannot tell with these controls',
  'abstained',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What was compared. */
export type Mode = 'choices' | 'free-form' | 'text' | 'none';

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
  /** Excess that is found with a chance of 80 % at this size; null if the controls allow none. */
  readonly detectable: number | null;
  /** Items for a power of 80 % at the excess that was observed; null: no number of items is enough with these controls. */
  readonly itemsNeeded: number | null;
}

/** One view of the likeness. */
export interface ViewReport {
  readonly view: string;
  readonly z: number;
  readonly p: number;
  /** Whether it is shown only, and no part of the test. */
  readonly aside?: boolean;
}

/** One part of the texts, tested by itself. */
export interface PartReport {
  readonly part: Part;
  readonly items: number;
  /** Characters that both have in common: the shorter of the two texts at every item. */
  readonly characters: number;
  readonly z: number;
  readonly p: number;
}

/** The null distribution of one test. */
export interface NullReport {
  readonly pairs: number;
  readonly controls: readonly string[];
  readonly families: number;
  readonly makers: number;
  /** Smallest p that this number of pairs allows; near copies count once in both. */
  readonly smallestP: number;
  /** Standard deviation of the excess of an unrelated pair. */
  readonly spread: number;
  /** Standardised excesses of the null pairs, ascending. */
  readonly z: readonly number[];
  /** The three most alike unrelated pairs. */
  readonly top: readonly { readonly pair: readonly [string, string]; readonly z: number }[];
}

/** What the likeness can come from, as far as it can be told. */
export interface Mechanism {
  readonly possible: readonly string[];
  readonly excluded: readonly string[];
  readonly text: string;
}

/** To whom the suspect is close, or why nobody is named. */
export interface Attribution {
  readonly method: string;
  /** Whether the suspect is closer to the first candidate than strangers are, over all candidates asked about. */
  readonly detector: {
    readonly teacher: string;
    readonly z: number;
    readonly p: number;
    /** p times the number of product lines asked about. */
    readonly pAny: number;
    /** The least that pAny can be with these controls: above the level nobody can be named, whoever the teacher is. */
    readonly smallest: number;
    readonly level: number;
    readonly found: boolean;
  };
  /** Candidates that the data do not tell apart, the closest first: one if it is told from all others. */
  readonly notToldApart: readonly string[];
  /** The teacher, where the detector found it and nobody explains it as well. */
  readonly named: string | null;
  /** Groups of candidates that are copies of each other but for changes; the first of each was asked about. */
  readonly copies: readonly (readonly string[])[];
  /** Candidates that were not asked about, with the reason. */
  readonly excluded: readonly Excluded[];
  readonly text: string;
}

/** One suspect against the reference (contract: design, section 5; further fields are additions). */
export interface SuspectReport {
  readonly suspect: string;
  readonly reference: string;
  readonly mode: Mode;
  /** Items that both answered. */
  readonly items: number;
  /** Items that both got wrong; null for text. */
  readonly coWrong: number | null;
  /** Of these, with the same wrong answer; null for text. */
  readonly sameWrong: number | null;
  /** Free-form answers: share of equal answers among those both got wrong, the median of the unrelated pairs; else null. */
  readonly strangersShare: number | null;
  /** Free-form answers: of those with the same wrong answer, those that are the key written in another way; else null. */
  readonly writtenOtherwise: number | null;
  /** Multiple choice: the result without the one letter that carries most of it; else null. */
  readonly oneLetter: OneLetter | null;
  /** Free-form answers: the result without the wrong answers that recur in both as no model's do, where that is asked. */
  readonly oneAnswer: OneAnswer | null;
  /** Texts: the result without the clauses that recur letter for letter in both, where there are any and that is asked. */
  readonly withoutClauses: WithoutClauses | null;
  /** The result on wrong answers alone, where that is asked. */
  readonly wrongOnly: WrongOnly | null;
  /**
   * CAPA's kappa; for free-form answers the log-likelihood ratio an item of one source against two (nats), for text the
   * cosine of its first view.
   */
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
  /** Holm over every suspect and teacher asked about in this run; null where dates exclude the question. */
  readonly pAdjusted: number | null;
  /** How many questions this run asked. */
  readonly questions: number;
  /** Candidates, closest first; empty where none were given. Those whom dates exclude are not among them. */
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
  /** Whether one of the two files is the other with answers or words changed; null where it is not, or cannot be told. */
  readonly editedCopy: EditedCopy | null;
  /** To whom: the second question, answered only when the detector says so first. */
  readonly attribution: Attribution | null;
  /** By what: the third question. */
  readonly mechanism: Mechanism | null;
  /** Directions that dates exclude, struck out. */
  readonly excludedDirections: readonly Excluded[];
  readonly verdict: Verdict;
  /** The verdict in a sentence. */
  readonly statement: string;
  /** What else can explain the result: stands beside the verdict. */
  readonly alternatives: readonly string[];
  /** For an abstention, or where it cannot be told: why. */
  readonly reason: string | null;
  readonly null: NullReport | null;
  /** Range over leaving out each control in turn. */
  readonly leaveOneControlOut: {
    readonly z: readonly [number, number];
    readonly p: readonly [number, number];
    readonly excess: readonly [number, number];
    readonly mostInfluential: string;
    /** The largest p, and the control, or the controls of one family, without which it is so large. */
    readonly largestP: { readonly without: string; readonly p: number };
  } | null;
  /** Controls that themselves resemble a party, and the result without them. */
  readonly questionedControls: {
    readonly controls: readonly QuestionedControl[];
    readonly without: { readonly z: number; readonly p: number; readonly controls: number } | null;
  } | null;
  /** Controls that the suspect is at least as like as the reference. */
  readonly closerControls: readonly CloserControl[];
  /** Whether what is missing from one side is missing by chance. */
  readonly selection: Selection | null;
  readonly power: PowerReport | null;
  /** Views of the text, which corroborate and never convict beside answers. */
  readonly views: readonly ViewReport[];
  /** All views of the text together. */
  readonly text: { readonly items: number; readonly z: number; readonly p: number } | null;
  /** Traces and replies, each with a null of its own. */
  readonly parts: readonly PartReport[];
  /** What the naive test would have said, for contrast. */
  readonly naive: { readonly sameWrong: number; readonly chanceSameWrong: number; readonly p: number } | null;
  readonly caveats: readonly Caveat[];
}

/** One input of a run, so that an opposing expert can tell which files were compared. */
export interface InputRecord {
  readonly role: 'reference' | 'suspect' | 'control' | 'teacher' | 'models';
  readonly model: string | null;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly answers: number;
  readonly choices: number;
  readonly freeForm: number;
  readonly replies: number;
  readonly traces: number;
  /** First and last day on which the answers were asked for; null where the lines do not say. */
  readonly asked: { readonly from: string; readonly to: string } | null;
  readonly facts: ModelFacts | null;
}

/** Options of a run, as `--verify` needs them. */
export interface RunOptions {
  readonly reference: string;
  readonly suspect: readonly string[];
  readonly controls: readonly string[];
  readonly teachers: readonly string[];
  readonly models: string | null;
  readonly kin: readonly string[];
  readonly alpha: number;
  readonly effect: number;
  readonly seed: number;
}

/** How a run was made: with the files of these hashes, the command gives the same report, bit for bit. */
export interface RunRecord {
  readonly version: string;
  readonly command: readonly string[];
  readonly options: RunOptions;
  readonly inputs: readonly InputRecord[];
}

export interface ForensicsReport {
  readonly alpha: number;
  readonly seed: number;
  readonly suspects: readonly SuspectReport[];
  readonly run?: RunRecord;
}

/** What a negative result does not mean: goes with every report. */
export const NEGATIVE_MEANS =
  'A negative result does not clear the suspect: training on other prompts, on a small share of data, followed by other training, or on paraphrased answers leaves less than this test can see.';

/** What a positive result does not mean: goes with every report. */
export const POSITIVE_MEANS =
  'A positive result is likeness beyond that of unrelated models: a shared ancestor, a shared teacher, shared training data or leaked test items give it too, in either direction. It does not show access, intent or date; pair it with telemetry.';

/** A report with all fields empty but these. */
export function emptyReport(of: {
  suspect: string;
  reference: string;
  mode: Mode;
  items: number;
  caveats: readonly Caveat[];
}): SuspectReport {
  return {
    ...of,
    coWrong: null,
    sameWrong: null,
    strangersShare: null,
    writtenOtherwise: null,
    oneLetter: null,
    oneAnswer: null,
    wrongOnly: null,
    withoutClauses: null,
    kappa: null,
    expected: null,
    excess: null,
    ci95: null,
    ci95Models: null,
    z: null,
    p: null,
    pAdjusted: null,
    questions: 0,
    teachers: [],
    closest: null,
    editedCopy: null,
    attribution: null,
    mechanism: null,
    excludedDirections: [],
    verdict: 'abstained',
    statement: '',
    alternatives: [],
    reason: null,
    null: null,
    leaveOneControlOut: null,
    questionedControls: null,
    closerControls: [],
    selection: null,
    power: null,
    views: [],
    text: null,
    parts: [],
    naive: null,
  };
}
