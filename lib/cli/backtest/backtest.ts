import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { BacktestRun } from '../../backtest/backtest-run.ts';
import type { BacktestOutcome, BacktestResult } from '../../backtest/outcome.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { tellAbsent } from '../../input/labels.ts';
import { say } from '../../input/say.ts';
import { Traffic, tellLate, tellRejected } from '../../input/traffic.ts';
import { policyWarnings } from '../../policy/diff.ts';
import { printable } from '../../telemetry/reason.ts';
import { CODE_VERSION } from '../../version.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { digestOf, dropCheckpoint, filesIdentity } from '../replay/checkpoint.ts';
import { ReplaySaver } from '../replay/replay-saver.ts';
import { calledAs, typedHere } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { writable, writeAside } from '../shared/output.ts';
import { comparisonOf, printComparison, printTables } from './backtest-tables.ts';

export type { BacktestResult } from '../../backtest/outcome.ts';

export interface BacktestOptions extends KeyOptions {
  readonly labels?: string;
  readonly policy?: string;
  readonly calibration?: string;
  readonly compare?: string;
  readonly compareCalibration?: string;
  readonly report?: string;
  readonly save?: string;
  readonly checkpoint?: string;
  readonly json?: boolean;
}

/** Exit code of a run that was stopped by Ctrl-C, as shells have it (128 + SIGINT). */
const STOPPED = 130;

/** `backtest EVENTS...`: replays usage events or exchanges through the production code; with labels it measures. */
export function backtestCommand(): Command {
  const command = new Command('backtest')
    .description(
      'replay usage events (or exchanges) through the production code and report what would have been found',
    )
    .argument(
      '<events...>',
      'NDJSON files in order of arrival, plain or gzip; patterns are expanded; - is standard input',
    )
    .option('--labels <file>', 'CSV account,label,kind,campaign: measures against it')
    .option('--policy <file>', 'policy (YAML or JSON); default: the shipped one')
    .option('--calibration <file>', 'calibration (JSON); default: the shipped one')
    .option('--compare <file>', 'a second policy over the same traffic, side by side')
    .option('--compare-calibration <file>', 'calibration of the second policy; default: that of the first')
    .option('--report <file>', 'write a self-contained HTML report')
    .option(
      '--save <file>',
      'write the outcome, one record for each account (JSON; gzip if it ends in .gz), for `console`',
    )
    .option(
      '--checkpoint <file>',
      'save the state of the run there regularly and when it is stopped; the same command then continues from it',
    )
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((files: string[], options: BacktestOptions) =>
    runCommand('backtest', async () => {
      const { report, save, checkpoint } = options;
      await writable({ '--report': report, '--save': save, '--checkpoint': checkpoint });
      const made = await stoppable(options, (stop) => backtest(files, options, stop));
      if (made === undefined) return STOPPED;
      const [outcome, candidate] = made.outcomes;
      refuseNothing(outcome.result);
      if (options.report !== undefined) {
        const { backtestReport } = await import('../../backtest/report.ts');
        await writeAside(options.report, await backtestReport(outcome, candidate));
        say(`report: ${options.report}`);
      }
      if (options.save !== undefined) {
        // of two, both: the first as it is, the second within it
        const text = JSON.stringify(candidate === undefined ? outcome : { ...outcome, compared: candidate });
        await writeAside(options.save, options.save.endsWith('.gz') ? gzipSync(text) : text);
        say(
          candidate === undefined
            ? `saved: ${options.save}`
            : `saved: ${options.save}, with both policies (console shows ${outcome.policy.id}, with --compared ${candidate.policy.id})`,
        );
      }
      if (options.json === true)
        printJson(
          candidate === undefined
            ? outcome.result
            : {
                ...outcome.result,
                compared: { ...candidate.result, change: comparisonOf(outcome, candidate) },
              },
        );
      else {
        printTables(outcome.result);
        if (candidate !== undefined) printComparison(outcome, candidate);
      }
      // only now: what could not be written can be had again
      if (options.checkpoint !== undefined) await dropCheckpoint(options.checkpoint);
      return 0;
    }),
  );
}

/** A result of nothing is none: an export that broke must not look like a quiet week. @throws InputError */
function refuseNothing({ events }: BacktestResult): void {
  if (events.used > 0) return;
  throw new InputError(
    events.read === 0
      ? 'no events: the input is empty'
      : `nothing usable in the input: none of its ${events.read} lines could be used, ${events.quarantined} of them would be quarantined`,
  );
}

