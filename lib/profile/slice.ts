import type { UsageEvent } from '../telemetry/usage-event.ts';
import { BEHAVIOURS } from '../telemetry/usage-event.ts';
import { addTo, type BottomK, bottomK, mergeInto } from './bottom-k.ts';
import { hash32 } from './hash32.ts';

/**
 * A slice: the smallest aligned bucket of event time, `[start, start + SLICE_MS)`, of one account or of a group.
 * Everything in it merges exactly and in any order: sums, bitmaps that are OR-ed, and bottom-k samples.
 */

/** Length of a slice. Fixed for stored state: windows are runs of slices, so window lengths may change freely. */
export const SLICE_MS = 6 * 3_600_000;
/** A cell is the shortest stretch of time that is told apart inside a slice: a burst within it counts once. */
export const CELL_MS = 5 * 60_000;

/** Additive counters of a slice, in the order in which the codec writes them. Append only. */
export const COUNTERS = [
  'events',
  'inputTokens',
  'outputTokens',
  'refused',
  'truncated',
  'failed',
  'single', // one user turn and no system prompt: self-contained
  'system', // carries a system prompt
  'question',
  'code',
  'input', // an instruction followed by separate input
  'instruction', // self-contained and phrased as a task
  ...BEHAVIOURS,
  'nonLatin',
  'headSum', // sum of length classes of the first line, for the spread of prompt lengths
  'headSquares',
  'wordSum',
  'wordSquares',
] as const;
export type Counter = (typeof COUNTERS)[number];
export type Counts = Record<Counter, number>;

/** Bitmaps of five-minute cells: any activity, and activity of one behaviour. Append only. */
export const CELL_MARKS = [
  'active',
  'instruction',
  'reasoning',
  'grading',
  'thinking-language',
  'refused',
] as const;
export type CellMark = (typeof CELL_MARKS)[number];

/** Samples of distinct keyed values and how many each keeps. Append only. */
export const SAMPLES = {
  opening: 32,
  closing: 16,
  prompt: 16,
  layout: 12,
  system: 8,
  address: 12,
  network: 8,
  agent: 8,
  credential: 8,
} as const;
export type SampleName = keyof typeof SAMPLES;
export const SAMPLE_NAMES = Object.keys(SAMPLES) as SampleName[];
export type Samples = Record<SampleName, BottomK>;

/** Flags that travel with a sampled opening. */
export const FLAG = { single: 1, instruction: 2, reasoning: 4, grading: 8, question: 16 } as const;

export interface Slice {
  /** event time of its start, ms since 1970, a multiple of SLICE_MS */
  readonly start: number;
  counts: Counts;
  /** per mark three words of 24 cells each */
  cells: Record<CellMark, [number, number, number]>;
  /** per key epoch, because prints of different epochs cannot be compared */
  samples: Map<string, Samples>;
  /** events per model */
  models: Map<string, number>;
}

export function sliceStart(time: number): number {
  return Math.floor(time / SLICE_MS) * SLICE_MS;
}

export function emptyCounts(): Counts {
  const counts = {} as Counts;
  for (const name of COUNTERS) counts[name] = 0;
  return counts;
}

export function emptySamples(): Samples {
  const samples = {} as Samples;
  for (const name of SAMPLE_NAMES) samples[name] = bottomK(SAMPLES[name]);
  return samples;
}

export function emptySlice(start: number): Slice {
  const cells = {} as Slice['cells'];
  for (const mark of CELL_MARKS) cells[mark] = [0, 0, 0];
  return { start, counts: emptyCounts(), cells, samples: new Map(), models: new Map() };
}

/** A deep copy, so that the original stays what it was. */
export function copySlice(slice: Slice): Slice {
  const cells = {} as Slice['cells'];
  for (const name of CELL_MARKS) cells[name] = [...slice.cells[name]];
  return {
    start: slice.start,
    counts: { ...slice.counts },
    cells,
    samples: copySamples(slice.samples),
    models: new Map(slice.models),
  };
}

function copySamples(from: ReadonlyMap<string, Samples>): Map<string, Samples> {
  const samples = new Map<string, Samples>();
  for (const [epoch, held] of from) {
    const copy = {} as Samples;
    for (const name of SAMPLE_NAMES) {
      const { k, hashes, counts, flags } = held[name];
      copy[name] = { k, hashes: hashes.slice(), counts: counts.slice(), flags: flags.slice() };
    }
    samples.set(epoch, copy);
  }
  return samples;
}

function mark(cells: [number, number, number], cell: number): void {
  const word = (cell / 24) | 0;
  cells[word as 0 | 1 | 2] |= 1 << (cell - word * 24);
}

