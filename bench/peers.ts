import { type Exchange, textOf } from '../lib/telemetry/exchange.ts';
import { shuffled } from './random.ts';

/**
 * Published detectors, rebuilt from their papers for comparison, on hashed word 2-grams in place of embeddings (no
 * model weights here). Each gives one number an account, larger is more suspicious.
 *
 * - volume: most requests on one day
 * - PRADA (Juuti et al. 2019, arXiv 1805.02628): distance of each query to the nearest earlier one; departure of these
 *   distances from normality. Statistic here 1 - W' (Shapiro and Francia 1972), for at least 100 distances.
 * - MMD (arXiv 2606.05725): unbiased squared maximum mean discrepancy of a window of queries against a pooled benign
 *   reference, Gaussian kernels of half, one, two and four median widths; its null draws windows from the pool.
 * - rules: the two rules of AEGIS's distillation module whose thresholds are published (coverage of 70 % at 50 queries,
 *   20 chain-of-thought hits and 25 %), as the larger of both ratios to its threshold.
 */

const DIMENSIONS = 512;
export const WINDOW = 100;
const MAX_PAIRS = 200;

/** One query as a unit vector of hashed word 2-grams, sparse. */
export interface Query {
  readonly at: Uint16Array;
  readonly value: Float32Array;
}

export function queryOf(exchange: Exchange): Query {
  const last = exchange.messages[exchange.messages.length - 1];
  const words =
    textOf(last?.content ?? '')
      .toLowerCase()
      .slice(0, 2000)
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const counts = new Map<number, number>();
  for (let i = 0; i < words.length; i++) {
    const gram = `${words[i]} ${words[i + 1] ?? ''}`;
    let hash = 0x811c9dc5;
    for (let j = 0; j < gram.length; j++) hash = Math.imul(hash ^ gram.charCodeAt(j), 0x01000193);
    const bucket = (hash >>> 0) % DIMENSIONS;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  const entries = [...counts].sort(([a], [b]) => a - b);
  const norm = Math.sqrt(entries.reduce((sum, [, count]) => sum + count * count, 0)) || 1;
  return {
    at: Uint16Array.from(entries, ([bucket]) => bucket),
    value: Float32Array.from(entries, ([, count]) => count / norm),
  };
}

function dot(a: Query, b: Query): number {
  let sum = 0;
  let i = 0;
  let j = 0;
  while (i < a.at.length && j < b.at.length) {
    const left = a.at[i] as number;
    const right = b.at[j] as number;
    if (left === right) sum += (a.value[i++] as number) * (b.value[j++] as number);
    else if (left < right) i++;
    else j++;
  }
  return sum;
}

/** Squared Euclidean distance of unit vectors. */
const distance2 = (a: Query, b: Query): number => Math.max(0, 2 - 2 * dot(a, b));

/** What the peers need of one account; queries beyond MAX_PAIRS are sampled evenly by a reservoir. */
export interface PeerView {
  readonly queries: Query[];
  seen: number;
  days: Map<number, number>;
  openings: Set<string>;
  reasoning: number;
}

export function emptyView(): PeerView {
  return { queries: [], seen: 0, days: new Map(), openings: new Set(), reasoning: 0 };
}

const COT =
  /step[- ]by[- ]step|chain of thought|show (?:your|all) (?:work|reasoning)|explain your reasoning|think through/i;

export function look(view: PeerView, exchange: Exchange, draw: () => number): void {
  view.seen++;
  const day = Math.floor(Date.parse(exchange.time) / 86_400_000);
  view.days.set(day, (view.days.get(day) ?? 0) + 1);
  const text = textOf(exchange.messages[exchange.messages.length - 1]?.content ?? '');
  if (view.openings.size < 5000) view.openings.add(text.slice(0, 24).toLowerCase());
  if (COT.test(text)) view.reasoning++;
  if (view.queries.length < MAX_PAIRS) view.queries.push(queryOf(exchange));
  else {
    const at = Math.floor(draw() * view.seen);
    if (at < MAX_PAIRS) view.queries[at] = queryOf(exchange);
  }
}

export const volume = (view: PeerView): number => Math.max(0, ...view.days.values());

export function rules(view: PeerView): number {
  const coverage = view.seen >= 50 ? view.openings.size / view.seen / 0.7 : 0;
  const elicitation = Math.min(view.reasoning / 20, view.reasoning / view.seen / 0.25);
  return Math.max(coverage, elicitation);
}

/** 1 - W' of the nearest-neighbour distances; undefined below 100 of them. */
export function prada(view: PeerView): number | undefined {
  const distances: number[] = [];
  for (let i = 1; i < view.queries.length; i++) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let j = 0; j < i; j++)
      nearest = Math.min(nearest, distance2(view.queries[i] as Query, view.queries[j] as Query));
    distances.push(Math.sqrt(nearest));
  }
  if (distances.length < 100) return undefined;
  const mean = distances.reduce((sum, d) => sum + d, 0) / distances.length;
  const deviation = Math.sqrt(distances.reduce((sum, d) => sum + (d - mean) ** 2, 0) / distances.length);
  const kept = distances.filter((d) => Math.abs(d - mean) <= 3 * deviation).sort((a, b) => a - b);
  const scores = kept.map((_, i) => normalQuantile((i + 1 - 0.375) / (kept.length + 0.25)));
  const centre = kept.reduce((sum, d) => sum + d, 0) / kept.length;
  const top = kept.reduce((sum, d, i) => sum + d * (scores[i] as number), 0) ** 2;
  const bottom =
    kept.reduce((sum, d) => sum + (d - centre) ** 2, 0) * scores.reduce((sum, m) => sum + m * m, 0);
  return bottom === 0 ? 1 : 1 - top / bottom;
}

