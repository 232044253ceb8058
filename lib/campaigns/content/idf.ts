import { BINS, FEATURES, type FeatureFrequencies, LISTED } from '../../scoring/group-ranks.ts';

/**
 * How common features of prompts are: a feature is one bin of a prompt's sketch with its value (telemetry/sketch.ts), a keyed
 * word pair in effect. What many prompts of a deployment show (a language's most frequent pairs, a popular application's
 * template) says little of what an account asks. Weights are inverse document frequencies (Spärck Jones 1972): ln(N / (1 + df)).
 */

/** How often features were seen, those that were; plain data. */
export interface FeatureCounts {
  readonly features: Uint32Array;
  readonly counts: Uint32Array;
}

/** @param counts of all features */
export function seenOf(counts: Uint32Array): FeatureCounts {
  let seen = 0;
  for (let feature = 0; feature < FEATURES; feature++) if (counts[feature] !== 0) seen++;
  const found = { features: new Uint32Array(seen), counts: new Uint32Array(seen) };
  for (let feature = 0, at = 0; feature < FEATURES; feature++) {
    if (counts[feature] === 0) continue;
    found.features[at] = feature;
    found.counts[at++] = counts[feature] as number;
  }
  return found;
}

/** Adds what was seen elsewhere to counts of all features. */
export function addSeen(counts: Uint32Array, more: FeatureCounts): void {
  for (const [at, feature] of more.features.entries())
    counts[feature] = (counts[feature] as number) + (more.counts[at] as number);
}

/** What a counter has seen; plain data. */
export interface SeenFeatures extends FeatureCounts {
  readonly prompts: number;
}

/** Counts features over prompts, one sketch after the other. */
export class FeatureCounter {
  readonly #counts = new Uint32Array(FEATURES);
  #prompts = 0;

  /** @param sketches 16 values a prompt */
  add(sketches: Uint16Array): void {
    for (let at = 0; at < sketches.length; at++) {
      const feature = (at % BINS) * 65_536 + (sketches[at] as number);
      this.#counts[feature] = (this.#counts[feature] as number) + 1;
    }
    this.#prompts += sketches.length / BINS;
  }

  seen(): SeenFeatures {
    return { ...seenOf(this.#counts), prompts: this.#prompts };
  }

  merge({ prompts, ...seen }: SeenFeatures): void {
    addSeen(this.#counts, seen);
    this.#prompts += prompts;
  }

  frequencies(epoch: string): FeatureFrequencies {
    const counts = this.#counts;
    // how frequent a feature must be to be among the listed ones
    const sorted = counts.filter((count) => count > 1).sort();
    const least = Math.max(2, sorted[Math.max(0, sorted.length - LISTED)] ?? 2);
    const features: number[] = [];
    for (let feature = 0; feature < FEATURES && features.length < LISTED; feature++)
      if ((counts[feature] as number) > least || (counts[feature] === least && sorted.length <= LISTED))
        features.push(feature);
    let shown = 0;
    let sum = 0;
    const listed = new Set(features);
    for (let feature = 0; feature < FEATURES; feature++)
      if ((counts[feature] as number) > 0 && !listed.has(feature)) {
        shown++;
        sum += counts[feature] as number;
      }
    return {
      epoch,
      prompts: this.#prompts,
      rest: shown === 0 ? 1 : Math.max(1, Math.round(sum / shown)),
      features,
      counts: features.map((feature) => counts[feature] as number),
    };
  }
}

/** Weight of every feature. */
export function weightsOf({ prompts, rest, features, counts }: FeatureFrequencies): Float32Array {
  const weight = (count: number): number => Math.max(0, Math.log(Math.max(2, prompts) / (1 + count)));
  const weights = new Float32Array(FEATURES).fill(weight(rest));
  features.forEach((feature, i) => {
    weights[feature] = weight(counts[i] ?? rest);
  });
  return weights;
}
