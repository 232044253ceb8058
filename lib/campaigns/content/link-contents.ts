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

/** Counts how common features are among all sampled prompts, also of accounts that ask too little to be compared. */
export class FrequencyLearner {
  readonly #counters = new Map<string, FeatureCounter>();
  readonly #newest = new Map<string, number>();
  readonly #buffer = new Uint16Array(BINS);

  add(samples: PromptSamples): void {
    for (const { epoch, generation, prompts } of samples) {
      let counter = this.#counters.get(epoch);
      if (counter === undefined) {
        counter = new FeatureCounter();
        this.#counters.set(epoch, counter);
      }
      this.#newest.set(epoch, Math.max(generation, this.#newest.get(epoch) ?? 0));
      for (const { sketch } of prompts) {
        const bytes = Buffer.from(sketch, 'base64url');
        for (let bin = 0; bin < BINS; bin++) this.#buffer[bin] = bytes.readUInt16LE(2 * bin);
        counter.add(this.#buffer);
      }
    }
  }

  /** of the newest two key epochs */
  learnt(): FeatureFrequencies[] {
    const newest = (epoch: string): number => this.#newest.get(epoch) ?? 0;
    return [...this.#counters]
      .sort(([a], [b]) => newest(b) - newest(a) || (a < b ? 1 : -1))
      .slice(0, 2)
      .map(([epoch, counter]) => counter.frequencies(epoch));
  }
}
