import { HOUR_MS } from '../time.ts';
import { bits } from './binary.ts';
import { type BottomK, mergeInto } from './bottom-k.ts';
import { type Counts, emptyCounts } from './counts.ts';
import { addEmbedding, type Embedding, NO_EMBEDDING } from './embedding.ts';
import { type Rhythm, rhythmOf } from './rhythm.ts';
import {
  CELL_MARKS,
  type CellMark,
  copySlice,
  emptySample,
  mergeSlice,
  SAMPLE_NAMES,
  type SampleName,
  type Samples,
  SLICE_MS,
  type Slice,
  sliceStart,
} from './slice.ts';

/**
 * The merged value of a run of slices. Cells of different slices are different stretches of time, so their numbers
 * add; hours of the day are OR-ed. What only some readers need is worked out when it is asked for.
 */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly counts: Counts;
  readonly cells: Record<CellMark, number>;
  /** slices with any event */
  slices: number;
  /** bit h: active in hour h of the day, UTC */
  hours: number;
  readonly models: ReadonlyMap<string, number>;
  readonly rhythm: Rhythm;
  /** of the key epoch that covers most of the window's events; undefined where nothing was seen */
  readonly samples: Samples | undefined;
}

/** Window lengths that a policy may name, in hours; each is a whole number of slices. */
export function windowMs(hours: number): number {
  const ms = hours * HOUR_MS;
  if (!(hours > 0) || ms % SLICE_MS !== 0)
    throw new RangeError(
      `window of ${hours} hours is not a multiple of the slice (${SLICE_MS / HOUR_MS} hours)`,
    );
  return ms;
}

/**
 * Slices with equal starts merged, ascending: parts of one slice may stand in the hot item and in sealed ones.
 * Slices that stand alone are shared, not copied; merged ones are new.
 */
export function joinSlices(lists: readonly (readonly Slice[])[]): readonly Slice[] {
  const [older = [], newer = []] = lists;
  if (lists.length === 2) {
    // the ordinary case: sealed slices, then open ones
    if (older.length === 0) return newer;
    const last = older[older.length - 1] as Slice;
    if (newer.length === 0) return older;
    if (last.start < (newer[0] as Slice).start) return older.concat(newer);
  }
  const all = lists.flat();
  let ordered = true;
  for (let i = 1; i < all.length && ordered; i++)
    ordered = (all[i - 1] as Slice).start < (all[i] as Slice).start;
  if (ordered) return all;
  all.sort((a, b) => a.start - b.start);
  const joined: Slice[] = [];
  let own = false;
  for (const slice of all) {
    const last = joined[joined.length - 1];
    if (last === undefined || last.start !== slice.start) {
      joined.push(slice);
      own = false;
      continue;
    }
    const merged = own ? last : copySlice(last);
    mergeSlice(merged, slice);
    joined[joined.length - 1] = merged;
    own = true;
  }
  return joined;
}

/** Hours of the day (UTC) in which a slice was active, as a bitmap. */
export function hoursOf(slice: Slice): number {
  const first = (slice.start / HOUR_MS) % 24;
  let hours = 0;
  const { active } = slice.cells;
  for (let hour = 0; hour < 6; hour++) {
    const word = active[(hour >> 1) as 0 | 1 | 2];
    if (((word >>> ((hour & 1) * 12)) & 0xfff) !== 0) hours |= 1 << ((first + hour) % 24);
  }
  return hours;
}

/** Adds a slice's counters and numbers of cells, `times` 1 or, to take it away again, -1. */
export function addSums(counts: Counts, cells: Record<CellMark, number>, slice: Slice, times: 1 | -1): void {
  counts.add(slice.counts, times);
  for (const name of CELL_MARKS) {
    const words = slice.cells[name];
    const [a, b, c] = words;
    if ((a | b | c) !== 0) cells[name] += times * (bits(a) + bits(b) + bits(c));
  }
}

export function noCells(): Record<CellMark, number> {
  const cells = {} as Record<CellMark, number>;
  for (const name of CELL_MARKS) cells[name] = 0;
  return cells;
}

/** Where a window's samples come from; undefined: it can no longer tell. */
export interface SampleSource {
  sample(name: SampleName): BottomK | undefined;
  embedding(): Embedding | undefined;
}

/** Slices next to each other in a list: those at begin ... end - 1. */
export interface SliceRun {
  readonly slices: readonly Slice[];
  readonly begin: number;
  readonly end: number;
}

