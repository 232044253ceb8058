import { type AttackLibrary, shippedLibrary } from '../lib/scoring/attack-library.ts';

/** One in twelve of the shipped library's accounts: a forest grows in a tenth of the time. */
export const smallLibrary: AttackLibrary = {
  ...shippedLibrary,
  attacks: shippedLibrary.attacks.filter((_, i) => i % 12 === 0),
  ordinary: shippedLibrary.ordinary.filter((_, i) => i % 12 === 0),
};
