import Table from 'cli-table3';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import { sortedQuantile } from '../../lib/statistics/distributions.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';

export type Rows = (string | number)[][];

/** Prints a table. */
export function show(title: string, head: string[], rows: Rows): void {
  const t = new Table({ head, style: { head: [], border: [] } });
  t.push(...rows);
  process.stdout.write(`\n${title}\n${t.toString()}\n`);
}

/** Tells progress. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;

/** `hits of trials`, the rate and its exact 95 % interval. */
export function rate(hits: number, trials: number): string {
  if (trials === 0) return 'none';
  const [low, high] = binomialInterval(hits, trials);
  return `${hits} of ${trials} (${percent(hits / trials)}, 95 % ${percent(low)} to ${percent(high)})`;
}

/** Chance that one of the first is larger than one of the second (ties half). */
export function auc(first: readonly number[], second: readonly number[]): number {
  let sum = 0;
  for (const x of first) for (const y of second) sum += x > y ? 1 : x === y ? 0.5 : 0;
  return sum / (first.length * second.length);
}

/** A value of a pair of models. */
export interface PairValue {
  readonly pair: readonly [string, string];
  readonly value: number;
}

/** AUC with a 95 % interval from resampling models, and its range when each maker is left out in turn. */
export function aucWithIntervals(
  documented: readonly PairValue[],
  unrelated: readonly PairValue[],
  maker: (model: string) => string,
) {
  const values = (list: readonly PairValue[]) => list.map((x) => x.value);
  const models = [...new Set([...documented, ...unrelated].flatMap((x) => x.pair))];
  const random = seededRandom(17);
  const resampled: number[] = [];
  for (let r = 0; r < 500; r++) {
    const weight = new Map<string, number>();
    for (let i = 0; i < models.length; i++) {
      const m = models[Math.floor(random() * models.length)] ?? '';
      weight.set(m, (weight.get(m) ?? 0) + 1);
    }
    const drawn = (list: readonly PairValue[]) =>
      list.flatMap((x) =>
        Array.from({ length: (weight.get(x.pair[0]) ?? 0) * (weight.get(x.pair[1]) ?? 0) }, () => x.value),
      );
    const [a, b] = [drawn(documented), drawn(unrelated)];
    if (a.length > 0 && b.length > 0) resampled.push(auc(a, b));
  }
  resampled.sort((a, b) => a - b);
  const without = [...new Set(models.map(maker))].flatMap((m) => {
    const rest = (list: readonly PairValue[]) =>
      values(list.filter((x) => x.pair.every((p) => maker(p) !== m)));
    const [a, b] = [rest(documented), rest(unrelated)];
    return a.length > 0 && b.length > 0 ? [auc(a, b)] : [];
  });
  return {
    auc: auc(values(documented), values(unrelated)),
    interval: [sortedQuantile(resampled, 0.025), sortedQuantile(resampled, 0.975)] as const,
    makersOut: [Math.min(...without), Math.max(...without)] as const,
    documented: documented.length,
    unrelated: unrelated.length,
  };
}

export function aucText(a: ReturnType<typeof aucWithIntervals>): string {
  return `${a.auc.toFixed(3)} (95 % resampling models ${a.interval[0].toFixed(2)} to ${a.interval[1].toFixed(2)}; each maker left out ${a.makersOut[0].toFixed(2)} to ${a.makersOut[1].toFixed(2)}; ${a.documented} documented, ${a.unrelated} unrelated pairs)`;
}

/** An accusation and whether it convicted. */
export interface Hit {
  readonly pair: readonly [string, string];
  readonly hit: boolean;
}

/** Rate with the exact interval and one from resampling models, because accusations share models. */
export function rateWithIntervals(hits: readonly Hit[], seed: number) {
  const k = hits.filter((h) => h.hit).length;
  const models = [...new Set(hits.flatMap((h) => h.pair))];
  const random = seededRandom(seed);
  const rates: number[] = [];
  for (let r = 0; r < 2000; r++) {
    const weight = new Map<string, number>();
    for (let i = 0; i < models.length; i++) {
      const m = models[Math.floor(random() * models.length)] ?? '';
      weight.set(m, (weight.get(m) ?? 0) + 1);
    }
    let total = 0;
    let sum = 0;
    for (const h of hits) {
      const w = (weight.get(h.pair[0]) ?? 0) * (weight.get(h.pair[1]) ?? 0);
      total += w;
      if (h.hit) sum += w;
    }
    if (total > 0) rates.push(sum / total);
  }
  rates.sort((a, b) => a - b);
  return {
    hits: k,
    of: hits.length,
    rate: k / hits.length,
    exact: binomialInterval(k, hits.length),
    byModel: [sortedQuantile(rates, 0.025), sortedQuantile(rates, 0.975)] as const,
  };
}
