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

it('of two runs that overlap one has its turn, until it ends or must be over', async () => {
  const world = new World(START, () => 0);
  const { dynamodb } = new Clients(world, { dead: false, sure: true });
  const requests = new RunRequests(dynamodb, 'campaigns', { minutes: 10 });
  const first = requests.turn(START, 15 * MINUTE);
  expect(await world.until(first.take())).toBe(true);
  const second = requests.turn(START + MINUTE, 15 * MINUTE);
  expect(await world.until(second.take())).toBe(false);
  // ends nobody's turn but its own
  await world.until(second.end());
  expect(await world.until(second.take())).toBe(false);
  await world.until(first.end());
  expect(await world.until(second.take())).toBe(true);
  // the second one died: its time is over
  const third = requests.turn(START + 20 * MINUTE, 15 * MINUTE);
  expect(await world.until(third.take())).toBe(true);
});
