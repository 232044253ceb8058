import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import type { Random } from '../../lib/statistics/generator.ts';

/** Openings of sentences by which a model steers its reasoning: each model has favourites of its own. */
const OPENINGS = [
  'Wait, maybe',
  'Hmm, so',
  'But then',
  'However, if',
  'Alternatively, we could say',
  'Let me check that',
  'I need to see whether',
  'We should note that',
  'So the result is that',
  'Therefore it follows that',
  'First, consider that',
  'Next, look at how',
  'Finally, it is clear that',
  'Okay, let us see how',
  'Suppose that',
  'If this holds then',
  'Since it is given that',
  'Also, remember that',
  'The point is that',
  'This means that',
  'Verify that',
  'Now, what about',
  'Perhaps it helps that',
  'In other words,',
];
const ENDINGS = ['.', '.', '.', '?', '!', ':'];
const LAYOUTS = [' ', '\n\n', '\n- ', '\n1. ', '\n**', ' ('];

/** How one model writes: weights over openings, endings and layouts. */
export interface Manner {
  readonly openings: readonly number[];
  readonly endings: readonly number[];
  readonly layouts: readonly number[];
}

const weights = (count: number, random: Random) => Array.from({ length: count }, () => random() ** 4);

export function makeManner(random: Random): Manner {
  return {
    openings: weights(OPENINGS.length, random),
    endings: weights(ENDINGS.length, random),
    layouts: weights(LAYOUTS.length, random),
  };
}

/** A manner between two: a student's, or one of a generation that shares a style. */
export function blend(own: Manner, other: Manner, share: number): Manner {
  const mix = (a: readonly number[], b: readonly number[]) =>
    a.map((x, i) => (1 - share) * x + share * (b[i] ?? 0));
  return {
    openings: mix(own.openings, other.openings),
    endings: mix(own.endings, other.endings),
    layouts: mix(own.layouts, other.layouts),
  };
}

function pick<T>(values: readonly T[], weight: readonly number[], random: Random): T | undefined {
  let left = random() * weight.reduce((a, b) => a + b, 0);
  for (const [i, value] of values.entries()) {
    left -= weight[i] ?? 0;
    if (left <= 0) return value;
  }
  return values.at(-1);
}

/** One text on a prompt's topic in a manner. */
export function write(manner: Manner, prompt: number, sentences: number, random: Random): string {
  return Array.from({ length: sentences }, () => {
    const topic = Array.from({ length: 5 }, () => `thing${prompt}n${Math.floor(random() * 12)}`).join(' ');
    const opening = pick(OPENINGS, manner.openings, random);
    const ending = pick(ENDINGS, manner.endings, random);
    return `${opening} ${topic}${ending}${pick(LAYOUTS, manner.layouts, random)}`;
  }).join(' ');
}

/** Answers of a reasoning model to `prompts` prompts: a trace in its manner and a reply in another. */
export function reasonerSheet(
  model: string,
  manner: { readonly trace: Manner; readonly reply: Manner },
  prompts: number,
  random: Random,
): AnswerSheet {
  return readAnswerSheet(
    model,
    Array.from({ length: prompts }, (_, p) =>
      JSON.stringify({
        item: `p${p}`,
        text: `<think>${write(manner.trace, p, 11, random)}</think>${write(manner.reply, p, 5, random)}`,
      }),
    ),
  );
}
