import { readFile } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { QuarantineBucket } from '../../aws/quarantine.ts';
import { QUARANTINED_PREFIXES } from '../../contract/object-prefixes.ts';
import { fileTrouble, InputError } from '../../input/errors.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import type { ProducerPort } from '../../telemetry/producer.ts';
import { typedHere } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { outputsOf } from '../shared/deployment.ts';
import { LATE_HOURS, putBack, type QuarantinedObject, type Redriven } from './put-back.ts';

interface RedriveOptions {
  readonly stack?: string;
  readonly bucket?: string;
  readonly prefix: readonly string[];
  readonly stream?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly dryRun?: boolean;
  readonly again?: boolean;
  readonly json?: boolean;
}

/** `redrive`: puts what was set aside back on the stream, where it has become usable. Each event counts once, however often that is done. */
export function redriveCommand(): Command {
  return new Command('redrive')
    .description('put quarantined events back on the stream: from files, or from the quarantine bucket')
    .argument('[files...]', 'objects of the quarantine bucket, downloaded')
    .option('--stack <name>', 'the deployed stack (SIPHONWATCH_STACK), whose outputs name bucket and stream')
    .option('--bucket <name>', 'quarantine bucket (QUARANTINE_BUCKET)')
    .option(
      '--prefix <text...>',
      'only objects below, for example events/day=2026-03-02/; without, set-aside events and failed batches alike',
      [...QUARANTINED_PREFIXES],
    )
    .option('--stream <name>', 'stream to put them on (STREAM_NAME)')
    .option('--endpoint <url>', 'address of the stream service, for emulators')
    .option('--region <region>', 'AWS region')
    .option('--again', 'also objects that are marked as put back')
    .option('--dry-run', 'only say what would be put back')
    .option('--json', 'print one JSON document')
    .action((files: string[], options: RedriveOptions) =>
      runCommand('redrive', () => redrive(files, options)),
    );
}

async function redrive(files: readonly string[], options: RedriveOptions): Promise<number> {
  const stack = options.stack ?? (process.env.SIPHONWATCH_STACK || undefined);
  const outputs = stack === undefined ? {} : await outputsOf(stack, options);
  // a stack that is named on the command line stands above variables
  const set = options.stack === undefined ? process.env : {};
  const bucket = options.bucket ?? (set.QUARANTINE_BUCKET || outputs.QuarantineBucketName);
  const stream = options.stream ?? (set.STREAM_NAME || outputs.StreamName);
  if (files.length === 0 && bucket === undefined)
    throw new InputError(
      'name files, a bucket with --bucket (or $QUARANTINE_BUCKET), or a stack with --stack',
    );
  if (stream === undefined && options.dryRun !== true)
    throw new InputError(
      'name the stream with --stream (or $STREAM_NAME), or the stack with --stack, or ask with --dry-run',
    );
  const target = options.dryRun === true ? undefined : targetOf(stream ?? '', options);
  const tty = process.stderr.isTTY === true && options.json !== true;
  try {
    const result =
      files.length > 0
        ? await putBack(withoutMarks(filesOf(files)), target?.port, progress)
        : await fromBucket(bucket ?? '', options, target?.port, progress);
    if (options.json === true) printJson(result);
    else
      process.stdout.write(
        typedHere(summary(result, { dryRun: options.dryRun === true, ofFiles: files.length > 0 })),
      );
    return result.usable === 0 && result.refused > 0 ? 1 : 0;
  } finally {
    target?.destroy();
  }

  function progress(so: Redriven): void {
    if (tty) process.stderr.write(`\r${so.objects} objects, ${so.putBack} of ${so.usable} events put back`);
  }
}

function targetOf(stream: string, { endpoint, region }: RedriveOptions) {
  const port = eventStream({
    stream,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  });
  return { port, destroy: () => port.destroy() };
}

async function fromBucket(
  bucket: string,
  { region, prefix, again }: RedriveOptions,
  port: ProducerPort | undefined,
  progress: (so: Redriven) => void,
): Promise<Redriven> {
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    forcePathStyle: process.env.AWS_ENDPOINT_URL_S3?.startsWith('http://') === true,
  });
  try {
    const quarantine = new QuarantineBucket(client, bucket);
    return await putBack(quarantine.objects(prefix, again === true), port, progress);
  } finally {
    client.destroy();
  }
}

function summary(
  result: Redriven,
  { dryRun, ofFiles }: { readonly dryRun: boolean; readonly ofFiles: boolean },
): string {
  const late =
    result.late === 0
      ? ''
      : `${result.late} of them are older than ${LATE_HOURS} hours: they are counted as late and change no score\n`;
  const batches =
    result.applied === 0
      ? ''
      : `${result.applied} more, of batches that Lambda gave up on, had been applied and are left out\n`;
  const untold =
    !ofFiles || result.ofBatches === 0
      ? ''
      : `${result.ofBatches} of them are of batches that Lambda gave up on, and files do not tell which had been applied: with --bucket or --stack those are left out\n`;
  const tables =
    result.ofTables === 0
      ? ''
      : `${result.ofTables} of the objects are changes of a table, not events: they need no redrive (docs/operations.md, "Dead letters")\n`;
  const done = dryRun ? 'nothing put back (--dry-run)' : `${result.putBack} put back`;
  return `${result.objects} objects: ${result.usable} usable, ${done}, ${result.refused} still unusable (they stay where they are)\n${late}${batches}${untold}${tables}`;
}

async function* filesOf(files: readonly string[]): AsyncGenerator<{ name: string; text: string }> {
  for (const name of files) {
    const text = await readFile(name, 'utf8').catch((error: unknown) => {
      throw new InputError(`${name}: cannot be read: ${fileTrouble(error)}`, { cause: error });
    });
    yield { name, text };
  }
}

async function* withoutMarks(
  files: AsyncGenerator<{ name: string; text: string }>,
): AsyncGenerator<QuarantinedObject> {
  for await (const file of files) yield { ...file, isApplied: () => false, mark: () => Promise.resolve() };
}
