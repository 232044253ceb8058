import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateError } from '../../lib/profile/binary.ts';
import { decodeSlices, encodeSlices } from '../../lib/profile/codec.ts';
import {
  addEvent,
  emptySlice,
  mergeSlice,
  SAMPLE_NAMES,
  SLICE_MS,
  type Slice,
  sliceStart,
} from '../../lib/profile/slice.ts';
import { joinSlices, type Window, windowEnding, windowMs } from '../../lib/profile/window.ts';
import { WindowMemo } from '../../lib/profile/window-memo.ts';
import { BEHAVIOURS, type UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { iso, print, START, usageEvent } from '../events.ts';

/** 32 bytes that differ with the prompt. */
const sketch = (prompt: number): string =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => (prompt * 37 + i * 101) & 255)).toString('base64url');

/** An event at `minute` after START with the facts that slices count. */
const event = fc
  .record({
    minute: fc.integer({ min: 0, max: 60 * 30 }),
    prompt: fc.integer({ min: 0, max: 40 }),
    opening: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
    behaviours: fc.subarray([...BEHAVIOURS]),
    outcome: fc.constantFrom('ok', 'refused', 'truncated', 'error'),
    model: fc.constantFrom('atlas-2', 'atlas-3'),
    turns: fc.integer({ min: 0, max: 3 }),
    system: fc.boolean(),
    instruction: fc.boolean(),
    epochs: fc.subarray(['e1', 'e2'], { minLength: 1 }),
  })
  .map((drawn): { time: number; event: UsageEvent } => {
    const time = START + drawn.minute * 60_000;
    return {
      time,
      event: usageEvent({
        time: iso(time),
        model: drawn.model,
        outcome: drawn.outcome as UsageEvent['outcome'],
        behaviours: drawn.behaviours,
        shape: {
          ...usageEvent().shape,
          turns: drawn.turns,
          system: drawn.system,
          instruction: drawn.instruction,
        },
        prints: drawn.epochs.map((epoch) => ({
          epoch,
          prompt: print(drawn.prompt),
          ...(drawn.opening === undefined ? {} : { opening: print(1000 + drawn.opening) }),
          sketch: sketch(drawn.prompt),
        })),
      }),
    };
  });

const events = fc.array(event, { maxLength: 80 });

function sliced(list: readonly { time: number; event: UsageEvent }[]): Slice[] {
  const slices = new Map<number, Slice>();
  for (const { time, event: held } of list) {
    const start = sliceStart(time);
    const slice = slices.get(start) ?? emptySlice(start);
    slices.set(start, slice);
    addEvent(slice, held, time);
  }
  return [...slices.values()].sort((a, b) => a.start - b.start);
}

/** Slices as plain data, whatever order maps were filled in. */
const plain = (slices: readonly Slice[]) => decodeSlices(encodeSlices(slices));

