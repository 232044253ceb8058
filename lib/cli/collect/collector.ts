import { readFacts, recorded } from '../../input/recorded.ts';
import type { AdapterDefaults } from '../../telemetry/adapters/adapter.ts';
import type { Late } from '../../telemetry/adapters/otel.ts';
import type { ReadEntries } from '../../telemetry/adapters/read-entries.ts';
import { EntryReader, type SourceFormat } from '../../telemetry/adapters/reader.ts';
import type { Exchange } from '../../telemetry/exchange.ts';
import { TelemetryHealth } from '../../telemetry/health.ts';
import type { Reason } from '../../telemetry/reason.ts';
import type { Recorder } from '../../telemetry/recorder.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import type { Notices } from './notices.ts';
import { Turn } from './turn.ts';
import { UntoldCalls } from './untold-calls.ts';

/** Where events go: a producer, or a file for a first look. */
export interface EventSink {
  /** resolves when the event is taken: in the buffer that `close` empties */
  put(event: UsageEvent): Promise<void>;
  /** resolves when everything taken so far is delivered */
  flush(): Promise<void>;
  /** @param within ms after which what is not delivered is given up, and said */
  close(within: number): Promise<void>;
}

export interface CollectorOptions {
  readonly sink: EventSink;
  readonly recorder: Recorder;
  readonly defaults: AdapterDefaults;
  /** acknowledge when the stream has acknowledged, not when the producer has taken the events */
  readonly durable: boolean;
  /** says to whoever runs it what comes, once each */
  readonly notices?: Notices;
}

/** What a request came to. */
export interface Collected {
  readonly events: number;
  readonly skipped: number;
  readonly reasons: readonly Reason[];
  /** what the sender should know, though nothing of this request was rejected */
  readonly warning?: string;
  /** lines of batches that wait for the other file's */
  readonly waiting: number;
}

/** Elements of a list that are unpacked in one go. */
const PIECE = 256;

/** Documents, long lists among them in pieces: an element of a list is read by itself in either. */
function* inPieces(documents: readonly unknown[]): Generator<unknown> {
  for (const json of documents) {
    if (!Array.isArray(json) || json.length <= PIECE) yield json;
    else for (let from = 0; from < json.length; from += PIECE) yield json.slice(from, from + PIECE);
  }
}

function* pieces(reader: EntryReader, documents: readonly unknown[]): Generator<ReadEntries> {
  for (const json of inPieces(documents)) yield* reader.pieces(json);
}

interface Waiting {
  readonly events: readonly UsageEvent[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns what arrives into events and hands them to the sink. `collect` resolves when the request may be acknowledged: its
 * events are in the producer's buffer, which SIGTERM empties; or, where it is durable, on the stream, so that not even a
 * killed process loses what it has acknowledged. Durable requests are delivered in groups: what arrives while one group is
 * under way forms the next.
 */
export class Collector {
  readonly health = new TelemetryHealth(Date.now);
  readonly counts = { events: 0, rejected: 0, skipped: 0, odd: 0 };
  readonly bySource = new Map<string, { events: number; rejected: number; skipped: number }>();
  readonly #options: CollectorOptions;
  readonly #readers = new Map<SourceFormat, EntryReader>();
  #recorder: Recorder;
  #waiting: Waiting[] = [];
  #delivering = false;
  readonly #untold = new UntoldCalls();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#recorder = options.recorder;
  }

  /** New keys for what comes from now on. */
  useRecorder(recorder: Recorder): void {
    this.#recorder = recorder;
  }

  /**
   * @param faults of what came with them and is no document
   * @throws ProducerFailure where the sink has given up
   */
  async collect(
    documents: readonly unknown[],
    source: SourceFormat,
    faults: readonly Reason[] = [],
  ): Promise<Collected> {
    const reader = this.#readers.get(source) ?? new EntryReader(source, this.#options.defaults);
    this.#readers.set(source, reader);
    const events: UsageEvent[] = [];
    const formats = new Set<string>();
    const reasons: Reason[] = [...faults];
    let skipped = 0;
    const turn = new Turn();
    for (const read of pieces(reader, documents)) {
      await turn.end();
      for (const exchange of read.exchanges) this.#record(exchange, events, reasons);
      for (const event of read.events) events.push(event);
      if (read.exchanges.length + read.events.length > 0)
        for (const format of read.formats.keys()) formats.add(format);
      for (const reason of read.reasons) reasons.push(reason);
      skipped += read.skipped;
      this.counts.odd += read.odd.length;
      this.#addLate(read.late, events, reasons);
    }
    await this.#deliver(events);
    if (events.length > 0 && source === 'auto') this.#options.notices?.recognized(formats);
    this.#count(source, events, reasons, skipped);
    const warning =
      source === 'otel' ? this.#untold.warning(documents, reader.held.otel.spans.size) : undefined;
    const waiting = reader.held.batch.size;
    return {
      events: events.length,
      skipped,
      reasons,
      waiting,
      ...(warning === undefined ? {} : { warning }),
    };
  }

  /** Hands on what was held for its other half since the call before: call it every few seconds. */
  async age(): Promise<void> {
    for (const [source, reader] of this.#readers) await this.#late(source, reader.age());
  }

  /** Everything that is held goes to the sink, and the sink is emptied. */
  async close(within: number): Promise<void> {
    for (const [source, reader] of this.#readers) await this.#late(source, reader.finish());
    await this.#options.sink.close(within);
  }

  async #late(source: SourceFormat, late: readonly Late[]): Promise<void> {
    const events: UsageEvent[] = [];
    const reasons: Reason[] = [];
    this.#addLate(late, events, reasons);
    if (events.length > 0) await this.#deliver(events);
    if (source === 'otel') this.#untold.givenUp(reasons);
    this.#count(source, events, reasons, 0);
  }

  #addLate(late: readonly Late[], events: UsageEvent[], reasons: Reason[]): void {
    for (const held of late)
      if ('exchange' in held) this.#record(held.exchange, events, reasons);
      else reasons.push(held.reason);
  }

  #record(exchange: Exchange, events: UsageEvent[], reasons: Reason[]): void {
    const made = recorded(this.#recorder, exchange);
    if ('event' in made) events.push(made.event);
    else reasons.push(made.reason);
  }

  #count(source: string, events: readonly UsageEvent[], reasons: readonly Reason[], skipped: number): void {
    const rejected = reasons.length;
    for (const event of events) this.health.event(event, readFacts(event));
    this.health.unused({ rejected, skipped }, reasons);
    this.#options.notices?.counted(source, events.length, reasons);
    const held = this.bySource.get(source) ?? { events: 0, rejected: 0, skipped: 0 };
    this.bySource.set(source, held);
    for (const counts of [held, this.counts]) {
      counts.events += events.length;
      counts.rejected += rejected;
      counts.skipped += skipped;
    }
  }

  async #deliver(events: readonly UsageEvent[]): Promise<void> {
    if (!this.#options.durable) {
      for (const event of events) await this.#options.sink.put(event);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ events, resolve, reject });
      void this.#deliverGroups();
    });
  }

  async #deliverGroups(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        for (const { events } of group) for (const event of events) await this.#options.sink.put(event);
        await this.#options.sink.flush();
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#delivering = false;
  }
}
