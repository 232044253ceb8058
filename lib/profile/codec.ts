import { bottomK } from './bottom-k.ts';
import { COUNTERS } from './counts.ts';
import { DIMENSIONS, NO_EMBEDDING } from './embedding.ts';
import {
  CELL_MARKS,
  type Cells,
  emptySamples,
  emptySlice,
  SAMPLE_NAMES,
  type Samples,
  SLICE_MS,
  type Slice,
} from './slice.ts';

/**
 * Binary form of slices: version byte, the names that occur (models, key epochs), then the slices. Most counters, marks
 * and samples of a slice are empty, so each list begins with a bit set of those that are not: code that knows fewer of
 * them skips what it does not know, code that knows more fills in zeros. Integers are LEB128 varints; sample hashes
 * have three bytes.
 */
const VERSION = 2;

const utf8 = new TextEncoder();

class Writer {
  bytes = new Uint8Array(512);
  size = 0;
  room(more: number): void {
    if (this.size + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.size + more));
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
  }
  byte(value: number): void {
    this.room(1);
    this.bytes[this.size++] = value;
  }
  varint(value: number): void {
    this.room(8);
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.size++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.size++] = rest;
  }
  hash(value: number): void {
    this.room(3);
    this.bytes[this.size++] = value & 255;
    this.bytes[this.size++] = (value >>> 8) & 255;
    this.bytes[this.size++] = value >>> 16;
  }
  text(value: string): void {
    const encoded = utf8.encode(value);
    this.varint(encoded.length);
    this.room(encoded.length);
    this.bytes.set(encoded, this.size);
    this.size += encoded.length;
  }
  done(): Uint8Array {
    return this.bytes.slice(0, this.size);
  }
}

class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new StateError('ends early');
    return value;
  }
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
      if (scale > 2 ** 56) throw new StateError('has a number that is too long');
    }
  }
  hash(): number {
    const low = this.byte();
    const middle = this.byte();
    return low | (middle << 8) | (this.byte() << 16);
  }
  text(): string {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.bytes.length) throw new StateError('ends early');
    const value = new TextDecoder().decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return value;
  }
}

/** Stored state that cannot be read: damaged, or written by a newer version than this code knows. */
export class StateError extends Error {
  override readonly name = 'StateError';
  constructor(what: string) {
    super(`stored slices: ${what}`);
  }
}

/** Flags of a sampled value take five bits; most values are seen once, so count and flags share one varint. */
const FLAG_SPACE = 32;

function writeSamples(writer: Writer, samples: Samples): void {
  writer.varint(setOf(SAMPLE_NAMES, (name) => samples[name].hashes.length > 0));
  for (const name of SAMPLE_NAMES) {
    const { hashes, counts, flags, counted } = samples[name];
    if (hashes.length === 0) continue;
    // unknown samples must be skipped too: the size says whether counts follow
    writer.varint(hashes.length * 2 + (counted ? 1 : 0));
    for (let i = 0; i < hashes.length; i++) {
      writer.hash(hashes[i] as number);
      if (counted) writer.varint((counts[i] as number) * FLAG_SPACE + (flags[i] as number));
    }
  }
  const { embedding } = samples;
  writer.varint(embedding === NO_EMBEDDING ? 0 : embedding.length);
  if (embedding !== NO_EMBEDDING) for (const value of embedding) writer.varint(zigzag(value));
}

/** Signed numbers as unsigned ones, small as small. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function readSamples(reader: Reader): Samples {
  const samples = emptySamples();
  const present = reader.varint();
  for (let list = 0; 2 ** list <= present; list++) {
    if (!has(present, list)) continue;
    const name = SAMPLE_NAMES[list];
    const target = name === undefined ? bottomK(0) : samples[name];
    const head = reader.varint();
    const size = Math.floor(head / 2);
    const hashes: number[] = [];
    const counts: number[] = [];
    const flags: number[] = [];
    for (let i = 0; i < size; i++) {
      const hash = reader.hash();
      const packed = head % 2 === 1 ? reader.varint() : FLAG_SPACE;
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
  const dimensions = reader.varint();
  if (dimensions > 0) {
    const embedding = NO_EMBEDDING.slice();
    for (let i = 0; i < dimensions; i++) {
      const value = unzigzag(reader.varint());
      if (i < DIMENSIONS) embedding[i] = value;
    }
    samples.embedding = embedding;
  }
  return samples;
}

/** Which of a list's names satisfy `keep`, as a number with a bit for each. */
function setOf<Name>(names: readonly Name[], keep: (name: Name) => boolean): number {
  let set = 0;
  for (let i = 0; i < names.length; i++) if (keep(names[i] as Name)) set += 2 ** i;
  return set;
}

function has(set: number, place: number): boolean {
  return Math.floor(set / 2 ** place) % 2 === 1;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Encodes slices, in ascending order of their starts. */
export function encodeSlices(slices: readonly Slice[]): Uint8Array {
  const writer = new Writer();
  writer.byte(VERSION);
  const names = new Set<string>();
  for (const slice of slices) {
    for (const model of slice.models.keys()) names.add(model);
    for (const epoch of slice.samples.keys()) names.add(epoch);
  }
  const places = new Map([...names].sort().map((name, place) => [name, place]));
  const name = (text: string): void => writer.varint(places.get(text) as number);
  writer.varint(places.size);
  for (const text of places.keys()) writer.text(text);
  writer.varint(slices.length);
  let previous = 0;
  for (const slice of slices) {
    const index = slice.start / SLICE_MS;
    if (index < previous) throw new StateError('slices out of order');
    writer.varint(index - previous);
    previous = index;
    writer.varint(setOf(COUNTERS, (counter) => slice.counts[counter] !== 0));
    for (const counter of COUNTERS) if (slice.counts[counter] !== 0) writer.varint(slice.counts[counter]);
    writer.varint(setOf(CELL_MARKS, (mark) => isMarked(slice.cells[mark])));
    for (const mark of CELL_MARKS)
      if (isMarked(slice.cells[mark])) for (const word of slice.cells[mark]) writer.varint(word);
    writer.varint(slice.models.size);
    for (const [model, events] of [...slice.models].sort(byName)) {
      name(model);
      writer.varint(events);
    }
    writer.varint(slice.samples.size);
    for (const [epoch, samples] of [...slice.samples].sort(byName)) {
      name(epoch);
      writeSamples(writer, samples);
    }
  }
  return writer.done();
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
      const words: Cells = [reader.varint(), reader.varint(), reader.varint()];
      const mark = CELL_MARKS[i];
      if (mark !== undefined) slice.cells[mark] = words;
    }
    for (let left = reader.varint(); left > 0; left--) {
      const model = name();
      slice.models.set(model, reader.varint());
    }
    for (let left = reader.varint(); left > 0; left--) {
      const epoch = name();
      slice.samples.set(epoch, readSamples(reader));
    }
    slices.push(slice);
  }
  return slices;
}
