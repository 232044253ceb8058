import type { Cloud } from '../../emulator/cloud.ts';
import { InputError } from '../../input/errors.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring } from '../../input/keyring.ts';
import { totalBytes } from '../../input/lines.ts';
import { readUsageEvents } from '../../input/usage-events.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { createProducer, type Producer } from '../../telemetry/producer.ts';
import { describeReason } from '../../telemetry/reason.ts';
import { createRecorder } from '../../telemetry/recorder.ts';
import type { DemoProgress } from './demo-progress.ts';

/** Campaigns are looked for once a simulated day, in milliseconds of event time. */
const LINK_EVERY = 24 * 3_600_000;

/** Wall-clock times at which the producer took events, by account and event time. */
export type Taken = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Time that the pipeline has to come to rest, ms. */
export const SETTLE_MS = 300_000;

/** What was put on the stream. */
export interface Sent {
  readonly lines: number;
  readonly rejected: number;
  readonly taken: Taken;
  /** running maximum of event time, epoch milliseconds */
  readonly clock: number;
  readonly producer: Producer['counts'];
  readonly failures: readonly string[];
}

/** Who watches a demo. */
export interface DemoView {
  readonly progress: DemoProgress;
  say(line: string): void;
}

/** Puts the files on the stream through the producer that gateways use, and wakes `link` by the replay's clock. */
export async function sendAll(
  cloud: Cloud,
  files: readonly string[],
  options: KeyOptions,
  { progress, say }: DemoView,
): Promise<Sent> {
  const [stream] = cloud.template.streams;
  if (!stream) throw new Error('the template declares no stream');
  const port = eventStream({ stream: stream.name, client: cloud.clients.kinesis });
  const producer = createProducer(port, { stampArrived: true });
  const taken = new Map<string, Map<number, number>>();
  const failures: string[] = [];
  const noted: string[] = [];
  let lines = 0;
  let rejected = 0;
  let clock = Number.NEGATIVE_INFINITY;
  let link = Number.POSITIVE_INFINITY;
  const bytes = await totalBytes(files);
  const usedSoFar = usedEvents(cloud);
  let read = 0;
  const tell = (what: string): void => {
    const { events } = producer.counts;
    progress.now(
      `${day(clock)}${what === '' ? `${events.toLocaleString('en-US')} sent, ${usedSoFar().toLocaleString('en-US')} judged` : what}`,
      bytes === undefined || bytes === 0 ? undefined : Math.min(1, read / bytes),
    );
  };
  const look = async (): Promise<void> => {
    await producer.flush();
    tell('functions catch up');
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
    tell('looking for campaigns');
    failures.push(...(await wake(cloud, 'link', clock)));
    tell('');
  };
  const source = {
    format: 'auto' as const,
    recorder: async () => createRecorder({ keys: await loadKeyring(options, say, DEVELOPMENT_SEED) }),
    onBytes: (more: number) => {
      read += more;
    },
  };
  for await (const batch of readUsageEvents(files, source)) {
    lines += batch.lines;
    rejected += batch.rejects.length;
    for (const reject of batch.rejects.slice(0, NOTED - noted.length)) {
      noted.push(`${reject.file}:${reject.line}: ${describeReason(reject.reason)}`);
    }
    for (const event of batch.events) {
      const time = Date.parse(event.time);
      if (time > clock) clock = time;
      if (link === Number.POSITIVE_INFINITY) link = clock + LINK_EVERY;
      if (clock >= link) {
        link = clock + LINK_EVERY;
        await look();
      }
      await producer.put(event);
      const ofAccount = taken.get(event.account) ?? new Map<number, number>();
      taken.set(event.account, ofAccount.set(time, Date.now()));
    }
    tell('');
  }
  await producer.close();
  for (const line of noted) say(`  ${line}`);
  if (rejected > noted.length) say(`  ... and ${rejected - noted.length} more lines that are no events`);
  if (producer.counts.events === 0)
    throw new InputError(`nothing usable in the input: ${lines} lines, none is a usage event or an exchange`);
  await look();
  return { lines, rejected, taken, clock, producer: producer.counts, failures };
}

/** `2026-03-02: ` of event time. */
function day(clock: number): string {
  return Number.isFinite(clock) ? `${new Date(clock).toISOString().slice(0, 10)}: ` : '';
}

const NOTED = 3;

/** Counts up as metrics come in, without going over the old ones again. */
export function usedEvents(cloud: Cloud): () => number {
  let seen = 0;
  let used = 0;
  return () => {
    for (; seen < cloud.metrics.length; seen++) {
      const metric = cloud.metrics[seen];
      if (metric?.name === 'EventsUsed') used += metric.value;
    }
    return used;
  };
}

/** Wakes a scheduled function as its rule would at `clock`; what went wrong, in words. */
export async function wake(cloud: Cloud, name: string, clock: number): Promise<string[]> {
  const invocation = await cloud.wake(name, clock);
  return invocation.ok
    ? []
    : [`${name} failed: ${invocation.error.errorType}: ${invocation.error.errorMessage}`];
}
