import { novelShare } from './novelty.ts';
import { effectiveTrials, lowerShare, percent, type Signal, type SignalInput } from './signal.ts';

/** Variance of the length class of first lines; classes are half-octaves. */
function variance({ window: { counts } }: SignalInput): number {
  const { headSum, headSquares, events } = counts;
  return events < 2 ? 0 : Math.max(0, headSquares / events - (headSum / events) ** 2);
}

export const uniformGenerator: Signal = {
  id: 'uniform-generator',
  title: 'different tasks, all cut to one length',
  why: 'Query sets that one generator or one annotation guide made have instructions of much the same length while their subjects differ; what people write in the same breadth varies in length by octaves.',
  evasion:
    'Vary the length of instructions on purpose: needs rewriting by a model, and pads the cost of every query.',
  weight: 1,
  unit: 0.05,
  value(sight) {
    const trials = effectiveTrials(sight.window);
    if (trials < 10) return undefined;
    const share = novelShare(sight);
    return share === 0 ? 0 : lowerShare(share * trials, trials) / (1 + variance(sight));
  },
  evidence: (sight) =>
    `${percent(novelShare(sight))} of requests were different self-contained tasks whose first lines vary by only ${Math.sqrt(variance(sight)).toFixed(1)} half-octaves in length`,
};
