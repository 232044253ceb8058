import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { WORKLOAD_BOUNDS } from '../../infra/cost/plan.ts';
import { InputError } from '../../input/errors.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring, withKeyOptions } from '../../input/keyring.ts';
import { LIMITS } from '../../limits.ts';
import { ADAPTER_DEFAULTS } from '../../telemetry/adapters/adapter.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { createProducer, ProducerFailure, type ProducerOptions } from '../../telemetry/producer.ts';
import { createRecorder } from '../../telemetry/recorder.ts';
import { PSEUDONYM } from '../../telemetry/usage-event.ts';
import type { Terminal } from '../record/record.ts';
import { clientTrust, withAccountOptions } from '../shared/client-trust.ts';
import { CollectServer } from './collect-server.ts';
import { Collector, type EventSink } from './collector.ts';
import { Notices } from './notices.ts';

export interface CollectOptions extends KeyOptions {
  readonly listen: string;
  readonly stream?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly out?: string;
  readonly durable?: boolean;
  readonly token?: string;
  readonly maxBody: string;
  readonly undelivered?: string;
  readonly drainSeconds: string;
  readonly linger?: string;
  readonly buckets?: string;
  readonly split?: readonly string[];
  readonly lanes?: string;
  readonly plan: string;
  readonly trustClientFields?: readonly string[];
  readonly accountField?: string;
  readonly product: string;
}

/** `collect`: a listener beside a gateway that is not written in Node: OTLP/HTTP, LiteLLM's callback, exchanges by POST. */
export function collectCommand(): Command {
  const command = new Command('collect')
    .description(
      'listen for OpenTelemetry, LiteLLM and exchanges, and put usage events (no text) on the stream',
    )
    .option(
      '--listen <host:port>',
      'where to listen; other hosts than this one need --token',
      '127.0.0.1:4318',
    )
    .option('--stream <name>', 'Kinesis stream (name or ARN)')
    .option('--endpoint <url>', 'address of the stream service, for emulators')
    .option('--region <region>', 'AWS region')
    .option('--out <file>', 'write events to a file instead, for a first look')
    .option(
      '--durable',
      'answer when the stream has acknowledged: nothing that was answered is lost, even when killed',
    )
    .option(
      '--linger <ms>',
      'how long an event waits for company in a record; without: 500, and 50 with --durable',
    )
    .option('--buckets <n>', 'of accounts, as all recorders of the stream have them; without: 256')
    .option('--split <accounts...>', 'pseudonyms of accounts that one shard does not take: into --lanes')
    .option('--lanes <n>', 'partition keys of each account of --split, 2 to 16', '8')
    .option('--token <file>', 'file with a token that senders give as authorization: Bearer TOKEN')
    .option('--max-body <bytes>', 'longest request, as sent and unpacked', String(16 * 1024 * 1024))
    .option(
      '--drain-seconds <seconds>',
      'longest time from SIGTERM to the end; Kubernetes kills after 30',
      '20',
    )
    .option('--undelivered <file>', 'where events go that no stream took when the process ends');
  return withKeyOptions(withAccountOptions(command)).action(async (options: CollectOptions) => {
    process.exitCode = await runCollect(options, { stdout: process.stdout, stderr: process.stderr });
  });
}

/** Runs until SIGTERM or SIGINT, then drains: 0 everything delivered, 1 something was not, 2 bad options. */
export async function runCollect(
  options: CollectOptions,
  terminal: Terminal,
  until: Promise<void> = stopped(),
): Promise<number> {
  const say = (line: string) => terminal.stderr.write(`collect: ${line}\n`);
  try {
    return await listen(options, say, until);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say(error.message);
    return 2;
  }
}

