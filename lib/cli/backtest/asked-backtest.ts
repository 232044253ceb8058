import type { Labels } from '../../backtest/labels.ts';
import type { BacktestOutcome, BacktestResult } from '../../backtest/outcome.ts';
import type { OutcomeCollector } from '../../backtest/outcome-collector.ts';
import type { Division } from '../../backtest/shards/divider.ts';
import type { MergedRun } from '../../backtest/shards/merged-run.ts';
import type { Rules } from '../../detection/judge.ts';
import type { KeyOptions } from '../../input/keyring.ts';
import { tellAbsent } from '../../input/labels.ts';
import { say } from '../../input/say.ts';
import { Traffic, tellLate, tellRejected } from '../../input/traffic.ts';
import { policyWarnings } from '../../policy/diff.ts';
import { printable } from '../../telemetry/reason.ts';
import { CODE_VERSION } from '../../version.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { digestOf, type RunIdentity } from '../replay/checkpoint.ts';
import { calledAs, typedHere } from '../shared/called-as.ts';

/** What a backtest is asked for, and what is told of one, however its replay is made. */

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
  /** on Step Functions, of the deployment that the stack is */
  readonly distributed?: boolean;
  readonly stack?: string;
  readonly region?: string;
  readonly yes?: boolean;
  readonly resume?: boolean;
  readonly cancel?: boolean;
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
export interface Asked {
  readonly traffic: Traffic;
  readonly labels: Labels | undefined;
  readonly campaignOf: ReadonlyMap<string, string>;
  readonly tracks: readonly [RuleSet, ...RuleSet[]];
  readonly options: BacktestOptions;
}

/** What a replay came to, however it was made. */
export interface Replayed {
  readonly board: OutcomeCollector;
  stale(): string | undefined;
  outcome(labels: Labels | undefined, rejected: number, seconds: number): BacktestOutcome;
}

/** A replay that was made. */
export interface MadeReplay extends Pick<MadeBacktest, 'drop'> {
  readonly runs: readonly [Replayed, ...Replayed[]];
  readonly rejected: number;
  readonly seconds: number;
}

/** The runs of a replay whose shards were put together, as many as there are policies. */
export function mergedRuns(merged: readonly MergedRun[], division: Division): MadeReplay['runs'] {
  const runs = merged.map(
    (run): Replayed => ({
      board: run.board,
      stale: () => run.stale(division),
      outcome: (labels, left, seconds) => run.outcome(labels, division, left, seconds),
    }),
  );
  return runs as [Replayed, ...Replayed[]];
}

/** Takes in what is to be replayed, and against what. @throws InputError naming what cannot be used */
export async function askedOf(names: readonly string[], options: BacktestOptions): Promise<Asked> {
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
  return { traffic, labels, campaignOf, tracks, options };
}

/** Says what is to be said of a replay that was made, and makes its outcomes. */
export function toldBacktest({ labels, tracks }: Asked, made: MadeReplay): MadeBacktest {
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

/** What a run is of, by name, for whoever goes on with it. @param files which of the input, and in what order */
export function identityOf({ labels, tracks, options }: Asked, files: string): RunIdentity {
  return {
    files,
    keys: digestOf([options.keyring, options.keySeed]),
    labels: digestOf(labels?.list ?? []),
    rules: digestOf(tracks.map((rules) => ({ ...rules, code: CODE_VERSION, shadow: false }))),
    code: CODE_VERSION,
  };
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
export function tellWarnings(tracks: readonly RuleSet[]): void {
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
