import type { AnswerSheet } from './answers.ts';
import { copyText, editedCopy } from './edited-copies.ts';
import { aliasOf } from './identity.ts';
import { type Excluded, excludedByTime } from './models.ts';
import type { Context, Question } from './question.ts';
import { LEAST_CONTROLS } from './screening.ts';
import type { TeacherRanking } from './teachers.ts';

/** A line is not told apart from the first if the first leads it by less than this many null spreads ... */
export const NAME_AT_MARGIN = 0.4;
/**
 * ... and lines count as candidates until their probabilities reach this together. At most one name in ten may be wrong; the
 * probabilities err low (.60 on average where .83 were right), so .9 would be too much to ask and .5 is too little: on
 * replies of reasoning models a wrong first stands at .56.
 */
export const NAME_AT_PROBABILITY = 0.75;

/** Sheets without repeating a model. */
export function uniqueSheets(sheets: readonly AnswerSheet[]): AnswerSheet[] {
  return [...new Map(sheets.map((s) => [s.model, s])).values()];
}

/** All candidates of a run: the reference and the teachers, where teachers were given. */
function asked({ input }: Context): AnswerSheet[] {
  return input.teachers.length === 0 ? [] : uniqueSheets([input.reference, ...input.teachers]);
}

/** Directions that dates exclude for a suspect: the reference's and every candidate's. */
export function excludedDirections(context: Context, suspect: string): Excluded[] {
  return uniqueSheets([context.input.reference, ...context.input.teachers])
    .filter((t) => t.model !== suspect)
    .flatMap((t) => excludedByTime(t.model, suspect, context.of) ?? []);
}

/** Whether the release dates of a suspect and a teacher are both known. */
export function datesKnown({ of }: Context, suspect: string): (teacher: string) => boolean {
  return (teacher) => Boolean(of.facts(suspect)?.released) && Boolean(of.facts(teacher)?.released);
}

/** Candidates of a question that stand for themselves, and groups of copies of which the first stands for all. */
interface Distinct {
  readonly kept: readonly AnswerSheet[];
  readonly copies: readonly (readonly string[])[];
}

/**
 * Candidates without those that are the suspect, or a candidate before them, under another name; of those that are copies of
 * each other but for changes the first, as the data cannot tell which of them was asked.
 */
function distinctCandidates({ context, suspect, controls, caveats }: Question): Distinct {
  const kept: AnswerSheet[] = [];
  const groups = new Map<string, string[]>();
  const out = (candidate: AnswerSheet, why: string) =>
    caveats.push({ code: 'candidate-dropped', text: `Candidate ${candidate.model} was left out: ${why}.` });
  for (const candidate of asked(context)) {
    if (candidate.model === suspect.model) continue;
    const own = candidate.model === context.input.reference.model;
    const alias = own ? undefined : aliasOf(candidate, [suspect, ...kept]);
    if (alias !== undefined) {
      out(candidate, `it gives the same answers as ${alias}, so it is the same model under another name`);
      continue;
    }
    const found = own ? undefined : copyAmong(candidate, [suspect, ...kept], controls, context);
    if (found === undefined) kept.push(candidate);
    else if (found.of === suspect.model)
      out(
        candidate,
        `it and ${suspect.model} are copies of the same answers, one of them edited: ${found.text}`,
      );
    else {
      groups.set(found.of, [...(groups.get(found.of) ?? [found.of]), candidate.model]);
      caveats.push({
        code: 'candidate-copies',
        text: `Candidates ${found.of} and ${candidate.model} are copies of each other, and count as one: ${found.text}.`,
      });
    }
  }
  return { kept, copies: [...groups.values()] };
}

/** The first of several models of which a candidate is a copy but for changes. */
function copyAmong(
  candidate: AnswerSheet,
  before: readonly AnswerSheet[],
  controls: readonly AnswerSheet[],
  { of }: Context,
): { of: string; text: string } | undefined {
  for (const other of before) {
    const strangers = controls.filter(
      (c) => !of.kin(c.model, candidate.model) && !of.kin(c.model, other.model),
    );
    const copy = editedCopy(other, candidate, strangers);
    if (copy !== undefined) return { of: other.model, text: copyText(copy) };
  }
  return undefined;
}

/** Candidates that can have taught the suspect, and the controls that are none of them; undefined where there are too few. */
export function candidatesFor(
  question: Question,
  controls: readonly AnswerSheet[],
  usable: (candidate: AnswerSheet) => boolean,
): { candidates: AnswerSheet[]; rest: AnswerSheet[]; copies: Distinct['copies'] } | undefined {
  const { context, suspect, caveats } = question;
  const { kept, copies } = distinctCandidates(question);
  const allowed = kept.filter((t) => excludedByTime(t.model, suspect.model, context.of) === undefined);
  const candidates = allowed.filter(usable);
  for (const t of allowed)
    if (!candidates.includes(t))
      caveats.push({
        code: 'candidate-dropped',
        text: `Candidate ${t.model} was left out: it has too few answers or texts in common with the suspect.`,
      });
  if (candidates.length === 0) return undefined;
  const names = new Set(candidates.map((c) => c.model));
  const rest = controls.filter((c) => !names.has(c.model));
  if (rest.length >= LEAST_CONTROLS) return { candidates, rest, copies };
  caveats.push({
    code: 'candidates-not-ranked',
    text: `To whom it is close was not asked: ${rest.length} usable controls are no candidates, and at least ${LEAST_CONTROLS} are needed.`,
  });
  return undefined;
}

/** Who cannot be told from the first by likeness: lines within the margin, and as many as make the probability up. */
export function notToldApartByLikeness(ranking: TeacherRanking): string[] {
  const lines = new Map<string, { z: number; probability: number; teacher: string }>();
  for (const t of ranking.teachers)
    if (!lines.has(t.line)) lines.set(t.line, { z: t.z, probability: t.lineProbability, teacher: t.teacher });
  const order = [...lines.values()];
  const top = order[0];
  if (top === undefined) return [];
  let together = 0;
  return order
    .filter((line) => {
      const needed = together < NAME_AT_PROBABILITY || top.z - line.z < NAME_AT_MARGIN;
      together += line.probability;
      return needed;
    })
    .map((line) => line.teacher);
}
