import { bottomK } from './bottom-k.ts';
import {
  CELL_MARKS,
  COUNTERS,
  emptySamples,
  emptySlice,
  SAMPLE_NAMES,
  type Samples,
  SLICE_MS,
  type Slice,
} from './slice.ts';

/**
 * Binary form of slices: version byte, then for each list its length, so that code that knows fewer counters,
 * marks or samples skips what it does not know, and code that knows more fills in zeros. Integers are LEB128
 * varints; sample hashes are delta-coded.
 */
const VERSION = 1;

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
  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
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

function writeSamples(writer: Writer, samples: Samples): void {
  writer.varint(SAMPLE_NAMES.length);
  for (const name of SAMPLE_NAMES) {
    const { hashes, counts, flags } = samples[name];
    writer.varint(hashes.length);
    let previous = 0;
    for (let i = 0; i < hashes.length; i++) {
      const hash = hashes[i] as number;
      writer.varint(hash - previous);
      previous = hash;
      // most values are seen once and carry few flags: count and flags share one varint
      writer.varint((counts[i] as number) * 32 + (flags[i] as number));
    }
  }
}

function readSamples(reader: Reader): Samples {
  const samples = emptySamples();
  const lists = reader.varint();
  for (let list = 0; list < lists; list++) {
    const name = SAMPLE_NAMES[list];
    const target = name === undefined ? bottomK(0) : samples[name];
    const size = reader.varint();
    let hash = 0;
    for (let i = 0; i < size; i++) {
      hash += reader.varint();
      const packed = reader.varint();
      if (i < target.k) {
        target.hashes.push(hash);
        target.counts.push(Math.floor(packed / 32));
        target.flags.push(packed % 32);
      }
    }
  }
  return samples;
}

/** Encodes slices, in ascending order of their starts. */
export function encodeSlices(slices: readonly Slice[]): Uint8Array {
  const writer = new Writer();
  writer.byte(VERSION);
  writer.varint(slices.length);
  let previous = 0;
  for (const slice of slices) {
    const index = slice.start / SLICE_MS;
    if (index < previous) throw new StateError('slices out of order');
    writer.varint(index - previous);
    previous = index;
    writer.varint(COUNTERS.length);
    for (const name of COUNTERS) writer.varint(slice.counts[name]);
    writer.varint(CELL_MARKS.length);
    for (const name of CELL_MARKS) for (const word of slice.cells[name]) writer.varint(word);
    writer.varint(slice.models.size);
    for (const [model, events] of [...slice.models].sort(([a], [b]) => (a < b ? -1 : 1))) {
      writer.text(model);
      writer.varint(events);
    }
    writer.varint(slice.samples.size);
    for (const [epoch, samples] of [...slice.samples].sort(([a], [b]) => (a < b ? -1 : 1))) {
      writer.text(epoch);
      writeSamples(writer, samples);
    }
  }
  return writer.done();
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
  const count = reader.varint();
  const slices: Slice[] = [];
  let index = 0;
  for (let s = 0; s < count; s++) {
    index += reader.varint();
    const slice = emptySlice(index * SLICE_MS);
    const counters = reader.varint();
    for (let i = 0; i < counters; i++) {
      const value = reader.varint();
      const name = COUNTERS[i];
      if (name !== undefined) slice.counts[name] = value;
    }
    const marks = reader.varint();
    for (let i = 0; i < marks; i++) {
      const name = CELL_MARKS[i];
      const words: [number, number, number] = [reader.varint(), reader.varint(), reader.varint()];
      if (name !== undefined) slice.cells[name] = words;
    }
    const models = reader.varint();
    for (let i = 0; i < models; i++) {
      const model = reader.text();
      slice.models.set(model, reader.varint());
    }
    const epochs = reader.varint();
    for (let i = 0; i < epochs; i++) {
      const epoch = reader.text();
      slice.samples.set(epoch, readSamples(reader));
    }
    slices.push(slice);
  }
  return slices;
}
