import { type PromptSamples, promptsAt } from '../../profile/prompt-sample.ts';
import { BINS, type FeatureFrequencies } from '../../scoring/group-ranks.ts';
import { type ContentGroup, contentGroups } from './content-groups.ts';
import { type Content, contentOf } from './contents.ts';
import { FeatureCounter, weightsOf } from './idf.ts';

/** What accounts ask, linked as it stands at a moment. */

/** Accounts of this many prompts at least say how common features are where nothing was learnt of their key epoch. */
const FEWEST_COUNTED = 2000;

const known = new WeakMap<FeatureFrequencies, Float32Array>();

function learntWeights(held: FeatureFrequencies): Float32Array {
  let weights = known.get(held);
  if (weights === undefined) {
    weights = weightsOf(held);
    known.set(held, weights);
  }
  return weights;
}

/**
 * Takes what accounts ask, one account after the other, and links it as it stands at event time `at` (ms): what is kept of an
 * account is two kilobytes. Accounts are compared in the key epoch in which most of them ask enough; who does not ask
 * enough in it is not compared: features of different keys are never mixed. Weights are those learnt of the past under the
 * same key; after a rotation, until the next calibration, those of the accounts themselves.
 */
export class ContentLinker {
  readonly #at: number;
  readonly #learnt: readonly FeatureFrequencies[];
  readonly #byEpoch = new Map<string, Content[]>();

  constructor(at: number, learnt: readonly FeatureFrequencies[]) {
    this.#at = at;
    this.#learnt = learnt;
  }

  add(account: string, samples: PromptSamples): void {
    for (const epoch of new Set(samples.map((held) => held.epoch))) {
      const content = contentOf(account, promptsAt(samples, epoch, this.#at));
      if (content === undefined) continue;
      const list = this.#byEpoch.get(epoch);
      if (list === undefined) this.#byEpoch.set(epoch, [content]);
      else list.push(content);
    }
  }

  groups(): ContentGroup[] {
    const [largest] = [...this.#byEpoch].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? 1 : -1));
    if (largest === undefined) return [];
    const [epoch, contents] = largest;
    const held = this.#learnt.find((frequencies) => frequencies.epoch === epoch);
    if (held !== undefined) return contentGroups(contents, learntWeights(held));
    const own = countFeatures(contents).frequencies(epoch);
    return own.prompts < FEWEST_COUNTED ? [] : contentGroups(contents, weightsOf(own));
  }
}

/** The groups of accounts that are all at hand. */
export function linkContents(
  accounts: Iterable<readonly [account: string, samples: PromptSamples]>,
  at: number,
  learnt: readonly FeatureFrequencies[],
): ContentGroup[] {
  const linker = new ContentLinker(at, learnt);
  for (const [account, samples] of accounts) linker.add(account, samples);
  return linker.groups();
}

function countFeatures(contents: readonly Content[]): FeatureCounter {
  const counter = new FeatureCounter();
  for (const { sketches } of contents) counter.add(sketches);
  return counter;
}

/**
 * How common features are among all prompts that were sampled, by epoch: the newest two.
 * @param samples of every account, also of those that ask too little to be compared
 */
export function learnFrequencies(samples: Iterable<PromptSamples>): FeatureFrequencies[] {
  const counters = new Map<string, FeatureCounter>();
  const newest = new Map<string, number>();
  const buffer = new Uint16Array(BINS);
  for (const held of samples)
    for (const { epoch, generation, prompts } of held) {
      let counter = counters.get(epoch);
      if (counter === undefined) {
        counter = new FeatureCounter();
        counters.set(epoch, counter);
      }
      newest.set(epoch, Math.max(generation, newest.get(epoch) ?? 0));
      for (const { sketch } of prompts) {
        const bytes = Buffer.from(sketch, 'base64url');
        for (let bin = 0; bin < BINS; bin++) buffer[bin] = bytes.readUInt16LE(2 * bin);
        counter.add(buffer);
      }
    }
  return [...counters]
    .sort((a, b) => (newest.get(b[0]) ?? 0) - (newest.get(a[0]) ?? 0) || (a[0] < b[0] ? 1 : -1))
    .slice(0, 2)
    .map(([epoch, counter]) => counter.frequencies(epoch));
}
