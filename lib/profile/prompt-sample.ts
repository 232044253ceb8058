import { LIMITS } from '../limits.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { timeOf } from '../telemetry/utc-time.ts';
import { DAY_MS } from '../time.ts';
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
  return event.prints.flatMap(({ epoch, prompt, sketch }) =>
    sketch?.length === SKETCH_CHARACTERS
      ? [{ epoch, prompt: { hash: hashOfPrint(prompt), sketch, slice } }]
      : [],
  );
}

/**
 * The account's samples after a run of its events; `held` itself where nothing changed, so that the caller can tell by
 * identity whether there is anything to store. A repeated event changes nothing.
 */
export function samplePrompts(held: PromptSamples, events: readonly UsageEvent[]): PromptSamples {
  let samples = held;
  for (const event of events)
    if (!changesNothing(samples, event))
      for (const { epoch, prompt } of promptsOf(event)) samples = withPrompt(samples, epoch, prompt);
  return samples;
}

/** True where all samples of the event's generation are full and below its prompts: so it is with nearly all events. */
function changesNothing(samples: PromptSamples, { time, prints }: UsageEvent): boolean {
  const generation = generationOf(timeOf(time));
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
    return prompts.map((held, i) => (i === at ? { ...held, slice: prompt.slice } : held));
  }
  return [...prompts.slice(0, at), prompt, ...prompts.slice(at)].slice(0, SAMPLED);
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

/** So much later in event time a sample counts as changed, however little it grew. */
const STAGE_MS = DAY_MS;
/** Growth that counts, as a factor. */
const STAGE_GROWTH = 1.5;

/**
 * How far a sample has come, in steps that are worth a copy for those that compare contents: it has some kilobytes. Another stage is half as many prompts more, or a prompt of another day.
 */
export function stageOf(samples: PromptSamples): string {
  const prompts = samples.flatMap((sample) => sample.prompts);
  const growth = Math.floor(Math.log(Math.max(1, prompts.length)) / Math.log(STAGE_GROWTH));
  const newest = prompts.reduce((latest, { slice }) => Math.max(latest, slice), 0);
  return `${growth}/${Math.floor(newest / STAGE_MS)}`;
}

/** A sample is written again when so many of its prompts are new: one in four. */
const NEW_IN = 4;

/**
 * Whether a sample differs enough from what is written to be written again. Prompts of a slice are read when it is over
 * (promptsAt), so a sample is written with the first prompt of a slice, and between slices when a quarter of it is new; an item
 * of three kilobytes with every flush of a young account would cost as much as all else that is kept of it. What is
 * remembered and not written is lost with its function: a few prompts of a sample.
 */
export function isWorthWriting(written: PromptSamples, now: PromptSamples): boolean {
  const known = new Set<SampledPrompt>();
  let newest = 0;
  for (const { prompts } of written)
    for (const prompt of prompts) {
      known.add(prompt);
      newest = Math.max(newest, prompt.slice);
    }
  let fresh = 0;
  let all = 0;
  for (const { prompts } of now)
    for (const prompt of prompts) {
      all++;
      if (known.has(prompt)) continue;
      fresh++;
      if (prompt.slice > newest) return true;
    }
  return fresh * NEW_IN >= all;
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
