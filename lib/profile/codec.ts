import { bits, Reader, StateError, Writer } from './binary.ts';
import { bottomK } from './bottom-k.ts';
import { COUNTERS } from './counts.ts';
import { DIMENSIONS, type Embedding, NO_EMBEDDING } from './embedding.ts';
import {
  CELL_MARKS,
  type Cells,
  emptySamples,
  emptySlice,
  keepWrittenSlice,
  SAMPLE_NAMES,
  type Samples,
  SLICE_MS,
  type Slice,
  type WrittenSlice,
  writtenSlice,
} from './slice.ts';

/**
 * Binary form of slices: version byte, the names that occur (models, key epochs), then the slices. Most counters, marks
 * and samples of a slice are empty, so each list begins with a bit set of those that are not: code that knows fewer of
 * them skips what it does not know, code that knows more fills in zeros. Integers are LEB128 varints; sample hashes
 * have three bytes.
 */
const VERSION = 2;

/** Flags of a sampled value take five bits; most values are seen once, so count and flags share one varint. */
const FLAG_SPACE = 32;
const SEEN_ONCE = FLAG_SPACE;

function writeSamples(writer: Writer, samples: Samples, before: Samples | undefined): void {
  writer.varint(setOf(SAMPLE_NAMES, (name) => samples[name].hashes.length > 0));
  for (const name of SAMPLE_NAMES) {
    const { hashes, counts, flags, counted } = samples[name];
    if (hashes.length === 0) continue;
    // most samples say nothing but which values there were, or that each was seen once
    const plain = !counted || isPlain(counts, flags);
    if (plain && sameAs(before?.[name].hashes, hashes)) {
      writer.varint(AS_BEFORE);
      continue;
    }
    writer.varint(hashes.length * 2 + (plain ? 0 : 1));
    for (let i = 0; i < hashes.length; i++) {
      writer.triple(hashes[i] as number);
      if (!plain) writer.varint((counts[i] as number) * FLAG_SPACE + (flags[i] as number));
    }
  }
  const { embedding } = samples;
  if (embedding === NO_EMBEDDING) writer.byte(NOTHING);
  else if (embedding.every((value) => value >= -8 && value < 8)) {
    writer.byte(NIBBLES);
    for (let i = 0; i < DIMENSIONS; i += 2)
      writer.byte(((embedding[i] as number) + 8) * 16 + (embedding[i + 1] as number) + 8);
  } else {
    writer.byte(VARINTS);
    for (const value of embedding) writer.varint(zigzag(value));
  }
}

/** Whether each value was seen once, without flags. */
function isPlain(counts: readonly number[], flags: readonly number[]): boolean {
  for (let i = 0; i < counts.length; i++) if (counts[i] !== 1 || flags[i] !== 0) return false;
  return true;
}

/** In place of a size, of which a list that is written has at least one: the list of the slice before. */
const AS_BEFORE = 0;

function sameAs(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a !== undefined && a.length === b.length && a.every((hash, i) => hash === b[i]);
}

/** How an embedding is written: most slices hold few prompts, and small sums. */
const NOTHING = 0;
const NIBBLES = 1;
const VARINTS = 2;

function readEmbedding(reader: Reader): Embedding {
  const form = reader.byte();
  if (form === NOTHING) return NO_EMBEDDING;
  const embedding: number[] = [];
  if (form === NIBBLES)
    while (embedding.length < DIMENSIONS) {
      const pair = reader.byte();
      embedding.push((pair >>> 4) - 8, (pair & 15) - 8);
    }
  else if (form === VARINTS) while (embedding.length < DIMENSIONS) embedding.push(unzigzag(reader.varint()));
  else throw new StateError(`embedding form ${form} is not known to this code`);
  return embedding;
}

/** Up to so many cells are listed, one byte each; more are a bitmap of nine bytes. */
const MAX_LISTED_CELLS = 8;

function writeCells(writer: Writer, words: Cells): void {
  const [a, b, c] = words;
  const marked = bits(a) + bits(b) + bits(c);
  if (marked > MAX_LISTED_CELLS) {
    writer.byte(BITMAP);
    for (const word of words) writer.triple(word);
    return;
  }
  writer.byte(marked);
  for (let cell = 0; cell < 72; cell++)
    if (((words[Math.floor(cell / 24) as 0 | 1 | 2] >>> (cell % 24)) & 1) === 1) writer.byte(cell);
}