/** Adds one usage event whose event time (ms) lies in the slice. */
export function addEvent(slice: Slice, event: UsageEvent, time: number): void {
  const { counts, cells } = slice;
  const { shape, behaviours, usage } = event;
  const cell = Math.floor((time - slice.start) / CELL_MS);
  counts.events++;
  counts.inputTokens += usage.inputTokens;
  counts.outputTokens += usage.outputTokens;
  mark(cells.active, cell);
  if (event.outcome === 'refused') {
    counts.refused++;
    mark(cells.refused, cell);
  } else if (event.outcome === 'truncated') counts.truncated++;
  else if (event.outcome === 'error') counts.failed++;
  const single = shape.turns <= 1 && !shape.system;
  let flags = 0;
  if (single) {
    counts.single++;
    flags |= FLAG.single;
    if (shape.instruction) {
      counts.instruction++;
      flags |= FLAG.instruction;
      mark(cells.instruction, cell);
    }
  }
  if (shape.system) counts.system++;
  if (shape.question) {
    counts.question++;
    flags |= FLAG.question;
  }
  if (shape.code) counts.code++;
  if (shape.input) counts.input++;
  if (shape.script !== 'latin' && shape.script !== 'none') counts.nonLatin++;
  counts.headSum += shape.head;
  counts.headSquares += shape.head * shape.head;
  counts.wordSum += shape.words;
  counts.wordSquares += shape.words * shape.words;
  for (const behaviour of behaviours) {
    counts[behaviour]++;
    if (behaviour === 'reasoning') {
      flags |= FLAG.reasoning;
      mark(cells.reasoning, cell);
    } else if (behaviour === 'grading') {
      flags |= FLAG.grading;
      mark(cells.grading, cell);
    } else if (behaviour === 'thinking-language') mark(cells['thinking-language'], cell);
  }
  slice.models.set(event.model, (slice.models.get(event.model) ?? 0) + 1);
  for (const prints of event.prints) {
    let samples = slice.samples.get(prints.epoch);
    if (samples === undefined) {
      samples = emptySamples();
      slice.samples.set(prints.epoch, samples);
    }
    addTo(samples.prompt, hash32(prints.prompt));
    if (prints.opening !== undefined) addTo(samples.opening, hash32(prints.opening), flags);
    if (prints.closing !== undefined) addTo(samples.closing, hash32(prints.closing));
    if (prints.layout !== undefined) addTo(samples.layout, hash32(prints.layout));
    if (prints.system !== undefined) addTo(samples.system, hash32(prints.system));
    if (prints.address !== undefined) addTo(samples.address, hash32(prints.address));
    if (prints.network !== undefined) addTo(samples.network, hash32(prints.network));
    if (prints.agent !== undefined) addTo(samples.agent, hash32(prints.agent));
    if (prints.credential !== undefined) addTo(samples.credential, hash32(prints.credential));
  }
}

function mergeSamples(into: Map<string, Samples>, from: ReadonlyMap<string, Samples>): void {
  for (const [epoch, samples] of from) {
    let target = into.get(epoch);
    if (target === undefined) {
      target = emptySamples();
      into.set(epoch, target);
    }
    for (const name of SAMPLE_NAMES) mergeInto(target[name], samples[name]);
  }
}

/** Adds all of `other` to `slice`: same start, over accounts or over parts of one account's events. */
export function mergeSlice(slice: Slice, other: Slice): void {
  if (slice.start !== other.start)
    throw new Error(
      `slices of ${slice.start} and ${other.start} do not share a start: a window is made of them with addSlice`,
    );
  for (const name of COUNTERS) slice.counts[name] += other.counts[name];
  for (const name of CELL_MARKS) {
    const a = slice.cells[name];
    const b = other.cells[name];
    a[0] |= b[0];
    a[1] |= b[1];
    a[2] |= b[2];
  }
  mergeSamples(slice.samples, other.samples);
  for (const [model, events] of other.models)
    slice.models.set(model, (slice.models.get(model) ?? 0) + events);
}

/**
 * The merged value of a run of slices. Cells of different slices are different stretches of time, so their
 * numbers add; hours of the day are OR-ed. Samples are merged when they are asked for (windowSamples).
 */
export interface Window {
  from: number;
  to: number;
  counts: Counts;
  cells: Record<CellMark, number>;
  /** slices with any event */
  slices: number;
  /** bit h: active in hour h of the day, UTC */
  hours: number;
  models: Map<string, number>;
  /** the slices themselves; those of `base`, if there is one, are not repeated here */
  parts: Slice[];
  /** an older window that this one extends */
  base: Window | undefined;
  /** samples merged so far, by key epoch */
  merged: Map<string, Partial<Samples>>;
  /** its only key epoch, once worked out; empty where there are several */
  epoch: string | undefined;
}

export function emptyWindow(from: number, to: number): Window {
  const cells = {} as Window['cells'];
  for (const name of CELL_MARKS) cells[name] = 0;
  return {
    from,
    to,
    counts: emptyCounts(),
    cells,
    slices: 0,
    hours: 0,
    models: new Map(),
    parts: [],
    base: undefined,
    merged: new Map(),
    epoch: undefined,
  };
}