/** With a checkpoint, the first Ctrl-C (or SIGTERM) saves and ends; the second one kills. Undefined where it was stopped. */
async function stoppable<T>(
  options: BacktestOptions,
  run: (stop: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  const signals = options.checkpoint === undefined ? [] : (['SIGINT', 'SIGTERM'] as const);
  for (const signal of signals) process.once(signal, onSignal);
  try {
    return await run(stop.signal);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    say(error.message);
    return undefined;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** A run that was told to stop: its checkpoint holds all that was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs the replay; prints nothing but progress and rejects, on standard error. The second outcome is that of `--compare`.
 * @param stop ends the run after the lines at hand; only looked at where there is a checkpoint
 * @throws Interrupted once the checkpoint is written
 */
export async function backtest(
  names: readonly string[],
  options: BacktestOptions,
  stop?: AbortSignal,
): Promise<{ result: BacktestResult; outcomes: [BacktestOutcome, ...BacktestOutcome[]] }> {
  const traffic = await Traffic.of(names, options);
  const labels = options.labels === undefined ? undefined : await traffic.labels(options.labels);
  const campaignOf = new Map<string, string>();
  for (const held of labels?.list ?? [])
    if (held.campaign !== '') campaignOf.set(held.pseudonym, held.campaign);
  const first = await trackOf(options.policy, options.calibration, campaignOf);
  const tracks = [first];
  if (options.compare !== undefined)
    tracks.push(
      await trackOf(options.compare, options.compareCalibration ?? options.calibration, campaignOf),
    );
  tellSameName(tracks);
  const saver =
    options.checkpoint === undefined
      ? undefined
      : await ReplaySaver.open(options.checkpoint, tracks, {
          files: await filesIdentity(traffic.files),
          keys: digestOf([options.keyring, options.keySeed]),
          labels: digestOf(labels?.list ?? []),
          rules: digestOf(tracks.map(({ rules }) => rules)),
          code: CODE_VERSION,
        });
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
        if (!warned) tellWarnings(tracks);
        warned = true;
        for (const track of tracks) track.push(event);
      },
      async onPause(next, set) {
        if (saver === undefined) return false;
        const stopped = stop?.aborted === true;
        if (!stopped && !saver.due()) return false;
        await saver.save({ next, rejected: before + set, seconds: seconds() });
        if (stopped)
          throw new Interrupted(
            `stopped after ${first.read} events; the same command continues from ${options.checkpoint ?? ''}`,
          );
        return false;
      },
    }));
  for (const track of tracks) {
    track.finish();
  }
  tellEach(tracks, (track) =>
    [track.stale()].filter((old) => old !== undefined).map((old) => `WARNING: ${old}`),
  );
  tellRejected(rejected);
  if (labels !== undefined)
    tellAbsent(labels, (account) => first.board.standings.has(account), 'they are not counted');
  const took = seconds();
  const outcome = first.outcome(labels, rejected, took);
  tellLate(outcome.result.events);
  return {
    result: outcome.result,
    outcomes: [outcome, ...tracks.slice(1).map((track) => track.outcome(labels, rejected, took))],
  };
}

async function trackOf(
  policyFile: string | undefined,
  calibrationFile: string | undefined,
  campaignOf: ReadonlyMap<string, string>,
): Promise<BacktestRun> {
  const policy = await loadPolicy(policyFile);
  const calibration = await loadCalibration(calibrationFile);
  return new BacktestRun({ policy, calibration }, campaignOf);
}

/** What the policies ask that their calibrations cannot give. */
function tellWarnings(tracks: readonly BacktestRun[]): void {
  tellEach(tracks, ({ rules: { policy, calibration } }) => [
    ...policyWarnings(policy, calibration).map((misfit) => `WARNING: ${misfit}`),
    ...(policy.campaigns.enabled && calibration.groups === undefined
      ? [
          `note: calibration ${calibration.id} has no benign groups: campaigns are linked, none is judged (${calledAs()} calibrate learns them)`,
        ]
      : []),
  ]);
}

/** Says what holds of the policies that are replayed: once what holds of all, else of which one. */
function tellEach(tracks: readonly BacktestRun[], of: (track: BacktestRun) => readonly string[]): void {
  const said = tracks.map(of);
  for (const line of new Set(said.flat())) {
    const whose = tracks.filter((_, i) => said[i]?.includes(line)).map(({ rules }) => rules.policy.id);
    say(
      typedHere(
        whose.length === tracks.length ? line : `${line} (policy ${whose.map(printable).join(', ')})`,
      ),
    );
  }
}

/** Results name policies by their ids: two of one name cannot be told apart in them. */
function tellSameName([first, second]: readonly BacktestRun[]): void {
  if (first === undefined || second === undefined) return;
  const { id } = first.rules.policy;
  if (id !== second.rules.policy.id) return;
  say(
    digestOf(first.rules) === digestOf(second.rules)
      ? `note: both are policy ${printable(id)} with the same rules: nothing can differ`
      : `WARNING: both policies call themselves ${printable(id)}; give every change an id of its own, results name policies by it`,
  );
}