const BITMAP = 255;

function readCells(reader: Reader): Cells {
  const size = reader.byte();
  if (size === BITMAP) return [reader.triple(), reader.triple(), reader.triple()];
  const words: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    const cell = reader.byte();
    if (cell >= 72) throw new StateError(`cell ${cell} of 72`);
    words[Math.floor(cell / 24) as 0 | 1 | 2] |= 1 << (cell % 24);
  }
  return words;
}

/** Signed numbers as unsigned ones, small as small. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function readSamples(reader: Reader, before: Samples | undefined): Samples {
  const samples = emptySamples();
  const present = reader.varint();
  for (let list = 0; 2 ** list <= present; list++) {
    if (!has(present, list)) continue;
    const name = SAMPLE_NAMES[list];
    const target = name === undefined ? bottomK(0) : samples[name];
    const head = reader.varint();
    if (head === AS_BEFORE) {
      const earlier = name === undefined ? undefined : before?.[name];
      target.hashes = earlier?.hashes ?? [];
      if (earlier !== undefined) earlier.own = false;
      if (target.counted) {
        target.counts = target.hashes.map(() => 1);
        target.flags = target.hashes.map(() => 0);
      }
      continue;
    }
    const size = Math.floor(head / 2);
    const hashes: number[] = [];
    const counts: number[] = [];
    const flags: number[] = [];
    for (let i = 0; i < size; i++) {
      const hash = reader.triple();
      const packed = head % 2 === 1 ? reader.varint() : SEEN_ONCE;
      if (i >= target.k) continue;
      hashes.push(hash);
      counts.push(Math.floor(packed / FLAG_SPACE));
      flags.push(packed % FLAG_SPACE);
    }
    target.hashes = hashes;
    if (target.counted) {
      target.counts = counts;
      target.flags = flags;
    }
  }
  samples.embedding = readEmbedding(reader);
  return samples;
}

/** Which of a list's names satisfy `keep`, as a number with a bit for each. */
function setOf<Name>(names: readonly Name[], keep: (name: Name) => boolean): number {
  let set = 0;
  let bit = 1;
  for (let i = 0; i < names.length; i++, bit *= 2) if (keep(names[i] as Name)) set += bit;
  return set;
}

