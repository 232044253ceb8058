import type { Signal } from './signal.ts';

export const throughputForPlan: Signal = {
  id: 'throughput-for-plan',
  title: 'more traffic than peers on the plan',
  why: 'Subscription-to-usage ratio (AA26-251A). Volume alone accuses large customers, so it counts for little.',
  evasion: 'Spread over more accounts.',
  weight: 0.05,
  unit: 1,
  value: ({ window }) => (window.counts.events < 5 ? undefined : Math.log2(1 + window.counts.events)),
  evidence: ({ window }) => `${window.counts.events} requests in the window`,
};
