import { type BottomK, merged } from './bottom-k.ts';
import { type Counts, emptyCounts } from './counts.ts';
import { addEmbedding, type Embedding, NO_EMBEDDING } from './embedding.ts';
import {
  type CellMark,
  emptySample,
  type SampleName,
  type Samples,
  SLICE_MS,
  type Slice,
  sliceStart,
} from './slice.ts';
import {
  addSums,
  hoursOf,
  noCells,
  type SampleSource,
  SliceWindow,
  type Window,
  windowOf,
} from './window.ts';

/**
 * A sample over a queue of slices: slices come at one end and leave at the other, and no sample can be unmerged. Two
 * stacks make a queue: the older part keeps the merge of every suffix, the newer part one merge of all; when the older
 * part is used up, the newer becomes it. A slice is merged two times in its life, however long the window is.
 * (Two-stack sliding-window aggregation: Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in
 * worst-case constant time", DEBS 2017, section 3.)
 */
class SampleQueue {
  readonly #name: SampleName;
  readonly #epoch: string;
  /** merges of all slices of the older part from each on; last = from the oldest on */
  #suffixes: BottomK[] = [];
  #newer: BottomK;
  #all: BottomK | undefined;

  constructor(name: SampleName, epoch: string, slices: readonly Slice[]) {
    this.#name = name;
    this.#epoch = epoch;
    this.#newer = emptySample(name);
    this.#turn(slices);
  }

  #turn(slices: readonly Slice[]): void {
    this.#suffixes = [];
    for (let i = slices.length - 1; i >= 0; i--) {
      const later = this.#suffixes[this.#suffixes.length - 1];
      const own = sampleOf(slices[i] as Slice, this.#epoch, this.#name);
      this.#suffixes.push(later === undefined ? own : merged(later, own));
    }
    this.#newer = emptySample(this.#name);
    this.#all = undefined;
  }

  push(slice: Slice): void {
    this.#newer = merged(this.#newer, sampleOf(slice, this.#epoch, this.#name));
    this.#all = undefined;
  }

  /** @param rest the slices that stay */
  shift(rest: readonly Slice[]): void {
    if (this.#suffixes.length === 0) this.#turn(rest);
    else this.#suffixes.pop();
    this.#all = undefined;
  }

  /** Merge of all slices in the queue: not to be changed. */
  get value(): BottomK {
    if (this.#all === undefined) {
      const older = this.#suffixes[this.#suffixes.length - 1];
      this.#all = older === undefined ? this.#newer : merged(older, this.#newer);
    }
    return this.#all;
  }
}

function sampleOf(slice: Slice, epoch: string, name: SampleName): BottomK {
  return (slice.samples.get(epoch) as Samples)[name];
}

/** The slices of one window length but the newest, with their sums. */
class ClosedSlices {
  /** changes of the run so far */
  moves = 0;
  counts: Counts = emptyCounts();
  cells: Record<CellMark, number> = noCells();
  hours = 0;
  readonly #parts: Slice[] = [];
  /** key epochs, and the number of slices that have them */
  readonly #epochs = new Map<string, number>();
  readonly #queues = new Map<SampleName, SampleQueue>();
  /** key epoch of the queues */
  #queued: string | undefined;
  #embedding = NO_EMBEDDING;

  /** Becomes the run slices[begin] ... slices[end - 1]; the less has changed, the less there is to do. */
  follow(slices: readonly Slice[], begin: number, end: number): void {
    const parts = this.#parts;
    const oldest = begin < end ? (slices[begin] as Slice).start : Number.POSITIVE_INFINITY;
    let gone = 0;
    while (gone < parts.length && (parts[gone] as Slice).start < oldest) gone++;
    let same = parts.length - gone <= end - begin;
    for (let i = gone; same && i < parts.length; i++) same = parts[i] === slices[begin + i - gone];
    if (same) for (let i = 0; i < gone; i++) this.#shift();
    else this.#clear();
    if (!same || gone > 0 || parts.length < end - begin) this.moves++;
    for (let i = begin + parts.length; i < end; i++) this.#push(slices[i] as Slice);
  }

