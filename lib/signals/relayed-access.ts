import { distinct } from '../profile/bottom-k.ts';
import type { Samples } from '../profile/slice.ts';
import type { Signal } from './signal.ts';

function origins(samples: Samples): { addresses: number; clients: number; credentials: number } {
  return {
    addresses: distinct(samples.address),
    clients: distinct(samples.agent),
    credentials: distinct(samples.credential),
  };
}

export const relayedAccess: Signal = {
  id: 'relayed-access',
  title: 'one account, many origins',
  why: 'Relayed or resold access: a shared credential with many addresses and clients (AA26-251A, OpenAI memo February 2026). Phones and campuses roam as well, so it only adds.',
  evasion: 'Fixed exits for each account: makes accounts easier to link.',
  weight: 0.1,
  unit: 1,
  value({ window, samples }) {
    if (samples === undefined || window.counts.events < 10) return undefined;
    const { addresses, clients, credentials } = origins(samples);
    return Math.log2((1 + addresses) * Math.max(1, clients) * Math.max(1, credentials));
  },
  evidence({ samples }) {
    if (samples === undefined) return 'origins are not known';
    const { addresses, clients, credentials } = origins(samples);
    return `about ${Math.round(addresses)} addresses, ${Math.round(clients)} clients, ${Math.round(credentials)} credentials`;
  },
};
