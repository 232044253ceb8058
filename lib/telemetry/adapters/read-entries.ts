import type { Exchange } from '../exchange.ts';
import type { Reason } from '../reason.ts';
import type { UsageEvent } from '../usage-event.ts';
import type { Late } from './otel.ts';

/** What a document came to. */
export interface ReadEntries {
  readonly exchanges: readonly Exchange[];
  /** usage events that stood there already (`auto`) */
  readonly events: readonly UsageEvent[];
  readonly reasons: readonly Reason[];
  readonly skipped: number;
  readonly odd: readonly string[];
  /** what was found out about earlier documents */
  readonly late: readonly Late[];
  /** entries by the format that they were read as */
  readonly formats: ReadonlyMap<string, number>;
}

/** The same while entries are read. */
export interface Piece {
  readonly exchanges: Exchange[];
  readonly events: UsageEvent[];
  readonly reasons: Reason[];
  readonly odd: string[];
  readonly late: Late[];
  readonly formats: Map<string, number>;
  skipped: number;
}

export function nothing(): Piece {
  return { exchanges: [], events: [], reasons: [], odd: [], late: [], formats: new Map(), skipped: 0 };
}

export function counted(formats: Map<string, number>, format: string, count: number): void {
  formats.set(format, (formats.get(format) ?? 0) + count);
}

/** What all pieces of a document came to. */
export function together(pieces: Iterable<ReadEntries>): ReadEntries {
  const all = nothing();
  for (const some of pieces) {
    // one by one: a call has no room for the hundred thousand arguments that an export may hold
    for (const exchange of some.exchanges) all.exchanges.push(exchange);
    for (const event of some.events) all.events.push(event);
    for (const reason of some.reasons) all.reasons.push(reason);
    for (const name of some.odd) all.odd.push(name);
    for (const held of some.late) all.late.push(held);
    for (const [format, count] of some.formats) counted(all.formats, format, count);
    all.skipped += some.skipped;
  }
  return all;
}
