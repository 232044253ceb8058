import { distinct } from '../profile/bottom-k.ts';
import { percent, type Signal, type SignalInput } from './signal.ts';

/** A public instruction-tuning set has some fifty thousand pairs (Alpaca: 52,002). */
const TRAINING_SET = 52_000;

/** Different prompts that were answered. */
function pairs({ window, samples }: SignalInput): number {
  const { events } = window.counts;
  return samples === undefined ? events : Math.min(events, distinct(samples.prompt));
}

export const tokensHarvested: Signal = {
  id: 'harvest',
  title: 'tokens taken, as a share of a training set',
  why: 'What is at stake: answers taken to prompts that do not repeat, against the size of a public instruction set. Economics inform, they do not accuse: without weight.',
  evasion: 'Spread over more accounts; the campaign is judged as a whole.',
  weight: 0,
  unit: 1,
  value: (sight) =>
    sight.samples === undefined || sight.window.counts.events < 5 ? undefined : Math.log2(1 + pairs(sight)),
  evidence: (sight) =>
    `about ${Math.round(pairs(sight))} different prompts answered with ${sight.window.counts.outputTokens} tokens, ${percent(pairs(sight) / TRAINING_SET)} of a public instruction set`,
};