async function listen(
  options: CollectOptions,
  say: (line: string) => void,
  until: Promise<void>,
): Promise<number> {
  const { host, port } = address(options.listen);
  const token = options.token === undefined ? undefined : await tokenIn(options.token);
  if (token === undefined && !/^(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/.test(host))
    throw new InputError(
      `--listen ${options.listen}: whoever reaches it could send events; give --token FILE, or listen on 127.0.0.1`,
    );
  const fallback =
    options.stream === undefined || options.endpoint !== undefined ? DEVELOPMENT_SEED : undefined;
  const maxBody = Number(options.maxBody);
  if (!(Number.isInteger(maxBody) && maxBody > 0))
    throw new InputError(`--max-body ${options.maxBody}: not a number of bytes`);
  const drain = Number(options.drainSeconds) * 1000;
  if (!(drain >= 0 && drain <= 3_600_000))
    throw new InputError(`--drain-seconds ${options.drainSeconds}: not a number of seconds up to 3600`);
  const split = splitOf(options);
  const keys = () => loadKeyring(options, say, fallback);
  const sink =
    options.stream === undefined ? await fileSink(options.out) : streamSink(options.stream, options, split);
  const notices = new Notices(say);
  const collector = new Collector({
    ...{ sink, notices },
    recorder: createRecorder({ keys: await keys() }),
    defaults: {
      ...ADAPTER_DEFAULTS,
      plan: options.plan,
      product: options.product,
      ...(options.accountField === undefined ? {} : { accountField: options.accountField }),
      clients: clientTrust(options.trustClientFields, options.stream !== undefined),
    },
    durable: options.durable === true,
  });
  const server = new CollectServer({
    collector,
    token,
    maxBody,
    maxUnderWay: Math.max(4 * maxBody, 64 * 1024 * 1024),
  });
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', (error) =>
      reject(new InputError(`${options.listen}: ${error.message}`, { cause: error })),
    );
    server.server.listen(port, host, resolve);
  });
  const bound = server.server.address() as AddressInfo;
  say(
    `listening on http://${host}:${bound.port} (OTLP /v1/traces and /v1/logs, /litellm, /exchanges, /health, /metrics)`,
  );
  const reload = keyReload(
    options.keyring,
    async () => collector.useRecorder(createRecorder({ keys: await keys() })),
    say,
  );
  const aging = setInterval(() => void collector.age().catch((error: unknown) => say(String(error))), AGE);
  const looking = setInterval(() => notices.warned(collector.health.warnings()), LOOK);
  await until;
  clearInterval(aging);
  clearInterval(looking);
  reload();
  say('draining');
  const end = Date.now() + drain;
  // senders that are slow, and a stream that does not answer, leave time for what has been taken
  await server.drain(drain / 4);
  return finish(collector, options, Math.max(0, end - Date.now()), say);
}

/** How long a span waits for its log events, and log events for their span: between one and two of these, ms. */
const AGE = 5_000;
/** How often it is looked whether what comes can be judged, ms. */
const LOOK = 60_000;

async function finish(
  collector: Collector,
  options: CollectOptions,
  within: number,
  say: (line: string) => void,
): Promise<number> {
  let failed = false;
  try {
    await collector.close(within);
  } catch (error) {
    if (!(error instanceof ProducerFailure)) throw error;
    failed = true;
    say(error.message);
    if (options.undelivered === undefined) say('they are lost: --undelivered FILE keeps what no stream took');
    else if (error.undelivered.length > 0) {
      await writeFile(options.undelivered, `${error.undelivered.join('\n')}\n`);
      say(
        `${error.undelivered.length} events that were not delivered are in ${options.undelivered}: record --from auto --stream sends them`,
      );
    }
  }
  const { events, rejected, skipped } = collector.counts;
  say(`${events} events, ${rejected} rejected, ${skipped} entries that are no model calls`);
  for (const warning of collector.health.warnings())
    say(`${warning.severe ? 'WARNING: BLIND: ' : 'warning: '}${warning.text}`);
  return failed ? 1 : 0;
}

function address(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65535) throw new InputError(`--listen ${text}: HOST:PORT`);
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

