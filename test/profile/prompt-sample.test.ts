import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEWEST_PROMPTS } from '../../lib/campaigns/content/contents.ts';
import {
  afterSealing,
  countPrompts,
  GENERATION_MS,
  mergePromptSamples,
  NO_PROMPTS,
  NOTHING_ASKED,
  PromptHistory,
  type PromptSamples,
  promptsAt,
  SAMPLED,
  sampleOf,
  samplePrompts,
  withEvents,
} from '../../lib/profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { SLICE_MS } from '../../lib/profile/slice.ts';
import { isWorthNoting } from '../../lib/stores/link-store.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { usageEvent } from '../events.ts';
import { anExchange } from '../telemetry/exchanges.ts';

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

/** of a sample of one sketch that is stored whole */
const WHOLE_BYTES = 48;

const arrived = (list: readonly UsageEvent[]) =>
  list.map((event) => ({ event, time: Date.parse(event.time) }));

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

  it('is the same wherever it lies: in sealed parts, and in what waits', () => {
    fc.assert(
      fc.property(events, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (list, sizes) => {
        const all = built(list);
        const parts: Uint8Array[] = [];
        let asked = NOTHING_ASKED;
        for (let at = 0, n = 0; at < all.length; n++) {
          const size = sizes[n % sizes.length] ?? 1;
          asked = withEvents(asked, arrived(all.slice(at, at + size)));
          at += size;
          if (countPrompts(asked.pending) > size) {
            parts.push(encodePromptSamples(asked.pending));
            asked = afterSealing(asked);
          }
          // as another function reads them
          if (n % 2 === 0)
            asked = {
              written: '',
              sealed: parts.map(decodePromptSamples).reduceRight(mergePromptSamples, NO_PROMPTS),
              pending: decodePromptSamples(encodePromptSamples(asked.pending)),
            };
        }
        const whole = samplePrompts(NO_PROMPTS, all);
        expect(sampleOf(asked)).toEqual(whole);
        expect(withEvents(asked, arrived(all))).toBe(asked);
        expect(countPrompts(asked.pending)).toBeLessThanOrEqual(countPrompts(whole));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps every sketch as it was, in fewer bytes where few words fill few bins, but for some that look as if they filled more', () => {
    const recorder = createRecorder({ keys: developmentKeyring('sketches') });
    const recorded = (text: string): string =>
      recorder.record(anExchange({ messages: [{ role: 'user', content: text }] })).prints[0]?.sketch ?? '';
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('which', 'prime', 'number', 'is', 'larger', 'than', 'a', 'hundred'), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
        (words, other) => {
          const sketch =
            other === undefined ? recorded(words.join(' ')) : Buffer.from(other).toString('base64url');
          const samples = [
            { epoch: 'e1', generation: 1, prompts: [{ hash: 5, slice: GENERATION_MS, sketch }] },
          ];
          const bytes = encodePromptSamples(samples);
          expect(decodePromptSamples(bytes)).toEqual(samples);
          expect(bytes.length).toBeLessThanOrEqual(WHOLE_BYTES);
        },
      ),
      { numRuns: 60 },
    );
    const short = Array.from({ length: 100 }, (_, i) => recorded(`which number is ${i} and why`));
    const few = short.filter((sketch) => {
      const samples = [{ epoch: 'e1', generation: 1, prompts: [{ hash: 5, slice: GENERATION_MS, sketch }] }];
      return encodePromptSamples(samples).length < 18 + 2 * 6;
    });
    expect(few.length).toBeGreaterThan(80);
  });

  it('is read as the version before wrote it', () => {
    const sketch = Buffer.from(Uint8Array.from({ length: 32 }, (_, i) => i));
    const bytes = Uint8Array.from([1, 1, 2, 101, 49, 1, 1, 0, 0, 0, 5, 0, 0, 0, ...sketch]);
    expect(decodePromptSamples(bytes)).toEqual([
      {
        epoch: 'e1',
        generation: 1,
        prompts: [{ hash: 5, slice: GENERATION_MS, sketch: sketch.toString('base64url') }],
      },
    ]);
  });
});

describe('those that compare contents are told of a sample', () => {
  const asked = (prompts: number, slice = 0): PromptSamples =>
    samplePrompts(
      NO_PROMPTS,
      Array.from({ length: prompts }, (_, i) => asks(i, i === 0 ? slice : 0)),
    );

  it('when its account begins and ends to ask enough, and not with every prompt', () => {
    expect(isWorthNoting(asked(FEWEST_PROMPTS - 1), undefined)).toBe(false);
    expect(isWorthNoting(asked(FEWEST_PROMPTS), asked(FEWEST_PROMPTS - 1))).toBe(true);
    expect(isWorthNoting(undefined, asked(FEWEST_PROMPTS))).toBe(true);
    expect(isWorthNoting(asked(FEWEST_PROMPTS + 9), asked(FEWEST_PROMPTS))).toBe(false);
  });

  it('when it lives longer, with the first prompt of a generation', () => {
    const fortnight = GENERATION_MS / SLICE_MS;
    expect(isWorthNoting(asked(FEWEST_PROMPTS + 1, fortnight - 1), asked(FEWEST_PROMPTS))).toBe(false);
    expect(isWorthNoting(asked(FEWEST_PROMPTS + 1, fortnight), asked(FEWEST_PROMPTS))).toBe(true);
  });
});
