import { expect, it } from 'vitest';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { MINUTE, START } from '../events.ts';
import { Clients } from './functions.ts';
import { World } from './world.ts';

it('the clock of the traffic is moved on by the next batch where a write failed', async () => {
  const world = new World(START, () => 0);
  const { dynamodb } = new Clients(world, { dead: false, sure: true });
  const requests = new RunRequests(dynamodb, 'campaigns', { minutes: 10 });
  world.interference = (call) => {
    world.answer(call, () => {
      throw new Error('the table is away');
    });
    return true;
  };
  await expect(world.until(requests.moveClock(START + MINUTE))).rejects.toThrow('away');
  world.interference = undefined;
  await world.until(requests.moveClock(START + MINUTE));
  expect(await world.until(requests.newestArrival())).toBe(START + MINUTE);
});
