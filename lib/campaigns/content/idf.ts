import { BINS, FEATURES, type FeatureFrequencies, LISTED } from '../../scoring/group-ranks.ts';

/**
 * How common features of prompts are: a feature is one bin of a prompt's sketch with its value (telemetry/sketch.ts), a keyed
 * word pair in effect. What many prompts of a deployment show (a language's most frequent pairs, a popular application's
 * template) says little of what an account asks. Weights are inverse document frequencies (Spärck Jones 1972): ln(N / (1 + df)).
 */

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
