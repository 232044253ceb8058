import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BacktestRun } from '../../lib/backtest/backtest-run.ts';
import type { BacktestOutcome } from '../../lib/backtest/outcome.ts';
import { objectsBelow } from '../../lib/input/s3.ts';
import { Traffic } from '../../lib/input/traffic.ts';
import { seeded } from '../../lib/statistics/random.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { campaignsOf, eventsOf, FULL, text, WORKERS, type World, world } from '../backtest/shard-worlds.ts';
import { DAY } from '../events.ts';
import {
  archived,
  type EmulatedBacktest,
  emulatedBacktest,
  execution,
  invoker,
  outcomeOf,
  place,
  putBeside,
  requestOf,
} from './emulated-backtest.ts';

/** Whole worlds in an archive: what one process reads of it, and what the state machine's steps make of it. */

let emulated: EmulatedBacktest;
beforeEach(async () => {
  emulated = await emulatedBacktest();
});
afterEach(() => emulated.close());

async function inOne(of: World): Promise<BacktestOutcome> {
  const run = new BacktestRun(of, campaignsOf(of));
  const rejected = await (await Traffic.of([place], {})).feed({
    label: 'test',
    counted: () => '',
    onEvent: (event) => run.push(event),
  });
  run.finish();
  return run.outcome(undefined, rejected, 1);
}

let runs = 0;
async function inShards(of: World, shards: number, turn?: number): Promise<BacktestOutcome> {
  const run = `run-${++runs}`;
  await emulated.runs.ask(run, await requestOf(of, shards));
  await execution(shards, run, invoker(emulated.runs, turn)).run();
  return outcomeOf(emulated.runs, run);
}

const moved = (events: readonly UsageEvent[], ms: number): UsageEvent[] =>
  events.map((event) => ({ ...event, time: new Date(Date.parse(event.time) + ms).toISOString() }));

describe('a backtest in shards of an archive', () => {
  it('is that of one process bit for bit in 2, 7 and 16 shards, with damaged lines, in turns of any length', async () => {
    await fc.assert(
      fc.asyncProperty(
        world,
        fc.constantFrom(2, 7, 16),
        fc.constantFrom(17, 60, 400),
        async (of, shards, turn) => {
          await emulated.close();
          emulated = await emulatedBacktest();
          await archived(emulated.client, [...eventsOf(of), '{"half": an eve']);
          expect(text(await inShards(of, shards, turn))).toBe(text(await inOne(of)));
        },
      ),
      {
        numRuns: 6,
        examples: [
          [FULL, 7, 60],
          [WORKERS, 16, 17],
          [WORKERS, 2, 17],
        ],
      },
    );
  });

  it('counts an object that is doubled as repeated events, and ends at a damaged one by its name', async () => {
    // of an archive an object spans minutes; here it is three events of every account, within the hour in which ids are known
    const record = 12;
    await archived(emulated.client, eventsOf(WORKERS), { record });
    const once = (await inOne(WORKERS)).result.events;
    const [first = ''] = await objectsBelow(place);
    const key = first.slice(first.indexOf('events/'));
    const stored = await emulated.read(key);
    await putBeside(emulated.client, key.replace('/group=', '/group=copied-'), stored);
    const doubled = await inShards(WORKERS, 7);
    expect(text(doubled)).toBe(text(await inOne(WORKERS)));
    expect(doubled.result.events).toMatchObject({
      read: once.read + record,
      used: once.used,
      repeated: once.repeated + record,
    });
    await putBeside(
      emulated.client,
      key.replace('/group=', '/group=copied-'),
      stored.subarray(0, stored.length - 9),
    );
    await expect(inShards(WORKERS, 7)).rejects.toThrow(
      /^s3:\/\/archive-of-backtests\/events\/day=\S+copied-\S+: the gzip file ends too early/,
    );
  });

  it('replays what is there of an archive with a hole: what is missing is not known to it', async () => {
    const events = eventsOf(WORKERS);
    const hole = events.filter((_, at) => at < 300 || at >= 420);
    await archived(emulated.client, hole);
    const outcome = await inShards(WORKERS, 2);
    expect(text(outcome)).toBe(text(await inOne(WORKERS)));
    expect(outcome.result.events.read).toBe(hole.length);
  });

  it('is the same whatever calls of S3 fail, before or after they have their effect', async () => {
    await archived(emulated.client, eventsOf(WORKERS));
    const expected = text(await inOne(WORKERS));
    const request = await requestOf(WORKERS, 3);
    for (const seed of [1, 2, 3]) {
      const random = seeded(seed);
      let failed = 0;
      const fault = (): void => {
        if (random() > 0.04) return;
        failed++;
        throw new Error('InternalError');
      };
      const run = `faults-${seed}`;
      await emulated.runs.ask(run, request);
      const invoke = invoker(emulated.runs, 40, 65_536);
      const playing = execution(3, run, async (fn, payload) => {
        Object.assign(emulated.faults, { before: fault, after: fault });
        try {
          return await invoke(fn, payload);
        } finally {
          Object.assign(emulated.faults, { before: undefined, after: undefined });
        }
      });
      for (let ended = false; !ended; )
        ended = await playing.redrive().then(
          () => true,
          () => false,
        );
      expect(text(await outcomeOf(emulated.runs, run))).toBe(expected);
      expect(failed).toBeGreaterThan(5);
    }
  });

  it('is the same in every time zone, over a change of the clocks', async () => {
    const zone = process.env.TZ;
    // the clocks of Berlin go forward on 29 March 2026 at 01:00 UTC, those of New York on 8 March at 07:00
    const events = eventsOf(WORKERS);
    const begins = Date.parse(events[0]?.time ?? '');
    try {
      for (const [change, name, offsets] of [
        [Date.parse('2026-03-29T01:00:00Z'), 'Europe/Berlin', [-60, -120]],
        [Date.parse('2026-03-08T07:00:00Z'), 'America/New_York', [300, 240]],
      ] as const) {
        await emulated.close();
        emulated = await emulatedBacktest();
        await archived(emulated.client, moved(events, change - begins - DAY / 2));
        process.env.TZ = 'UTC';
        const expected = text(await inOne(WORKERS));
        process.env.TZ = name;
        expect([change - 1, change].map((at) => new Date(at).getTimezoneOffset())).toEqual(offsets);
        expect(text(await inShards(WORKERS, 2, 200))).toBe(expected);
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });
});
