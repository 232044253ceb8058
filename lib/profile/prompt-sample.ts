import { LIMITS } from '../limits.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { timeOf } from '../telemetry/utc-time.ts';
import { digit } from './base64url.ts';
import { SLICE_MS, sliceStart } from './slice.ts';

/**
 * What an account asks, as far as it can be compared with what others ask: the sketches of a sample of its distinct prompts.
 * Of each generation (two weeks of event time) the SAMPLED prompts with the smallest keyed hashes are kept, so the sample is a
 * random one, merges exactly and in any order, and two accounts that ask the same prompts sample the same ones (bottom-k
 * sampling, Cohen and Kaplan 2007). Prints of different key epochs cannot be compared: each epoch has samples of its own.
 */

/** Prompts kept of one generation and epoch. */
export const SAMPLED = LIMITS.promptSamples.most;
/** Length of a generation, ms; a sample speaks of this one and the one before. */
export const GENERATION_MS = 14 * 86_400_000;
/** A sketch of 32 bytes in base64url; another length is no sketch of this recorder. */
const SKETCH_CHARACTERS = 43;
/** Samples kept: two generations, in two epochs while they overlap. */
const SAMPLES_KEPT = 4;

export interface SampledPrompt {
  /** 48 bits of the prompt's keyed print, as an integer */
  readonly hash: number;
  /** MinHash of its word pairs (telemetry/sketch.ts), base64url of 32 bytes */
  readonly sketch: string;
  /** start of the slice in which the generation saw it first, ms of event time */
  readonly slice: number;
}

/** A prompt that keeps how it was written: it never changes, and is written with every flush until it is sealed. */
class KeptPrompt implements SampledPrompt {
  readonly hash: number;
  readonly sketch: string;
  readonly slice: number;
  #bytes: Uint8Array | undefined;

  constructor(hash: number, sketch: string, slice: number) {
    this.hash = hash;
    this.sketch = sketch;
    this.slice = slice;
  }

  static bytes(prompt: SampledPrompt): Uint8Array | undefined {
    return #bytes in prompt ? prompt.#bytes : undefined;
  }

