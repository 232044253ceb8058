import { gzipSync } from 'node:zlib';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BacktestResult } from '../../backtest/outcome.ts';
import { DEFAULT_STACK } from '../../contract/command.ts';
import { InputError } from '../../input/errors.ts';
import { withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { writable, writeAside } from '../shared/output.ts';
import type { BacktestOptions, MadeBacktest } from './asked-backtest.ts';
import { comparisonOf, printComparison, printTables } from './backtest-tables.ts';
import { Interrupted } from './interrupted.ts';
import { backtest } from './run-backtest.ts';

export type { BacktestResult } from '../../backtest/outcome.ts';

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
    .option(
      '--shards <number>',
      'divide the accounts among so many processes, as many at once as there are processors; the same outcome (--checkpoint then names a folder)',
      shardsOf,
    )
    .option('--json', 'print one JSON document');
  return withKeyOptions(withDistributedOptions(command)).action((files: string[], options: BacktestOptions) =>
    runCommand('backtest', () => backtestAs(files, options)),
  );
}

/** Of a replay on Step Functions. */
function withDistributedOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--distributed',
        "replay the deployment's archive (s3://...) on Step Functions, divided among as many invocations as the setting backtestShards says; the same outcome",
      ).conflicts(['shards', 'checkpoint']),
    )
    .option(
      '--stack <name>',
      `with --distributed: the deployed stack (SIPHONWATCH_STACK); default ${DEFAULT_STACK}`,
    )
    .option('--region <region>', 'with --distributed: AWS region')
    .option('--yes', 'with --distributed: start it; without, only say what it would cost')
    .addOption(
      new Option(
        '--resume',
        'with --distributed: watch the last run of this command, go on with it where it failed or was cancelled, and print its outcome',
      ).conflicts(['yes', 'cancel']),
    )
    .addOption(
      new Option(
        '--cancel',
        'with --distributed: end the run that is under way; it may be resumed',
      ).conflicts(['yes']),
    );
}

async function backtestAs(files: readonly string[], options: BacktestOptions): Promise<number> {
  const { report, save, checkpoint } = options;
  await writable({
    '--report': report,
    '--save': save,
    ...(options.shards === undefined ? { '--checkpoint': checkpoint } : {}),
  });
  const made = await run(files, options);
  if (typeof made === 'number') return made;
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
  await made.drop();
  return 0;
}

/** @returns the exit code where there is no outcome */
async function run(files: readonly string[], options: BacktestOptions): Promise<MadeBacktest | number> {
  if (options.distributed === true) {
    const { distributedBacktest } = await import('./distributed/distributed-backtest.ts');
    return distributedBacktest(files, options);
  }
  for (const [name, value] of [
    ['--stack', options.stack],
    ['--region', options.region],
    ['--yes', options.yes],
    ['--resume', options.resume],
    ['--cancel', options.cancel],
  ] as const)
    if (value !== undefined) throw new InputError(`${name} goes with --distributed`);
  return (await stoppable(options, (stop) => backtest(files, options, stop))) ?? STOPPED;
}

/** Most shards: each has a file that is open while events are divided. */
const MOST_SHARDS = 256;

/** @throws InvalidArgumentError naming the value */
function shardsOf(text: string): number {
  const shards = Number(text);
  if (!/^\d+$/.test(text) || shards < 1 || shards > MOST_SHARDS)
    throw new InvalidArgumentError(`not a whole number from 1 to ${MOST_SHARDS}`);
  return shards;
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

/**
 * With a checkpoint or shards, the first Ctrl-C (or SIGTERM) tidies up and ends; the second one kills. Undefined where it was
 * stopped.
 */
async function stoppable<T>(
  options: BacktestOptions,
  run: (stop: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  const signals =
    options.checkpoint === undefined && options.shards === undefined ? [] : (['SIGINT', 'SIGTERM'] as const);
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
