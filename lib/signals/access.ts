import { distinct } from '../profile/bottom-k.ts';
import { lowerShare, percent, type Signal } from './signal.ts';

export const relayedAccess: Signal = {
  id: 'relayed-access',
  title: 'one account, many origins',
  why: 'Relayed or resold access: a shared credential with many addresses and clients (AA26-251A, OpenAI memo February 2026). Phones and campuses roam as well, so it only adds.',
  evasion: 'Fixed exits for each account: makes accounts easier to link.',
  weight: 0.1,
  unit: 1,
  read({ window, samples }) {
    if (samples === undefined || window.counts.events < 10) return undefined;
    const addresses = distinct(samples.address);
    const clients = distinct(samples.agent);
    const credentials = distinct(samples.credential);
    return {
      value: Math.log2(1 + addresses) + Math.log2(Math.max(1, clients)) + Math.log2(Math.max(1, credentials)),
      evidence: () =>
        `about ${Math.round(addresses)} addresses, ${Math.round(clients)} clients, ${Math.round(credentials)} credentials`,
    };
  },
};

export const safeguardProbing: Signal = {
  id: 'safeguard-probing',
  title: 'refusals provoked again and again',
  why: 'One lab made more than 12,000 probing requests before it harvested (Anthropic, September 2026). Refusals do not differ by kind in the traffic that was measured, so it ships without weight.',
  evasion: 'Probe from accounts that do not harvest.',
  weight: 0,
  unit: 0.1,
  read({ window }) {
    if (window.cells.active < 4) return undefined;
    const share = window.cells.refused / window.cells.active;
    return {
      value: lowerShare(window.cells.refused, window.cells.active),
      evidence: () => `refusals in ${percent(share)} of active five-minute stretches`,
    };
  },
};

/** A public instruction-tuning set has some fifty thousand pairs (Alpaca: 52,002). */
const TRAINING_SET = 52_000;

export const harvest: Signal = {
  id: 'harvest',
  title: 'tokens taken, as a share of a training set',
  why: 'What is at stake: answers taken to prompts that do not repeat, against the size of a public instruction set. Economics inform, they do not accuse: without weight.',
  evasion: 'Spread over more accounts; the campaign is judged as a whole.',
  weight: 0,
  unit: 1,
  read({ window, samples }) {
    if (samples === undefined || window.counts.events < 5) return undefined;
    const pairs = Math.min(window.counts.events, distinct(samples.prompt));
    return {
      value: Math.log2(1 + pairs),
      evidence: () =>
        `about ${Math.round(pairs)} different prompts answered with ${window.counts.outputTokens} tokens, ${percent(pairs / TRAINING_SET)} of a public instruction set`,
    };
  },
};
