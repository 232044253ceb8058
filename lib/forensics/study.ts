import { holm } from '../statistics/distributions.ts';
import { seededRandom } from '../statistics/generator.ts';
import { type AnswerSheet, AnswersError } from './answers.ts';
import { attribute, closestOf } from './attribution.ts';
import { questionsIn } from './blocks.ts';
import { datesKnown, excludedDirections, uniqueSheets } from './candidates.ts';
import { commonChoiceItems } from './choice-study.ts';
import { controlsOfAnotherTime } from './control-dates.ts';
import { editedCopy as editedFrom, settledByCopy } from './edited-copies.ts';
import { SMALLEST_EFFECT } from './effects.ts';
import { commonFreeItems } from './free-form.ts';
import { sameThroughout } from './identity.ts';
import { hiddenCharacters } from './invisible.ts';
import { judgeChoices } from './judge-choices.ts';
import { judgeFreeForm } from './judge-free-form.ts';
import { judgeTexts } from './judge-texts.ts';
import { alternativesTo, mechanismOf } from './mechanism.ts';
import { cutoffNote, type Lineages, lineages, oddDates, olderThan, withAnswers } from './models.ts';
import { capital } from './numbers.ts';
import { abstain, type Context, type Draft, type ForensicsInput, type Question } from './question.ts';
import type { Attribution, Caveat, ForensicsReport, SuspectReport } from './report.ts';
import { restsOn } from './rests-on.ts';
import { enoughTexts, LEAST_ITEMS, type Unfit } from './screening.ts';
import { testSelection } from './selection.ts';
import { madeByWriting } from './shared-errors.ts';
import { spareSamples } from './spare-samples.ts';
import { commonTexts, PARTS, type PartCorpus, partCorpus } from './text-parts.ts';
import { doubtOfName, MANY_MISSING, word } from './verdict.ts';

export type { ForensicsInput } from './question.ts';

export interface ForensicsOptions {
  /** Level at which the verdict is "consistent with" (after Holm). */
  readonly alpha?: number;
  /** Smallest excess that matters, in kappa: below it a negative would be empty words. */
  readonly effect?: number;
  readonly seed?: number;
  /** What is known of the models: kin, makers, dates. Names decide by default. */
  readonly of?: Lineages;
  /**
   * What earlier runs on the same files have in hand: texts of all models of this run taken apart, and trained classifiers.
   * Saves time where many questions are asked of one set; the report is the same if the models are.
   */
  readonly shared?: Pick<Context, 'parts' | 'panels'>;
  /** Told before each suspect. */
  readonly onSuspect?: (suspect: string, index: number, of: number) => void;
}

/**
 * Asks of each suspect, in this order: is it closer to the reference than strangers are; to whom among the candidates;
 * by what.
 *
 * Every suspect is judged apart from the others, with its own null; the p-values are then corrected over all suspects
 * and teachers (Holm). What cannot be judged abstains with a reason, what dates exclude is struck out; nothing is guessed.
 *
 * @throws AnswersError for input that is wrong rather than insufficient: a model named twice in conflicting roles, or
 *   formats that cannot be compared at all
 */
export function runForensics(input: ForensicsInput, options: ForensicsOptions = {}): ForensicsReport {
  const alpha = options.alpha ?? 0.01;
  const seed = options.seed ?? 1;
  checkRoles(input);
  const everyone = uniqueSheets([input.reference, ...input.suspects, ...input.controls, ...input.teachers]);
  const context: Context = {
    input,
    alpha,
    effect: options.effect ?? SMALLEST_EFFECT,
    of: withAnswers(options.of ?? lineages(), everyone),
    parts: options.shared?.parts ?? takenApart(everyone),
    panels: options.shared?.panels ?? new Map(),
    random: seededRandom(seed),
  };
  const drafts = input.suspects.map((suspect, i) => {
    options.onSuspect?.(suspect.model, i, input.suspects.length);
    return judge(context, suspect);
  });
  return { alpha, seed, suspects: finish(drafts, context) };
}

