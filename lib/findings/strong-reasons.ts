import type { Notice, Reason } from './finding.ts';

/** A fact that more peers than this share shows is no reason by itself, however it adds to the score. */
const WEAK = 0.1;

/** The reasons that people are told, at least one; machines get all of them. */
export function strongReasons({ reasons }: Pick<Notice, 'reasons'>): readonly Reason[] {
  const strong = reasons.filter(({ p }) => p <= WEAK);
  return strong.length > 0 ? strong : reasons.slice(0, 1);
}
