import type { Family } from '../signals/facts/fact.ts';
import { FACTS } from '../signals/facts/index.ts';
import type { Random } from '../statistics/generator.ts';

/**
 * Families of facts that an attacker can dress as somebody ordinary: whatever is left must still tell. Behaviour and
 * variety are not among them: without them there is no extraction left to find.
 */
const DRESSES: readonly Family[] = ['form', 'text', 'length', 'pace', 'origin', 'tenure'];

const COLUMNS: ReadonlyMap<Family, readonly number[]> = new Map(
  DRESSES.map((family) => [family, FACTS.flatMap((fact, i) => (fact.family === family ? [i] : []))]),
);

/** A window's facts as steps (fact-scale.ts), in the order of FACTS. */
export type Steps = Uint8Array;

/**
 * An attack that wears one or two families of facts of an ordinary account: the learner sees many such, so that it
 * rests on no family alone. (Noise on inputs as a regulariser: Bishop 1995; here the noise is what evasion would be.)
 * @param row stays as it is
 * @param donor an ordinary account's
 */
export function dressed(row: Steps, donor: Steps, uniform: Random): Steps {
  const variant = row.slice();
  const times = 1 + Math.floor(uniform() * 2);
  for (let i = 0; i < times; i++) {
    const family = DRESSES[Math.floor(uniform() * DRESSES.length)] as Family;
    for (const column of COLUMNS.get(family) ?? []) variant[column] = donor[column] as number;
  }
  return variant;
}
