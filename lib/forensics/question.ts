import type { Random } from '../statistics/generator.ts';
import type { AnswerSheet } from './answers.ts';
import type { Lowest } from './missing-items.ts';
import type { Lineages } from './models.ts';
import type { Panel } from './panel.ts';
import { Parties } from './parties.ts';
import { controlsNeeded } from './power.ts';
import { type Caveat, emptyReport, type Mode, type SuspectReport } from './report.ts';
import { LEAST_CONTROLS, LEAST_MAKERS, type Unfit } from './screening.ts';
import type { TeacherRanking } from './teachers.ts';
import type { PartCorpus } from './text-parts.ts';

/** What is asked. */
export interface ForensicsInput {
  readonly reference: AnswerSheet;
  readonly suspects: readonly AnswerSheet[];
  /** Models presumed unrelated to the reference, to the suspects, and (but for kin) to each other. */
  readonly controls: readonly AnswerSheet[];
  /** Candidate teachers to rank; the reference is always a candidate where there are others. */
  readonly teachers: readonly AnswerSheet[];
}

/** What all questions of a run share. */
export interface Context {
  readonly input: ForensicsInput;
  readonly alpha: number;
  readonly effect: number;
  readonly of: Lineages;
  /** Traces and replies of all models, taken apart once. */
  readonly parts: readonly PartCorpus[];
  /** Classifiers by the candidates that they tell apart: questions with the same candidates share one panel. */
  readonly panels: Map<string, Panel>;
  readonly random: Random;
}

/** One suspect against the reference. */
export interface Question {
  readonly context: Context;
  readonly suspect: AnswerSheet;
  /** Whoever is not a party to the question. A candidate teacher is never a control. */
  readonly controls: readonly AnswerSheet[];
  readonly caveats: Caveat[];
}

/** How close each candidate is, as far as the data tell: the detector's ranking, and an order of its own if there is one. */
export interface Closeness {
  /** Tests of the suspect with every candidate. */
  readonly detector: TeacherRanking;
  /** Order among the candidates where another method tells them apart better than the detector does. */
  readonly order: TeacherRanking;
  readonly method: string;
  /**
   * Whether a name needs release dates: replies alone put students at models that are younger than they are, so nobody is
   * named from them unless dates allow it.
   */
  readonly needsDates: boolean;
  /** Groups of candidates that are copies of each other; the first of each was asked about for all. */
  readonly copies: readonly (readonly string[])[];
  /** Candidates that the order cannot tell from the first, the first included. */
  readonly notToldApart: readonly string[];
}

/** Interim result before p-values are corrected over all questions. */
export interface Draft {
  readonly report: SuspectReport;
  readonly p: number | undefined;
  readonly closeness: Closeness | undefined;
  /** What the result would be if so many items had been left out where the two differ; texts have no items to reckon with. */
  readonly lowest?: (missing: number) => Lowest;
}

/** A question that cannot be answered, with the reason. */
export function abstain(question: Question, mode: Mode, items: number, unfit: Unfit): Draft {
  const { suspect, context, caveats } = question;
  const size = unfit.code === 'too-few-items' || unfit.code === 'too-few-co-wrong';
  const verdict = size
    ? 'cannot tell at this size'
    : unfit.code === 'too-few-controls'
      ? 'cannot tell with these controls'
      : 'abstained';
  const named = {
    suspect: suspect.model,
    reference: context.input.reference.model,
    mode,
    items,
    caveats: [...caveats, { code: unfit.code, text: `${unfit.reason}.` }],
  };
  return {
    report: {
      ...emptyReport(named),
      verdict,
      statement: `No statement about ${suspect.model}: ${unfit.reason}.`,
      reason: unfit.reason,
    },
    p: undefined,
    closeness: undefined,
  };
}

/** That questions were asked several times, which gives more answers and no more questions. */
export function sampledCaveat(questions: number, answers: number): Caveat {
  return {
    code: 'questions-sampled',
    text: `${answers.toLocaleString('en')} answers to ${questions.toLocaleString('en')} questions: samples of one question are not independent, and intervals resample whole questions.`,
  };
}

/** Drops a control and says why. */
export function dropControl(caveats: Caveat[], control: string, reason: string): void {
  caveats.push({ code: 'control-dropped', text: `Control ${control} was left out: ${reason}.` });
}

function counted(n: number, what: string): string {
  return `${n === 0 ? 'no' : n} ${what}${n === 1 ? '' : 's'}`;
}

/** Whether the usable controls are enough, by number and by maker; else why not. */
export function unfitControls(
  { context, suspect }: Question,
  controls: readonly AnswerSheet[],
): Unfit | undefined {
  const { of, alpha, input } = context;
  const makers = new Set(controls.map((c) => of.maker(c.model)));
  const needed = controlsNeeded(alpha, 1);
  const kinOf = controls.filter(
    (c) => of.kin(c.model, suspect.model) || of.kin(c.model, input.reference.model),
  );
  if (controls.length >= LEAST_CONTROLS && makers.size >= LEAST_MAKERS) return undefined;
  return {
    code: 'too-few-controls',
    reason: `${counted(controls.length, 'usable control')}${
      controls.length === 0 ? '' : ` of ${counted(makers.size, 'maker')}`
    }${
      kinOf.length > 0 ? ` (${kinOf.length} of them kin of a party)` : ''
    }; at least ${LEAST_CONTROLS} controls of ${LEAST_MAKERS} makers are needed to say anything, ${needed} unrelated ones for p <= ${alpha}`,
  };
}

/** The parties of a question with the controls that are usable. */
export function partiesOf({ context, suspect }: Question, controls: readonly AnswerSheet[]): Parties {
  return new Parties(context.input.reference, suspect, controls);
}
