import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromExactJson, toExactJson } from '../../lib/backtest/shards/exact-json.ts';

const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    fc.double(),
    fc.array(tie('data')),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('data'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('data'), tie('data'))).map((pairs) => new Map(pairs)),
    fc.array(tie('data')).map((values) => new Set(values)),
  ),
}));

describe('exact JSON', () => {
  it('keeps maps, sets, every number, and fields without a value', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(fromExactJson(toExactJson(value))).toStrictEqual(value);
      }),
    );
  });

  it('refuses what it would not keep, and what looks like its own mark', () => {
    for (const value of [new Uint8Array(2), new Date(0), () => 1, { deep: [1n] }, { $exact: 'map' }])
      expect(() => toExactJson(value)).toThrow(/cannot be written as exact JSON|BigInt/);
  });
});
