/** FNV-1a, with the last steps of MurmurHash3: keys that differ in one character end far apart. */
const [FNV_START, FNV_PRIME] = [0x811c9dc5, 0x01000193];
const [MIX_1, MIX_2] = [0x85ebca6b, 0xc2b2ae35];
const NO_WORD = /[^\p{L}\p{N}]+/gu;

function hashOf(text: string): number {
  let h = FNV_START;
  for (let k = 0; k < text.length; k++) h = Math.imul(h ^ text.charCodeAt(k), FNV_PRIME);
  h = Math.imul(h ^ (h >>> 16), MIX_1);
  h = Math.imul(h ^ (h >>> 13), MIX_2);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What of an answer tells it from other samples. */
interface Sampled {
  readonly choice: number;
  readonly form: string | undefined;
  readonly text: string | undefined;
  readonly trace: string | undefined;
}

const wordsOf = (answer: Sampled) =>
  `${answer.trace ?? ''} ${answer.text ?? ''}`.toLowerCase().replace(NO_WORD, ' ').trim();

/** What two samples are told apart by: the answer, where there is one, else the words. */
function contentOf(answer: Sampled): string {
  if (answer.choice >= 0) return `choice ${answer.choice}`;
  return answer.form === undefined ? `words ${wordsOf(answer)}` : `answer ${answer.form}`;
}

/**
 * The samples of one question in an order that their numbers have no part in. Samples are exchangeable, and those of two models
 * are compared by rank: in the order of their numbers, whoever numbers them could put those that agree at one rank, and two
 * strangers would be alike; so would two files that a harness sorted by answer. Each sample goes by a hash of model, question
 * and content, and of how many with that content stand before it, so that equal ones are drawn as often as they were given.
 *
 * @returns the same samples, in an order that depends on which they are and on the names of model and question
 */
export function drawnOrder<T extends Sampled>(
  model: string,
  question: string,
  samples: readonly T[],
): readonly T[] {
  if (samples.length < 2) return samples;
  const byContent = new Map<string, T[]>();
  for (const sample of samples) {
    const content = contentOf(sample);
    byContent.set(content, [...(byContent.get(content) ?? []), sample]);
  }
  return [...byContent]
    .flatMap(([content, equal]) =>
      equal
        .map((sample) => ({ sample, words: wordsOf(sample) }))
        .sort((a, b) => (a.words < b.words ? -1 : a.words > b.words ? 1 : 0))
        .map(({ sample }, k) => {
          const id = JSON.stringify([model, question, content, k]);
          return { sample, id, hash: hashOf(id) };
        }),
    )
    .sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    .map(({ sample }) => sample);
}