/** A window over slices. */
export class SliceWindow implements Window {
  readonly from: number;
  readonly to: number;
  readonly counts: Counts;
  readonly cells: Record<CellMark, number>;
  slices: number;
  hours: number;
  readonly #parts: readonly Slice[];
  readonly #begin: number;
  readonly #end: number;
  readonly #source: SampleSource | undefined;
  #samples: Samples | undefined;
  #rhythm: Rhythm | undefined;
  #epoch: string | undefined;

  /**
   * @param run its slices
   * @param source samples of its only key epoch; where it has none, they are merged from the slices
   */
  constructor(
    range: { readonly from: number; readonly to: number },
    sums: Pick<Window, 'counts' | 'cells' | 'hours'>,
    run: SliceRun,
    source?: SampleSource,
  ) {
    this.from = range.from;
    this.to = range.to;
    this.counts = sums.counts;
    this.cells = sums.cells;
    this.hours = sums.hours;
    this.slices = run.end - run.begin;
    this.#parts = run.slices;
    this.#begin = run.begin;
    this.#end = run.end;
    this.#source = source;
  }

  get models(): ReadonlyMap<string, number> {
    const models = new Map<string, number>();
    for (let i = this.#begin; i < this.#end; i++)
      for (const [model, events] of (this.#parts[i] as Slice).models)
        models.set(model, (models.get(model) ?? 0) + events);
    return models;
  }

  get rhythm(): Rhythm {
    this.#rhythm ??= rhythmOf(this.#parts, this.#begin, this.#end);
    return this.#rhythm;
  }

  get samples(): Samples | undefined {
    if (this.slices === 0) return undefined;
    this.#samples ??= new LazySamples(this) as LazySamples & Samples;
    return this.#samples;
  }

  sample(name: SampleName): BottomK {
    const known = this.#source?.sample(name);
    if (known !== undefined) return known;
    this.#epoch ??= this.#covering;
    const sample = emptySample(name);
    for (let i = this.#begin; i < this.#end; i++) {
      const part = (this.#parts[i] as Slice).samples.get(this.#epoch);
      if (part !== undefined) mergeInto(sample, part[name]);
    }
    return sample;
  }

  embedding(): Embedding {
    const known = this.#source?.embedding();
    if (known !== undefined) return known;
    this.#epoch ??= this.#covering;
    let sum = NO_EMBEDDING;
    for (let i = this.#begin; i < this.#end; i++) {
      const part = (this.#parts[i] as Slice).samples.get(this.#epoch);
      if (part !== undefined) sum = addEmbedding(sum, part.embedding);
    }
    return sum;
  }

  /** The key epoch that most events were seen under; the first such, where several are equal. */
  get #covering(): string {
    const events = new Map<string, number>();
    for (let i = this.#begin; i < this.#end; i++) {
      const { samples, counts } = this.#parts[i] as Slice;
      for (const epoch of samples.keys()) events.set(epoch, (events.get(epoch) ?? 0) + counts.events);
    }
    let covering = '';
    let most = -1;
    for (const [epoch, count] of events) {
      if (count > most) {
        most = count;
        covering = epoch;
      }
    }
    return covering;
  }
}

/** Samples, each merged when it is first asked for: see the accessors below. */
class LazySamples {
  readonly of: SliceWindow;
  readonly merged: Partial<Samples> = {};

  constructor(of: SliceWindow) {
    this.of = of;
  }
  get embedding(): Embedding {
    this.merged.embedding ??= this.of.embedding();
    return this.merged.embedding;
  }
}

for (const name of SAMPLE_NAMES)
  Object.defineProperty(LazySamples.prototype, name, {
    get(this: LazySamples) {
      this.merged[name] ??= this.of.sample(name);
      return this.merged[name];
    },
  });

/** A window of the given slices, whatever their starts; slices of one start must be merged first, else cells count twice. */
export function windowOf(slices: readonly Slice[], from: number, to: number): Window {
  const counts = emptyCounts();
  const cells = noCells();
  let hours = 0;
  for (const slice of slices) {
    addSums(counts, cells, slice, 1);
    hours |= hoursOf(slice);
  }
  return new SliceWindow({ from, to }, { counts, cells, hours }, { slices, begin: 0, end: slices.length });
}

/**
 * The window of `length` ms that ends with the slice in which `latest` (event time, ms) lies: `[to - length, to)`.
 * @param slices ascending, distinct starts (see joinSlices)
 */
export function windowEnding(slices: readonly Slice[], latest: number, length: number): Window {
  const to = sliceStart(latest) + SLICE_MS;
  const from = to - length;
  return windowOf(
    slices.filter((slice) => slice.start >= from && slice.start < to),
    from,
    to,
  );
}
