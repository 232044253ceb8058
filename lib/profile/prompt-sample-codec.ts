import { DONOR_ATTEMPTS, donor, SKETCH_BINS } from '../telemetry/sketch.ts';
import { Reader, StateError, Writer } from './binary.ts';
import {
  GENERATION_MS,
  type GenerationSample,
  keepWrittenPrompt,
  type PromptSamples,
  SAMPLED,
  type SampledPrompt,
  sampledPrompt,
  writtenPrompt,
} from './prompt-sample.ts';
import { SLICE_MS } from './slice.ts';

/** Binary form of prompt samples: at most ten kilobytes of an account while two epochs overlap. */
const VERSION = 2;
/** Version that wrote all bins of a sketch. */
const ALL_BINS = 1;
/** Of this file: where modules are not bundled, a name that another one exports is looked up each time that a loop reads it. */
const BINS = SKETCH_BINS;
const ATTEMPTS = DONOR_ATTEMPTS;
const SKETCH_BYTES = 2 * BINS;
/** What a prompt takes at most, bytes: its hash, its slice, which bins have a value of their own, and these. */
export const PROMPT_BYTES = 6 + 1 + 2 + SKETCH_BYTES;
const LOW = 2 ** 24;

/** One for all calls: what it wrote is copied out before anybody else writes. */
const writer = new Writer();

export function encodePromptSamples(samples: PromptSamples): Uint8Array {
  writer.size = 0;
  writer.byte(VERSION);
  writer.varint(samples.length);
  for (const { epoch, generation, prompts } of samples) {
    writer.text(epoch);
    writer.varint(generation);
    writer.varint(prompts.length);
    for (const prompt of prompts) writePrompt(prompt, generation);
  }
  return writer.done();
}

function writePrompt(prompt: SampledPrompt, generation: number): void {
  const known = writtenPrompt(prompt);
  if (known !== undefined) {
    writer.append(known);
    return;
  }
  const { hash, sketch, slice } = prompt;
  const from = writer.size;
  writer.triple(Math.floor(hash / LOW));
  writer.triple(hash % LOW);
  writer.byte((slice - firstSlice(generation)) / SLICE_MS);
  writeSketch(sketch);
  // from Node's pool of small buffers
  keepWrittenPrompt(prompt, Buffer.from(writer.bytes.subarray(from, writer.size)));
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
      prompts.push(sampledPrompt(hash, sketch.toString('base64url'), slice));
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
const DONORS = Uint8Array.from({ length: BINS * ATTEMPTS }, (_, i) =>
  donor(Math.floor(i / ATTEMPTS), i % ATTEMPTS),
);
const ALL = 2 ** BINS - 1;

/** The bin that an empty one has its value from, where the bins of `filled` have one of their own; -1: from none that it asks. */
function lender(bin: number, filled: number): number {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const asked = DONORS[bin * ATTEMPTS + attempt] as number;
    if (((filled >>> asked) & 1) === 1) return asked;
  }
  return -1;
}

/** The bytes and the bins of the sketch that is looked at. */
const bytes = Buffer.alloc(SKETCH_BYTES);
const values = new Uint16Array(BINS);

/** A prompt of few words fills few bins, and the others follow from them: which have their own value, and those values. */
function writeSketch(sketch: string): void {
  bytes.fill(0, bytes.write(sketch, 'base64url'));
  for (let bin = 0; bin < BINS; bin++) values[bin] = bytes.readUInt16LE(2 * bin);
  const filled = filledBins();
  writer.byte(filled & 255);
  writer.byte(filled >>> 8);
  if (filled === ALL) writer.append(bytes);
  else
    for (let bin = 0; bin < BINS; bin++)
      if (((filled >>> bin) & 1) === 1) {
        writer.byte((values[bin] as number) & 255);
        writer.byte((values[bin] as number) >>> 8);
      }
}

/** Whether a bin is the first of its value. */
function isFirst(bin: number): boolean {
  for (let before = 0; before < bin; before++) if (values[before] === values[bin]) return false;
  return true;
}

/**
 * The bins that were filled, one of each value: all others follow from them. Which of a value's bins it was is tried out, four
 * hundred sets at most. All of them, where none explains the others: it is read back as it was, whoever made it.
 */
function filledBins(): number {
  const firsts: number[] = [];
  for (let bin = 0; bin < BINS; bin++) if (isFirst(bin)) firsts.push(bin);
  return firsts.length === BINS ? ALL : filledFrom(firsts, 0, 0);
}

function filledFrom(firsts: readonly number[], at: number, filled: number): number {
  if (at === firsts.length) return followsFrom(filled) ? filled : ALL;
  const first = firsts[at] as number;
  for (let bin = first; bin < BINS; bin++) {
    if (values[bin] !== values[first]) continue;
    const found = filledFrom(firsts, at + 1, filled | (1 << bin));
    if (found !== ALL) return found;
  }
  return ALL;
}

function followsFrom(filled: number): boolean {
  for (let bin = 0; bin < BINS; bin++)
    if (((filled >>> bin) & 1) === 0 && values[lender(bin, filled)] !== values[bin]) return false;
  return true;
}

function readSketch(reader: Reader): Buffer {
  const filled = reader.byte() + 256 * reader.byte();
  const sketch = Buffer.alloc(SKETCH_BYTES);
  for (let bin = 0; bin < BINS; bin++) if (((filled >>> bin) & 1) === 1) sketch.set(reader.take(2), 2 * bin);
  for (let bin = 0; bin < BINS; bin++) {
    if (((filled >>> bin) & 1) === 1) continue;
    const from = lender(bin, filled);
    if (from < 0) throw new StateError('prompt samples: a sketch has a bin without a value');
    sketch.copyWithin(2 * bin, 2 * from, 2 * from + 2);
  }
  return sketch;
}