describe('slices', () => {
  it('merge over parts of the events exactly, in any split and order', () => {
    fc.assert(
      fc.property(events, fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }), (list, sides) => {
        const left = list.filter((_, i) => sides[i]);
        const right = list.filter((_, i) => !sides[i]);
        expect(plain(joinSlices([sliced(right), sliced(left)]))).toEqual(plain(sliced(list)));
      }),
      { numRuns: 60 },
    );
  });

  it('survive encoding, and damaged or newer bytes are refused by name', () => {
    fc.assert(
      fc.property(events, (list) => {
        const slices = sliced(list);
        expect(plain(plain(slices))).toEqual(plain(slices));
      }),
      { numRuns: 60 },
    );
    const bytes = encodeSlices(sliced([{ time: START, event: usageEvent() }]));
    expect(() => decodeSlices(bytes.slice(0, bytes.length - 3))).toThrow(StateError);
    expect(() => decodeSlices(Uint8Array.from([9, ...bytes.slice(1)]))).toThrow(/version 9/);
  });

  it('never throw anything but a StateError on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeSlices(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(StateError);
        }
      }),
    );
  });

  it('of different starts do not merge', () => {
    expect(() => mergeSlice(emptySlice(START), emptySlice(START + SLICE_MS))).toThrow(/share a start/);
  });

  it('of a hundred thousand requests are hardly larger than those of a hundred', () => {
    const sized = (requests: number): number => {
      const slice = emptySlice(START);
      for (let i = 0; i < requests; i++)
        addEvent(
          slice,
          usageEvent({
            prints: [
              {
                epoch: 'e1',
                prompt: print(i),
                opening: print(i + 7),
                closing: print(i + 9),
                sketch: sketch(i),
              },
            ],
          }),
          START + (i % 21_600) * 1000,
        );
      return encodeSlices([slice]).length;
    };
    expect(sized(100_000)).toBeLessThan(sized(100) + 100);
  });

  it('count a burst inside a five-minute cell once', () => {
    const slice = emptySlice(START);
    for (let i = 0; i < 50; i++) addEvent(slice, usageEvent({ behaviours: ['reasoning'] }), START + i * 1000);
    addEvent(slice, usageEvent({ behaviours: ['reasoning'] }), START + 301_000);
    const window = windowEnding([slice], START, windowMs(24));
    expect(window.counts.reasoning).toBe(51);
    expect(window.cells.reasoning).toBe(2);
  });
});

/** What a window says, however it was put together. */
function content(window: Window) {
  const { from, to, counts, cells, slices, hours, models } = window;
  const { samples } = window;
  return {
    from,
    to,
    counts,
    cells,
    slices,
    hours,
    models: [...models].sort(),
    samples:
      samples === undefined ? undefined : [samples.embedding, ...SAMPLE_NAMES.map((name) => samples[name])],
  };
}

describe('windows', () => {
  it('are the run of slices that ends with the latest event', () => {
    //  slices      | 00 | 06 | 12 | 18 | 00 | 06 |
    //  24 h at 01:00 next day      [--------------)
    const list = [0, 6, 12, 18, 24, 30].map((hour) => ({
      time: START + hour * 3_600_000,
      event: usageEvent({ time: iso(START + hour * 3_600_000) }),
    }));
    const window = windowEnding(sliced(list), START + 25 * 3_600_000, windowMs(24));
    expect(window.from).toBe(START + 6 * 3_600_000);
    expect(window.to).toBe(START + 30 * 3_600_000);
    expect(window.counts.events).toBe(4);
  });

  it('of other lengths than whole slices are refused', () => {
    expect(() => windowMs(7)).toThrow(/7 hours/);
  });

  it('remembered between flushes are the same as computed anew, as slices come, change and leave', () => {
    const days = fc.array(
      fc.array(fc.tuple(event, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 12 }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(days, (flushes) => {
        const memo = new WindowMemo();
        let slices: readonly Slice[] = [];
        let latest = START;
        flushes.forEach((flush, day) => {
          // most events are of the newest day, some come late
          const moved = flush.map(([held, late]) => ({
            ...held,
            time: held.time + Math.max(0, day - (late === 3 ? 2 : 0)) * 86_400_000,
          }));
          slices = joinSlices([slices, sliced(moved)]);
          latest = Math.max(latest, ...moved.map(({ time }) => time));
          for (const hours of [12, 24, 96]) {
            const remembered = memo.ending(slices, latest, windowMs(hours));
            expect(content(remembered)).toEqual(content(windowEnding(slices, latest, windowMs(hours))));
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('read after the memo has moved on still say what they were', () => {
    const list = [0, 6, 12, 18, 24, 30].map((hour) => ({
      time: START + hour * 3_600_000,
      event: usageEvent({ prints: [{ epoch: 'e1', prompt: print(hour) }] }),
    }));
    const slices = sliced(list);
    const memo = new WindowMemo();
    const early = memo.ending(slices.slice(0, 3), START + 12 * 3_600_000, windowMs(12));
    memo.ending(slices, START + 30 * 3_600_000, windowMs(12));
    expect(content(early)).toEqual(
      content(windowEnding(slices.slice(0, 3), START + 12 * 3_600_000, windowMs(12))),
    );
  });
});