/** The texts of several models, part by part. */
export function takenApart(sheets: readonly AnswerSheet[]): PartCorpus[] {
  return PARTS.flatMap((part) => partCorpus(part, sheets) ?? []);
}

function checkRoles({ reference, suspects, controls, teachers }: ForensicsInput): void {
  if (suspects.length === 0) throw new AnswersError('no suspect was given');
  const twice = (role: string, sheets: readonly AnswerSheet[]) => {
    const seen = new Set<string>();
    for (const s of sheets) {
      if (seen.has(s.model)) throw new AnswersError(`${role} "${s.model}" is given twice`);
      seen.add(s.model);
    }
  };
  twice('suspect', suspects);
  twice('control', controls);
  twice('teacher', teachers);
  for (const s of suspects) {
    if (s.model === reference.model)
      throw new AnswersError(`"${s.model}" is both the reference and a suspect`);
    if (!formatsOf(reference).some((f) => formatsOf(s).includes(f)))
      throw new AnswersError(
        `${reference.model} has ${named(reference)} and ${s.model} has ${named(s)}: there is nothing to compare${mixed(reference, s)}`,
      );
  }
}

/** A hint where one file says how many options there were and the other does not. */
function mixed(a: AnswerSheet, b: AnswerSheet): string {
  const one = (x: AnswerSheet, y: AnswerSheet) => x.choiceItems > 0 && y.choiceItems === 0 && y.freeItems > 0;
  return one(a, b) || one(b, a) ? '; multiple choice needs "correct" and "options" in every file' : '';
}

function formatsOf(s: AnswerSheet): string[] {
  const counts: readonly (readonly [string, number])[] = [
    ['choices', s.choiceItems],
    ['free-form answers', s.freeItems],
    ['replies', s.textItems],
    ['traces', s.traceItems],
  ];
  return counts.flatMap(([name, n]) => (n > 0 ? [name] : []));
}

function named(s: AnswerSheet): string {
  const formats = formatsOf(s);
  return formats.length === 0
    ? 'no answers'
    : `${formats.join(' and ')}${formats.length === 1 ? ' only' : ''}`;
}

/** What is said of files without a question in common: another word than "too few", as more items would not help. */
function nothingInCommon(reference: AnswerSheet, suspect: AnswerSheet): Unfit | undefined {
  for (const item of suspect.answers.keys()) if (reference.answers.has(item)) return undefined;
  return {
    code: 'no-common-items',
    reason: `${reference.model} has ${reference.answers.size.toLocaleString('en')} items and ${suspect.model} ${suspect.answers.size.toLocaleString('en')}, and none is in both: "item" must be the same for the same question in every file`,
  };
}

