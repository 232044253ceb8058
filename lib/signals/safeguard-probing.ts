import { lowerShare, percent, type Signal } from './signal.ts';

export const safeguardProbing: Signal = {
  id: 'safeguard-probing',
  title: 'refusals provoked again and again',
  why: 'One lab made more than 12,000 probing requests before it harvested (Anthropic, September 2026). Refusals do not differ by kind in the traffic that was measured, so it ships without weight.',
  evasion: 'Probe from accounts that do not harvest.',
  weight: 0,
  unit: 0.1,
  value: ({ window: { cells } }) => (cells.active < 4 ? undefined : lowerShare(cells.refused, cells.active)),
  evidence: ({ window: { cells } }) =>
    `refusals in ${percent(cells.refused / cells.active)} of active five-minute stretches`,
};
