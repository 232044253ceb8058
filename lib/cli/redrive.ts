import { readFile } from 'node:fs/promises';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { z } from 'zod';
import { eventStream } from '../stores/event-stream.ts';
import { parseUsageEvent } from '../telemetry/parse-usage-event.ts';
import { createProducer } from '../telemetry/producer.ts';
import { describeReason, printable } from '../telemetry/reason.ts';
import { decodeRecord } from '../telemetry/record-codec.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { InputError } from './input.ts';
import { printJson, runVerb, say } from './verb.ts';

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
    .action((files: string[], options: RedriveOptions) => runVerb('redrive', () => redrive(files, options)));
}

const setAside = z.object({ payload: z.string(), encoding: z.enum(['utf8', 'base64']) });
/** What Lambda writes when it gives up on a batch: the invocation record with the payload (services-kinesis-errors). */
const givenUp = z.object({ payload: z.string() });
const kinesisPayload = z.object({ Records: z.array(z.object({ kinesis: z.object({ data: z.string() }) })) });

interface Found {
  readonly events: UsageEvent[];
  /** still unusable, with the reason that holds today */
  readonly refused: string[];
}

async function redrive(files: readonly string[], options: RedriveOptions): Promise<number> {
  const bucket = options.bucket ?? process.env.QUARANTINE_BUCKET;
  const stream = options.stream ?? process.env.STREAM_NAME;
  if (files.length === 0 && bucket === undefined)
    throw new InputError('name files, or a bucket with --bucket (or $QUARANTINE_BUCKET)');
  if (stream === undefined && options.dryRun !== true)
    throw new InputError('name the stream with --stream (or $STREAM_NAME), or ask with --dry-run');
  const found: Found = { events: [], refused: [] };
  for await (const { name, text } of files.length > 0 ? filesOf(files) : objectsOf(bucket ?? '', options))
    collect(name, text, found);
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
  options: RedriveOptions,
): AsyncGenerator<{ name: string; text: string }> {
  const client = new S3Client({
    ...(options.region === undefined ? {} : { region: options.region }),
    forcePathStyle: process.env.AWS_ENDPOINT_URL_S3?.startsWith('http://') === true,
  });
  try {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: options.prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key } of page.Contents ?? []) {
        if (Key === undefined) continue;
        const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        yield { name: Key, text: (await object.Body?.transformToString()) ?? '' };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  } finally {
    client.destroy();
  }
}

function collect(name: string, text: string, found: Found): void {
  const refuse = (where: string, why: string) => found.refused.push(`${name}${where}: ${why}`);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const [i, line] of lines.entries()) {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      refuse(`:${i + 1}`, `not JSON (${printable(line)})`);
      continue;
    }
    const aside = setAside.safeParse(json);
    if (aside.success) {
      const { payload, encoding } = aside.data;
      take(encoding === 'base64' ? Buffer.from(payload, 'base64') : Buffer.from(payload), `:${i + 1}`);
      continue;
    }
    const batch = givenUp.safeParse(json);
    const records = batch.success ? kinesisPayload.safeParse(tryJson(batch.data.payload)) : undefined;
    if (records?.success === true)
      for (const [r, { kinesis }] of records.data.Records.entries())
        take(Buffer.from(kinesis.data, 'base64'), `:${i + 1} record ${r}`);
    else refuse(`:${i + 1}`, 'neither an event that was set aside nor a batch that Lambda gave up on');
  }

  function take(bytes: Uint8Array, where: string): void {
    const decoded = decodeRecord(bytes);
    if (decoded.reason !== undefined) refuse(where, describeReason(decoded.reason));
    for (const line of decoded.lines) {
      if (line.event !== undefined && parseUsageEvent(line.event).ok) found.events.push(line.event);
      else if (line.reason !== undefined) refuse(where, describeReason(line.reason));
    }
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
