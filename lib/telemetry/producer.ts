import { type Bucket, type Packed, Partitions, type SplitAccounts, type StreamEntry } from './partitions.ts';
import { BUCKETING, bucketsOf } from './record.ts';
import { encodeLines, gatewayFault, type HeaderFacts } from './record-codec.ts';
import type { UsageEvent } from './usage-event.ts';

/**
 * Packs usage events into one compressed record per bucket of accounts and puts them on a stream.
 *
 * Order: an account always falls into the same bucket, and a bucket with an unacknowledged record does not send its
 * next one, so that a refused record can never be overtaken; of an account that is split that holds for each lane. Loss: every accepted event is acknowledged before
 * `close` resolves, or handed back in the failure. Repetition: a call whose answer was lost is sent again at new
 * positions; the pipeline catches repeated event ids.
 */
export interface Producer {
  /** Takes an event; resolves when there was room for it (back-pressure). Calls keep their order. */
  put(event: UsageEvent): Promise<void>;
  /** Sends what is pending; resolves when everything taken so far is acknowledged. */
  flush(): Promise<void>;
  /**
   * Takes no more events and flushes. Rejects with ProducerFailure where events could not be delivered.
   * @param within ms after which what no stream has acknowledged is handed back in that failure; default: no end
   */
  close(within?: number): Promise<void>;
  readonly counts: ProducerCounts;
}

export interface ProducerCounts {
  /** events acknowledged by the stream */
  events: number;
  records: number;
  /** PutRecords calls, retries included */
  calls: number;
  /** records that the stream refused and that were sent again */
  refused: number;
  /** compressed bytes acknowledged */
  bytes: number;
}

/** The stream's answer for one entry, in the order of the call. */
export type StreamResult = { readonly accepted: true } | { readonly accepted: false; readonly error: string };

/** What the producer needs of the world; `lib/telemetry/kinesis.ts` has it for Kinesis. */
export interface ProducerPort {
  /**
   * Puts entries in one call. Rejects when the call failed as a whole: it is sent again, unless the error carries
   * `permanent: true` (no such stream, no permission), which ends the producer.
   */
  putRecords(entries: readonly StreamEntry[]): Promise<readonly StreamResult[]>;
  /** Runs something after a time in ms; returns how to cancel it. */
  after(milliseconds: number, run: () => void): () => void;
  /** uniform in [0, 1) */
  random(): number;
}

export interface ProducerOptions {
  /** names the bucketing where it is not named, which ends in this number */
  readonly buckets?: number;
  readonly bucketing?: string;
  /** name of this gateway, at most 64 letters, digits, dots, hyphens and underscores: alarms say which one lost what */
  readonly gateway?: string;
  /** the events were set aside, and are put back */
  readonly redriven?: boolean;
  /** uncompressed bytes at which a bucket's record is sent without waiting; default 256 KiB */
  readonly recordBytes?: number;
  /** longest time an event waits for company, ms; default 500 */
  readonly linger?: number;
  /** bytes of events held before `put` waits; default 16 MiB */
  readonly bufferBytes?: number;
  /** PutRecords calls at once; default 4 */
  readonly calls?: number;
  /** first and longest pause before a retry, ms; default 100 and 10,000, doubled each time, with full jitter */
  readonly firstPause?: number;
  readonly longestPause?: number;
  /** attempts for one record before the producer gives up; default unlimited */
  readonly attempts?: number;
  /** stamps records with the replay clock: the running maximum of event time (design: Time) */
  readonly stampArrived?: boolean;
  /** accounts that send more than one shard takes */
  readonly split?: SplitAccounts;
  /** lane of all other events, 0 to 15: what is put back goes where it stood; default 0 */
  readonly lane?: number;
}

/** Limits of PutRecords: 500 records and 5 MiB a call, 1 MiB a record, partition keys included. */
export const MAX_CALL_RECORDS = 500;
export const MAX_CALL_BYTES = 5 * 1024 * 1024;
export const MAX_RECORD_BYTES = 1024 * 1024;

