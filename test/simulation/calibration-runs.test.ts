import { expect, it } from 'vitest';
import { CalibrationRuns } from '../../lib/aws/calibration-runs.ts';
import { RUN_PREFIX } from '../../lib/contract/calibrate-steps.ts';
import { START } from '../events.ts';
import { Clients, start } from './functions.ts';
import { World } from './world.ts';

const world = (): World => new World(START, () => 0.5);
const runsOf = (of: World): CalibrationRuns => {
  const { s3 } = new Clients(of, { dead: false, sure: true });
  return new CalibrationRuns(s3, 'state');
};

it('a step that was given up and ends late changes nothing that later steps have read', async () => {
  const of = world();
  const runs = runsOf(of);
  const kept = await of.until(
    (async () => [
      await runs.keep('r', 'seen-0-of-1', ['first']),
      await runs.keep('r', 'seen-0-of-1', ['late']),
    ])(),
  );
  expect(kept).toEqual([['first'], ['first']]);
  expect(await of.until(runs.need('r', 'seen-0-of-1'))).toEqual(['first']);
});

it('the last step, asked again because its answer was lost, answers what it made', async () => {
  const of = world();
  await of.until(runsOf(of).keep('r', 'seen-0-of-1', []));
  await of.until(runsOf(of).keep('r', 'ended', { made: { id: 'cal-x', accounts: 7 } }));
  const calibrate = start('calibrate', of, { dead: false, sure: true });
  const again = of.until(calibrate({ step: 'finish', run: 'r', shards: 1 }));
  expect(await again).toEqual({ id: 'cal-x', accounts: 7 });
  // and what an earlier attempt left of the run goes
  expect(of.objects.names('state', RUN_PREFIX)).toEqual([`${RUN_PREFIX}r/ended`]);
});
