import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addEmbedding, NO_EMBEDDING, selfSimilarity, withPrompt } from '../../lib/profile/embedding.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { sketchSimilarity } from '../../lib/telemetry/sketch.ts';

const BINS = 16;

/** A sketch of random bins, of which a share is the same in all. */
function sketches(count: number, shared: number, seed: number): string[] {
  const uniform = seeded(seed);
  const common = Array.from({ length: BINS }, () => Math.floor(uniform() * 65_536));
  return Array.from({ length: count }, () => {
    const bytes = Buffer.alloc(2 * BINS);
    for (let bin = 0; bin < BINS; bin++) {
      const own = Math.floor(uniform() * 65_536);
      bytes.writeUInt16LE(uniform() < shared ? (common[bin] as number) : own, 2 * bin);
    }
    return bytes.toString('base64url');
  });
}

const sum = (list: readonly string[]) => list.reduce(withPrompt, NO_EMBEDDING);

function meanSimilarity(list: readonly string[]): number {
  let total = 0;
  for (let i = 0; i < list.length; i++)
    for (let j = 0; j < i; j++) total += sketchSimilarity(list[i] ?? '', list[j] ?? '');
  return total / ((list.length * (list.length - 1)) / 2);
}

describe('embedding', () => {
  it('adds up over parts in any order, and what was added can be taken away', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }), fc.nat(30), (seeds, at) => {
        const list = seeds.flatMap((seed) => sketches(1, 0, seed));
        const [left, right] = [sum(list.slice(0, at)), sum(list.slice(at))];
        expect(addEmbedding(right, left)).toEqual(sum(list));
        expect(addEmbedding(sum(list), left, -1)).toEqual(right);
      }),
    );
  });

  it('tells the mean similarity of two prompts without bias, within its stated error', () => {
    for (const shared of [0, 0.3, 0.7]) {
      const found = Array.from({ length: 60 }, (_, seed) => {
        const list = sketches(80, shared, seed);
        const { mean, error } = selfSimilarity(sum(list), list.length);
        return { miss: mean - meanSimilarity(list), error };
      });
      const bias = found.reduce((total, { miss }) => total + miss, 0) / found.length;
      const error = found.reduce((total, held) => total + held.error, 0) / found.length;
      // 60 trials: the mean miss is within four of its own standard errors of nothing
      expect(Math.abs(bias)).toBeLessThan((4 * error) / Math.sqrt(60));
      expect(found.filter(({ miss, error: one }) => Math.abs(miss) < 3 * one).length).toBeGreaterThan(52);
    }
  });
});
