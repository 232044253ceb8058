import type { AnswerSheet } from './answers.ts';

/** Share of a file's answers from which those that were not compared can have been put there to be left aside. */
const MANY_SPARE = 0.05;

/** Answers of one model to questions that the other answered less often: they have nobody to be compared with. */
function spareOf(own: AnswerSheet, other: AnswerSheet): number {
  let spare = 0;
  for (const { item, question } of own.answers.values())
    if (item !== question && !other.answers.has(item) && other.answers.has(question)) spare++;
  return spare;
}

/**
 * What is said where one of two answered the same questions more often: samples are matched by rank, so whoever numbers them
 * chooses which is compared. `many` is whether that can have hidden a likeness.
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
          `${spare.toLocaleString('en')} answers of ${own.model} are further ones to questions that ${other.model} answered less often: left aside; the numbers of the samples decide which are compared.`,
      )
      .join(' '),
    many: found.some(({ own, spare }) => spare > MANY_SPARE * own.answers.size),
  };
}
