import { availableParallelism } from 'node:os';
import { type Division, ReplayDivider } from '../../../backtest/shards/divider.ts';
import { MergedRun } from '../../../backtest/shards/merged-run.ts';
import type { Rules } from '../../../detection/judge.ts';
import { totalBytes } from '../../../input/lines.ts';
import { say } from '../../../input/say.ts';
import type { Traffic } from '../../../input/traffic.ts';
import { FrameWriter } from '../../replay/frame-file.ts';
import { Interrupted } from '../interrupted.ts';
import { estimateOf } from './estimate.ts';
import { mergeReports } from './merge-reports.ts';
import { ShardPool } from './shard-pool.ts';
import type { Divided, WorkFolder } from './work-folder.ts';

/** A backtest in shards. */
export interface ShardedBacktest {
  readonly traffic: Traffic;
  readonly tracks: readonly Pick<Rules, 'policy' | 'calibration'>[];
  /** account pseudonym to the campaign that it is labelled with */
  readonly campaignOf: ReadonlyMap<string, string>;
  readonly shards: number;
  /** opened for this run */
  readonly folder: WorkFolder;
  readonly stop: AbortSignal;
  /** told before the first event is replayed; never of an input without events */
  readonly onBegin: () => void;
  /** what is said where it is stopped */
  readonly stopped: string;
}

/** How long it is watched before its end is estimated, ms. */
const WATCHED_MS = 3000;

/**
 * Divides the events among shards, lets processes replay them, as many at once as there are processors, and puts together
 * what they report. All three go on at the same time; what is done is in the folder, and not done again.
 * @throws Interrupted where it is stopped, once no process of it is left
 */
export async function shardedBacktest(
  run: ShardedBacktest,
): Promise<Divided & { readonly merged: readonly MergedRun[] }> {
  const { tracks, campaignOf, shards, folder } = run;
  const numbers = Array.from({ length: shards }, (_, shard) => shard);
  const before = await folder.divided();
  const left: number[] = [];
  for (const shard of numbers) if (!(await folder.isReported(shard))) left.push(shard);
  const atOnce = Math.max(1, availableParallelism());
  if (left.length < shards)
    say(`continues: ${shards - left.length} of ${shards} shards were replayed before`);
  const pool = new ShardPool(folder);
  const onStop = (): void => pool.stop(new Interrupted(run.stopped));
  run.stop.addEventListener('abort', onStop, { once: true });
  if (run.stop.aborted) onStop();
  // a report that is whole is not waited for, whatever it holds
  const open = new Set(left.map((shard) => folder.report(shard)));
  const replayed = pool.run(left, atOnce, (shard) => {
    open.delete(folder.report(shard));
    say(`${shards - open.size} of ${shards} shards are replayed`);
  });
  const merged = tracks.map((rules) => new MergedRun(rules, campaignOf));
  const work = async (): Promise<Divided> => {
    const divided = before ?? (await divide(run, pool, atOnce));
    if (before !== undefined) run.onBegin();
    await mergeReports(
      numbers.map((shard) => folder.report(shard)),
      merged,
      (file) => open.has(file) && pool.failure === undefined,
    );
    return divided;
  };
  const worked = work().catch((error: unknown) => {
    // what failed because a shard did says less than the shard
    const first = pool.failure ?? (error instanceof Error ? error : new Error(String(error)));
    pool.stop(first);
    throw first;
  });
  try {
    const [divided] = await Promise.all([worked, replayed]);
    return { ...divided, merged };
  } finally {
    run.stop.removeEventListener('abort', onStop);
    // no process is left, and nobody writes into the folder any more, whatever happened
    await Promise.allSettled([worked, replayed]);
  }
}

/** Reads all events once, and writes those of each shard into a file of its own. */
async function divide(
  { traffic, shards, folder, onBegin }: ShardedBacktest,
  pool: ShardPool,
  atOnce: number,
): Promise<Divided> {
  const began = performance.now();
  const all = await totalBytes(traffic.files);
  const writers: FrameWriter[] = [];
  for (let shard = 0; shard < shards; shard++) writers.push(await FrameWriter.open(folder.events(shard)));
  try {
    const divider = new ReplayDivider(shards, (shard, part) =>
      writers[shard]?.add(['part', JSON.stringify(part)]),
    );
    let bytes = 0;
    let begun = false;
    let watched: { readonly at: number; readonly divided: number; readonly replayed: number } | undefined;
    let estimated = false;
    const rejected = await traffic.feed({
      label: 'divide',
      counted: () => `${divider.division.read} events, ${pool.events} replayed`,
      onBytes: (read) => {
        bytes += read;
      },
      onEvent(event) {
        if (!begun) onBegin();
        begun = true;
        divider.push(event);
      },
      async onPause() {
        for (const writer of writers) await writer.flush();
        const now = performance.now();
        const { read } = divider.division;
        // processes take a while until they begin
        if (watched === undefined && pool.events > 0)
          watched = { at: now, divided: read, replayed: pool.events };
        if (!estimated && watched !== undefined && now - watched.at >= WATCHED_MS) {
          estimated = true;
          say(
            estimateOf({
              ...{ shards, atOnce, divided: read, replayed: pool.events },
              seconds: (now - watched.at) / 1000,
              rate:
                Math.min(read - watched.divided, pool.events - watched.replayed) /
                ((now - watched.at) / 1000),
              share: all === undefined ? undefined : bytes / Math.max(1, all),
            }),
          );
        }
        return pool.failure !== undefined;
      },
    });
    if (pool.failure !== undefined) throw pool.failure;
    const division: Division = divider.finish();
    for (const writer of writers) await writer.end();
    const divided = { division, rejected, seconds: (performance.now() - began) / 1000 };
    await folder.keepDivided(divided);
    return divided;
  } finally {
    for (const writer of writers) await writer.close();
  }
}
