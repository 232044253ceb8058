import { stat } from 'node:fs/promises';
import { InputError } from '../../input/errors.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring } from '../../input/keyring.ts';
import { totalBytes } from '../../input/lines.ts';
import { type EventBatch, readUsageEvents } from '../../input/usage-events.ts';
import { describeReason } from '../../telemetry/reason.ts';
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

/** Lines that are no events, of which a demo says why. */
const NOTED = 3;

/** Adds why lines are no events, of the first few. */
export function noteRejects(noted: string[], rejects: InputBatch['rejects']): void {
  for (const { file, line, reason } of rejects.slice(0, NOTED - noted.length))
    noted.push(`${file}:${line}: ${describeReason(reason)}`);
}

type Say = (line: string) => void;

/**
 * Reads files of a demo's own to their first event, before anything else is made that takes time. What can be read only once is left alone.
 * @throws InputError where none of them has an event, and for a file that cannot be read
 */
export async function checkUsable(files: readonly string[], options: KeyOptions, say: Say): Promise<void> {
  if (!(await allReadTwice(files))) return;
  const noted: string[] = [];
  let lines = 0;
  for await (const batch of readUsageEvents(
    files,
    sourceOf(options, () => undefined),
  )) {
    if (batch.events.length > 0) return;
    lines += batch.lines;
    noteRejects(noted, batch.rejects);
  }
  for (const line of noted) say(`  ${line}`);
  throw nothingUsable(lines);
}

export const nothingUsable = (lines: number): InputError =>
  new InputError(`nothing usable in the input: ${lines} lines, none is a usage event or an exchange`);

/** Whether all are files of this machine: a pipe's lines would be gone for the demo itself, and a bucket's be fetched twice. */
async function allReadTwice(files: readonly string[]): Promise<boolean> {
  if ((await totalBytes(files)) === undefined) return false;
  return (await Promise.all(files.map((file) => stat(file)))).every((found) => found.isFile());
}

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
