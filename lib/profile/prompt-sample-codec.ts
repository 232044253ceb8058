import { DONOR_ATTEMPTS, donor, SKETCH_BINS } from '../telemetry/sketch.ts';
import { Reader, StateError, Writer } from './binary.ts';
import {
  GENERATION_MS,
  type GenerationSample,
  type PromptSamples,
  SAMPLED,
  type SampledPrompt,
} from './prompt-sample.ts';
import { SLICE_MS } from './slice.ts';

/** Binary form of prompt samples: at most 41 bytes a prompt, and ten kilobytes of an account while two epochs overlap. */
const VERSION = 2;
/** Version that wrote all bins of a sketch. */
const ALL_BINS = 1;
const SKETCH_BYTES = 2 * SKETCH_BINS;
const LOW = 2 ** 24;

export function encodePromptSamples(samples: PromptSamples): Uint8Array {
  const writer = new Writer();
  writer.byte(VERSION);
  writer.varint(samples.length);
  for (const { epoch, generation, prompts } of samples) {
    writer.text(epoch);
    writer.varint(generation);
    writer.varint(prompts.length);
    for (const prompt of prompts) writer.append(encoded(prompt, generation));
  }
  return writer.done();
}

/** A sampled prompt never changes, and is written with every other that comes into its sample. */
const written = new WeakMap<SampledPrompt, Uint8Array>();

function encoded(prompt: SampledPrompt, generation: number): Uint8Array {
  const known = written.get(prompt);
  if (known !== undefined) return known;
  const { hash, sketch, slice } = prompt;
  const writer = new Writer();
  writer.triple(Math.floor(hash / LOW));
  writer.triple(hash % LOW);
  writer.byte((slice - firstSlice(generation)) / SLICE_MS);
  writeSketch(writer, Buffer.from(sketch, 'base64url'));
  const bytes = writer.done();
  written.set(prompt, bytes);
  return bytes;
}

/** @throws StateError where the bytes are damaged or of a newer version */
export function decodePromptSamples(bytes: Uint8Array): PromptSamples {
  const reader = new Reader(bytes);
  const version = reader.byte();
  if (version !== VERSION && version !== ALL_BINS)
    throw new StateError(`prompt samples: version ${version} is not known to this code`);
  const samples: GenerationSample[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const epoch = reader.text();
    const generation = reader.varint();
    const size = reader.varint();
    if (size > SAMPLED) throw new StateError(`prompt samples: ${size} prompts of at most ${SAMPLED}`);
    const prompts: SampledPrompt[] = [];
    for (let i = 0; i < size; i++) {
      const hash = reader.triple() * LOW + reader.triple();
      const slice = firstSlice(generation) + reader.byte() * SLICE_MS;
      const sketch = version === ALL_BINS ? Buffer.from(reader.take(SKETCH_BYTES)) : readSketch(reader);
      prompts.push({ hash, slice, sketch: sketch.toString('base64url') });
    }
    samples.push({ epoch, generation, prompts });
  }
  return samples;
}

/** Start of a generation's first slice, ms. Generations are whole numbers of slices. */
function firstSlice(generation: number): number {
  return generation * GENERATION_MS;
}

/** By bin and attempt, the bin that an empty one asks (telemetry/sketch.ts). */
const DONORS = Uint8Array.from({ length: SKETCH_BINS * DONOR_ATTEMPTS }, (_, i) =>
  donor(Math.floor(i / DONOR_ATTEMPTS), i % DONOR_ATTEMPTS),
);
const ALL = 2 ** SKETCH_BINS - 1;

/** The bin that an empty one has its value from, where the bins of `filled` have one of their own; -1: from none that it asks. */
function lender(bin: number, filled: number): number {
  for (let attempt = 0; attempt < DONOR_ATTEMPTS; attempt++) {
    const asked = DONORS[bin * DONOR_ATTEMPTS + attempt] as number;
    if (((filled >>> asked) & 1) === 1) return asked;
  }
  return -1;
}

/** A prompt of few words fills few bins, and the others follow from them: which have their own value, and those values. */
function writeSketch(writer: Writer, sketch: Buffer): void {
  const filled = filledBins(sketch);
  writer.byte(filled & 255);
  writer.byte(filled >>> 8);
  for (let bin = 0; bin < SKETCH_BINS; bin++)
    if (((filled >>> bin) & 1) === 1) {
      writer.byte(sketch[2 * bin] as number);
      writer.byte(sketch[2 * bin + 1] as number);
    }
}

/**
 * The bins that were filled, one of each value: all others follow from them. Which of a value's bins it was is tried out, four
 * hundred sets at most. All of them, where none explains the others: it is read back as it was, whoever made it.
 */
function filledBins(sketch: Buffer): number {
  const values = Array.from({ length: SKETCH_BINS }, (_, bin) => sketch.readUInt16LE(2 * bin));
  const distinct = [...new Set(values)];
  const isLent = (filled: number): boolean =>
    values.every((value, bin) => ((filled >>> bin) & 1) === 1 || values[lender(bin, filled)] === value);
  const search = (at: number, filled: number): number => {
    if (at === distinct.length) return isLent(filled) ? filled : ALL;
    for (let bin = values.indexOf(distinct[at] as number); bin >= 0; ) {
      const found = search(at + 1, filled | (1 << bin));
      if (found !== ALL) return found;
      bin = values.indexOf(distinct[at] as number, bin + 1);
    }
    return ALL;
  };
  return distinct.length === SKETCH_BINS ? ALL : search(0, 0);
}

function readSketch(reader: Reader): Buffer {
  const filled = reader.byte() + 256 * reader.byte();
  const sketch = Buffer.alloc(SKETCH_BYTES);
  for (let bin = 0; bin < SKETCH_BINS; bin++)
    if (((filled >>> bin) & 1) === 1) sketch.set(reader.take(2), 2 * bin);
  for (let bin = 0; bin < SKETCH_BINS; bin++) {
    if (((filled >>> bin) & 1) === 1) continue;
    const from = lender(bin, filled);
    if (from < 0) throw new StateError('prompt samples: a sketch has a bin without a value');
    sketch.copyWithin(2 * bin, 2 * from, 2 * from + 2);
  }
  return sketch;
}
