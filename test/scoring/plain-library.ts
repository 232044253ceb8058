import { type AttackLibrary, writeSteps } from '../../lib/scoring/attack-library.ts';
import { FACTS } from '../../lib/signals/facts/index.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';

/** Rows of facts between two bounds. */
export type Draw = (low: number, high: number) => Float64Array;

/** A library in which attacks show much of every fact and ordinary accounts little, and further draws of the same seed. */
export function plainLibrary(seed: number): { readonly library: AttackLibrary; readonly random: Draw } {
  const uniform = seededRandom(seed);
  const random: Draw = (low, high) => Float64Array.from(FACTS, () => low + (high - low) * uniform());
  const steps = (low: number, high: number): string =>
    writeSteps([...random(low, high)].map((value) => Math.floor(value * 255)));
  const library: AttackLibrary = {
    v: 1,
    id: 'test',
    facts: FACTS.map(({ id }) => ({ id, low: 0, high: 1 })),
    attacks: Array.from({ length: 20 }, () => [steps(0.6, 1)]),
    ordinary: Array.from({ length: 20 }, () => [steps(0, 0.4)]),
  };
  return { library, random };
}
