import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForestReader, growForest, type Training } from '../../lib/scoring/forest.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';

const RULES = { trees: 8, tried: 2, leaf: 2, depth: 8, seed: 5 };

/** Rows of three columns; the first tells, the others do not. */
function training(rows: number, seed: number): Training {
  const uniform = seededRandom(seed);
  const positive = Uint8Array.from({ length: rows }, (_, i) => i % 2);
  const values = new Uint8Array(rows * 3);
  positive.forEach((side, i) => {
    values[3 * i] = side * 128 + Math.floor(uniform() * 128);
    values[3 * i + 1] = Math.floor(uniform() * 256);
    values[3 * i + 2] = Math.floor(uniform() * 256);
  });
  return { rows: { columns: 3, values }, positive, weight: new Float64Array(rows).fill(1) };
}

describe('forest', () => {
  it('a forest tells rows apart by the column that tells', () => {
    const reader = new ForestReader(growForest(training(200, 1), RULES));
    expect(reader.share(Uint8Array.of(240, 10, 10))).toBeGreaterThan(0.9);
    expect(reader.share(Uint8Array.of(20, 10, 10))).toBeLessThan(0.1);
  });

  it('a share is its base and the parts of all columns, exactly', () => {
    const reader = new ForestReader(growForest(training(120, 2), RULES));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 3, maxLength: 3 }), (row) => {
        const { base, byColumn } = reader.parts(row);
        expect(byColumn.reduce((sum, part) => sum + part, base)).toBeCloseTo(reader.share(row), 12);
      }),
      { numRuns: 50 },
    );
  });

  it('the same rows and seed grow the same bytes, another seed others', () => {
    const grown = growForest(training(80, 3), RULES);
    expect(growForest(training(80, 3), RULES)).toEqual(grown);
    expect(growForest(training(80, 3), { ...RULES, seed: 6 })).not.toEqual(grown);
  });

  it('a forest with a node that leads out of its tree is refused', () => {
    const grown = growForest(training(80, 3), RULES);
    const right = Buffer.from(grown.right, 'base64');
    right.writeUInt16LE(60_000, 0);
    expect(() => new ForestReader({ ...grown, right: right.toString('base64') })).toThrow('out of its tree');
    expect(() => new ForestReader({ ...grown, cut: 'AAAA' })).toThrow('not of one length');
  });
});
