import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BacktestRun } from '../../backtest/backtest-run.ts';
import type { Labels } from '../../backtest/labels.ts';
import type { BacktestOutcome, BacktestResult } from '../../backtest/outcome.ts';
import type { OutcomeCollector } from '../../backtest/outcome-collector.ts';
import type { Rules } from '../../detection/judge.ts';
import type { KeyOptions } from '../../input/keyring.ts';
import { tellAbsent } from '../../input/labels.ts';
import { say } from '../../input/say.ts';
import { Traffic, tellLate, tellRejected } from '../../input/traffic.ts';
import { policyWarnings } from '../../policy/diff.ts';
import { printable } from '../../telemetry/reason.ts';
import { CODE_VERSION } from '../../version.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { digestOf, dropCheckpoint, filesIdentity, type RunIdentity } from '../replay/checkpoint.ts';
import { ReplaySaver } from '../replay/replay-saver.ts';
import { calledAs, typedHere } from '../shared/called-as.ts';
import { Interrupted } from './interrupted.ts';
import { shardedBacktest } from './shards/sharded-backtest.ts';
import { WorkFolder } from './shards/work-folder.ts';

export interface BacktestOptions extends KeyOptions {
  readonly labels?: string;
  readonly policy?: string;
  readonly calibration?: string;
  readonly compare?: string;
  readonly compareCalibration?: string;
  readonly report?: string;
  readonly save?: string;
  readonly checkpoint?: string;
  readonly shards?: number;
  readonly json?: boolean;
}

/** A backtest that is done. */
export interface MadeBacktest {
  readonly result: BacktestResult;
  /** the second one is that of `--compare` */
  readonly outcomes: [BacktestOutcome, ...BacktestOutcome[]];
  /** Takes away what a run that is taken up again would need: when all that was asked for is written. */
  drop(): Promise<void>;
}

/** What is replayed, and against what. */
interface Asked {
  readonly traffic: Traffic;
  readonly labels: Labels | undefined;
  readonly campaignOf: ReadonlyMap<string, string>;
  readonly tracks: readonly [RuleSet, ...RuleSet[]];
  readonly options: BacktestOptions;
}

/** What a replay came to, however it was made. */
interface Replayed {
  readonly board: OutcomeCollector;
  stale(): string | undefined;
  outcome(labels: Labels | undefined, rejected: number, seconds: number): BacktestOutcome;
}

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
  const traffic = await Traffic.of(names, options);
  const labels = options.labels === undefined ? undefined : await traffic.labels(options.labels);
  const campaignOf = new Map<string, string>();
  for (const held of labels?.list ?? [])
    if (held.campaign !== '') campaignOf.set(held.pseudonym, held.campaign);
  const first = await rulesOf(options.policy, options.calibration);
  const tracks: [RuleSet, ...RuleSet[]] = [first];
  if (options.compare !== undefined)
    tracks.push(await rulesOf(options.compare, options.compareCalibration ?? options.calibration));
  tellSameName(tracks);
  const asked: Asked = { traffic, labels, campaignOf, tracks, options };
  const made =
    options.shards === undefined ? await inOne(asked, stop) : await inShards(asked, options.shards, stop);
  const { rejected, seconds } = made;
  tellEach(tracks, (_, i) => {
    const old = made.runs[i]?.stale();
    return old === undefined ? [] : [`WARNING: ${old}`];
  });
  tellRejected(rejected);
  const [run, ...others] = made.runs;
  if (labels !== undefined)
    tellAbsent(labels, (account) => run.board.standings.has(account), 'they are not counted');
  const outcome = run.outcome(labels, rejected, seconds);
  tellLate(outcome.result.events);
  return {
    result: outcome.result,
    outcomes: [outcome, ...others.map((other) => other.outcome(labels, rejected, seconds))],
    drop: made.drop,
  };
}

interface MadeReplay extends Pick<MadeBacktest, 'drop'> {
  readonly runs: readonly [Replayed, ...Replayed[]];
  readonly rejected: number;
  readonly seconds: number;
}

/** What a checkpoint is of. */
async function identityOf({ traffic, labels, tracks, options }: Asked): Promise<RunIdentity> {
  return {
    files: await filesIdentity(traffic.files),
    keys: digestOf([options.keyring, options.keySeed]),
    labels: digestOf(labels?.list ?? []),
    rules: digestOf(tracks.map((rules) => ({ ...rules, code: CODE_VERSION, shadow: false }))),
    code: CODE_VERSION,
  };
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
      : await ReplaySaver.open(checkpoint, tracks, await identityOf(asked));
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
      checkpoint === undefined ? {} : { ...(await identityOf(asked)), shards: String(shards) },
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
    const runs = merged.map(
      (run): Replayed => ({
        board: run.board,
        stale: () => run.stale(division),
        outcome: (labels, left, seconds) => run.outcome(labels, division, left, seconds),
      }),
    );
    return {
      // as many as there are policies
      runs: runs as [Replayed, ...Replayed[]],
      rejected,
      seconds: (performance.now() - began) / 1000,
      drop: () => folder.remove(),
    };
  } catch (error) {
    if (checkpoint === undefined) await folder.remove();
    throw error;
  }
}

type RuleSet = Pick<Rules, 'policy' | 'calibration'>;

async function rulesOf(
  policyFile: string | undefined,
  calibrationFile: string | undefined,
): Promise<RuleSet> {
  const policy = await loadPolicy(policyFile);
  return { policy, calibration: await loadCalibration(calibrationFile) };
}

/** What the policies ask that their calibrations cannot give. */
function tellWarnings(tracks: readonly RuleSet[]): void {
  tellEach(tracks, ({ policy, calibration }) => [
    ...policyWarnings(policy, calibration).map((misfit) => `WARNING: ${misfit}`),
    ...(policy.campaigns.enabled && calibration.groups === undefined
      ? [
          `note: calibration ${calibration.id} has no benign groups: campaigns are linked, none is judged (${calledAs()} calibrate learns them)`,
        ]
      : []),
  ]);
}

/** Says what holds of the policies that are replayed: once what holds of all, else of which one. */
function tellEach(
  tracks: readonly RuleSet[],
  of: (track: RuleSet, index: number) => readonly string[],
): void {
  const said = tracks.map(of);
  for (const line of new Set(said.flat())) {
    const whose = tracks.filter((_, i) => said[i]?.includes(line)).map(({ policy }) => policy.id);
    say(
      typedHere(
        whose.length === tracks.length ? line : `${line} (policy ${whose.map(printable).join(', ')})`,
      ),
    );
  }
}

/** Results name policies by their ids: two of one name cannot be told apart in them. */
function tellSameName([first, second]: readonly RuleSet[]): void {
  if (first === undefined || second === undefined) return;
  const { id } = first.policy;
  if (id !== second.policy.id) return;
  say(
    digestOf(first) === digestOf(second)
      ? `note: both are policy ${printable(id)} with the same rules: nothing can differ`
      : `WARNING: both policies call themselves ${printable(id)}; give every change an id of its own, results name policies by it`,
  );
}
