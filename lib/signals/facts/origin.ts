import { distinct } from '../../profile/bottom-k.ts';
import type { SampleName } from '../../profile/slice.ts';
import type { Fact } from './fact.ts';

function origins(name: SampleName & ('address' | 'agent' | 'credential'), title: string): Fact {
  return {
    id: title.replace('different ', ''),
    family: 'origin',
    title,
    unit: 'log',
    value: ({ samples }) => (samples === undefined ? 0 : Math.log2(1 + distinct(samples[name]))),
  };
}

const DAY = 86_400_000;

/** From where, by how many clients; and how old the account is. Never which country. */
export const ORIGIN: readonly Fact[] = [
  origins('address', 'different addresses'),
  origins('agent', 'different clients'),
  origins('credential', 'different credentials'),
  {
    id: 'addresses-per-slice',
    family: 'origin',
    title: 'addresses in an active slice of six hours',
    unit: 'octaves',
    value: ({ samples, window }) =>
      samples === undefined ? 0 : Math.log2((1 + distinct(samples.address)) / (1 + window.slices)),
  },
  {
    id: 'age',
    family: 'tenure',
    title: 'days since the account was opened',
    unit: 'log',
    value: ({ window, customer }) => Math.log2(1 + Math.max(0, window.to - customer.createdAt) / DAY),
  },
];
