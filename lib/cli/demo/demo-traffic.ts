import type { Cloud } from '../../emulator/cloud.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { createProducer, type Producer } from '../../telemetry/producer.ts';
import { type DemoInput, noteRejects, nothingUsable } from './demo-input.ts';
import type { DemoProgress } from './demo-progress.ts';
import { progressMeter } from './progress-meter.ts';

/**
 * Campaigns are looked for so often in event time, ms. A deployment does it more often; here everything in flight has to come
 * to rest before, and the wait is the longest part of a demo.
 */
const LINK_EVERY = 96 * 3_600_000;

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
export async function sendAll(cloud: Cloud, input: DemoInput, { progress, say }: DemoView): Promise<Sent> {
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
  const meter = progressMeter(cloud, () => input.total(producer.counts.events), progress);
  const tell = (phase: string): void => meter.at(clock, phase);
  const look = async (): Promise<void> => {
    await producer.flush();
    tell('all judged; accounts are linked');
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
    failures.push(...(await wake(cloud, 'link', clock)));
    tell('');
  };
  try {
    for await (const batch of input.batches) {
      lines += batch.lines;
      rejected += batch.rejects.length;
      noteRejects(noted, batch.rejects);
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
    if (producer.counts.events === 0) throw nothingUsable(lines);
    await look();
  } finally {
    meter.stop();
  }
  return { lines, rejected, taken, clock, producer: producer.counts, failures };
}

/** Wakes a scheduled function as its rule would at `clock`; what went wrong, in words. */
export async function wake(cloud: Cloud, name: string, clock: number): Promise<string[]> {
  const invocation = await cloud.wake(name, clock);
  return invocation.ok
    ? []
    : [`${name} failed: ${invocation.error.errorType}: ${invocation.error.errorMessage}`];
}
