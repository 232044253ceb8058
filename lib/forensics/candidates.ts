import type { AnswerSheet } from './answers.ts';
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

/** Candidates without those that are the suspect, or a candidate before them, under another name. */
function withoutAliases({ context, suspect, caveats }: Question): AnswerSheet[] {
  const kept: AnswerSheet[] = [];
  for (const candidate of asked(context)) {
    if (candidate.model === suspect.model) continue;
    const alias = aliasOf(candidate, [suspect, ...kept]);
    if (alias === undefined || candidate.model === context.input.reference.model) kept.push(candidate);
    else
      caveats.push({
        code: 'candidate-dropped',
        text: `Candidate ${candidate.model} was left out: it gives the same answers as ${alias}, so it is the same model under another name.`,
      });
  }
  return kept;
}

/** Candidates that can have taught the suspect, and the controls that are none of them; undefined where there are too few. */
export function candidatesFor(
  question: Question,
  controls: readonly AnswerSheet[],
  usable: (candidate: AnswerSheet) => boolean,
): { candidates: AnswerSheet[]; rest: AnswerSheet[] } | undefined {
  const { context, suspect } = question;
  const candidates = withoutAliases(question).filter(
    (t) => excludedByTime(t.model, suspect.model, context.of) === undefined && usable(t),
  );
  if (candidates.length === 0) return undefined;
  const names = new Set(candidates.map((c) => c.model));
  const rest = controls.filter((c) => !names.has(c.model));
  return rest.length < LEAST_CONTROLS ? undefined : { candidates, rest };
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