  /** The one key epoch of all slices; undefined where there are several, or none. */
  get epoch(): string | undefined {
    if (this.#epochs.size !== 1) return undefined;
    for (const epoch of this.#epochs.keys()) return epoch;
    return undefined;
  }

  /** Sum over all slices, of whatever epochs: to be read only where there is one. */
  get embedding(): Embedding {
    return this.#embedding;
  }

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  sample(name: SampleName, epoch: string): BottomK {
    if (this.#queued !== epoch) {
      this.#queues.clear();
      this.#queued = epoch;
    }
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new SampleQueue(name, epoch, this.#parts);
      this.#queues.set(name, queue);
    }
    return queue.value;
  }

  #clear(): void {
    this.#parts.length = 0;
    this.counts = emptyCounts();
    this.cells = noCells();
    this.hours = 0;
    this.#epochs.clear();
    this.#queues.clear();
    this.#embedding = NO_EMBEDDING;
  }

  #push(slice: Slice): void {
    this.#parts.push(slice);
    addSums(this.counts, this.cells, slice, 1);
    this.hours |= hoursOf(slice);
    this.#addEmbedding(slice, 1);
    for (const epoch of slice.samples.keys()) this.#epochs.set(epoch, (this.#epochs.get(epoch) ?? 0) + 1);
    // queues hold samples of one epoch, and are made anew where it is another one
    if (this.#queued === undefined || !slice.samples.has(this.#queued)) this.#queues.clear();
    else for (const queue of this.#queues.values()) queue.push(slice);
  }

  #addEmbedding(slice: Slice, times: 1 | -1): void {
    for (const samples of slice.samples.values())
      this.#embedding = addEmbedding(this.#embedding, samples.embedding, times);
  }

  #shift(): void {
    const slice = this.#parts.shift();
    if (slice === undefined) return;
    addSums(this.counts, this.cells, slice, -1);
    this.#addEmbedding(slice, -1);
    this.hours = 0;
    for (const part of this.#parts) this.hours |= hoursOf(part);
    for (const epoch of slice.samples.keys()) {
      const held = this.#epochs.get(epoch) ?? 0;
      if (held > 1) this.#epochs.set(epoch, held - 1);
      else this.#epochs.delete(epoch);
    }
    for (const queue of this.#queues.values()) queue.shift(this.#parts);
  }
}

/**
 * Windows of one account, remembered between flushes: all slices of a window but its newest hardly ever change, so what
 * they come to is kept and the newest is added. Slices are never changed in place once they are in a state, so the same
 * objects mean the same content; what is remembered is only ever a saving, never part of the state.
 */
export class WindowMemo {
  readonly #closed = new Map<number, ClosedSlices>();

  /**
   * The same as windowEnding of the slices from that of `since` on.
   * @param since event time, ms; without, the window is full
   */
  ending(slices: readonly Slice[], latest: number, length: number, since = 0): Window {
    const to = sliceStart(latest) + SLICE_MS;
    const from = to - length;
    const first = Math.max(from, sliceStart(since));
    let end = slices.length;
    while (end > 0 && (slices[end - 1] as Slice).start >= to) end--;
    let begin = end;
    while (begin > 0 && (slices[begin - 1] as Slice).start >= first) begin--;
    if (begin === end) return windowOf([], from, to);
    const newest = slices[end - 1] as Slice;
    let closed = this.#closed.get(length);
    if (closed === undefined) {
      closed = new ClosedSlices();
      this.#closed.set(length, closed);
    }
    closed.follow(slices, begin, end - 1);
    const counts = closed.counts.copy();
    const cells = { ...closed.cells };
    addSums(counts, cells, newest, 1);
    const sums = { counts, cells, hours: closed.hours | hoursOf(newest) };
    return new SliceWindow({ from, to }, sums, { slices, begin, end }, sourceOf(closed, newest));
  }
}

/** Samples of closed slices and the newest together, where all are of one key epoch and until the memo moves on. */
class RunSamples implements SampleSource {
  readonly #closed: ClosedSlices;
  readonly #moves: number;
  readonly #epoch: string;
  readonly #newest: Samples;

  constructor(closed: ClosedSlices, epoch: string, newest: Samples) {
    this.#closed = closed;
    this.#moves = closed.moves;
    this.#epoch = epoch;
    this.#newest = newest;
  }

  sample(name: SampleName): BottomK | undefined {
    const closed = this.#closed;
    if (closed.moves !== this.#moves) return undefined;
    if (closed.empty) return this.#newest[name];
    return merged(closed.sample(name, this.#epoch), this.#newest[name]);
  }

  embedding(): Embedding | undefined {
    const closed = this.#closed;
    return closed.moves === this.#moves ? addEmbedding(closed.embedding, this.#newest.embedding) : undefined;
  }
}

function sourceOf(closed: ClosedSlices, newest: Slice): SampleSource | undefined {
  if (newest.samples.size !== 1) return undefined;
  for (const [epoch, samples] of newest.samples)
    if (closed.empty || closed.epoch === epoch) return new RunSamples(closed, epoch, samples);
  return undefined;
}
