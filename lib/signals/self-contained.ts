import { effectiveTrials, lowerShare, percent, type Signal } from './signal.ts';

export const selfContained: Signal = {
  id: 'self-contained',
  title: 'single questions without context',
  why: 'A pair for a training set must make sense alone, so each request is one turn without a system prompt (reported of campaigns by Anthropic and OpenAI, February 2026). So is most of what scripts of ordinary customers send: in the traffic that was measured it does not tell the two apart, and ships without weight.',
  evasion: 'Add a system prompt and turns of chatter: costs input tokens on every request.',
  weight: 0,
  unit: 0.1,
  value({ window }) {
    const trials = effectiveTrials(window);
    const { single, events } = window.counts;
    return trials < 5 ? undefined : lowerShare((single / events) * trials, trials);
  },
  evidence: ({ window: { counts } }) =>
    `${percent(counts.single / counts.events)} of ${counts.events} requests were one turn without a system prompt`,
};
