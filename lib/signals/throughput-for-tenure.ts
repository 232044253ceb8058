import type { Signal, SignalInput } from './signal.ts';

const DAY = 86_400_000;

function daysOld({ window, customer }: SignalInput): number {
  return Math.max(1, (window.to - customer.createdAt) / DAY);
}

export const throughputForTenure: Signal = {
  id: 'throughput-for-tenure',
  title: 'much traffic from a new account',
  why: 'A new account at its limit at once is named by AA26-251A; ordinary customers grow into their use.',
  evasion: 'Warm accounts up for weeks or buy old ones: costs time or money.',
  weight: 0.1,
  unit: 1,
  value: (sight) =>
    sight.window.counts.events < 5
      ? undefined
      : Math.log2(1 + sight.window.counts.events) - Math.log2(1 + daysOld(sight)),
  evidence: (sight) =>
    `${sight.window.counts.events} requests in the window, ${Math.round(daysOld(sight))} days after the account was opened`,
};
