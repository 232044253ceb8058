import { FACTS } from '../signals/facts/index.ts';
import type { Random } from '../statistics/generator.ts';
import { type AttackLibrary, readSteps } from './attack-library.ts';

/** Library rows in the order of FACTS; a fact that the library does not know is taken from an ordinary account. */
export function libraryRows(
  library: AttackLibrary,
  accounts: AttackLibrary['attacks'],
  donors: readonly Float64Array[],
  uniform: Random,
): Float64Array[][] {
  const places = FACTS.map(({ id }) => library.facts.findIndex((scale) => scale.id === id));
  return accounts.map((rows) =>
    rows.map((text) => {
      const steps = readSteps(text);
      const donor = donors[Math.floor(uniform() * donors.length)] as Float64Array;
      return Float64Array.from(places, (place, i) => {
        const scale = library.facts[place];
        if (scale === undefined) return donor[i] as number;
        // the middle of the step
        return scale.low + (((steps[place] as number) + 0.5) / 256) * (scale.high - scale.low);
      });
    }),
  );
}
