import type { Peak } from './learn-calibration.ts';
import type { ReviewEntry } from './review.ts';
import { periodsAMonth } from './significance.ts';

/** What answering the first entries of the review would bring. */
export interface CurvePoint {
  /** entries of the review that are answered, the first ones, and all with extraction */
  readonly answered: number;
  /** share of the library's attacks that would be flagged by themselves, as new customers, 0 to 1 */
  readonly recall: number;
}

/** Where the curve is drawn. */
const ANSWERED = [0, 1, 2, 3, 5, 10, 20, 40, 80, 160, 320, 640, 1000];

/**
 * Expected recall at the false-positive rate of `suspect`, against verdicts given: while nobody has said what they are, the highest accounts
 * of the past are the bar. Each answer that one of them is extraction lowers it. An answer that it is benign leaves it where it is: then the
 * recall is the one of fewer answers. What confirmed attacks teach besides, and what groups bring, is not in it.
 * @param attacks scores of attacks that the forests have not seen (attackScores)
 * @param peaks of the past's accounts, descending
 * @param suspect chance a month that the calibration supports for `suspect`
 * @param days length of the past's period
 * @returns ascending by answers, from none to the whole queue; empty where there is no level or no attack to measure with
 */
export function learningCurve(
  attacks: readonly number[],
  peaks: readonly Peak[],
  queue: readonly ReviewEntry[],
  { suspect, days }: { readonly suspect: number | undefined; readonly days: number },
): CurvePoint[] {
  if (suspect === undefined || attacks.length === 0) return [];
  const points = [...new Set([...ANSWERED.filter((n) => n < queue.length), queue.length])];
  return points.map((answered) => {
    const left = new Set(queue.slice(0, answered).flatMap(({ accounts }) => accounts));
    const remaining = peaks.filter(({ account }) => !left.has(account));
    // as many accounts of the past may show as much as the chance allows: (k + 1) / (n + 1) a period
    const allowed = Math.max(
      0,
      Math.floor((suspect / periodsAMonth(days)) * (remaining.length + 1) * (1 + 1e-9)) - 1,
    );
    const bar = remaining[allowed]?.score ?? 0;
    return { answered, recall: attacks.filter((score) => score > bar).length / attacks.length };
  });
}
