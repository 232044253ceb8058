import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { StoredBodies } from '../../input/bedrock-bodies.ts';
import { fileTrouble, InputError } from '../../input/errors.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring, withKeyOptions } from '../../input/keyring.ts';
import { inputFiles, STDIN, totalBytes } from '../../input/lines.ts';
import { inputFormat, readUsageEvents } from '../../input/usage-events.ts';
import { ADAPTER_DEFAULTS } from '../../telemetry/adapters/adapter.ts';
import { SOURCE_FORMATS } from '../../telemetry/adapters/reader.ts';
import type { Keyring } from '../../telemetry/keys.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { markedValue } from '../../telemetry/marked-value.ts';
import { createProducer, type Producer, ProducerFailure } from '../../telemetry/producer.ts';
import { createRecorder, type Recorder } from '../../telemetry/recorder.ts';
import { escapeUnsafeJson } from '../../text/unsafe.ts';
import { clientTrust, withAccountOptions } from '../shared/client-trust.ts';
import { jsonLine } from '../shared/command.ts';
import { RecordTally } from './record-tally.ts';

interface RecordOptions extends KeyOptions {
  readonly from: string;
  readonly out?: string;
  readonly stream?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly replayClock?: boolean;
  readonly rejects?: string;
  readonly plan: string;
  readonly trustClientFields?: readonly string[];
  readonly accountField?: string;
  readonly product: string;
  readonly json?: boolean;
}

/** `record [FILE...]`: exchanges, or what gateways write, to usage events: NDJSON, a file, or a Kinesis stream. */
export function recordCommand(): Command {
  const command = new Command('record')
    .description(
      'turn exchanges into usage events (no text): NDJSON on standard output, --out FILE, or --stream NAME',
    )
    .argument('[files...]', 'JSON documents, plain, gzip or zstd; - or nothing reads standard input')
    .addOption(
      new Option('--from <format>', 'what the documents are; auto tells them apart and says what it found')
        .choices(SOURCE_FORMATS)
        .default('exchange'),
    )
    .option('--out <file>', 'write events to a file (gzip if it ends in .gz)')
    .option('--stream <name>', 'put events on a Kinesis stream (name or ARN)')
    .option('--endpoint <url>', 'address of the stream service, for emulators')
    .option('--region <region>', 'AWS region')
    .option(
      '--replay-clock',
      'stamp records with the running maximum of event time, for replays of old traffic',
    )
    .option(
      '--rejects <file>',
      'write unusable lines to a file, whole, with their reasons (they contain text)',
    )
    .option('--json', 'print one JSON summary instead (events then go to --out or --stream)');
  return withKeyOptions(withAccountOptions(command)).action(
    async (files: string[], options: RecordOptions) => {
      process.exitCode = await runRecord(files, options, { stdout: process.stdout, stderr: process.stderr });
    },
  );
}

export interface Terminal {
  readonly stdout: Writable;
  readonly stderr: Writable & { isTTY?: boolean };
}

/** Runs the verb; returns its exit code. */
export async function runRecord(
  names: readonly string[],
  options: RecordOptions,
  terminal: Terminal,
): Promise<number> {
  const say = (line: string) => terminal.stderr.write(`${line}\n`);
  try {
    return await record(names, options, terminal, say);
  } catch (error) {
    if (isBrokenPipe(error)) return 0;
    if (!(error instanceof InputError || error instanceof ProducerFailure)) throw error;
    say(`record: ${error.message}`);
    return 2;
  }
}

async function record(
  names: readonly string[],
  options: RecordOptions,
  terminal: Terminal,
  say: (line: string) => void,
): Promise<number> {
  if (options.json === true && options.out === undefined && options.stream === undefined)
    throw new InputError('--json prints a summary: send the events to --out FILE or --stream NAME');
  if (options.out !== undefined && options.stream !== undefined)
    throw new InputError('--out and --stream exclude each other');
  const format = inputFormat(options.from);
  const files = await inputFiles(names.length === 0 ? [STDIN] : names);
  // a real stream never gets events under a key that anybody can derive; files for a first look may
  const fallback =
    options.stream === undefined || options.endpoint !== undefined ? DEVELOPMENT_SEED : undefined;
  const keys: Keyring = await loadKeyring(options, say, fallback);
  if (keys.development === true && options.stream !== undefined && options.endpoint === undefined)
    throw new InputError(
      '--stream: a real stream takes no events under a development key, which anybody can derive: give --keyring FILE',
    );
  let recorder: Recorder | undefined;
  const sink =
    options.stream === undefined ? await lineSink(options, terminal) : streamSink(options.stream, options);
  const rejects = options.rejects === undefined ? undefined : await fileSink(options.rejects, PRIVATE);
  const bar = terminal.stderr.isTTY === true ? await progress(files, terminal.stderr) : undefined;
  const tally = new RecordTally();
  const interrupted = onInterrupt();
  try {
    const source = {
      format,
      recorder: () => (recorder ??= createRecorder({ keys })),
      defaults: {
        ...ADAPTER_DEFAULTS,
        plan: options.plan,
        product: options.product,
        show: markedValue(keys),
        ...(options.accountField === undefined ? {} : { accountField: options.accountField }),
        clients: clientTrust(options.trustClientFields, options.stream !== undefined),
      },
      onBytes: (bytes: number) => bar?.increment(bytes),
      stored: new StoredBodies(async (address) => (await import('../../input/s3.ts')).openObject(address)),
      onNote: (file: string, note: string) => tally.note(file, note),
      onBadFile: (error: InputError) => tally.badFile(error),
    };
    for await (const batch of readUsageEvents(files, source)) {
      tally.take(batch);
      await rejects?.write(batch.rejects.map((reject) => JSON.stringify(reject)));
      await sink.write(batch.events);
      if (interrupted.yes) break;
    }
    // an earlier file of the name is replaced neither by an empty one nor by a part
    await (tally.counts.events > 0 ? sink.close(!interrupted.yes) : sink.abandon());
    if (interrupted.yes && options.out !== undefined && tally.counts.events > 0)
      say(`record: stopped; what was read is in ${partialName(options.out)}`);
  } catch (error) {
    if (error instanceof ProducerFailure && rejects !== undefined) {
      const reason = { field: '(stream)', value: '', message: 'not delivered' };
      await rejects.write(
        error.undelivered.map((raw) => JSON.stringify({ file: '(recorded)', line: 0, reason, raw })),
      );
    }
    await sink.abandon();
    throw error;
  } finally {
    bar?.stop();
    interrupted.off();
    await rejects?.close(true);
  }
  tally.report(say, format === 'auto', options.rejects !== undefined);
  if (options.json === true) {
    const summary = {
      ...tally.counts,
      files,
      from: format,
      development: keys.development === true,
      ...(options.out === undefined ? {} : { out: options.out }),
      ...(options.stream === undefined ? {} : { stream: { name: options.stream, ...sink.counts?.() } }),
      ...tally.summary(),
    };
    terminal.stdout.write(jsonLine(summary));
  }
  if (interrupted.yes) return 130;
  // what could be read is written; a file that was cut off must still be noticed by scripts
  if (tally.counts.events > 0) return tally.badFiles === 0 ? 0 : 1;
  say('record: nothing usable in the input');
  return 2;
}

