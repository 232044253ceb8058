import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { InputError } from '../../input/errors.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring } from '../../input/keyring.ts';
import { readUsageEvents } from '../../input/usage-events.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { createProducer } from '../../telemetry/producer.ts';
import { createRecorder } from '../../telemetry/recorder.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { DAY_MS } from '../../time.ts';
import { calledAs } from '../shared/called-as.ts';
import { asInputError, demoFilePath } from '../shared/deployment.ts';
import { updateDemoFile } from './demo-file.ts';
import type { DemoProgress } from './demo-progress.ts';

const demoFile = z.object({
  region: z.string(),
  clock: z.iso.datetime().optional(),
  judged: z.iso.datetime().optional(),
  endpoints: z.object({ kinesis: z.string() }),
  stream: z.string(),
});

const WEEK_MS = 7 * DAY_MS;
/** The longest that a running demo is waited for, ms. */
const JUDGED_MS = 300_000;

export interface SentMore {
  readonly events: number;
  /** weeks by which its times were moved, so that it comes after what the demo has seen */
  readonly weeks: number;
  readonly from: string;
  readonly to: string;
}

/**
 * Puts more traffic on the stream of a running demo, and waits until it is judged. Traffic that would lie in the demo's past
 * is moved by whole weeks and gets new ids, so that the shipped example can be sent again as the week after.
 * @throws InputError where no demo runs here, or nothing is usable
 */
export async function sendMore(
  files: readonly string[],
  options: KeyOptions,
  progress: DemoProgress,
  say: (line: string) => void,
): Promise<SentMore> {
  const path = demoFilePath();
  const held = await demoAt(path);
  const clock = held.clock === undefined ? Number.NEGATIVE_INFINITY : Date.parse(held.clock);
  const port = eventStream({ stream: held.stream, region: held.region, endpoint: held.endpoints.kinesis });
  try {
    const producer = createProducer(port, { stampArrived: true });
    let weeks: number | undefined;
    let from = Number.POSITIVE_INFINITY;
    let to = clock;
    progress.step('Sending');
    for await (const { events } of readUsageEvents(files, {
      format: 'auto',
      recorder: async () => createRecorder({ keys: await loadKeyring(options, say, DEVELOPMENT_SEED) }),
    })) {
      for (const event of events) {
        weeks ??= Math.max(0, Math.ceil((clock - Date.parse(event.time)) / WEEK_MS));
        const moved = later(event, weeks);
        from = Math.min(from, Date.parse(moved.time));
        to = Math.max(to, Date.parse(moved.time));
        await producer.put(moved);
      }
      progress.now(`${producer.counts.events} events`);
    }
    await producer.close();
    if (producer.counts.events === 0) throw new InputError('nothing usable in the input');
    progress.done(`${producer.counts.events} events`);
    progress.step('The demo judges them');
    await updateDemoFile(path, { clock: new Date(to).toISOString() });
    await judged(path, to);
    progress.done();
    return {
      events: producer.counts.events,
      weeks: weeks ?? 0,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    };
  } catch (error) {
    throw asInputError(error, `the demo (${path})`);
  } finally {
    port.destroy();
  }
}

async function demoAt(path: string): Promise<z.infer<typeof demoFile>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new InputError(`no demo runs here (no ${path}): start one with ${calledAs()} demo --keep`, {
      cause: error,
    });
  });
  const parsed = demoFile.safeParse(JSON.parse(text));
  if (!parsed.success) throw new InputError(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The event so many weeks later, as another event; the same where it is not moved. */
export function later(event: UsageEvent, weeks: number): UsageEvent {
  if (weeks === 0) return event;
  const id = createHash('sha256').update(`${event.id}/${weeks}`).digest('base64url').slice(0, 16);
  return { ...event, id, time: new Date(Date.parse(event.time) + weeks * WEEK_MS).toISOString() };
}

async function judged(path: string, until: number): Promise<void> {
  const deadline = Date.now() + JUDGED_MS;
  while (Date.now() < deadline) {
    const held = await demoAt(path);
    if (held.judged !== undefined && Date.parse(held.judged) >= until) return;
    await sleep(300);
  }
  throw new InputError(`the demo has not judged them within ${JUDGED_MS / 1000} s: look at its terminal`);
}
