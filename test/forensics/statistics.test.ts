import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capaKappa, countAgreement } from '../../lib/forensics/agreement.ts';
import { familyOf, lineOf } from '../../lib/forensics/family.ts';
import { fitPairEffects, type Pair } from '../../lib/forensics/pair-effects.ts';
import { controlsNeeded, criticalZ } from '../../lib/forensics/power.ts';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import { holm, normalTail } from '../../lib/statistics/distributions.ts';
import { normalFrom, seededRandom } from '../../lib/statistics/generator.ts';

const allPairs = (n: number): Pair[] => {
  const out: Pair[] = [];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) out.push([i, j]);
  return out;
};

describe("CAPA's kappa", () => {
  it('is 1 for identity, below 0 for agreement under chance, and symmetric', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 3 }),
            fc.integer({ min: 0, max: 3 }),
            fc.integer({ min: 0, max: 3 }),
          ),
          { minLength: 5, maxLength: 60 },
        ),
        (rows) => {
          const a = Int8Array.from(rows, (r) => r[0]);
          const b = Int8Array.from(rows, (r) => r[1]);
          const key = Int8Array.from(rows, (r) => r[2]);
          const k = new Int8Array(rows.length).fill(4);
          expect(capaKappa(countAgreement(a, b, key, k))).toBeCloseTo(
            capaKappa(countAgreement(b, a, key, k)),
            12,
          );
          if (a.some((x, i) => x !== key[i]))
            expect(capaKappa(countAgreement(a, a, key, k))).toBeCloseTo(1, 12);
        },
      ),
    );
  });

  it('agrees with a value worked by hand', () => {
    // Ten items of four options; both 50 % right on the same five; of five co-wrong, two equal: 7/10 equal.
    const key = new Int8Array(10);
    const a = Int8Array.from([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    const b = Int8Array.from([0, 0, 0, 0, 0, 1, 1, 2, 2, 2]);
    const chance = 0.25 + (1 / 3) * 0.25;
    expect(capaKappa(countAgreement(a, b, key, new Int8Array(10).fill(4)))).toBeCloseTo(
      (0.7 - chance) / (1 - chance),
      12,
    );
  });
});

describe('pair effects', () => {
  const models = 9;
  const pairs = allPairs(models);
  const random = seededRandom(3);
  const values = pairs.map(() => normalFrom(random));
  const covariates = pairs.map(() => [normalFrom(random)]);
  const fit = fitPairEffects(models, pairs, values, covariates);

  it('predicts each pair as a fit without it would', () => {
    const p = 5;
    const rest = pairs.map((_, i) => i).filter((i) => i !== p);
    const other = fitPairEffects(
      models,
      rest.map((i) => pairs[i] as Pair),
      rest.map((i) => values[i] as number),
      rest.map((i) => covariates[i] as number[]),
    );
    const expected = (values[p] as number) - other.predict(pairs[p] as Pair, covariates[p] as number[]).value;
    expect(fit.residuals[p]).toBeCloseTo(expected, 9);
  });

  it('gives weights that reproduce the residual', () => {
    const w = fit.weights(7);
    expect(values.reduce((s, v, p) => s + v * (w[p] as number), 0)).toBeCloseTo(
      fit.residuals[7] as number,
      9,
    );
  });

  it('takes out whatever a model shares with everybody', () => {
    const shifted = pairs.map(([a, b], p) => (values[p] as number) + (a === 2 || b === 2 ? 50 : 0));
    const again = fitPairEffects(models, pairs, shifted, covariates);
    // The ridge leaves a trace of the shift on pairs of the model, spread over all of them.
    expect(Math.abs((again.residuals[0] as number) - (fit.residuals[0] as number))).toBeLessThan(0.25 * 50);
  });
});

describe('levels and intervals', () => {
  it('adjusts by Holm as published', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    expect(adjusted.map((p) => p.toFixed(9))).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => p.toFixed(9)));
  });
  it('knows exact binomial limits and normal tails', () => {
    expect(binomialInterval(0, 8)[1]).toBeCloseTo(0.3694, 3);
    expect(binomialInterval(5, 10)[0]).toBeCloseTo(0.1871, 3);
    expect(normalTail(2.3263)).toBeCloseTo(0.01, 5);
    expect(normalTail(6) / 9.8659e-10).toBeCloseTo(1, 3);
  });
  it('has no critical value where the pairs are too few', () => {
    expect(criticalZ(new Float64Array(50), 0.01)).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isFinite(criticalZ(new Float64Array(99), 0.01))).toBe(true);
    const c = controlsNeeded(0.01, 1);
    expect(1 / (1 + (c * (c - 1)) / 2 + 2 * c)).toBeLessThanOrEqual(0.01);
  });
});

describe('names', () => {
  it.each([
    ['Mixtral-8x7B-v0.1', 'mathstral-7B', true],
    ['gpt-3.5-turbo-0301', 'text_davinci_003', true],
    ['Llama-2-7b-hf', 'Meta-Llama-3_1-70B', true],
    ['Yi-34B', 'gemma-7b', false],
    ['vicuna-7b', 'wizardlm-13b', false],
  ])('%s and %s are kin: %s', (a, b, kin) => {
    expect(familyOf(a) === familyOf(b)).toBe(kin);
  });
  it('sees through snapshot dates', () => {
    expect(lineOf('gpt-3.5-turbo-0301')).toBe(lineOf('gpt-3.5-turbo-0613'));
    expect(lineOf('gpt4_0314')).toBe(lineOf('gpt4'));
    expect(lineOf('claude')).not.toBe(lineOf('claude-2'));
    expect(lineOf('gpt-4o-2024-08-06')).toBe(lineOf('gpt-4o'));
    expect(lineOf('text_davinci_001')).not.toBe(lineOf('text_davinci_003'));
  });
});