interface Sink<T> {
  write(items: readonly T[]): Promise<void>;
  /** @param complete false where the run was stopped: a file keeps its preliminary name */
  close(complete: boolean): Promise<void>;
  /** after a failure: leaves nothing half-written under the final name */
  abandon(): Promise<void>;
  counts?(): Producer['counts'];
}

async function lineSink(options: RecordOptions, terminal: Terminal): Promise<Sink<object>> {
  const lines = options.out === undefined ? writableSink(terminal.stdout) : await fileSink(options.out);
  return {
    write: (events) => lines.write(events.map((event) => JSON.stringify(event))),
    close: lines.close,
    abandon: lines.abandon,
  };
}

/** A terminal may stand behind it: what a customer wrote shows as JSON's escapes. */
function writableSink(out: Writable): Sink<string> {
  return {
    async write(lines) {
      if (lines.length > 0) await writeAll(out, escapeUnsafeJson(`${lines.join('\n')}\n`));
    },
    close: async () => {},
    abandon: async () => {},
  };
}

function partialName(path: string): string {
  return `${path}.partial`;
}

/** Rejected lines hold what people wrote: for their owner only. */
const PRIVATE = 0o600;

/** A file that has its name only when it is complete. @param mode of a file that is made anew */
async function fileSink(path: string, mode = 0o666): Promise<Sink<string>> {
  const partial = partialName(path);
  const file = createWriteStream(partial, { mode });
  const gzip = path.endsWith('.gz') ? createGzip() : undefined;
  const out: Writable = gzip ?? file;
  const done = new Promise<void>((resolve, reject) => {
    if (gzip !== undefined) pipeline(gzip, file, (error) => (error ? reject(error) : resolve()));
    else file.once('finish', resolve).once('error', reject);
  });
  const finished = done.catch((error: unknown) => {
    throw new InputError(`${path}: cannot be written: ${fileTrouble(error)}`, { cause: error });
  });
  // Looked at in close; until then a failure must not count as unhandled.
  finished.catch(() => {});
  return {
    async write(lines) {
      if (lines.length > 0) await Promise.race([writeAll(out, `${lines.join('\n')}\n`), finished]);
    },
    async close(complete) {
      out.end();
      await finished;
      if (complete) await rename(partial, path);
    },
    async abandon() {
      out.destroy();
      file.destroy();
      await rm(partial, { force: true });
    },
  };
}

function streamSink(stream: string, options: RecordOptions): Sink<Parameters<Producer['put']>[0]> {
  const port = eventStream({ stream, endpoint: options.endpoint, region: options.region });
  const producer = createProducer(port, { stampArrived: options.replayClock === true });
  return {
    async write(events) {
      for (const event of events) await producer.put(event);
    },
    async close() {
      await producer.close();
      port.destroy();
    },
    abandon: async () => port.destroy(),
    counts: () => producer.counts,
  };
}

function writeAll(out: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

async function progress(files: readonly string[], stderr: Writable): Promise<SingleBar | undefined> {
  const total = await totalBytes(files);
  if (total === undefined) return undefined;
  const bar = new SingleBar({
    format: 'recording {bar} {percentage}% | {eta_formatted} left',
    stream: stderr as NodeJS.WritableStream,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  return bar;
}

function onInterrupt(): { yes: boolean; off: () => void } {
  const state = { yes: false, off: () => {} };
  // The first interrupt finishes what was read and sends it; a second one ends the process as usual.
  const listener = () => {
    state.yes = true;
    process.off('SIGINT', listener);
  };
  process.on('SIGINT', listener);
  state.off = () => process.off('SIGINT', listener);
  return state;
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