async function tokenIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(`--token ${file}: cannot be read`, { cause: error });
  });
  if (text.trim().length < 16) throw new InputError(`--token ${file}: at least 16 characters`);
  return text.trim();
}

/** A whole number from 1, where one is given. */
function within(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1 && value <= most))
    throw new InputError(`${option} ${text}: not a whole number from 1 to ${most}`);
  return value;
}

/** Accounts to be put under several partition keys. */
function splitOf({ split, lanes, stream }: CollectOptions): Pick<ProducerOptions, 'split'> {
  if (split === undefined) return {};
  if (stream === undefined) throw new InputError('--split: only a --stream has partition keys');
  const wrong = split.find((account) => !PSEUDONYM.test(account));
  if (wrong !== undefined)
    throw new InputError(
      `--split ${wrong}: not a pseudonym (a_ and 26 letters and digits), as findings name accounts`,
    );
  const into = Number(lanes);
  if (!(Number.isInteger(into) && into >= 2 && into <= LIMITS.accountLanes.most))
    throw new InputError(`--lanes ${lanes}: not a whole number from 2 to ${LIMITS.accountLanes.most}`);
  return { split: { accounts: split, into } };
}

function streamSink(
  stream: string,
  options: CollectOptions,
  split: Pick<ProducerOptions, 'split'>,
): EventSink {
  const port = eventStream({ stream, endpoint: options.endpoint, region: options.region });
  const { lingerMs, buckets } = WORKLOAD_BOUNDS;
  const linger =
    within('--linger', options.linger, lingerMs.most) ?? (options.durable === true ? 50 : undefined);
  const number = within('--buckets', options.buckets, buckets.most);
  const producer = createProducer(port, {
    ...(linger === undefined ? {} : { linger }),
    ...(number === undefined ? {} : { buckets: number }),
    ...split,
  });
  return {
    put: (event) => producer.put(event),
    flush: () => producer.flush(),
    async close(within) {
      try {
        await producer.close(within);
      } finally {
        port.destroy();
      }
    },
  };
}

async function fileSink(path: string | undefined): Promise<EventSink> {
  if (path === undefined)
    throw new InputError('where to? Give --stream NAME, or --out FILE for a first look');
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  await new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve());
    file.once('error', (error) =>
      reject(new InputError(`--out ${path}: ${error.message}`, { cause: error })),
    );
  });
  let failed: Error | undefined;
  file.on('error', (error) => {
    failed = error;
  });
  // one wait for all requests: each would listen for itself
  let room: Promise<unknown> | undefined;
  return {
    async put(event) {
      if (failed !== undefined) throw failed;
      if (file.write(`${JSON.stringify(event)}\n`)) return;
      room ??= once(file, 'drain').finally(() => {
        room = undefined;
      });
      await room;
    },
    flush: () =>
      new Promise((resolve, reject) => file.write('', (error) => (error ? reject(error) : resolve()))),
    close: () => new Promise((resolve) => file.end(resolve)),
  };
}

/** Takes new keys when the file changes, or on SIGHUP; a keyring that is wrong is said, and the old one goes on. */
function keyReload(
  file: string | undefined,
  reload: () => Promise<void>,
  say: (line: string) => void,
): () => void {
  if (file === undefined) return () => {};
  let changed: number | undefined;
  const take = () =>
    reload()
      .then(() => say('keyring read again'))
      .catch((error: unknown) =>
        say(`keyring not taken, the old one goes on: ${error instanceof Error ? error.message : error}`),
      );
  const look = async () => {
    const info = await stat(file).catch(() => undefined);
    if (info !== undefined && changed !== undefined && info.mtimeMs !== changed) await take();
    changed = info?.mtimeMs ?? changed;
  };
  void look();
  const timer = setInterval(() => void look(), 10_000);
  process.on('SIGHUP', take);
  return () => {
    clearInterval(timer);
    process.off('SIGHUP', take);
  };
}

/** Settles at the first SIGTERM or SIGINT; a second one ends the process as usual. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
