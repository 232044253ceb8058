import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { InputError } from '../../input/errors.ts';
import type { KeyOptions } from '../../input/keyring.ts';
import { readUsageEvents } from '../../input/usage-events.ts';
import { eventStream } from '../../telemetry/kinesis.ts';
import { createProducer } from '../../telemetry/producer.ts';
import { describeReason, reasonOf } from '../../telemetry/reason.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { DAY_MS } from '../../time.ts';
import { calledAs } from '../shared/called-as.ts';
import { asInputError, demoFilePath } from '../shared/deployment.ts';
import { requireAlive, requireAnswer } from '../shared/running-demo.ts';
import { updateDemoFile } from './demo-file.ts';
import { nothingUsable, sourceOf } from './demo-input.ts';
import type { DemoProgress } from './demo-progress.ts';

const demoFile = z.object({
  region: z.string(),
  clock: z.iso.datetime().optional(),
  judged: z.iso.datetime().optional(),
  /** how far the demo is with what was sent, events */
  progress: z.object({ judged: z.number(), events: z.number() }).optional(),
  endpoints: z.object({ kinesis: z.string() }),
  stream: z.string(),
});

const WEEK_MS = 7 * DAY_MS;
/** The longest that a running demo is waited for, ms. */
const JUDGED_MS = 300_000;

export interface MoreTraffic {
  readonly files: readonly string[];
  /** send only what lies after what the demo has seen, where there is such */
  readonly rest: boolean;
}

export interface SentMore {
  readonly events: number;
  /** weeks by which its times were moved, so that it comes after what the demo has seen */
  readonly weeks: number;
  readonly from: string;
  readonly to: string;
}

/**
 * Puts more traffic on the stream of a running demo, and waits until it is judged. Traffic that would lie in the demo's past
 * is moved by whole weeks and gets new ids; of the shipped example first the days that the demo has not seen are sent.
 * @throws InputError where no demo runs here, or nothing is usable
 */
export async function sendMore(
  { files, rest }: MoreTraffic,
  options: KeyOptions,
  progress: DemoProgress,
  say: (line: string) => void,
): Promise<SentMore> {
  const path = demoFilePath();
  const held = await demoAt(path);
  await requireAnswer(path, held.endpoints.kinesis);
  const watch = watchDemo(path);
  const clock = held.clock === undefined ? Number.NEGATIVE_INFINITY : Date.parse(held.clock);
  const port = eventStream({ stream: held.stream, region: held.region, endpoint: held.endpoints.kinesis });
  try {
    const producer = createProducer(port, { stampArrived: true });
    let weeks = rest && (await reachesBeyond(files, clock, options, say)) ? 0 : undefined;
    const left = weeks === 0;
    let from = Number.POSITIVE_INFINITY;
    let to = clock;
    progress.step('Sending');
    let lines = 0;
    for await (const { events, lines: read } of readUsageEvents(files, sourceOf(options, say))) {
      lines += read;
      for (const event of events) {
        if (left && Date.parse(event.time) <= clock) continue;
        weeks ??= Math.max(0, Math.ceil((clock - Date.parse(event.time)) / WEEK_MS));
        const moved = later(event, weeks);
        from = Math.min(from, Date.parse(moved.time));
        to = Math.max(to, Date.parse(moved.time));
        await Promise.race([producer.put(moved), watch.ended]);
      }
      progress.now([`${producer.counts.events.toLocaleString('en-US')} events`]);
    }
    await Promise.race([producer.close(), watch.ended]);
    if (producer.counts.events === 0) throw nothingUsable(lines);
    progress.done(`${producer.counts.events} events`);
    progress.step('The demo judges them');
    await updateDemoFile(path, { clock: new Date(to).toISOString(), sent: producer.counts.events });
    await judged(path, to, (what, share) => progress.now([what], share));
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
    watch.stop();
    port.destroy();
  }
}

async function demoAt(path: string): Promise<z.infer<typeof demoFile>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new InputError(`no demo runs here (no ${path}): start one with ${calledAs()} demo --keep`, {
      cause: error,
    });
  });
  requireAlive(path, text);
  const json: unknown = jsonOf(text, path);
  const parsed = demoFile.safeParse(json);
  if (!parsed.success) throw new InputError(`${path}: ${describeReason(reasonOf(parsed.error, json))}`);
  return parsed.data;
}

/** How often it is looked whether the demo is still there, ms. */
const WATCH_MS = 1000;

/** Rejects when the demo's process ends: a producer would try again for ever. */
function watchDemo(path: string): { readonly ended: Promise<never>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setInterval(() => void demoAt(path).catch(reject), WATCH_MS);
  });
  ended.catch(() => undefined);
  return { ended, stop: () => clearInterval(timer) };
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: not JSON; end the demo and start it again`, { cause: error });
  }
}

/** The event so many weeks later, as another event; the same where it is not moved. */
export function later(event: UsageEvent, weeks: number): UsageEvent {
  if (weeks === 0) return event;
  const id = createHash('sha256').update(`${event.id}/${weeks}`).digest('base64url').slice(0, 16);
  return { ...event, id, time: new Date(Date.parse(event.time) + weeks * WEEK_MS).toISOString() };
}

/** Whether the files hold events after what the demo has seen. */
async function reachesBeyond(
  files: readonly string[],
  clock: number,
  options: KeyOptions,
  say: (line: string) => void,
): Promise<boolean> {
  for await (const { events } of readUsageEvents(files, sourceOf(options, say)))
    if (events.some(({ time }) => Date.parse(time) > clock)) return true;
  return false;
}

async function judged(
  path: string,
  until: number,
  tell: (what: string, share: number | undefined) => void,
): Promise<void> {
  const deadline = Date.now() + JUDGED_MS;
  while (Date.now() < deadline) {
    const held = await demoAt(path);
    if (held.judged !== undefined && Date.parse(held.judged) >= until) return;
    const { progress: far } = held;
    if (far !== undefined)
      tell(
        `${far.judged.toLocaleString('en-US')} of ${far.events.toLocaleString('en-US')} judged`,
        far.judged / Math.max(1, far.events),
      );
    await sleep(300);
  }
  throw new InputError(`the demo has not judged them within ${JUDGED_MS / 1000} s: look at its terminal`);
}
