import { type PromptSamples, promptsAt } from '../../profile/prompt-sample.ts';
import { BINS, FEATURES, type FeatureFrequencies } from '../../scoring/group-ranks.ts';
import { featuresShown, inOrder } from './blocks.ts';
import { type ContentGroup, contentGroups } from './content-groups.ts';
import { type Content, contentOf } from './contents.ts';
import { addSeen, FeatureCounter, type FeatureCounts, type SeenFeatures, seenOf, weightsOf } from './idf.ts';

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

/** How much is asked in one key epoch by the accounts of a block; plain data. */
export interface ContentCounts {
  readonly epoch: string;
  readonly accounts: number;
  /** how many of them show each feature */
  readonly shown: FeatureCounts;
  /** how many of their prompts do; only where nothing was learnt of the epoch */
  readonly asked: SeenFeatures | undefined;
}

/** What is compared, of all blocks: one key epoch, and what a feature weighs in it. */
export interface ContentTotals {
  readonly epoch: string;
  readonly sizes: readonly number[];
  readonly shown: Uint32Array;
  readonly weights: Float32Array;
}

/**
 * Takes what accounts ask, one account after the other, as it stands at event time `at` (ms): what is kept of an
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

  /** What was taken of an epoch, in the order of accounts. */
  contents(epoch: string): Content[] {
    return inOrder(this.#byEpoch.get(epoch) ?? []);
  }

  counts(): ContentCounts[] {
    return [...this.#byEpoch].map(([epoch, contents]) => ({
      epoch,
      accounts: contents.length,
      shown: seenOf(featuresShown(contents)),
      asked: learntOf(epoch, this.#learnt) === undefined ? countFeatures(contents).seen() : undefined,
    }));
  }

  groups(): ContentGroup[] {
    const totals = totalsOf([this.counts()], this.#learnt);
    if (totals === undefined) return [];
    return contentGroups(this.contents(totals.epoch), totals.weights, totals.shown);
  }
}

/**
 * What is compared, from the counts of all blocks, which add up; undefined where too little is asked to be compared.
 * @param blocks in their order
 */
export function totalsOf(
  blocks: readonly (readonly ContentCounts[])[],
  learnt: readonly FeatureFrequencies[],
): ContentTotals | undefined {
  const accounts = new Map<string, number>();
  for (const counts of blocks)
    for (const held of counts) accounts.set(held.epoch, (accounts.get(held.epoch) ?? 0) + held.accounts);
  const [largest] = [...accounts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? 1 : -1));
  if (largest === undefined) return undefined;
  const [epoch] = largest;
  const shown = new Uint32Array(FEATURES);
  const counter = new FeatureCounter();
  const sizes = blocks.map((counts) => {
    const own = counts.find((held) => held.epoch === epoch);
    if (own === undefined) return 0;
    addSeen(shown, own.shown);
    if (own.asked !== undefined) counter.merge(own.asked);
    return own.accounts;
  });
  const held = learntOf(epoch, learnt);
  if (held !== undefined) return { epoch, sizes, shown, weights: learntWeights(held) };
  const own = counter.frequencies(epoch);
  return own.prompts < FEWEST_COUNTED ? undefined : { epoch, sizes, shown, weights: weightsOf(own) };
}

function learntOf(epoch: string, learnt: readonly FeatureFrequencies[]): FeatureFrequencies | undefined {
  return learnt.find((frequencies) => frequencies.epoch === epoch);
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
