import { SLICE_MS } from '../profile/slice.ts';
import { lowerShare, type Signal } from './signal.ts';

function bitsOf(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

export const tirelessness: Signal = {
  id: 'tirelessness',
  title: 'no night, no weekend',
  why: 'Use around the clock without idle periods is named by AA26-251A (CISA, NSA, FBI, 2026). Scheduled programs do the same, so it only adds to other evidence.',
  evasion: 'Sleep at night: a third of the time is lost, or a third more accounts are needed.',
  weight: 0.1,
  unit: 0.1,
  read({ window }) {
    if (window.counts.events < 10) return undefined;
    const hours = bitsOf(window.hours);
    const slices = (window.to - window.from) / SLICE_MS;
    return {
      value: (hours / 24) * lowerShare(window.slices, slices),
      evidence: () =>
        `active in ${hours} of 24 hours of the day and ${window.slices} of ${slices} six-hour slices`,
    };
  },
};

const DAY = 86_400_000;

export const throughputForTenure: Signal = {
  id: 'throughput-for-tenure',
  title: 'much traffic from a new account',
  why: 'A new account at its limit at once is named by AA26-251A; ordinary customers grow into their use.',
  evasion: 'Warm accounts up for weeks or buy old ones: costs time or money.',
  weight: 0.1,
  unit: 1,
  read({ window, customer }) {
    if (window.counts.events < 5) return undefined;
    const days = Math.max(1, (window.to - customer.createdAt) / DAY);
    return {
      value: Math.log2(1 + window.counts.events) - Math.log2(1 + days),
      evidence: () =>
        `${window.counts.events} requests in the window, ${Math.round(days)} days after the account was opened`,
    };
  },
};

export const throughputForPlan: Signal = {
  id: 'throughput-for-plan',
  title: 'more traffic than peers on the plan',
  why: 'Subscription-to-usage ratio (AA26-251A). Volume alone accuses large customers, so it counts for little.',
  evasion: 'Spread over more accounts.',
  weight: 0.05,
  unit: 1,
  read({ window }) {
    if (window.counts.events < 5) return undefined;
    return {
      value: Math.log2(1 + window.counts.events),
      evidence: () => `${window.counts.events} requests in the window`,
    };
  },
};
