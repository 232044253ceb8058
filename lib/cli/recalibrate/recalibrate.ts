import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Command, Option } from 'commander';
import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { CalibrationMachine, type CalibrationRun } from '../../aws/calibration-machine.ts';
import { tableSize } from '../../aws/table-size.ts';
import { DEFAULT_STACK } from '../../contract/command.ts';
import { plain } from '../../findings/sanitize.ts';
import { type RecalibrationCost, recalibrationCost } from '../../infra/cost/recalibration.ts';
import { InputError, NotYetError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { typedHere } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { asInputError, outputsOf } from '../shared/deployment.ts';

interface RecalibrateOptions {
  readonly stack?: string;
  readonly region?: string;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly status?: boolean;
  readonly cancel?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** `recalibrate`: a calibration of the deployment in shards, now: what it costs, how far it is, and its end. */
export function recalibrateCommand(): Command {
  return new Command('recalibrate')
    .description(
      'calibrate the whole deployment in shards now (setting calibrateShards): says what it costs, starts it, watches it, cancels or resumes it',
    )
    .option('--stack <name>', `the deployed stack (SIPHONWATCH_STACK); default ${DEFAULT_STACK}`)
    .option('--region <region>', 'AWS region')
    .option('--yes', 'start it; without, only say what it would cost')
    .option('--no-wait', 'do not watch it to its end')
    .addOption(new Option('--status', 'how far the last run is').conflicts(['cancel', 'resume', 'yes']))
    .addOption(
      new Option('--cancel', 'end the run that is under way; it may be resumed').conflicts(['resume', 'yes']),
    )
    .addOption(new Option('--resume', 'go on with a run that failed or was cancelled').conflicts(['yes']))
    .option('--json', 'print one JSON document')
    .action((options: RecalibrateOptions) => runCommand('recalibrate', () => recalibrate(options)));
}

/** A deployment, as far as a calibration in shards needs it. */
export interface Shards {
  readonly machine: Pick<CalibrationMachine, 'latest' | 'start' | 'describe' | 'cancel' | 'resume'>;
  readonly cost: () => Promise<RecalibrationCost & { readonly accounts: number; readonly shards: number }>;
}

async function recalibrate(options: RecalibrateOptions): Promise<number> {
  const stack = options.stack ?? (process.env.SIPHONWATCH_STACK || DEFAULT_STACK);
  const outputs = await outputsOf(stack, options);
  const arn = outputs.CalibrateMachineArn;
  if (arn === undefined)
    throw new InputError(
      `${stack} calibrates in one invocation: deploy it with -c siphonwatch:calibrateShards=N to divide it, or start that one: aws lambda invoke on its function Calibrate`,
    );
  const region = options.region === undefined ? {} : { region: options.region };
  const sfn = new SFNClient(region);
  const dynamodb = new DynamoDBClient(region);
  const s3 = new S3Client(region);
  try {
    const cost = async () => {
      const { bytes, items } = await tableSize(dynamodb, outputs.ProfileTableName ?? '');
      const newest = await new CalibrationBucket(s3, outputs.StateBucketName ?? '').newest();
      const accounts = newest?.accounts ?? items;
      const shards = Number(outputs.CalibrateShards ?? 1);
      const memoryMb = Number(outputs.CalibrateMemoryMb ?? 2048);
      return { accounts, shards, ...recalibrationCost({ accounts, tableBytes: bytes, shards, memoryMb }) };
    };
    return await recalibrateWith({ machine: new CalibrationMachine(sfn, arn), cost }, options);
  } catch (error) {
    throw asInputError(error, `stack ${stack}`);
  } finally {
    for (const client of [sfn, dynamodb, s3]) client.destroy();
  }
}

/** The verb on a deployment. @param everyMs between two looks */
export async function recalibrateWith(
  { machine, cost }: Shards,
  options: RecalibrateOptions,
  everyMs = 5000,
): Promise<number> {
  const latest = await machine.latest();
  if (options.status === true) return tell(required(latest), options);
  if (options.cancel === true) {
    const running = required(latest);
    if (running.state !== 'RUNNING')
      throw new InputError(`nothing to cancel: the last run is ${wordOf(running)}`);
    await machine.cancel(running.run);
    return tell(await machine.describe(running.run), options);
  }
  if (options.resume === true) {
    const failed = required(latest);
    if (failed.state === 'RUNNING' || failed.state === 'SUCCEEDED')
      throw new InputError(`nothing to resume: the last run is ${wordOf(failed)}`);
    await machine.resume(failed.run);
    return watch(machine, await machine.describe(failed.run), options, everyMs);
  }
  if (latest?.state === 'RUNNING')
    throw new NotYetError(
      `a run is under way since ${latest.started}: siphonwatch recalibrate --status, or --cancel`,
    );
  const reckoned = await cost();
  if (options.yes !== true) {
    if (options.json === true) printJson({ cost: reckoned });
    else process.stdout.write(typedHere(costWords(reckoned)));
    return 0;
  }
  say(`reckoned: ${reckoned.accounts} accounts in ${reckoned.shards} shards, USD ${reckoned.usd.toFixed(2)}`);
  return watch(machine, await machine.start(), options, everyMs);
}

function required(run: CalibrationRun | undefined): CalibrationRun {
  if (run === undefined) throw new InputError('no run of the last 90 days: start one with --yes');
  return run;
}

async function watch(
  machine: Shards['machine'],
  begun: CalibrationRun,
  options: RecalibrateOptions,
  everyMs: number,
): Promise<number> {
  let run = begun;
  const tty = process.stderr.isTTY === true && options.json !== true;
  while (options.wait && run.state === 'RUNNING') {
    if (tty) process.stderr.write(`\r\x1b[K${progressOf(run)} (Ctrl-C leaves it running)`);
    await wait(everyMs);
    run = await machine.describe(run.run);
  }
  if (tty) process.stderr.write('\r\x1b[K');
  return tell(run, options);
}

/** 0 while it runs and when it succeeded, 1 when it did not. */
function tell(run: CalibrationRun, { json }: RecalibrateOptions): number {
  if (json === true) printJson(run);
  else process.stdout.write(typedHere(`${runWords(run)}\n`));
  return run.state === 'RUNNING' || run.state === 'SUCCEEDED' ? 0 : 1;
}

function progressOf({ maps }: CalibrationRun): string {
  if (maps.length === 0) return 'planning';
  return maps
    .map(({ map, done, shards, failed }) => {
      const what = map === 'see' ? 'learning from' : 'measuring';
      return `${what} ${done} of ${shards} shards${failed > 0 ? `, ${failed} failed` : ''}`;
    })
    .join('; ');
}

function wordOf({ state }: CalibrationRun): string {
  return state.toLowerCase().replace('_', ' ');
}

function runWords(run: CalibrationRun): string {
  const ended = run.ended === undefined ? '' : `, ended ${run.ended}`;
  const lines = [`${wordOf(run)}: started ${run.started}${ended}`, progressOf(run)];
  if (run.state === 'SUCCEEDED')
    lines.push(
      run.made === undefined
        ? 'too few accounts have shown enough: nothing was learnt'
        : `calibration ${run.made.id} of ${run.made.accounts} accounts: put it into force with a policy that names it (siphonwatch policy)`,
    );
  else if (run.state !== 'RUNNING')
    lines.push(
      ...(run.cause === undefined ? [] : [plain(run.cause, 300)]),
      'what succeeded is kept for two days: siphonwatch recalibrate --resume',
    );
  return lines.join('\n');
}

function costWords(cost: Awaited<ReturnType<Shards['cost']>>): string {
  const lines = cost.lines.map(({ what, usd }) => `  ${what}: USD ${usd.toFixed(2)}`);
  return `${cost.accounts} accounts in ${cost.shards} shards: some ${Math.ceil(cost.minutes)} minutes, USD ${cost.usd.toFixed(2)}\n${lines.join('\n')}\nReckoned at list prices of us-east-1 and 6 ms an account (npm run bench:fleet). Start it: siphonwatch recalibrate --yes\n`;
}
