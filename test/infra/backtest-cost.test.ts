import { expect, it } from 'vitest';
import { backtestCost } from '../../lib/infra/cost/backtest-cost.ts';

const OF = { policies: 1, objects: 5000, bytes: 10e9, shards: 16, memoryMb: 2048 };

it('a backtest in shards is reckoned by what is divided and what is not', () => {
  const { minutes, usd, lines } = backtestCost(OF);
  expect(lines.reduce((sum, line) => sum + line.usd, 0)).toBeCloseTo(usd, 10);
  const more = backtestCost({ ...OF, shards: 256 });
  // dividing and merging stay
  expect(more.minutes).toBeLessThan(minutes);
  expect(more.minutes).toBeGreaterThan(minutes / 4);
  expect(backtestCost({ ...OF, policies: 2 }).usd).toBeGreaterThan(usd);
  // half a processor takes twice as long
  expect(backtestCost({ ...OF, memoryMb: 884 }).minutes).toBeGreaterThan(1.8 * minutes);
});
