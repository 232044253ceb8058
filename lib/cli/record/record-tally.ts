import type { InputError } from '../../input/errors.ts';
import { readFacts } from '../../input/recorded.ts';
import type { EventBatch, Reject } from '../../input/usage-events.ts';
import { CLIENT_NAMED } from '../../telemetry/adapters/claimed-accounts.ts';
import { TelemetryHealth } from '../../telemetry/health.ts';
import { describeReason, printable } from '../../telemetry/reason.ts';

/** Rejects that are printed one by one. */
const NOTED = 5;
/** Reasons that are counted apart. */
const MAX_REASONS = 100;

/** What a run of `record` has read, for its report and its summary. */
export class RecordTally {
  readonly counts = { lines: 0, events: 0, rejected: 0, skipped: 0 };
  badFiles = 0;
  readonly #health = new TelemetryHealth(Date.now);
  readonly #reasons = new Map<string, { field: string; message: string; count: number; example: string }>();
  readonly #odd = new Map<string, number>();
  readonly #formats = new Map<string, number>();
  readonly #noted: string[] = [];
  readonly #notes: string[] = [];

  take(batch: EventBatch): void {
    const { counts } = this;
    counts.lines += batch.lines;
    counts.events += batch.events.length;
    counts.skipped += batch.skipped;
    counts.rejected += batch.rejects.length;
    for (const event of batch.events) this.#health.event(event, readFacts(event));
    const reasons = batch.rejects.map(({ reason }) => reason);
    this.#health.unused({ rejected: reasons.length, skipped: batch.skipped }, reasons);
    for (const name of batch.odd) add(this.#odd, name, 1);
    for (const [name, count] of batch.formats) add(this.#formats, name, count);
    for (const reject of batch.rejects) this.#reject(reject);
  }

  /** What a file turned out to be. */
  note(file: string, note: string): void {
    this.#notes.push(`${printable(file)}: ${note}`);
  }

  badFile(error: InputError): void {
    this.badFiles++;
    this.#notes.push(error.message);
  }

  /** Says what came of it; `found` where formats were told apart, `kept` where rejects are kept in a file. */
  report(say: (line: string) => void, found: boolean, kept: boolean): void {
    const { lines, events, rejected, skipped } = this.counts;
    for (const line of [...this.#notes, ...this.#noted]) say(line);
    if (rejected > this.#noted.length)
      say(`... and ${rejected - this.#noted.length} more${kept ? '' : ' (--rejects FILE keeps them)'}`);
    const isClaim = (name: string) => name.startsWith(CLIENT_NAMED);
    const odd = new Map([...this.#odd].filter(([name]) => !isClaim(name)));
    const claims = new Map([...this.#odd].filter(([name]) => isClaim(name)));
    if (odd.size > 0)
      say(`record: optional facts out of range, left out or cut: ${listed(odd)}; the exchanges are kept`);
    if (claims.size > 0)
      say(
        `warning: named by a field that the customer controls: ${listed(claims)}; a stream refuses them without --trust-client-fields`,
      );
    for (const { severe, text } of this.#health.warnings())
      say(`${severe ? 'WARNING: BLIND: ' : 'warning: '}${text}`);
    if (found && this.#formats.size > 0) say(`record: found ${listed(this.#formats)}`);
    say(
      `record: ${lines} lines read, ${events} events${rejected > 0 ? `, ${rejected} rejected` : ''}${skipped > 0 ? `, ${skipped} entries that are no model calls` : ''}`,
    );
  }

  /** Its part of the JSON summary. */
  summary(): object {
    return {
      reasons: [...this.#reasons.values()],
      odd: Object.fromEntries(this.#odd),
      formats: Object.fromEntries(this.#formats),
      badFiles: this.badFiles,
      health: this.#health.shares(),
      warnings: this.#health.warnings(),
    };
  }

  #reject({ file, line, reason }: Reject): void {
    const where = `${printable(file)}:${line}`;
    if (this.#noted.length < NOTED) this.#noted.push(`${where}: ${describeReason(reason)}`);
    const { field, message } = reason;
    const key = `${field}\n${message}`;
    const known = this.#reasons.get(key);
    if (known !== undefined) known.count++;
    else if (this.#reasons.size < MAX_REASONS)
      this.#reasons.set(key, { field, message, count: 1, example: where });
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

/** `a (3), b` */
function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`)).join(', ');
}