  static keep(prompt: SampledPrompt, bytes: Uint8Array): void {
    if (#bytes in prompt) prompt.#bytes = bytes;
  }
}

/** The bytes that a prompt was written as; undefined where it was not yet. */
export const writtenPrompt = KeptPrompt.bytes;
export const keepWrittenPrompt = KeptPrompt.keep;

export function sampledPrompt(hash: number, sketch: string, slice: number): SampledPrompt {
  return new KeptPrompt(hash, sketch, slice);
}

/** The sample of one generation in one key epoch. */
export interface GenerationSample {
  readonly epoch: string;
  /** number of the generation: event time / GENERATION_MS, rounded down */
  readonly generation: number;
  /** ascending by hash, at most SAMPLED */
  readonly prompts: readonly SampledPrompt[];
}

/** All samples of an account: newest generation first, epochs in order of their ids. */
export type PromptSamples = readonly GenerationSample[];

export const NO_PROMPTS: PromptSamples = [];

export function generationOf(time: number): number {
  return Math.floor(time / GENERATION_MS);
}

/** The first 48 bits of a base64url print as an unsigned integer. */
export function hashOfPrint(print: string): number {
  let hash = 0;
  for (let i = 0; i < 8; i++) hash = hash * 64 + digit(print, i);
  return hash;
}

/** The prompts of one event, one for each key epoch; none where the prompt has no words. */
export function promptsOf(event: UsageEvent): { epoch: string; prompt: SampledPrompt }[] {
  const slice = sliceStart(timeOf(event.time));
  return event.prints.flatMap((prints) => {
    const prompt = promptIn(prints, slice);
    return prompt === undefined ? [] : [{ epoch: prints.epoch, prompt }];
  });
}

function promptIn(
  { prompt, sketch }: UsageEvent['prints'][number],
  slice: number,
): SampledPrompt | undefined {
  return sketch?.length === SKETCH_CHARACTERS
    ? new KeptPrompt(hashOfPrint(prompt), sketch, slice)
    : undefined;
}

/**
 * The account's samples after a run of its events; `held` itself where nothing changed, so that the caller can tell by
 * identity whether there is anything to store. A repeated event changes nothing.
 */
export function samplePrompts(held: PromptSamples, events: readonly UsageEvent[]): PromptSamples {
  let samples = held;
  for (const event of events) samples = withEvent(samples, event, timeOf(event.time));
  return samples;
}

function withEvent(held: PromptSamples, event: UsageEvent, time: number): PromptSamples {
  if (changesNothing(held, event, generationOf(time))) return held;
  let samples = held;
  const slice = sliceStart(time);
  for (const prints of event.prints) {
    const prompt = promptIn(prints, slice);
    if (prompt !== undefined) samples = withPrompt(samples, prints.epoch, prompt);
  }
  return samples;
}

/** True where all samples of the event's generation are full and below its prompts: so it is with nearly all events. */
function changesNothing(samples: PromptSamples, { prints }: UsageEvent, generation: number): boolean {
  for (const { epoch, prompt, sketch } of prints) {
    if (sketch?.length !== SKETCH_CHARACTERS) continue;
    const full = lastOfFull(samples, epoch, generation);
    if (full === undefined || hashOfPrint(prompt) <= full.hash) return false;
  }
  return true;
}

/** The last prompt of a sample that is full; undefined where it is not. */
function lastOfFull(samples: PromptSamples, epoch: string, generation: number): SampledPrompt | undefined {
  for (const own of samples)
    if (own.generation === generation && own.epoch === epoch)
      return own.prompts.length < SAMPLED ? undefined : own.prompts[SAMPLED - 1];
  return undefined;
}

function withPrompt(samples: PromptSamples, epoch: string, prompt: SampledPrompt): PromptSamples {
  const generation = generationOf(prompt.slice);
  const at = samples.findIndex((held) => held.epoch === epoch && held.generation === generation);
  const own = samples[at];
  if (own === undefined) return newestOf([...samples, { epoch, generation, prompts: [prompt] }], samples);
  const prompts = inserted(own.prompts, prompt);
  if (prompts === own.prompts) return samples;
  return samples.map((held, i) => (i === at ? { ...held, prompts } : held));
}

/** With one prompt more; the list itself where it is known, or its hash is none of the smallest. */
function inserted(prompts: readonly SampledPrompt[], prompt: SampledPrompt): readonly SampledPrompt[] {
  const last = prompts[prompts.length - 1];
  if (prompts.length >= SAMPLED && last !== undefined && prompt.hash > last.hash) return prompts;
  let at = 0;
  while (at < prompts.length && (prompts[at] as SampledPrompt).hash < prompt.hash) at++;
  const known = prompts[at];
  if (known?.hash === prompt.hash) {
    if (known.slice <= prompt.slice) return prompts;
    return prompts.map((held, i) => (i === at ? new KeptPrompt(held.hash, held.sketch, prompt.slice) : held));
  }
  const more = prompts.length < SAMPLED ? prompts.slice() : prompts.slice(0, SAMPLED - 1);
  more.splice(at, 0, prompt);
  return more;
}

/** The newest samples; `before` itself where what was new is older than all that is kept. */
function newestOf(samples: PromptSamples, before: PromptSamples = samples): PromptSamples {
  const newest = Math.max(...samples.map(({ generation }) => generation));
  const kept = samples
    .filter(({ generation }) => generation >= newest - 1)
    .sort((a, b) => b.generation - a.generation || (a.epoch < b.epoch ? -1 : 1))
    .slice(0, SAMPLES_KEPT);
  return kept.length === before.length && kept.every((held, i) => held === before[i]) ? before : kept;
}

/**
 * Where an account's sample lies: what came since the last sealed part waits in the hot item, and moves into the next part with the
 * slices; an item of its own, written anew with every prompt that comes into it, would cost as much as all else that is kept.
 */
export interface Asked {
  /** name of the item that a version before kept the sample in; empty: there is none */
  readonly written: string;
  /** the prompts of all sealed parts, as one sample */
  readonly sealed: PromptSamples;
  /** prompts of the whole sample that are in no part yet */
  readonly pending: PromptSamples;
}

/** What is asked, with the sample of both places as it was put together last: the same at every flush that brings no prompt. */
class KeptAsked implements Asked {
  readonly written: string;
  readonly sealed: PromptSamples;
  readonly pending: PromptSamples;
  #whole: PromptSamples | undefined;

  constructor(written: string, sealed: PromptSamples, pending: PromptSamples, whole?: PromptSamples) {
    this.written = written;
    this.sealed = sealed;
    this.pending = pending;
    this.#whole = whole;
  }

