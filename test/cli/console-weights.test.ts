import fc from 'fast-check';
import { expect, it } from 'vitest';
import { accountsOf } from '../../console/effect.ts';
import { stepsOf, underWeights } from '../../console/weights.ts';
import { consoleData } from '../../lib/backtest/console-data.ts';
import type { AccountOutcome } from '../../lib/backtest/outcome.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { tailAmong } from '../../lib/scoring/calibration.ts';
import { learnNull } from '../../lib/scoring/null-distribution.ts';
import { toSignificance } from '../../lib/scoring/significance.ts';
import { SIGNALS } from '../../lib/signals/index.ts';

const GROUPS = ['api/payg/new', 'api/payg/old', 'chat/pro/settled'];
const DAYS = 14;

function outcome(i: number, steps: Record<string, number>, label: AccountOutcome['label']): AccountOutcome {
  return {
    id: `a${i}`,
    account: `a${i}`,
    label,
    kind: '',
    campaign: '',
    group: GROUPS[i % 3] as string,
    events: 1,
    firstSeen: 0,
    lastSeen: 0,
    peak: 0,
    peakAt: 0,
    p: 1,
    reasons: [],
    steps,
  };
}

/** Steps of two signals, spread as they are: most small, a few large. */
function population(seed: number): [number, number][] {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return Array.from({ length: 300 }, () => [-2 * Math.log(random()), -Math.log(random())]);
}

it('chances under other weights are those of the null that calibrate would learn from the same accounts', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 60 }).map((steps) => steps / 20),
      (seed, weight) => {
        const drawn = population(seed);
        const accounts = drawn.map(([a = 0, b = 0], i) =>
          outcome(i, { 'instruction-breadth': a, tirelessness: b }, i % 10 === 0 ? 'extraction' : 'benign'),
        );
        const data = consoleData(accounts, defaultPolicy, '', 'labels', DAYS);
        const weights = SIGNALS.map(({ id }) =>
          id === 'instruction-breadth' ? weight : id === 'tirelessness' ? 0.5 : 0,
        );
        const made = underWeights(data, accountsOf(data), stepsOf(data), weights, defaultPolicy.stepCap);
        const cap = Math.fround(defaultPolicy.stepCap);
        const scores = drawn.map(
          ([a = 0, b = 0]) => weight * Math.min(cap, Math.fround(a)) + 0.5 * Math.min(cap, Math.fround(b)),
        );
        const nulls: Record<string, ReturnType<typeof learnNull>> = {};
        const names = [
          'api/payg/new',
          'api/payg/old',
          'chat/pro/settled',
          'api/payg',
          'chat/pro',
          'api',
          'chat',
        ];
        for (const name of [...names, 'everyone'])
          nulls[name] = learnNull(
            scores.filter(
              (_, i) =>
                accounts[i]?.label === 'benign' &&
                (name === 'everyone' || `${accounts[i]?.group}/`.startsWith(`${name}/`)),
            ),
          );
        scores.forEach((score, i) => {
          expect(made.peak[i]).toBeCloseTo(score, 4);
          const [product, plan, tenure] = (accounts[i]?.group ?? '').split('/');
          const chain = [`${product}/${plan}/${tenure}`, `${product}/${plan}`, `${product}`, 'everyone'];
          const place = tailAmong(nulls, chain, score);
          const p = place === undefined ? 1 : toSignificance(place, DAYS).p;
          // a table of 256 points stands in for the curve
          expect(Math.abs((made.logP[i] as number) - Math.log10(p))).toBeLessThan(0.15);
        });
      },
    ),
    { numRuns: 20 },
  );
});
