import { selfSimilarity } from '../profile/embedding.ts';
import type { Signal, SignalInput } from './signal.ts';

/** Largest mean similarity of two prompts that the sketch leaves possible, two standard errors up; at most 1. */
function similarity({ window, samples }: SignalInput): number | undefined {
  const { events } = window.counts;
  if (samples === undefined || events < 10) return undefined;
  const { mean, error } = selfSimilarity(samples.embedding, events);
  return Math.min(1, Math.max(0, mean) + 2 * error);
}

export const coverage: Signal = {
  id: 'coverage',
  title: 'prompts spread over everything',
  why: 'A distillation set covers as much as it can, an application asks within its task: the squared norm of the account’s kernel mean embedding (the mean similarity of two of its prompts) falls as coverage grows. As MMD detectors do, but placed among accounts of the same peers. People and coding tools cover as much in the traffic that was measured, so it ships without weight.',
  evasion: 'Ask within one subject per account: the campaign as a whole still covers all of them.',
  weight: 0,
  unit: 1,
  value(sight) {
    const most = similarity(sight);
    return most === undefined ? undefined : -Math.log2(most);
  },
  evidence: (sight) =>
    `two of the account’s prompts share at most ${((similarity(sight) ?? 1) * 100).toFixed(1)} % of their word pairs on average`,
};
