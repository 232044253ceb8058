import { readFile } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { quarantinedObjects } from '../../aws/quarantine.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { createProducer } from '../../telemetry/producer.ts';
import { readQuarantined } from '../../telemetry/quarantined.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { printJson, runCommand } from '../shared/command.ts';

interface RedriveOptions {
  readonly bucket?: string;
  readonly prefix: string;
  readonly stream?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `redrive`: puts what was set aside back on the stream, where it has become usable. Repeats within the horizon change nothing. */
export function redriveCommand(): Command {
  return new Command('redrive')
    .description('put quarantined events back on the stream: from files, or from the quarantine bucket')
    .argument('[files...]', 'objects of the quarantine bucket, downloaded')
    .option('--bucket <name>', 'quarantine bucket (QUARANTINE_BUCKET)')
    .option(
      '--prefix <text>',
      'only objects below, for example events/day=2026-03-02/ or aws/lambda/',
      'events/',
    )
    .option('--stream <name>', 'stream to put them on (STREAM_NAME)')
    .option('--endpoint <url>', 'address of the stream service, for emulators')
    .option('--region <region>', 'AWS region')
    .option('--dry-run', 'only say what would be put back')
    .option('--json', 'print one JSON document')
    .action((files: string[], options: RedriveOptions) =>
      runCommand('redrive', () => redrive(files, options)),
    );
}

async function redrive(files: readonly string[], options: RedriveOptions): Promise<number> {
  const bucket = options.bucket ?? process.env.QUARANTINE_BUCKET;
  const stream = options.stream ?? process.env.STREAM_NAME;
  if (files.length === 0 && bucket === undefined)
    throw new InputError('name files, or a bucket with --bucket (or $QUARANTINE_BUCKET)');
  if (stream === undefined && options.dryRun !== true)
    throw new InputError('name the stream with --stream (or $STREAM_NAME), or ask with --dry-run');
  const found: { events: UsageEvent[]; refused: string[] } = { events: [], refused: [] };
  const sources = files.length > 0 ? filesOf(files) : objectsOf(bucket ?? '', options);
  for await (const { name, text } of sources) {
    const { events, refused } = readQuarantined(name, text);
    for (const event of events) found.events.push(event);
    for (const line of refused) found.refused.push(line);
  }
  for (const line of found.refused.slice(0, 20)) say(line);
  if (found.refused.length > 20) say(`... and ${found.refused.length - 20} more`);
  if (options.dryRun !== true && stream !== undefined && found.events.length > 0) {
    const port = eventStream({
      stream,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.region === undefined ? {} : { region: options.region }),
    });
    const producer = createProducer(port);
    try {
      for (const event of found.events) await producer.put(event);
      await producer.close();
    } finally {
      port.destroy();
    }
  }
  const result = {
    putBack: options.dryRun === true ? 0 : found.events.length,
    usable: found.events.length,
    refused: found.refused.length,
  };
  if (options.json === true) printJson(result);
  else
    process.stdout.write(
      `${result.usable} usable, ${result.putBack} put back, ${result.refused} still unusable (they stay where they are)\n`,
    );
  return found.events.length === 0 && found.refused.length > 0 ? 1 : 0;
}

async function* filesOf(files: readonly string[]): AsyncGenerator<{ name: string; text: string }> {
  for (const name of files) {
    const text = await readFile(name, 'utf8').catch((error: unknown) => {
      throw new InputError(
        `${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    });
    yield { name, text };
  }
}

async function* objectsOf(
  bucket: string,
  { region, prefix }: RedriveOptions,
): AsyncGenerator<{ name: string; text: string }> {
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    forcePathStyle: process.env.AWS_ENDPOINT_URL_S3?.startsWith('http://') === true,
  });
  try {
    yield* quarantinedObjects(client, bucket, prefix);
  } finally {
    client.destroy();
  }
}
