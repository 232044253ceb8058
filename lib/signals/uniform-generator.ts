import { novelInstructions } from './instruction-breadth.ts';
import { effectiveTrials, lowerShare, percent, type Signal } from './signal.ts';

/** Standard deviation of the length class of first lines; classes are half-octaves. */
function spread(sum: number, squares: number, n: number): number {
  if (n < 2) return 0;
  return Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
}

export const uniformGenerator: Signal = {
  id: 'uniform-generator',
  title: 'different tasks, all cut to one length',
  why: 'Query sets that one generator or one annotation guide made have instructions of much the same length while their subjects differ; what people write in the same breadth varies in length by octaves.',
  evasion:
    'Vary the length of instructions on purpose: needs rewriting by a model, and pads the cost of every query.',
  weight: 1,
  unit: 0.05,
  read(sight) {
    const trials = effectiveTrials(sight.window);
    if (trials < 10) return undefined;
    const { share } = novelInstructions(sight);
    const { counts } = sight.window;
    const deviation = spread(counts.headSum, counts.headSquares, counts.events);
    return {
      value: lowerShare(share * trials, trials) / (1 + deviation * deviation),
      evidence: () =>
        `${percent(share)} of requests were different self-contained tasks whose first lines vary by only ${deviation.toFixed(1)} half-octaves in length`,
    };
  },
};
