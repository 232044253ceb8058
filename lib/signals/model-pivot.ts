import { effectiveTrials, lowerShare, percent, type Signal, type SignalInput } from './signal.ts';

/** A model is new for so long after its release, ms. */
const NEW_MS = 14 * 86_400_000;

/** Requests to models that came out within NEW_MS before the end of the window; undefined where none did. */
function pivoted({ window, releases }: SignalInput): number | undefined {
  let newest: number | undefined;
  for (const [model, at] of releases) {
    if (at > window.to || at < window.to - NEW_MS) continue;
    newest = (newest ?? 0) + (window.models.get(model) ?? 0);
  }
  return newest;
}

export const modelPivot: Signal = {
  id: 'model-pivot',
  title: 'turned to a new model as soon as it came out',
  why: 'One campaign moved half of its traffic to a new model within a day of its release (Anthropic, February 2026). Needs `releases` in the policy and abstains without; no model came out in the traffic that was measured, so it ships without weight.',
  evasion: 'Wait some weeks: the rival model is late by as much.',
  weight: 0,
  unit: 0.1,
  value(sight) {
    const found = pivoted(sight);
    const trials = effectiveTrials(sight.window);
    if (found === undefined || trials < 5) return undefined;
    return lowerShare((found / sight.window.counts.events) * trials, trials);
  },
  evidence: (sight) =>
    `${percent((pivoted(sight) ?? 0) / sight.window.counts.events)} of requests went to models that came out within the last fourteen days`,
};
