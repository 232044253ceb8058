import { Reader, StateError, Writer } from './binary.ts';
import {
  GENERATION_MS,
  type GenerationSample,
  type PromptSamples,
  SAMPLED,
  type SampledPrompt,
} from './prompt-sample.ts';
import { SLICE_MS } from './slice.ts';

/** Binary form of an account's prompt samples: 39 bytes a prompt, at most ten kilobytes while two epochs overlap. */
const VERSION = 1;
const SKETCH_BYTES = 32;
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
  writer.append(Buffer.from(sketch, 'base64url'));
  const bytes = writer.done();
  written.set(prompt, bytes);
  return bytes;
}

/** @throws StateError where the bytes are damaged or of a newer version */
export function decodePromptSamples(bytes: Uint8Array): PromptSamples {
  const reader = new Reader(bytes);
  const version = reader.byte();
  if (version !== VERSION)
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
      const sketch = Buffer.from(Uint8Array.from({ length: SKETCH_BYTES }, () => reader.byte()));
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
