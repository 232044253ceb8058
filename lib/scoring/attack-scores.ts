import { FACTS } from '../signals/facts/index.ts';
import { seededRandom } from '../statistics/generator.ts';
import { type AttackLibrary, readSteps } from './attack-library.ts';
import { dressed } from './attack-variants.ts';
import { type AccountRows, learnModel, type ModelRules } from './learn-model.ts';
import { scoreOf } from './learned-score.ts';
import { libraryRows } from './library-rows.ts';
import { readModel } from './model.ts';

/** Kinds that the library's attacks are told apart into: each is scored by forests that know nothing of it. */
const KINDS = 6;
/** The fact that says how many requests a window holds, as log2(1 + n). */
const REQUESTS = FACTS.findIndex(({ id }) => id === 'requests');

/**
 * What attacks of another kind than the library's would come to here if they were new customers. The library's attacks are told apart into kinds
 * by their facts; each kind is scored by forests that were grown without all of it, among this past, in copies that wear one or two families of facts of
 * an ordinary account (attack-variants.ts): leave one cluster out.
 * @param past as for learnModel
 * @returns one score an attack of the library, ascending; empty where the library has too few to leave a kind out
 */
export function attackScores(past: readonly AccountRows[], rules: ModelRules): number[] {
  const { library, seed = 1 } = rules;
  const kinds = kindsOf(library);
  const donors = past.flatMap(({ rows }) => rows);
  if (donors.length === 0 || new Set(kinds).size < 2) return [];
  const uniform = seededRandom(seed + 7);
  const rows = libraryRows(library, library.attacks, donors, uniform);
  const scores: number[] = [];
  for (const kind of new Set(kinds)) {
    const others = library.attacks.filter((_, i) => kinds[i] !== kind);
    const read = readModel(
      learnModel(past, {
        ...rules,
        library: { ...library, attacks: others },
        sizes: { ...rules.sizes, draws: 1 },
      }),
    );
    for (const [i, own] of rows.entries()) {
      if (kinds[i] !== kind) continue;
      const donor = read.row(donors[Math.floor(uniform() * donors.length)] as Float64Array);
      const reached = own.map((row) =>
        scoreOf(
          read.share(`attack/${i}`, dressed(read.row(row), donor, uniform)),
          2 ** (row[REQUESTS] as number) - 1,
        ),
      );
      scores.push(Math.max(...reached));
    }
  }
  return scores.sort((a, b) => a - b);
}

/**
 * A kind for each attack: the one of the nearest of a few attacks that lie far apart (farthest-first traversal: Gonzalez, "Clustering to
 * minimize the maximum intercluster distance", Theoretical Computer Science 38, 1985), by the mean steps of its windows.
 */
function kindsOf({ attacks }: AttackLibrary): number[] {
  const means = attacks.map((rows) => {
    const steps = rows.map(readSteps);
    return Float64Array.from(
      steps[0] ?? [],
      (_, i) => steps.reduce((sum, row) => sum + (row[i] as number), 0) / steps.length,
    );
  });
  const distance = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] as number)), 0);
  const kinds = means.map(() => 0);
  const nearest = means.map(() => Number.POSITIVE_INFINITY);
  let center = 0;
  for (let kind = 0; kind < Math.min(KINDS, means.length); kind++) {
    const from = means[center] as Float64Array;
    for (const [i, mean] of means.entries()) {
      const away = distance(mean, from);
      if (away < (nearest[i] as number)) {
        nearest[i] = away;
        kinds[i] = kind;
      }
    }
    center = nearest.indexOf(Math.max(...nearest));
    if (nearest[center] === 0) break;
  }
  return kinds;
}
