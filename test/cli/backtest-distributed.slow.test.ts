import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { campaignsOf, WORKERS } from '../backtest/shard-worlds.ts';
import { place } from '../lambdas/emulated-backtest.ts';
import { DistributedWorld } from './distributed-world.ts';
import { holdToSchema } from './outputs.ts';

let world: DistributedWorld;
let folder: string;
beforeAll(async () => {
  world = await DistributedWorld.begin(300);
  folder = await mkdtemp(join(tmpdir(), 'siphonwatch-distributed-'));
  await writeFile(join(folder, 'short.yaml'), 'v: 1\nid: short\nwindows: [6, 24]\n');
  const labels = [...campaignsOf(WORKERS)].map(
    ([account, campaign]) => `${account},extraction,script,${campaign}`,
  );
  await writeFile(join(folder, 'labels.csv'), ['account,label,kind,campaign', ...labels, ''].join('\n'));
});
beforeEach(async () => {
  await world.deploy();
  return () => world.machine.close();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await world.close();
});

/** As it is printed, but for how long it took. */
const timeless = (text: string): string => text.replaceAll(/"(eventsPerSecond|seconds)": ?[\d.]+/g, '"$1":0');

describe('backtest --distributed', () => {
  it('prints and saves what the local command does, with two policies and labels, and leaves nothing behind', async () => {
    const words = (name: string): string[] => [
      ...['--labels', join(folder, 'labels.csv'), '--compare', join(folder, 'short.yaml')],
      ...['--save', join(folder, name), '--json'],
    ];
    const local = await world.backtest(place, ...words('local.json'));
    const made = await world.distributed(...words('made.json'), '--yes');
    expect([made.code, timeless(made.out)]).toEqual([0, timeless(local.out)]);
    holdToSchema(['backtest', '--json'], made.out);
    const saved = async (name: string): Promise<string> =>
      timeless(await readFile(join(folder, name), 'utf8'));
    expect(await saved('made.json')).toBe(await saved('local.json'));
    // what is to be known of the input is said as it is here
    for (const words of [/1 line is no usage event/, /linking accounts into campaigns is blind/])
      expect([local.err, made.err]).toEqual([expect.stringMatching(words), expect.stringMatching(words)]);
    expect(await world.parts()).toEqual([]);
    expect((await world.distributed('--resume')).err).toContain('the outcome of the last run');
  });

  it('ends with 1 where the run fails, says why without its colours, and goes on once that is mended', async () => {
    const whole = world.invoke;
    world.invoke = async () => {
      throw new Error('\u001b[31mTask timed out after 900.00 seconds');
    };
    const failed = await world.distributed('--yes');
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/timed out after 900[\s\S]*a larger batchMemoryMb[\s\S]*--resume/);
    expect(failed.err).not.toContain('\u001b[31m');
    world.invoke = whole;
    expect(await world.distributed('--resume', '--compare', join(folder, 'short.yaml'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('of another command (rules differ)'),
    });
    expect(await world.distributed('--resume')).toMatchObject({ code: 0 });
  });

  it('says of a shard that failed why it did, and goes on with that shard', async () => {
    const whole = world.invoke;
    world.invoke = async (fn, payload) => {
      if (JSON.stringify(payload).includes('"shard":1')) throw new Error('divide/0 is gone');
      return whole(fn, payload);
    };
    const failed = await world.distributed('--yes');
    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('divide/0 is gone') });
    expect(failed.err).not.toContain('threshold');
    world.invoke = whole;
    expect(await world.distributed('--resume')).toMatchObject({ code: 0 });
  });
});
