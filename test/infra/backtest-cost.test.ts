import { expect, it } from 'vitest';
import { MOST_RUN_DAYS, MOST_TURNS } from '../../lib/contract/backtest-steps.ts';
import { backtestCost, TURN_SECONDS } from '../../lib/infra/cost/backtest-cost.ts';
import { PRICES } from '../../lib/infra/cost/prices.ts';

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

it.each([
  // counted in runs of the function's own code over an emulated archive of 7 objects
  [1, 8, 12],
  [64, 197, 390],
  [256, 773, 1542],
])('%i shards of a little traffic put %i objects and ask for %i', (shards, puts, gets) => {
  const { lines } = backtestCost({ policies: 1, objects: 7, bytes: 39_449, shards, memoryMb: 2048 });
  const s3 = lines.filter(({ what }) => /hand each other|records of turns/.test(what));
  const usd = s3.reduce((sum, line) => sum + line.usd, 0);
  expect(usd).toBeCloseTo((puts * PRICES.s3.putThousand + gets * PRICES.s3.getThousand) / 1000, 9);
});

it('a step that has more turns than it may have takes longer than a run may', () => {
  expect(MOST_TURNS * TURN_SECONDS).toBeGreaterThan(MOST_RUN_DAYS * 86_400);
});