/** Acklam's rational approximation of the standard normal quantile (relative error 1.15e-9). */
function normalQuantile(p: number): number {
  const a = [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239,
  ];
  const b = [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1,
  ];
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
  const horner = (list: readonly number[], x: number): number => list.reduce((sum, k) => sum * x + k, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(c, q) / (horner(d, q) * q + 1);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  const r = q * q;
  return (horner(a, r) * q) / (horner(b, r) * r + 1);
}

/** MMD against a pooled benign reference, with the threshold that its pooled null sets. */
export interface PooledMmd {
  statistic(view: PeerView): number | undefined;
  /** the null's quantile */
  threshold(level: number): number;
}

export function pooledMmd(pool: readonly Query[], draw: () => number): PooledMmd {
  const order = shuffled(pool, draw);
  const reference = order.slice(0, 200);
  const some: number[] = [];
  for (let i = 0; i < 400; i++)
    some.push(
      distance2(
        reference[Math.floor(draw() * reference.length)] as Query,
        reference[Math.floor(draw() * reference.length)] as Query,
      ),
    );
  const median = some.filter((d) => d > 0).sort((a, b) => a - b)[some.length >> 1] ?? 1;
  const kernel = (a: Query, b: Query): number => {
    const d = distance2(a, b);
    return [0.5, 1, 2, 4].reduce((sum, width) => sum + Math.exp(-d / (2 * width * width * median)), 0) / 4;
  };
  const within = (set: readonly Query[]): number => {
    let sum = 0;
    for (let i = 0; i < set.length; i++)
      for (let j = 0; j < i; j++) sum += 2 * kernel(set[i] as Query, set[j] as Query);
    return sum / (set.length * (set.length - 1));
  };
  const own = within(reference);
  const mmd = (window: readonly Query[]): number => {
    let cross = 0;
    for (const a of window) for (const b of reference) cross += kernel(a, b);
    return within(window) + own - (2 * cross) / (window.length * reference.length);
  };
  const nulls: number[] = [];
  for (let i = 0; i < 200; i++)
    nulls.push(mmd(Array.from({ length: WINDOW }, () => order[Math.floor(draw() * order.length)] as Query)));
  nulls.sort((a, b) => a - b);
  return {
    statistic: (view) =>
      view.queries.length < WINDOW ? undefined : mmd(shuffled(view.queries, draw).slice(0, WINDOW)),
    threshold: (level) => nulls[Math.min(nulls.length - 1, Math.floor(level * nulls.length))] as number,
  };
}
