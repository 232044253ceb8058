import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { archiveNotes } from '../../lib/cli/backtest/distributed/archive-notes.ts';
import { place } from '../lambdas/emulated-backtest.ts';
import { DistributedWorld } from './distributed-world.ts';
import { holdToSchema } from './outputs.ts';

let world: DistributedWorld;
beforeAll(async () => {
  world = await DistributedWorld.begin(40);
});
beforeEach(async () => {
  await world.deploy();
  return () => world.machine.close();
});
afterAll(() => world.close());

describe('backtest --distributed', () => {
  it('says what it would cost and starts nothing', async () => {
    const { code, out, err } = await world.distributed();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^1 object, 0\.\d MB packed, in 2 shards: some \d+ minutes, USD \d\.\d\d\n[\s\S]*--yes/,
    );
    expect(err).toMatch(/2 functions run at once.*concurrency/);
    const json = await world.distributed('--json');
    holdToSchema(['backtest --distributed', '--json'], json.out);
    expect(JSON.parse(json.out)).toMatchObject({ cost: { objects: 1, shards: 2 } });
    expect(world.machine.names).toEqual([]);
  });

  it('starts none beside one that runs, cancels it, goes on with it, and with no other', async () => {
    world.machine.goesOn = false;
    const left = world.distributed('--yes');
    await vi.waitFor(() => expect(world.machine.names).toHaveLength(1), { timeout: 10_000 });
    expect(await world.distributed('--yes')).toMatchObject({
      code: 6,
      err: expect.stringContaining('is under way since'),
    });
    expect(await world.distributed('--cancel')).toMatchObject({
      code: 0,
      err: expect.stringContaining('--resume'),
    });
    expect((await left).code).toBe(1);
    expect((await world.distributed('--cancel')).err).toContain('nothing to cancel: the last run is aborted');
    world.machine.goesOn = true;
    expect(await world.distributed('--resume')).toMatchObject({
      code: 0,
      out: expect.stringContaining('first flag'),
    });
  });

  it.each([
    [
      ['events.ndjson', '--distributed', '--stack', 'S'],
      /replays the deployment's own archive, s3:\/\/archive-of/,
    ],
    [
      ['s3://other/events/', '--distributed', '--stack', 'S'],
      /s3:\/\/other\/events\/: --distributed replays/,
    ],
    [[place, place, '--distributed', '--stack', 'S'], /is named twice/],
    [[place, '--yes'], /--yes goes with --distributed/],
    [[place, '--distributed', '--stack', 'S', '--resume'], /no run of the last 90 days/],
  ])('refuses %j', async (words, why) => {
    expect(await world.backtest(...words)).toMatchObject({ code: 2, err: expect.stringMatching(why) });
  });
});

it('what names of archived objects say is said: days without any, and objects that are there twice', () => {
  const at = (day: string, name: string): string => `s3://a/events/day=${day}/group=${name}.ndjson.gz`;
  expect(archiveNotes([at('2026-03-01', '00/shard-1-2'), at('2026-03-02', '01/shard-3-4')])).toEqual([]);
  const notes = archiveNotes([
    at('2026-03-27', '00/shard-1-2'),
    at('2026-03-30', '00/shard-3-4'),
    at('2026-03-30', 'copied-00/shard-3-4'),
  ]);
  expect(notes).toEqual([
    expect.stringContaining('2 of the days between 2026-03-27 and 2026-03-30: 2026-03-28, 2026-03-29'),
    expect.stringContaining('of 1 of the objects the first record is that of another'),
  ]);
});
