import { FACTS } from '../signals/facts/index.ts';
import { seededRandom } from '../statistics/generator.ts';
import { type AccountRows, learnModel, type ModelRules } from './learn-model.ts';
import { scoreOf } from './learned-score.ts';
import { libraryRows } from './library-rows.ts';
import { readModel } from './model.ts';

/** Parts that the library's attacks are dealt into: each is scored by forests that were grown without it. */
const PARTS = 5;
/** The fact that says how many requests a window holds, as log2(1 + n). */
const REQUESTS = FACTS.findIndex(({ id }) => id === 'requests');

/**
 * What the library's attacks would come to here if they were new customers: each one's highest score by forests that have not
 * seen it, among this past (cross-validation). Its likes were seen, so an attack of a new kind comes to less.
 * @param past as for learnModel
 * @returns one score an attack of the library, ascending
 */
export function attackScores(past: readonly AccountRows[], rules: ModelRules): number[] {
  const { library, seed = 1 } = rules;
  const donors = past.flatMap(({ rows }) => rows);
  if (donors.length === 0) return [];
  const rows = libraryRows(library, library.attacks, donors, seededRandom(seed + 7));
  const scores: number[] = [];
  for (let part = 0; part < Math.min(PARTS, rows.length); part++) {
    const others = library.attacks.filter((_, i) => i % PARTS !== part);
    if (others.length === 0) return [];
    const read = readModel(
      learnModel(past, {
        ...rules,
        library: { ...library, attacks: others },
        sizes: { ...rules.sizes, draws: 1 },
      }),
    );
    for (let i = part; i < rows.length; i += PARTS)
      scores.push(
        Math.max(
          ...(rows[i] as Float64Array[]).map((row) =>
            scoreOf(read.share(`attack/${i}`, read.row(row)), 2 ** (row[REQUESTS] as number) - 1),
          ),
        ),
      );
  }
  return scores.sort((a, b) => a - b);
}
