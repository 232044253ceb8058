import { ADAPTER_DEFAULTS, type AdapterDefaults } from '../telemetry/adapters/adapter.ts';
import { ADAPTERS, type InputFormat } from '../telemetry/adapters/index.ts';
import { parseUsageEvent } from '../telemetry/parse-usage-event.ts';
import { kindOf, printable, type Reason } from '../telemetry/reason.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { InputError } from './errors.ts';
import { type LinePosition, type ReadOptions, readBatches } from './lines.ts';

/** A line that could not be used: where it stood, why, and the line itself. */
export interface Reject {
  readonly file: string;
  readonly line: number;
  readonly reason: Reason;
  readonly raw: string;
}

/** What a run of lines came to; `events` in file order. */
export interface EventBatch {
  readonly events: readonly UsageEvent[];
  readonly rejects: readonly Reject[];
  /** lines that were not blank */
  readonly lines: number;
  /** entries that are no model calls */
  readonly skipped: number;
  /** the first line behind these */
  readonly next: LinePosition;
}

export interface EventSource extends ReadOptions {
  /** what the lines are; `auto` tells usage events from exchanges line by line */
  readonly format: InputFormat | 'auto';
  /** made when the first exchange comes; a file of usage events needs no key */
  readonly recorder: () => Recorder | Promise<Recorder>;
  readonly defaults?: AdapterDefaults;
}

/**
 * Usage events from NDJSON files, in the order given: exchanges (or what gateways write) go through the recorder,
 * usage events are validated. Memory does not grow with the files.
 * @throws InputError for unreadable files; bad lines are rejects
 */
export async function* readUsageEvents(
  files: readonly string[],
  source: EventSource,
): AsyncGenerator<EventBatch> {
  let recorder: Recorder | undefined;
  const defaults = source.defaults ?? ADAPTER_DEFAULTS;
  for await (const batch of readBatches(files, source)) {
    const events: UsageEvent[] = [];
    const rejects: Reject[] = [];
    let lines = 0;
    let skipped = 0;
    for (const [index, raw] of batch.lines.entries()) {
      if (raw === '' || raw.trim() === '') continue;
      // a record of the stream, as the archive keeps it, begins with a header
      if (raw.startsWith(RECORD_HEADER)) continue;
      lines++;
      const reject = (reason: Reason) =>
        rejects.push({ file: batch.file, line: batch.first + index, reason, raw });
      let json: unknown;
      try {
        json = JSON.parse(raw);
      } catch {
        reject({ field: '(line)', value: kindOf(raw), message: 'not JSON' });
        continue;
      }
      if (source.format === 'auto' && !isExchange(json)) {
        const parsed = parseUsageEvent(json);
        if (parsed.ok) events.push(parsed.event);
        else reject(parsed.reason);
        continue;
      }
      const adapted = ADAPTERS[source.format === 'auto' ? 'exchange' : source.format](json, defaults);
      for (const reason of adapted.reasons) reject(reason);
      skipped += adapted.skipped;
      if (adapted.exchanges.length === 0) continue;
      recorder ??= await source.recorder();
      for (const exchange of adapted.exchanges) events.push(recorder.record(exchange));
    }
    yield { events, rejects, lines, skipped, next: batch.next };
  }
}

/** How the recorder begins a record's header; see telemetry/record.ts. */
const RECORD_HEADER = '{"siphonwatch":1,';

function isExchange(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'messages' in json;
}

/** A format's name from the command line. @throws InputError naming the value */
export function inputFormat(name: string): InputFormat {
  if (!Object.hasOwn(ADAPTERS, name))
    throw new InputError(`--from ${printable(name)}: not one of ${Object.keys(ADAPTERS).join(', ')}`);
  return name as InputFormat;
}