  static whole(asked: Asked): PromptSamples {
    if (!(#whole in asked)) return mergePromptSamples(asked.sealed, asked.pending);
    asked.#whole ??= mergePromptSamples(asked.sealed, asked.pending);
    return asked.#whole;
  }
}

export const NOTHING_ASKED: Asked = new KeptAsked('', NO_PROMPTS, NO_PROMPTS);

/** More prompts than these do not wait in the hot item. */
export const MOST_PENDING = LIMITS.pendingPrompts.most;

/** The account's whole sample. */
export const sampleOf = KeptAsked.whole;

/** What is asked after more events, with their event times (ms); `asked` itself where nothing of it changed. */
export function withEvents(
  asked: Asked,
  arrivals: readonly { readonly event: UsageEvent; readonly time: number }[],
): Asked {
  const held = sampleOf(asked);
  let now = held;
  for (const { event, time } of arrivals) now = withEvent(now, event, time);
  if (now === held) return asked;
  return new KeptAsked(asked.written, asked.sealed, pendingOf(now, asked.sealed), now);
}

/** What waits is only what the sealed parts do not have: who did not read them kept more waiting. */
export function withSealed(asked: Asked, sealed: PromptSamples): Asked {
  const { written, pending } = asked;
  if (sealed.length === 0 || pending.length === 0) return new KeptAsked(written, sealed, pending);
  return new KeptAsked(written, sealed, pendingOf(mergePromptSamples(sealed, pending), sealed));
}

/** What is asked once all that waits is sealed. */
export function afterSealing(asked: Asked): Asked {
  if (asked.pending.length === 0) return asked;
  const all = sampleOf(asked);
  return new KeptAsked(asked.written, all, NO_PROMPTS, all);
}

/** When samples say nothing any more, ms: two generations after the newest has begun. */
export function samplesExpireAt(samples: PromptSamples): number {
  return (Math.max(0, ...samples.map(({ generation }) => generation)) + 2) * GENERATION_MS;
}

export function countPrompts(samples: PromptSamples): number {
  return samples.reduce((sum, { prompts }) => sum + prompts.length, 0);
}

/** Prompts of a sample that came to be of it since `written`, of which it was made. */
export function pendingOf(samples: PromptSamples, written: PromptSamples): PromptSamples {
  return samples.flatMap((held) => {
    const before = written.find((own) => own.epoch === held.epoch && own.generation === held.generation);
    const prompts = before === undefined ? held.prompts : apartFrom(held.prompts, before.prompts);
    return prompts.length === 0 ? [] : [prompts === held.prompts ? held : { ...held, prompts }];
  });
}

/** The prompts of one list that are not those of the other; both ascend by their hashes. */
function apartFrom(
  prompts: readonly SampledPrompt[],
  others: readonly SampledPrompt[],
): readonly SampledPrompt[] {
  const apart: SampledPrompt[] = [];
  let at = 0;
  for (const prompt of prompts) {
    while (at < others.length && (others[at] as SampledPrompt).hash < prompt.hash) at++;
    if (others[at] !== prompt) apart.push(prompt);
  }
  return apart;
}

/** Both samples as one: what a single sample of all the prompts would be. */
export function mergePromptSamples(a: PromptSamples, b: PromptSamples): PromptSamples {
  let merged = a;
  for (const { epoch, prompts } of b)
    for (const prompt of prompts) merged = withPrompt(merged, epoch, prompt);
  return merged;
}

/**
 * The account's sample in one epoch at event time `at` (ms): the smallest hashes of this generation and the one before,
 * seen in slices that are over. One sample again, at most SAMPLED prompts, ascending.
 */
export function promptsAt(samples: PromptSamples, epoch: string, at: number): readonly SampledPrompt[] {
  const generation = generationOf(at);
  const found = new Map<number, SampledPrompt>();
  for (const held of samples) {
    if (held.epoch !== epoch || held.generation > generation || held.generation < generation - 1) continue;
    for (const prompt of held.prompts) if (prompt.slice + SLICE_MS <= at) found.set(prompt.hash, prompt);
  }
  return [...found.values()].sort((a, b) => a.hash - b.hash).slice(0, SAMPLED);
}

/**
 * Every prompt that was ever in a sample, so that the sample of any earlier moment can be told exactly: the past is
 * looked at as it was then. Grows with the logarithm of the number of distinct prompts.
 */
export class PromptHistory {
  #samples: PromptSamples = NO_PROMPTS;
  readonly #all = new Map<string, Map<number, SampledPrompt>>();

  add(event: UsageEvent): void {
    for (const { epoch, prompt } of promptsOf(event)) {
      const next = withPrompt(this.#samples, epoch, prompt);
      if (next === this.#samples) continue;
      this.#samples = next;
      const name = `${epoch}/${generationOf(prompt.slice)}`;
      const known = this.#all.get(name) ?? new Map<number, SampledPrompt>();
      const before = known.get(prompt.hash);
      if (before === undefined || before.slice > prompt.slice) known.set(prompt.hash, prompt);
      this.#all.set(name, known);
    }
  }

  /** as they are now */
  samples(): PromptSamples {
    return this.#samples;
  }

  /** All prompts that were ever sampled, in the form of samples that are larger than usual: for promptsAt. */
  everything(): PromptSamples {
    return [...this.#all].map(([name, prompts]) => {
      const cut = name.lastIndexOf('/');
      return {
        epoch: name.slice(0, cut),
        generation: Number(name.slice(cut + 1)),
        prompts: [...prompts.values()],
      };
    });
  }
}
