import type { AnswerSheet } from './answers.ts';

/** Share of a file's answers from which those that were not compared can have been put there to thin a likeness out. */
const MANY_SPARE = 0.05;

/** Answers of one model to questions that the other answered less often: they have nobody to be compared with. */
function spareOf(own: AnswerSheet, other: AnswerSheet): number {
  let spare = 0;
  for (const { item, question } of own.answers.values())
    if (item !== question && !other.answers.has(item) && other.answers.has(question)) spare++;
  return spare;
}

/**
 * What is said where one of two answered the same questions more often: which are compared is drawn among all, so whoever adds
 * answers of another kind thins a likeness out. `many` is whether that can have hidden one.
 */
export function spareSamples(a: AnswerSheet, b: AnswerSheet): { text: string; many: boolean } | undefined {
  const found = [
    { own: a, other: b, spare: spareOf(a, b) },
    { own: b, other: a, spare: spareOf(b, a) },
  ].filter(({ spare }) => spare > 0);
  if (found.length === 0) return undefined;
  return {
    text: found
      .map(
        ({ own, other, spare }) =>
          `${spare.toLocaleString('en')} answers of ${own.model} are further ones to questions that ${other.model} answered less often: left aside; which are compared is drawn, whatever their numbers are.`,
      )
      .join(' '),
    many: found.some(({ own, spare }) => spare > MANY_SPARE * own.answers.size),
  };
}