function judge(context: Context, suspect: AnswerSheet): Draft {
  const { input } = context;
  const late = cutoffNote(input.reference.model, suspect.model, context.of);
  const spare = spareSamples(input.reference, suspect);
  const generation = controlsOfAnotherTime(
    input.reference.model,
    suspect.model,
    input.controls.filter((c) => c.model !== suspect.model).map((c) => c.model),
    context.of,
  );
  const older = olderThan(input.reference.model, suspect, context.of);
  const parties = new Set([input.reference.model, suspect.model, ...input.teachers.map((t) => t.model)]);
  const question: Question = {
    context,
    suspect,
    // In the order of their names: sums end in the same last digit, however the files were listed.
    controls: input.controls
      .filter((c) => !parties.has(c.model))
      .sort((a, b) => (a.model < b.model ? -1 : 1)),
    caveats: [
      ...(input.controls.some((c) => c.model === suspect.model)
        ? [
            {
              code: 'suspect-was-control',
              text: `${suspect.model} is also listed as a control; it was left out while accused.`,
            },
          ]
        : []),
      ...[input.reference, suspect, ...input.controls].flatMap((s) => {
        const odd = oddDates(s, context.of);
        return odd === undefined ? [] : [{ code: 'odd-dates', text: `${capital(odd)}.` }];
      }),
      ...(spare === undefined
        ? []
        : [{ code: spare.many ? 'many-spare-samples' : 'spare-samples', text: spare.text }]),
      ...(older === undefined ? [] : [{ code: 'answers-before-release', text: `${capital(older)}.` }]),
      ...[input.reference, suspect, ...input.controls].flatMap((s) => {
        const hidden = hiddenCharacters(s);
        return hidden === undefined ? [] : [{ code: 'invisible-characters', text: `${capital(hidden)}.` }];
      }),
      ...(generation === undefined ? [] : [generation]),
      ...(late === undefined ? [] : [{ code: 'released-after-cutoff', text: `${capital(late)}.` }]),
    ],
  };
  const apart = nothingInCommon(input.reference, suspect);
  if (apart !== undefined) return abstain(question, 'none', 0, apart);
  const same = sameThroughout(input.reference, suspect, question.controls);
  if (same !== undefined) return abstain(question, 'none', 0, same);
  const choices = commonChoiceItems(input.reference, suspect);
  const free = commonFreeItems(input.reference, suspect);
  const most = Math.max(choices.items.length + choices.conflicting, free.items.length + free.conflicting);
  const draft = textsOnly(question, choices.items, free.items)
    ? judgeTexts(question)
    : choices.items.length + choices.conflicting > 0 && choices.items.length + choices.conflicting >= most
      ? judgeChoices(question)
      : free.items.length + free.conflicting >= Math.min(LEAST_ITEMS, Math.max(1, suspect.freeItems))
        ? judgeFreeForm(question)
        : judgeTexts(question);
  const selection = testSelection(input.reference, suspect, question.controls);
  const share = selection.missingShare;
  const missing = Math.round(
    (draft.report.items * share) / Math.max(1 - share, 1 / (1 + draft.report.items)),
  );
  const lowest = share > MANY_MISSING ? (draft.lowest?.(missing) ?? null) : null;
  const editedCopy =
    editedFrom(
      input.reference,
      suspect,
      question.controls.filter((c) => isStranger(c.model, question)),
    ) ?? null;
  return { ...draft, report: { ...draft.report, editedCopy, selection: { ...selection, lowest } } };
}

/** Whether a model is kin of neither party. */
function isStranger(model: string, { context, suspect }: Question): boolean {
  return !context.of.kin(model, suspect.model) && !context.of.kin(model, context.input.reference.model);
}

/**
 * Whether texts can be compared and answers are too few: a stray line of another kind must not switch the texts off. Says what
 * is left aside.
 */
function textsOnly(
  { context, suspect, caveats }: Question,
  choices: readonly string[],
  free: readonly string[],
): boolean {
  const answers = choices.length + free.length;
  if (Math.max(questionsIn(choices), questionsIn(free)) >= LEAST_ITEMS || answers === 0) return false;
  const texts = context.parts.some((corpus) => {
    const common = commonTexts(corpus, context.input.reference.model, suspect.model);
    return enoughTexts(common.questions, common.characters);
  });
  if (texts)
    caveats.push({
      code: 'answers-not-compared',
      text: `Both have ${answers.toLocaleString('en')} answers to the same questions beside their texts: too few to compare, and left aside.`,
    });
  return texts;
}

/** A question that was asked: which suspect, and of which teacher (undefined: the reference). */
interface Asked {
  readonly draft: number;
  readonly teacher: string | undefined;
  readonly p: number;
}

