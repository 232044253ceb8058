import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BacktestOutcome } from '../../lib/backtest/outcome.ts';
import { ReplayDivider } from '../../lib/backtest/shards/divider.ts';
import { MergedRun } from '../../lib/backtest/shards/merged-run.ts';
import type { FlushPart } from '../../lib/backtest/shards/messages.ts';
import { ReportMerger, type ReportSource } from '../../lib/backtest/shards/report-merger.ts';
import { ShardTracks } from '../../lib/backtest/shards/shard-tracks.ts';
import type { Frame, Resumable } from '../../lib/profile/resumable.ts';
import { campaignsOf, eventsOf, FULL, text, WORKERS, type World, whole, world } from './shard-worlds.ts';

const sent = <T>(message: T): T => deserialize(serialize(message)) as T;
/** A part of a flush goes by way of JSON. */
const written = (part: FlushPart): FlushPart => JSON.parse(JSON.stringify(part)) as FlushPart;

/** Frames that lie there, one after another. */
class Kept implements ReportSource {
  readonly #frames: readonly Frame[];
  at = 0;

  constructor(frames: readonly Frame[], at: number) {
    this.#frames = frames;
    this.at = at;
  }

  get head(): Frame | undefined {
    return this.#frames[this.at];
  }

  async next(): Promise<void> {
    this.at++;
  }
}

/** What goes on in a new place. @param every it is taken down and set up again behind so many steps; 0: never */
function mover(every: number): <T extends Resumable>(held: T, make: () => T) => T {
  let steps = 0;
  return (held, make) => {
    if (every === 0 || ++steps % every !== 0) return held;
    const next = make();
    for (const frame of held.frames()) {
      const [part, value] = sent(frame);
      next.restore(part, value);
    }
    return next;
  };
}

/** Replays each shard on its own, one after the other as a machine with one processor would, and merges what they report. */
async function sharded(of: World, shards: number, every = 0): Promise<BacktestOutcome> {
  const campaigns = campaignsOf(of);
  const moved = mover(every);
  const parts: FlushPart[][] = Array.from({ length: shards }, () => []);
  const divide = () => new ReplayDivider(shards, (shard, part) => parts[shard]?.push(written(part)));
  let divider = divide();
  for (const event of eventsOf(of)) {
    divider = moved(divider, divide);
    divider.push(event);
  }
  const division = divider.finish();
  const reports: Frame[][] = [];
  // the last shard first: whoever is done first says nothing of the order
  for (const [shard, own] of [...parts.entries()].reverse()) {
    const replay = () => new ShardTracks([of], new Set(campaigns.keys()));
    let run = replay();
    const report: Frame[] = [];
    for (const part of own) {
      run = moved(run, replay);
      report.push(...sent([...run.take(part)]));
    }
    reports[shard] = [...report, ...sent([...run.end()])];
  }
  let merged = new MergedRun(of, campaigns);
  let sources = reports.map((frames) => new Kept(frames, 0));
  let merger = new ReportMerger(sources, [merged]);
  while (await merger.step())
    merger = moved(merger, () => {
      merged = new MergedRun(of, campaigns);
      sources = reports.map((frames, shard) => new Kept(frames, sources[shard]?.at ?? 0));
      return new ReportMerger(sources, [merged]);
    });
  merged.finish();
  // whoever prints the outcome may be another than who made it
  const told = new MergedRun(of, campaigns);
  for (const [part, value] of merged.frames(true)) told.restore(part, sent(value));
  return told.outcome(undefined, division, 0, 1);
}

describe('a replay in shards', () => {
  it('is the single replay bit for bit, with 2, 7 and 16 shards, whatever the traffic', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.constantFrom(2, 7, 16), async (of, shards) => {
        expect(text(await sharded(of, shards))).toBe(text(whole(of)));
      }),
      {
        numRuns: 5,
        examples: [
          [FULL, 2],
          [FULL, 16],
          [WORKERS, 7],
        ],
      },
    );
  });

  it('is the same where every step of it is taken down and goes on elsewhere, again and again', {
    timeout: 120_000,
  }, async () => {
    for (const [of, shards, every] of [
      [FULL, 7, 37],
      [WORKERS, 2, 23],
    ] as const)
      expect(text(await sharded(of, shards, every))).toBe(text(whole(of)));
  });

  it('finds campaigns over shards, and its worlds hold what is hard', () => {
    const outcome = whole(FULL);
    expect(outcome.notices.some(({ subject }) => subject.type === 'campaign')).toBe(true);
    expect(outcome.result.flags.some(({ via }) => via === 'campaign')).toBe(true);
    const { repeated, quarantined, late } = outcome.result.events;
    for (const count of [repeated, quarantined, late]) expect(count).toBeGreaterThan(0);
    const linked = whole(WORKERS).notices.map((notice) => JSON.stringify(notice.subject));
    expect(linked.some((subject) => subject.includes('"synchrony"'))).toBe(true);
  });

  it('has one shard at least', () => {
    for (const shards of [0, 1.5, Number.NaN])
      expect(() => new ReplayDivider(shards, () => {})).toThrow(/shards must be a whole number/);
  });
});
