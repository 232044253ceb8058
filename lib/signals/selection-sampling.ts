import { distinct } from '../profile/bottom-k.ts';
import { lowerShare, percent, type Signal, type SignalInput } from './signal.ts';

/** Shares of requests whose prompt was asked before, and that ask for several answers at once. */
function shares({ window, samples }: SignalInput): { repeated: number; several: number } {
  const { events } = window.counts;
  const prompts = samples === undefined ? events : distinct(samples.prompt);
  return { repeated: Math.max(0, 1 - prompts / events), several: window.counts['multi-sample'] / events };
}

export const selectionSampling: Signal = {
  id: 'selection-sampling',
  title: 'the same prompts asked again for several answers',
  why: 'Best-of-n data needs several answers to one prompt. Not seen in the traffic that was measured: shown, without weight.',
  evasion: 'Vary the wording of each repeat.',
  weight: 0,
  unit: 0.1,
  value(sight) {
    const { events } = sight.window.counts;
    if (sight.samples === undefined || events < 10) return undefined;
    const { repeated, several } = shares(sight);
    return lowerShare(Math.min(1, repeated + several) * events, events);
  },
  evidence(sight) {
    const { repeated, several } = shares(sight);
    return `${percent(repeated)} of prompts were asked before, ${percent(several)} asked for several answers`;
  },
};
