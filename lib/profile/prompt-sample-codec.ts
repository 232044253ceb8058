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
  keepWrittenPrompt(prompt, writer.bytes.slice(from, writer.size));
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
  for (let bin = 0; bin < BINS; bin++)
    values[bin] = (bytes[2 * bin] as number) | ((bytes[2 * bin + 1] as number) << 8);
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

/**
 * Where a bin that was not filled has its value from another: the bins that it asks before that one, as a set; none of them may be filled.
 * -1: it never asks that one.
 */
const ASKED_BEFORE = Int32Array.from({ length: BINS * BINS }, (_, place) => {
  const [bin, from] = [Math.floor(place / BINS), place % BINS];
  const asked = Array.from(DONORS.subarray(bin * ATTEMPTS, (bin + 1) * ATTEMPTS));
  const at = asked.indexOf(from);
  return at < 0 ? -1 : asked.slice(0, at).reduce((set, before) => set | (1 << before), 0);
});

/** Of the sketch that is looked at, the bins of each value, as sets, in the order of their first bins. */
const groups = new Int32Array(BINS);

/**
 * The bins that were filled, one of each value: all others follow from them. All of them, where none explains the others: it is
 * read back as it was, whoever made it.
 */
function filledBins(): number {
  let size = 0;
  let seen = 0;
  for (let bin = 0; bin < BINS; bin++) {
    if (((seen >>> bin) & 1) === 1) continue;
    let group = 1 << bin;
    for (let other = bin + 1; other < BINS; other++) if (values[other] === values[bin]) group |= 1 << other;
    groups[size++] = group;
    seen |= group;
  }
  return size === BINS ? ALL : filledFrom(size, 0, 0, 0);
}

/**
 * Tries out which bin of each group from `at` on was filled, lowest first.
 * @param filled bins taken so far, @param empty bins that must not be: those that others ask before the one that lent them its value
 */
function filledFrom(size: number, at: number, filled: number, empty: number): number {
  if (at === size) return filled;
  const group = groups[at] as number;
  for (let bin = 0; bin < BINS; bin++) {
    if (((group >>> bin) & 1) === 0) continue;
    const taken = filled | (1 << bin);
    const without = emptyWith(group, bin, empty);
    const found = without < 0 || (without & taken) !== 0 ? ALL : filledFrom(size, at + 1, taken, without);
    if (found !== ALL) return found;
  }
  return ALL;
}

/** The bins that must be empty where a bin lent its value to all others of its group; -1: one of them never asks it. */
function emptyWith(group: number, bin: number, empty: number): number {
  let all = empty;
  for (let other = 0; other < BINS; other++) {
    if (other === bin || ((group >>> other) & 1) === 0) continue;
    const before = ASKED_BEFORE[other * BINS + bin] as number;
    if (before < 0) return -1;
    all |= before;
  }
  return all;
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