function has(set: number, place: number): boolean {
  return Math.floor(set / 2 ** place) % 2 === 1;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Entries by name; most slices have one model and one key epoch. */
function inOrder<Value>(map: ReadonlyMap<string, Value>): Iterable<[string, Value]> {
  return map.size < 2 ? map : [...map].sort(byName);
}

/**
 * The bytes of an account's slices, which are asked for more than once while its item is written: the list and its slices are not
 * changed any more.
 */
export function encodedSlices(slices: readonly Slice[]): Uint8Array {
  if (slices !== lastSlices) {
    lastBytes = encodeSlices(slices);
    lastSlices = slices;
  }
  return lastBytes;
}

/** What was encoded last: an item's size and the item are asked for one after the other. */
let lastSlices: readonly Slice[] | undefined;
let lastBytes: Uint8Array = new Uint8Array();

/** Bytes of a slice that was not encoded yet, at most where it is as most are. */
const SLICE_BYTES = 90;
const EVENT_BYTES = 30;

/** Bytes that slices will hardly exceed, without encoding them. */
export function likelyBytes(slices: readonly Slice[]): number {
  let bytes = 0;
  for (const slice of slices) {
    const known = writtenSlice(slice);
    const { events } = slice.counts;
    bytes += known?.events === events ? known.bytes.length : SLICE_BYTES + EVENT_BYTES * events;
  }
  return bytes;
}

/** Encodes slices, in ascending order of their starts. What was encoded before and has not changed is copied. */
export function encodeSlices(slices: readonly Slice[]): Uint8Array {
  const names = namesOf(slices);
  const places = new Map(names.map((name, place) => [name, place]));
  const table = names.join('\n');
  writer.size = 0;
  writer.byte(VERSION);
  writer.varint(names.length);
  for (const text of names) writer.text(text);
  writer.varint(slices.length);
  const fresh: { readonly slice: Slice; readonly previous: Slice | undefined; from: number; to: number }[] =
    [];
  let previous: Slice | undefined;
  for (const slice of slices) {
    const known = writtenSlice(slice);
    if (known !== undefined && isCurrent(known, slice, previous, table)) writer.append(known.bytes);
    else {
      const from = writer.size;
      writeSlice(slice, previous, places);
      fresh.push({ slice, previous, from, to: writer.size });
    }
    previous = slice;
  }
  const bytes = writer.done();
  // views of what is returned, which nobody changes: buffers of their own cost more than they hold
  for (const { slice, previous: before, from, to } of fresh)
    keepWrittenSlice(slice, {
      bytes: bytes.subarray(from, to),
      table,
      events: slice.counts.events,
      previous: before,
      previousEvents: before?.counts.events,
    });
  return bytes;
}

/** One for all calls: what it wrote is copied out before anybody else writes. */
const writer = new Writer();

/** All slices of an account but the newest are the same from write to write. */
function isCurrent(known: WrittenSlice, slice: Slice, previous: Slice | undefined, table: string): boolean {
  return (
    known.events === slice.counts.events &&
    known.previous === previous &&
    known.previousEvents === previous?.counts.events &&
    known.table === table
  );
}

function namesOf(slices: readonly Slice[]): string[] {
  const names: string[] = [];
  const add = (name: string): void => {
    if (!names.includes(name)) names.push(name);
  };
  for (const { models, samples } of slices) {
    for (const model of models.keys()) add(model);
    for (const epoch of samples.keys()) add(epoch);
  }
  return names.length < 2 ? names : names.sort();
}

function writeSlice(slice: Slice, previous: Slice | undefined, places: ReadonlyMap<string, number>): void {
  const name = (text: string): void => writer.varint(places.get(text) as number);
  const index = (slice.start - (previous?.start ?? 0)) / SLICE_MS;
  if (index < 0) throw new StateError('slices out of order');
  writer.varint(index);
  const { values } = slice.counts;
  writer.varint(setOf(values, isNotZero));
  for (const value of values) if (value !== 0) writer.varint(value);
  writer.varint(setOf(CELL_MARKS, (mark) => isMarked(slice.cells[mark])));
  for (const mark of CELL_MARKS) if (isMarked(slice.cells[mark])) writeCells(writer, slice.cells[mark]);
  writer.varint(slice.models.size);
  for (const [model, events] of inOrder(slice.models)) {
    name(model);
    writer.varint(events);
  }
  writer.varint(slice.samples.size);
  for (const [epoch, samples] of inOrder(slice.samples)) {
    name(epoch);
    writeSamples(writer, samples, previous?.samples.get(epoch));
  }
}

function isNotZero(value: number): boolean {
  return value !== 0;
}

function isMarked([a, b, c]: Cells): boolean {
  return (a | b | c) !== 0;
}

/**
 * Decodes slices that this or an older version wrote.
 * @throws StateError where the bytes are damaged or of a newer version
 */
export function decodeSlices(bytes: Uint8Array): Slice[] {
  if (bytes.length === 0) return [];
  const reader = new Reader(bytes);
  const version = reader.byte();
  if (version !== VERSION) throw new StateError(`version ${version} is not known to this code (${VERSION})`);
  const names: string[] = [];
  for (let left = reader.varint(); left > 0; left--) names.push(reader.text());
  const name = (): string => {
    const place = reader.varint();
    const text = names[place];
    if (text === undefined) throw new StateError(`names entry ${place} of ${names.length}`);
    return text;
  };
  const count = reader.varint();
  const slices: Slice[] = [];
  let index = 0;
  for (let s = 0; s < count; s++) {
    index += reader.varint();
    const slice = emptySlice(index * SLICE_MS);
    const counters = reader.varint();
    for (let i = 0; 2 ** i <= counters; i++) {
      if (!has(counters, i)) continue;
      const value = reader.varint();
      const counter = COUNTERS[i];
      if (counter !== undefined) slice.counts[counter] = value;
    }
    const marks = reader.varint();
    for (let i = 0; 2 ** i <= marks; i++) {
      if (!has(marks, i)) continue;
      const words = readCells(reader);
      const mark = CELL_MARKS[i];
      if (mark !== undefined) slice.cells[mark] = words;
    }
    for (let left = reader.varint(); left > 0; left--) {
      const model = name();
      slice.models.set(model, reader.varint());
    }
    for (let left = reader.varint(); left > 0; left--) {
      const epoch = name();
      slice.samples.set(epoch, readSamples(reader, slices[s - 1]?.samples.get(epoch)));
    }
    slices.push(slice);
  }
  return slices;
}
