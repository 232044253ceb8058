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

/** Waits until so many runs have begun. */
const begun = (runs: number): Promise<void> =>
  vi.waitFor(() => expect(world.machine.names).toHaveLength(runs), { timeout: 10_000 });

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
    await begun(1);
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
      err: expect.stringContaining('its first parts expire after 2026-03-09'),
    });
  });

  it('ends each of two that were started at once, and goes on with one that was taken up by hand', async () => {
    world.machine.goesOn = false;
    const both = [world.distributed('--yes'), world.distributed('--yes')];
    await begun(2);
    const [newest, older] = world.machine.names;
    expect((await world.distributed('--cancel')).err).toMatch(
      new RegExp(`canceled ${newest}, under way since .*, of 1 object;[^]*${older} is under way still`),
    );
    expect(await world.distributed('--cancel')).toMatchObject({
      code: 0,
      err: expect.stringContaining(`canceled ${older}`),
    });
    expect((await world.distributed('--cancel')).code).toBe(2);
    expect((await Promise.all(both)).map(({ code }) => code)).toEqual([1, 1]);
    world.machine.redrive(older ?? '');
    expect((await world.distributed('--yes')).code).toBe(6);
    world.machine.goesOn = true;
    expect(await world.distributed('--resume')).toMatchObject({
      code: 0,
      out: expect.stringContaining('first flag'),
    });
  });

  it('is no end where a look is behind, after a start and after a resume', async () => {
    world.machine.goesOn = false;
    world.machine.behind = 1;
    const left = world.distributed('--yes');
    await begun(1);
    expect((await world.distributed('--cancel')).code).toBe(0);
    expect(await left).toMatchObject({ code: 1, err: expect.stringContaining('aborted') });
    world.machine.goesOn = true;
    expect(await world.distributed('--resume')).toMatchObject({
      code: 0,
      out: expect.stringContaining('first flag'),
    });
  });

  it('is ended by any version, whatever input is given, and says whose it was', async () => {
    world.machine.goesOn = false;
    const left = world.distributed('--yes');
    await begun(1);
    world.outputs = { ...world.outputs, CodeVersion: '9.9.9' };
    expect((await world.distributed('--resume')).err).toContain('is of version 9.9.9');
    const other = await world.backtest('s3://nonsense/x', '--distributed', '--stack', 'S', '--cancel');
    expect(other).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        new RegExp(`canceled ${world.machine.names[0]}, .*: it is of another input than was given here`),
      ),
    });
    expect((await left).code).toBe(1);
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
