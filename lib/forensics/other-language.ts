import type { Unfit } from './screening.ts';
import type { PartCorpus } from './text-parts.ts';
import { partName } from './unfit-texts.ts';

/**
 * Texts in a language that the controls do not write: two strangers who share it are alike in every habit of writing, and a
 * student who does not share it looks like nobody.
 */

/** A word is common property if this share of the other models uses it, and at least so many. */
const LEAST_SHARE = 1 / 3;
const LEAST_USERS = 2;
/** Words of common property are at least this share of what the median control has of them, or the language is another. */
const LEAST_KNOWN = 0.6;
/** Characters of a model's texts that are read: enough to know its language. */
const MAX_CHARACTERS = 200_000;
const WORD = /[\p{L}\p{M}]+/gu;

type Words = ReadonlyMap<string, number>;

/** Words of the models of a corpus, counted once. */
const counted = new WeakMap<PartCorpus, Map<string, Words>>();

function wordsOf(corpus: PartCorpus, model: string): Words {
  const known = counted.get(corpus) ?? new Map<string, Words>();
  counted.set(corpus, known);
  const own = known.get(model);
  if (own !== undefined) return own;
  const out = new Map<string, number>();
  let read = 0;
  for (const text of corpus.texts.get(model)?.values() ?? []) {
    if (read >= MAX_CHARACTERS) break;
    read += text.length;
    for (const word of text.toLowerCase().match(WORD) ?? []) out.set(word, (out.get(word) ?? 0) + 1);
  }
  known.set(model, out);
  return out;
}

/** In how many of some texts each word stands. */
function usersOf(all: readonly Words[]): ReadonlyMap<string, number> {
  const users = new Map<string, number>();
  for (const words of all) for (const word of words.keys()) users.set(word, (users.get(word) ?? 0) + 1);
  return users;
}

/** Share of a model's words that enough of the others use. @param itself whether it is one of the users */
function knownShare(own: Words, users: ReadonlyMap<string, number>, others: number, itself: boolean): number {
  const least = Math.max(LEAST_USERS, Math.ceil(LEAST_SHARE * others)) + Number(itself);
  let all = 0;
  let known = 0;
  for (const [word, times] of own) {
    all += times;
    if ((users.get(word) ?? 0) >= least) known += times;
  }
  return all === 0 ? 1 : known / all;
}

/** Why a model's texts cannot be compared with those of the controls: they are in another language. */
export function otherLanguage(
  model: string,
  corpora: readonly PartCorpus[],
  controls: readonly string[],
): Unfit | undefined {
  for (const corpus of corpora) {
    const words = controls.map((c) => wordsOf(corpus, c));
    const users = usersOf(words);
    const shares = words.map((own) => knownShare(own, users, words.length - 1, true)).sort((a, b) => a - b);
    const median = shares[shares.length >> 1] ?? 0;
    const own = knownShare(wordsOf(corpus, model), users, words.length, false);
    if (own < LEAST_KNOWN * median)
      return {
        code: 'another-language',
        reason: `${Math.round(100 * own)} % of the words in the ${partName(corpus.part)} of ${model} are common among the controls, where the median control has ${Math.round(100 * median)} %: it writes another language, or answers other questions. Strangers of one language are alike for that alone; ask all models in one language, and take controls that write it`,
      };
  }
  return undefined;
}