/** The questions of a run: the reference's, where dates allow it, and those of all other candidates. */
function questionsOf(drafts: readonly Draft[], context: Context): Asked[] {
  const reference = context.input.reference.model;
  return drafts.flatMap((d, draft): Asked[] => {
    const excluded = excludedDirections(context, d.report.suspect);
    const own = d.p === undefined || excluded.some((e) => e.teacher === reference) ? [] : [d.p];
    return [
      ...own.map((p) => ({ draft, teacher: undefined, p })),
      ...(d.closeness?.detector.teachers ?? [])
        .filter((t) => t.teacher !== reference)
        .map((t) => ({ draft, teacher: t.teacher, p: t.p })),
    ];
  });
}

/** The candidate's report, as if it were the reference; undefined where it is no candidate of this run. */
function asReference(candidate: string, own: SuspectReport, context: Context): SuspectReport | undefined {
  const { reference, suspects, teachers } = context.input;
  if (candidate === reference.model) return own;
  const teacher = teachers.find((t) => t.model === candidate);
  const accused = suspects.find((s) => s.model === own.suspect);
  if (teacher === undefined || accused === undefined) return undefined;
  return judge({ ...context, input: { ...context.input, reference: teacher, teachers: [] } }, accused).report;
}

/** The second answer, with what is said where nobody may be named. */
interface Named {
  readonly attribution: Attribution | undefined;
  readonly caveats: readonly Caveat[];
}

/**
 * Names nobody by a likeness that would convict nobody. A likeness that something else than training makes is no answer at all;
 * else the candidate stays in question, so that nobody is convicted in its place, and is not named.
 */
function namedWith(whom: Attribution | undefined, own: SuspectReport, context: Context): Named {
  if (whom === undefined || !whom.detector.found) return { attribution: whom, caveats: [] };
  const { teacher } = whom.detector;
  const report = asReference(teacher, own, context);
  const reason = report === undefined ? undefined : doubtOfName(report, context);
  if (report === undefined || reason === undefined) return { attribution: whom, caveats: [] };
  const caveats = [{ code: 'candidate-not-named', text: `Candidate ${teacher} is not named: ${reason}.` }];
  const made = settledByCopy(report) !== undefined || restsOn(report) !== undefined || madeByWriting(report);
  return made
    ? { attribution: undefined, caveats }
    : { attribution: { ...whom, named: null, text: `nobody is named: ${reason}` }, caveats };
}

/** Corrects p-values over all questions of the run, answers the second and the third question, words the verdicts. */
function finish(drafts: readonly Draft[], context: Context): SuspectReport[] {
  const asked = questionsOf(drafts, context);
  const adjusted = holm(asked.map((a) => a.p));
  const reference = context.input.reference.model;
  return drafts.map((d, draft): SuspectReport => {
    const corrected = (teacher: string | undefined) => {
      const at = asked.findIndex((a) => a.draft === draft && a.teacher === teacher);
      return at < 0 ? undefined : adjusted[at];
    };
    const excluded = excludedDirections(context, d.report.suspect);
    const whom =
      d.closeness === undefined ||
      settledByCopy(d.report) !== undefined ||
      madeByWriting(d.report) ||
      restsOn(d.report) !== undefined
        ? undefined
        : attribute(d.closeness, excluded, datesKnown(context, d.report.suspect));
    const { attribution, caveats } = namedWith(whom, d.report, context);
    const base: SuspectReport = {
      ...d.report,
      caveats: [...d.report.caveats, ...caveats],
      questions: asked.length,
      excludedDirections: excluded,
      pAdjusted: d.p === undefined ? null : (corrected(undefined) ?? null),
      teachers: (d.closeness?.order.teachers ?? []).map((t) => ({
        ...t,
        pAdjusted: corrected(t.teacher === reference ? undefined : t.teacher) ?? 1,
      })),
      attribution: attribution ?? null,
      closest:
        d.closeness === undefined || attribution === undefined ? null : closestOf(d.closeness, attribution),
      mechanism: mechanismOf({ ...d.report, excludedDirections: excluded }, context.of),
    };
    const report = { ...base, alternatives: alternativesTo(base, context.of) };
    return { ...report, ...word(report, context) };
  });
}
