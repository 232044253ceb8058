import * as z from 'zod';

/**
 * How a fact becomes a byte: 255 equal steps between a low and a high quantile of what the learner saw, beyond them the
 * first and the last. Trees ask for steps, so that a stored model is small and gives the same bits everywhere.
 */
export const factScale = z.strictObject({
  id: z.string().describe('fact'),
  low: z.number().describe('value of step 0 and below'),
  high: z.number().describe('value of step 255 and above'),
});
export type FactScale = z.infer<typeof factScale>;

/** Share of values that may lie beyond either end. */
const BEYOND = 0.005;

/** @param values of one fact, at least one, any order */
export function scaleOf(id: string, values: Float64Array): FactScale {
  const sorted = values.slice().sort();
  return between(id, (q) => sorted[Math.round(q * (sorted.length - 1))] as number);
}

/**
 * The same, where values weigh differently: accounts that hang together must not move the ends by their number.
 * @param weights of the values, in their order; above 0
 */
export function weightedScaleOf(id: string, values: Float64Array, weights: Float64Array): FactScale {
  const order = Uint32Array.from(values, (_, i) => i).sort(
    (a, b) => (values[a] as number) - (values[b] as number) || a - b,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return between(id, (q) => {
    let sum = 0;
    for (const i of order) {
      sum += weights[i] as number;
      if (sum >= q * total) return values[i] as number;
    }
    return values[order[order.length - 1] as number] as number;
  });
}

/** @param at a quantile of the values */
function between(id: string, at: (q: number) => number): FactScale {
  const low = Number(at(BEYOND).toPrecision(5));
  const high = Number(at(1 - BEYOND).toPrecision(5));
  return { id, low, high: high > low ? high : low + 1 };
}

export function stepOf(value: number, { low, high }: FactScale): number {
  const step = Math.floor(((value - low) / (high - low)) * 255.999);
  return step < 0 ? 0 : step > 255 ? 255 : step;
}