/** A window over the same slices that more can be added to; the given one stays as it is, and must. */
export function extendWindow(base: Window): Window {
  return {
    ...base,
    counts: { ...base.counts },
    cells: { ...base.cells },
    models: new Map(base.models),
    parts: [],
    base,
    merged: new Map(),
    epoch: undefined,
  };
}

function bits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

function hoursOf(slice: Slice): number {
  const first = (slice.start / 3_600_000) % 24;
  let hours = 0;
  const { active } = slice.cells;
  for (let hour = 0; hour < 6; hour++) {
    const word = active[(hour >> 1) as 0 | 1 | 2];
    if (((word >>> ((hour & 1) * 12)) & 0xfff) !== 0) hours |= 1 << ((first + hour) % 24);
  }
  return hours;
}

/**
 * Adds a slice to a window. Parts of one slice (a sealed one and its late additions) must be merged first,
 * else their cells count twice.
 */
export function addSlice(window: Window, slice: Slice): void {
  for (const name of COUNTERS) window.counts[name] += slice.counts[name];
  for (const name of CELL_MARKS) {
    const words = slice.cells[name];
    window.cells[name] += bits(words[0]) + bits(words[1]) + bits(words[2]);
  }
  window.slices++;
  window.hours |= hoursOf(slice);
  window.parts.push(slice);
  window.epoch = undefined;
  if (window.merged.size > 0) window.merged.clear();
  for (const [model, events] of slice.models)
    window.models.set(model, (window.models.get(model) ?? 0) + events);
}

function sampleIn(window: Window, epoch: string, name: SampleName): BottomK {
  let known = window.merged.get(epoch);
  if (known === undefined) {
    known = {};
    window.merged.set(epoch, known);
  }
  let sample = known[name];
  if (sample === undefined) {
    // merging replaces lists and never changes them, so the base's may be shared
    sample = window.base === undefined ? bottomK(SAMPLES[name]) : { ...sampleIn(window.base, epoch, name) };
    for (const { samples } of window.parts) {
      const part = samples.get(epoch);
      if (part !== undefined) mergeInto(sample, part[name]);
    }
    known[name] = sample;
  }
  return sample;
}

function epochsOf(window: Window, events: Map<string, number> = new Map()): Map<string, number> {
  if (window.base !== undefined) epochsOf(window.base, events);
  for (const slice of window.parts)
    for (const epoch of slice.samples.keys())
      events.set(epoch, (events.get(epoch) ?? 0) + slice.counts.events);
  return events;
}

/** The one key epoch of a window's slices, the ordinary case; undefined where there are several, or none. */
function onlyEpoch(window: Window): string | undefined {
  let only: string | undefined;
  if (window.base !== undefined && window.base.slices > 0) {
    window.base.epoch ??= onlyEpoch(window.base) ?? '';
    if (window.base.epoch === '') return undefined;
    only = window.base.epoch;
  }
  for (const { samples } of window.parts) {
    for (const epoch of samples.keys()) {
      if (only !== undefined && epoch !== only) return undefined;
      only = epoch;
    }
  }
  return only;
}

/** A window's samples under one key epoch, each merged when it is first asked for. */
class WindowSamples implements Samples {
  private readonly window: Window;
  private readonly epoch: string;
  constructor(window: Window, epoch: string) {
    this.window = window;
    this.epoch = epoch;
  }
  get opening(): BottomK {
    return sampleIn(this.window, this.epoch, 'opening');
  }
  get closing(): BottomK {
    return sampleIn(this.window, this.epoch, 'closing');
  }
  get prompt(): BottomK {
    return sampleIn(this.window, this.epoch, 'prompt');
  }
  get layout(): BottomK {
    return sampleIn(this.window, this.epoch, 'layout');
  }
  get system(): BottomK {
    return sampleIn(this.window, this.epoch, 'system');
  }
  get address(): BottomK {
    return sampleIn(this.window, this.epoch, 'address');
  }
  get network(): BottomK {
    return sampleIn(this.window, this.epoch, 'network');
  }
  get agent(): BottomK {
    return sampleIn(this.window, this.epoch, 'agent');
  }
  get credential(): BottomK {
    return sampleIn(this.window, this.epoch, 'credential');
  }
}

/** The samples of the key epoch that covers most of the window's events; undefined where nothing was seen. */
export function coveringSamples(window: Window): Samples | undefined {
  const only = onlyEpoch(window);
  if (only !== undefined) return new WindowSamples(window, only);
  let best: string | undefined;
  let most = -1;
  for (const [epoch, events] of epochsOf(window)) {
    if (events > most) {
      most = events;
      best = epoch;
    }
  }
  return best === undefined ? undefined : new WindowSamples(window, best);
}
