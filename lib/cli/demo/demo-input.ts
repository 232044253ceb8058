import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring } from '../../input/keyring.ts';
import { totalBytes } from '../../input/lines.ts';
import { type EventBatch, readUsageEvents } from '../../input/usage-events.ts';
import { createRecorder } from '../../telemetry/recorder.ts';
import { DAY_MS } from '../../time.ts';

/** What a demo sends. */
export interface DemoInput {
  readonly batches: AsyncIterable<InputBatch> | Iterable<InputBatch>;
  /** how many events there will be in all, after so many; undefined: nobody knows, as of a pipe */
  total(sent: number): number | undefined;
}

export type InputBatch = Pick<EventBatch, 'events' | 'rejects' | 'lines'>;

/** Days of the shipped example that a demo shows; the rest is what `demo --send` sends. */
export const EXCERPT_DAYS = 4;

type Say = (line: string) => void;

/** Everything in the files. */
export async function wholeInput(
  files: readonly string[],
  options: KeyOptions,
  say: Say,
): Promise<DemoInput> {
  const bytes = await totalBytes(files);
  let read = 0;
  const batches = readUsageEvents(files, {
    ...sourceOf(options, say),
    onBytes: (more: number) => {
      read += more;
    },
  });
  return {
    batches,
    total: (sent) => (bytes === undefined || read === 0 ? undefined : (sent * bytes) / Math.min(bytes, read)),
  };
}

/** What happened in the first days; all of it is read, since events also arrive out of the order of time. */
export async function excerptInput(
  files: readonly string[],
  days: number,
  options: KeyOptions,
  say: Say,
): Promise<DemoInput> {
  const batches: InputBatch[] = [];
  let end: number | undefined;
  for await (const { events, rejects, lines } of readUsageEvents(files, sourceOf(options, say))) {
    const [first] = events;
    end ??= first === undefined ? undefined : Date.parse(first.time) + days * DAY_MS;
    const until = end ?? Number.POSITIVE_INFINITY;
    const kept = events.filter(({ time }) => Date.parse(time) < until);
    batches.push({ events: kept, rejects, lines: lines - (events.length - kept.length) });
  }
  const total = batches.reduce((sum, { events }) => sum + events.length, 0);
  return { batches, total: () => total };
}

/** How the files of a demo are read: whatever they hold, under the development key unless another is given. */
export function sourceOf(options: KeyOptions, say: Say) {
  return {
    format: 'auto' as const,
    recorder: async () => createRecorder({ keys: await loadKeyring(options, say, DEVELOPMENT_SEED) }),
  };
}