/** The producer could not deliver; `undelivered` are the events, as JSON lines, that no stream acknowledged. */
export class ProducerFailure extends Error {
  readonly undelivered: readonly string[];
  constructor(message: string, undelivered: readonly string[], cause: unknown) {
    super(message, { cause });
    this.name = 'ProducerFailure';
    this.undelivered = undelivered;
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

// gzip of what it cannot compress grows by 5 bytes a 16 KiB block and 18 bytes once; the key and header are below 1 KiB.
const MAX_LINES_BYTES = MAX_RECORD_BYTES - 4096;

/**
 * A producer over a port: `eventStream` of `./kinesis`, or one of your own.
 *
 * @example
 * import { createProducer } from '@siphonwatch/recorder';
 *
 * const put = [];
 * const producer = createProducer({
 *   putRecords: async (entries) => entries.map((entry) => (put.push(entry.partitionKey), { accepted: true })),
 *   after: (milliseconds, run) => {
 *     const timer = setTimeout(run, milliseconds);
 *     return () => clearTimeout(timer);
 *   },
 *   random: Math.random,
 * });
 * await producer.close();
 * put.length; // => 0
 */
export function createProducer(port: ProducerPort, options: ProducerOptions = {}): Producer {
  return new BucketedProducer(port, options);
}

class BucketedProducer implements Producer {
  readonly counts: ProducerCounts = { events: 0, records: 0, calls: 0, refused: 0, bytes: 0 };
  readonly #port: ProducerPort;
  readonly #bucketing: string;
  readonly #gateway: string | undefined;
  readonly #redriven: boolean;
  readonly #recordBytes: number;
  readonly #linger: number;
  readonly #bufferBytes: number;
  readonly #maxCalls: number;
  readonly #firstPause: number;
  readonly #longestPause: number;
  readonly #attempts: number;
  readonly #stampArrived: boolean;
  readonly #partitions: Partitions;
  #buffered = 0;
  #lines = 0;
  #callsUnderWay = 0;
  #clock = Number.NEGATIVE_INFINITY;
  #closed = false;
  #cancelLinger: (() => void) | undefined;
  #failure: ProducerFailure | undefined;
  /** where the next search for sendable buckets begins, so that low numbers do not starve high ones */
  #turn = 0;
  readonly #roomWaiters: Waiting[] = [];
  #idleWaiters: Waiting[] = [];

  constructor(port: ProducerPort, options: ProducerOptions) {
    const bucketing =
      options.bucketing ?? (options.buckets === undefined ? BUCKETING : `b1-${options.buckets}`);
    const buckets = bucketsOf(bucketing);
    if (buckets === undefined || (options.buckets ?? buckets) !== buckets)
      throw new RangeError(`bucketing ${bucketing} must end in the number of buckets, such as ${BUCKETING}`);
    this.#port = port;
    this.#bucketing = bucketing;
    const fault = options.gateway === undefined ? undefined : gatewayFault(options.gateway);
    if (fault !== undefined) throw new RangeError(`gateway: ${fault}`);
    this.#gateway = options.gateway;
    this.#redriven = options.redriven === true;
    this.#recordBytes = Math.min(options.recordBytes ?? 256 * 1024, MAX_LINES_BYTES);
    this.#linger = options.linger ?? 500;
    this.#bufferBytes = options.bufferBytes ?? 16 * 1024 * 1024;
    this.#maxCalls = options.calls ?? 4;
    this.#firstPause = options.firstPause ?? 100;
    this.#longestPause = options.longestPause ?? 10_000;
    this.#attempts = options.attempts ?? Number.POSITIVE_INFINITY;
    this.#stampArrived = options.stampArrived ?? false;
    this.#partitions = new Partitions(bucketing, buckets, options.split, options.lane);
  }

  async put(event: UsageEvent): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new Error('producer: put after close');
    // Whoever finds others waiting waits behind them: order is kept, and nobody starves.
    if (this.#buffered >= this.#bufferBytes || this.#roomWaiters.length > 0) {
      this.#sendAll();
      if (this.#buffered >= this.#bufferBytes || this.#roomWaiters.length > 0) {
        await new Promise<void>((resolve, reject) => {
          this.#roomWaiters.push({
            resolve: () => {
              // Taken here, not after the await: the waiters behind must find the room already used.
              this.#take(event);
              resolve();
            },
            reject,
          });
        });
        return;
      }
    }
    this.#take(event);
  }

  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#sendAll();
    if (this.#idle()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#idleWaiters.push({ resolve, reject }));
  }

  async close(within?: number): Promise<void> {
    this.#closed = true;
    const giveUp = () => this.#fail(new Error(`not delivered within ${within} ms`), 'when closed');
    const cancel = within === undefined ? undefined : this.#port.after(within, giveUp);
    await this.flush().finally(() => cancel?.());
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
  }

  #take(event: UsageEvent): void {
    const json = JSON.stringify(event);
    const bytes = Buffer.byteLength(json) + 1;
    const time = Date.parse(event.time);
    if (time > this.#clock) this.#clock = time;
    const bucket = this.#partitions.of(event);
    bucket.pending.push({ json, bytes, clock: this.#clock });
    bucket.pendingBytes += bytes;
    this.#buffered += bytes;
    this.#lines++;
    if (bucket.pendingBytes >= this.#recordBytes || this.#closed) {
      bucket.due = true;
      this.#pump();
    } else if (this.#cancelLinger === undefined) {
      this.#cancelLinger = this.#port.after(this.#linger, () => {
        this.#cancelLinger = undefined;
        this.#sendAll();
      });
    }
  }

  #sendAll(): void {
    for (const bucket of this.#partitions.all) if (bucket.pending.length > 0) bucket.due = true;
    this.#pump();
  }

  #pump(): void {
    while (this.#failure === undefined && this.#callsUnderWay < this.#maxCalls) {
      const batch = this.#nextBatch();
      if (batch.length === 0) return;
      this.#callsUnderWay++;
      void this.#deliver(batch);
    }
  }

  #nextBatch(): Packed[] {
    const batch: Packed[] = [];
    let bytes = 0;
    const buckets = this.#partitions.all;
    const count = buckets.length;
    for (let i = 0; i < count && batch.length < MAX_CALL_RECORDS; i++) {
      const bucket = buckets[(this.#turn + i) % count] as Bucket;
      if (!bucket.due || bucket.unacknowledged !== undefined || bucket.pending.length === 0) continue;
      // Before compression a record is never smaller than after it, so this keeps within the call's limit.
      if (
        batch.length > 0 &&
        bytes + Math.min(bucket.pendingBytes, this.#recordBytes) + 4096 > MAX_CALL_BYTES
      ) {
        this.#turn = bucket.place;
        return batch;
      }
      const packed = this.#pack(bucket);
      bytes += packed.entry.data.length + packed.entry.partitionKey.length;
      batch.push(packed);
    }
    return batch;
  }

  #pack(bucket: Bucket): Packed {
    let count = 0;
    let lineBytes = 0;
    for (const line of bucket.pending) {
      if (count > 0 && lineBytes + line.bytes > this.#recordBytes) break;
      lineBytes += line.bytes;
      count++;
    }
    const lines = bucket.pending.slice(0, count);
    bucket.pending = bucket.pending.slice(count);
    bucket.pendingBytes -= lineBytes;
    if (bucket.pending.length === 0) bucket.due = false;
    const last = lines[lines.length - 1];
    const header: HeaderFacts = {
      bucket: bucket.number,
      bucketing: this.#bucketing,
      ...(this.#gateway === undefined ? {} : { gateway: this.#gateway }),
      ...(this.#redriven ? { redriven: true as const } : {}),
      ...(this.#stampArrived && last !== undefined ? { arrived: new Date(last.clock).toISOString() } : {}),
    };
    const data = encodeLines(
      header,
      lines.map((line) => line.json),
    );
    const packed = { bucket, lines, lineBytes, entry: { partitionKey: bucket.key, data } };
    bucket.unacknowledged = packed;
    return packed;
  }

  async #deliver(batch: readonly Packed[]): Promise<void> {
    let left = batch;
    for (let attempt = 1; left.length > 0; attempt++) {
      let error: unknown;
      this.counts.calls++;
      try {
        const results = await this.#port.putRecords(left.map((packed) => packed.entry));
        const refused: Packed[] = [];
        for (const [index, packed] of left.entries()) {
          const result = results[index];
          if (result?.accepted === true) this.#acknowledge(packed);
          else {
            error = new Error(result === undefined ? 'no answer for the record' : result.error);
            refused.push(packed);
          }
        }
        left = refused;
        this.counts.refused += refused.length;
        // What was acknowledged made room, and its buckets may go on while the refused ones wait.
        this.#admit();
      } catch (thrown) {
        error = thrown;
      }
      if (this.#failure !== undefined) return;
      if (left.length === 0) break;
      if (isPermanent(error) || attempt >= this.#attempts) {
        this.#fail(error, attempt === 1 ? 'after the first attempt' : `after ${attempt} attempts`);
        return;
      }
      await this.#pause(attempt);
    }
    this.#callsUnderWay--;
    this.#admit();
    this.#pump();
    this.#settleIdle();
  }

  #acknowledge(packed: Packed): void {
    packed.bucket.unacknowledged = undefined;
    this.#buffered -= packed.lineBytes;
    this.#lines -= packed.lines.length;
    this.counts.events += packed.lines.length;
    this.counts.records++;
    this.counts.bytes += packed.entry.data.length;
  }

  /** Lets waiting puts in while there is room; when they fill the buffer again, sends. */
  #admit(): void {
    while (this.#buffered < this.#bufferBytes) {
      const waiting = this.#roomWaiters.shift();
      if (waiting === undefined) break;
      waiting.resolve();
    }
    if (this.#roomWaiters.length > 0 || this.#idleWaiters.length > 0) this.#sendAll();
    else this.#pump();
  }

  #pause(attempt: number): Promise<void> {
    const longest = Math.min(this.#longestPause, this.#firstPause * 2 ** (attempt - 1));
    return new Promise((resolve) => {
      this.#port.after(this.#port.random() * longest, resolve);
    });
  }

  #idle(): boolean {
    return this.#lines === 0 && this.#roomWaiters.length === 0;
  }

  #settleIdle(): void {
    if (!this.#idle()) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const waiter of waiters) waiter.resolve();
  }

  #fail(error: unknown, when: string): void {
    const undelivered: string[] = [];
    for (const bucket of this.#partitions.all) {
      for (const line of bucket.unacknowledged?.lines ?? []) undelivered.push(line.json);
      for (const line of bucket.pending) undelivered.push(line.json);
    }
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#failure = new ProducerFailure(
      `producer: gave up ${when}, ${undelivered.length} events undelivered: ${why}`,
      undelivered,
      error,
    );
    this.#cancelLinger?.();
    const waiting = [...this.#roomWaiters.splice(0), ...this.#idleWaiters.splice(0)];
    for (const waiter of waiting) waiter.reject(this.#failure);
  }
}

function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'permanent' in error && error.permanent === true;
}
