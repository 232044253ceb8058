import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEWEST_PROMPTS } from '../../lib/campaigns/content/contents.ts';
import {
  GENERATION_MS,
  isWorthWriting,
  mergePromptSamples,
  NO_PROMPTS,
  PromptHistory,
  type PromptSamples,
  promptsAt,
  SAMPLED,
  samplePrompts,
} from '../../lib/profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { SLICE_MS } from '../../lib/profile/slice.ts';
import { isWorthCopying } from '../../lib/stores/link-store.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { DAY_MS } from '../../lib/time.ts';
import { usageEvent } from '../events.ts';

const START = 1473 * GENERATION_MS;

/** An event of the day with a prompt of that number. */
function asks(prompt: number, slice = 0, epoch = 'e1'): UsageEvent {
  const bytes = Buffer.alloc(32, prompt % 251);
  bytes.writeUInt32LE((prompt * 2654435761) >>> 0, 0);
  return usageEvent({
    time: new Date(START + slice * SLICE_MS).toISOString(),
    prints: [
      {
        epoch,
        prompt: Buffer.from(bytes.subarray(0, 8)).toString('base64url'),
        sketch: bytes.toString('base64url'),
      },
    ],
  });
}

const events = fc.array(
  fc.record({
    prompt: fc.integer({ min: 0, max: 400 }),
    slice: fc.integer({ min: 0, max: 111 }),
    epoch: fc.constantFrom('e1', 'e2'),
  }),
  { maxLength: 300 },
);
const built = (list: readonly { prompt: number; slice: number; epoch: string }[]): UsageEvent[] =>
  list.map(({ prompt, slice, epoch }) => asks(prompt, slice, epoch));

describe('prompt sample', () => {
  it('does not depend on the order of events or on how they are divided', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, cut) => {
        const all = built(list);
        const at = all.length === 0 ? 0 : cut % all.length;
        const whole = samplePrompts(NO_PROMPTS, all);
        const parts = mergePromptSamples(
          samplePrompts(NO_PROMPTS, all.slice(at)),
          samplePrompts(NO_PROMPTS, all.slice(0, at)),
        );
        expect(parts).toEqual(whole);
        expect(samplePrompts(whole, all)).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('survives its binary form, within ten kilobytes', () => {
    fc.assert(
      fc.property(events, (list) => {
        const samples = samplePrompts(NO_PROMPTS, built(list));
        const bytes = encodePromptSamples(samples);
        expect(decodePromptSamples(bytes)).toEqual(samples);
        expect(bytes.length).toBeLessThan(10_240);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the prompts with the smallest hashes, and no more', () => {
    const [sample] = samplePrompts(
      NO_PROMPTS,
      Array.from({ length: 500 }, (_, i) => asks(i)),
    );
    expect(sample?.prompts).toHaveLength(SAMPLED);
    const hashes = sample?.prompts.map(({ hash }) => hash) ?? [];
    expect(hashes).toEqual([...hashes].sort((a, b) => a - b));
  });

  it('forgets what is older than two generations, and keeps what a late event adds to the last one', () => {
    const late = (slice: number): PromptSamples =>
      samplePrompts(NO_PROMPTS, [asks(1, 0), asks(2, 56), asks(3, 112), asks(4, slice)]);
    expect(late(57).map(({ prompts }) => prompts.length)).toEqual([1, 2]);
    expect(late(1).map(({ prompts }) => prompts.length)).toEqual([1, 1]);
  });

  it('tells of an earlier moment what was sampled then', () => {
    const list = Array.from({ length: 800 }, (_, i) => asks(i * 7, Math.floor(i / 8)));
    const history = new PromptHistory();
    for (const event of list) history.add(event);
    for (const slices of [5, 30, 57, 100]) {
      const at = START + slices * SLICE_MS;
      const then = samplePrompts(
        NO_PROMPTS,
        list.filter((event) => Date.parse(event.time) + SLICE_MS <= at),
      );
      expect(promptsAt(history.everything(), 'e1', at)).toEqual(promptsAt(then, 'e1', at));
    }
  });

  it('is written a few times while it fills, and what is written lacks less than a quarter of it', () => {
    let written = NO_PROMPTS;
    let samples = NO_PROMPTS;
    let writes = 0;
    for (let i = 0; i < 2000; i++) {
      const next = samplePrompts(samples, [asks(i * 7, i < 1000 ? 0 : 1)]);
      if (next === samples) continue;
      samples = next;
      if (isWorthWriting(written, samples)) {
        written = samples;
        writes++;
      }
      const known = new Set(written.flatMap(({ prompts }) => prompts));
      const lacking = samples.flatMap(({ prompts }) => prompts).filter((prompt) => !known.has(prompt));
      expect(4 * lacking.length).toBeLessThan(samples.reduce((sum, { prompts }) => sum + prompts.length, 0));
    }
    expect(writes).toBeLessThan(40);
  });
});

describe('a sample is copied to those that compare contents', () => {
  const day = DAY_MS / SLICE_MS;
  const asked = (prompts: number, slice = 0): PromptSamples =>
    samplePrompts(
      NO_PROMPTS,
      Array.from({ length: prompts }, (_, i) => asks(i, i === 0 ? slice : 0)),
    );

  it('when its account begins and ends to ask enough', () => {
    expect(isWorthCopying(asked(FEWEST_PROMPTS - 1), undefined)).toBe(false);
    expect(isWorthCopying(asked(FEWEST_PROMPTS), asked(FEWEST_PROMPTS - 1))).toBe(true);
    expect(isWorthCopying(undefined, asked(FEWEST_PROMPTS))).toBe(true);
  });

  it('with half as many prompts more, or a prompt of another day, and not with every one', () => {
    const before = asked(FEWEST_PROMPTS);
    expect(isWorthCopying(asked(FEWEST_PROMPTS + 1), before)).toBe(false);
    expect(isWorthCopying(asked(Math.ceil(1.5 * FEWEST_PROMPTS)), before)).toBe(true);
    expect(isWorthCopying(asked(FEWEST_PROMPTS, day - 1), before)).toBe(false);
    expect(isWorthCopying(asked(FEWEST_PROMPTS, day), before)).toBe(true);
  });
});
