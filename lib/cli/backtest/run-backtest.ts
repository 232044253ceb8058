import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BacktestRun } from '../../backtest/backtest-run.ts';
import { dropCheckpoint, filesIdentity, type RunIdentity } from '../replay/checkpoint.ts';
import { ReplaySaver } from '../replay/replay-saver.ts';
import {
  type Asked,
  askedOf,
  type BacktestOptions,
  identityOf,
  type MadeBacktest,
  type MadeReplay,
  mergedRuns,
  tellWarnings,
  toldBacktest,
} from './asked-backtest.ts';
import { Interrupted } from './interrupted.ts';
import { shardedBacktest } from './shards/sharded-backtest.ts';
import { WorkFolder } from './shards/work-folder.ts';

/**
 * Runs the replay; prints nothing but progress and rejects, on standard error.
 * @param stop ends the run after the lines at hand; only looked at where there is a checkpoint or shards
 * @throws Interrupted once the checkpoint is written
 */
export async function backtest(
  names: readonly string[],
  options: BacktestOptions,
  stop: AbortSignal = new AbortController().signal,
): Promise<MadeBacktest> {
  const asked = await askedOf(names, options);
  const made =
    options.shards === undefined ? await inOne(asked, stop) : await inShards(asked, options.shards, stop);
  return toldBacktest(asked, made);
}

async function checkpointIdentity(asked: Asked): Promise<RunIdentity> {
  return identityOf(asked, await filesIdentity(asked.traffic.files));
}

/** All accounts in this process. */
async function inOne(asked: Asked, stop: AbortSignal): Promise<MadeReplay> {
  const { traffic, campaignOf, options } = asked;
  const [one, ...more] = asked.tracks;
  const first = new BacktestRun(one, campaignOf);
  const tracks: [BacktestRun, ...BacktestRun[]] = [
    first,
    ...more.map((rules) => new BacktestRun(rules, campaignOf)),
  ];
  const { checkpoint } = options;
  const saver =
    checkpoint === undefined
      ? undefined
      : await ReplaySaver.open(checkpoint, tracks, await checkpointIdentity(asked));
  const began = performance.now();
  const seconds = (): number => (saver?.progress.seconds ?? 0) + (performance.now() - began) / 1000;
  const before = saver?.progress.rejected ?? 0;
  let warned = false;
  const rejected =
    before +
    (await traffic.feed({
      label: 'backtest',
      counted: () => `${first.read} events`,
      from: saver?.progress.next,
      onEvent(event) {
        // an input without events has no rates to warn of
        if (!warned) tellWarnings(asked.tracks);
        warned = true;
        for (const track of tracks) track.push(event);
      },
      async onPause(next, set) {
        if (saver === undefined) return false;
        if (!stop.aborted && !saver.due()) return false;
        await saver.save({ next, rejected: before + set, seconds: seconds() });
        if (stop.aborted)
          throw new Interrupted(
            `stopped after ${first.read} events; the same command continues from ${checkpoint ?? ''}`,
          );
        return false;
      },
    }));
  for (const track of tracks) track.finish();
  return {
    runs: tracks,
    rejected,
    seconds: seconds(),
    drop: async () => {
      if (checkpoint !== undefined) await dropCheckpoint(checkpoint);
    },
  };
}

/** The accounts divided among processes: the same outcome. */
async function inShards(asked: Asked, shards: number, stop: AbortSignal): Promise<MadeReplay> {
  const { traffic, campaignOf, tracks, options } = asked;
  const { checkpoint } = options;
  const folder = new WorkFolder(checkpoint ?? (await mkdtemp(join(tmpdir(), 'siphonwatch-shards-'))));
  const began = performance.now();
  try {
    await folder.open(
      checkpoint === undefined ? {} : { ...(await checkpointIdentity(asked)), shards: String(shards) },
      { tracks, labelled: [...campaignOf.keys()] },
    );
    const stopped =
      checkpoint === undefined
        ? 'stopped: nothing is left of it (with --checkpoint FOLDER the same command would continue)'
        : `stopped; the same command continues from ${checkpoint}: shards that are done are not done again`;
    const { merged, division, rejected } = await shardedBacktest({
      ...{ traffic, tracks, campaignOf, shards, folder, stop, stopped },
      onBegin: () => tellWarnings(tracks),
    });
    return {
      runs: mergedRuns(merged, division),
      rejected,
      seconds: (performance.now() - began) / 1000,
      drop: () => folder.remove(),
    };
  } catch (error) {
    if (checkpoint === undefined) await folder.remove();
    throw error;
  }
}
