import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTERS, type Counter } from '../../lib/profile/counts.ts';
import { hash24 } from '../../lib/profile/hashes.ts';
import { rhythmOf } from '../../lib/profile/rhythm.ts';
import {
  addEvent,
  CELL_MARKS,
  CELL_MS,
  type CellMark,
  emptySlice,
  FLAG,
  SAMPLE_NAMES,
  SAMPLES,
  type SampleName,
  SLICE_MS,
} from '../../lib/profile/slice.ts';
import { BEHAVIOURS, SCRIPTS, type UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { DAY, HOUR, iso, print, START, usageEvent } from '../events.ts';

/**
 * What a slice says of its events, each as it is defined, one event at a time: the code adds them all in one pass.
 */
type Of = (event: UsageEvent) => number;
const is =
  (holds: (event: UsageEvent) => boolean): Of =>
  (event) =>
    holds(event) ? 1 : 0;
const halfOctaves = (value: number): number => Math.round(2 * Math.log2(1 + value));
const alone = ({ shape }: UsageEvent): boolean => shape.turns <= 1 && !shape.system;
const plain = (behaviour: (typeof BEHAVIOURS)[number]): Of =>
  is(({ shape, behaviours }) => !shape.system && behaviours.includes(behaviour));
const square =
  (of: Of): Of =>
  (event) =>
    of(event) ** 2;
const CLASSES = {
  head: ({ shape }: UsageEvent) => shape.head,
  word: ({ shape }: UsageEvent) => shape.words,
  turn: ({ shape }: UsageEvent) => halfOctaves(shape.turns),
  line: ({ shape }: UsageEvent) => shape.lines,
  input: ({ usage }: UsageEvent) => halfOctaves(usage.inputTokens),
  output: ({ usage }: UsageEvent) => halfOctaves(usage.outputTokens),
} as const;

const COUNTED: Partial<Record<Counter, Of>> = {
  events: () => 1,
  inputTokens: ({ usage }) => usage.inputTokens,
  outputTokens: ({ usage }) => usage.outputTokens,
  refused: is(({ outcome }) => outcome === 'refused'),
  truncated: is(({ outcome }) => outcome === 'truncated'),
  failed: is(({ outcome }) => outcome === 'error'),
  single: is(alone),
  system: is(({ shape }) => shape.system),
  question: is(({ shape }) => shape.question),
  code: is(({ shape }) => shape.code),
  input: is(({ shape }) => shape.input),
  instruction: is((event) => alone(event) && event.shape.instruction),
  nonLatin: is(({ shape }) => shape.script !== 'latin' && shape.script !== 'none'),
  multiTurn: is(({ shape }) => shape.turns > 1),
  plainReasoning: plain('reasoning'),
  plainGrading: plain('grading'),
  plainFormat: plain('format'),
  plainPersona: plain('persona'),
  ...Object.fromEntries(
    BEHAVIOURS.map((behaviour) => [behaviour, is(({ behaviours }) => behaviours.includes(behaviour))]),
  ),
  ...Object.fromEntries(
    Object.entries(CLASSES).flatMap(([name, of]) => [
      [`${name}Sum`, of],
      [`${name}Squares`, square(of)],
    ]),
  ),
};

const MARKED: Record<CellMark, (event: UsageEvent) => boolean> = {
  active: () => true,
  instruction: (event) => alone(event) && event.shape.instruction,
  reasoning: ({ behaviours }) => behaviours.includes('reasoning'),
  grading: ({ behaviours }) => behaviours.includes('grading'),
  'thinking-language': ({ behaviours }) => behaviours.includes('thinking-language'),
  refused: ({ outcome }) => outcome === 'refused',
};

const flagsOf = (event: UsageEvent): number =>
  (alone(event) ? FLAG.single : 0) |
  (alone(event) && event.shape.instruction ? FLAG.instruction : 0) |
  (event.behaviours.includes('reasoning') ? FLAG.reasoning : 0) |
  (event.behaviours.includes('grading') ? FLAG.grading : 0) |
  (event.shape.question ? FLAG.question : 0);

/** Values of each print; fewer than a sample keeps, and some more. */
const printed = Object.fromEntries(
  SAMPLE_NAMES.map((name, i) => [
    name,
    fc.option(
      fc.integer({ min: 0, max: SAMPLES[name] + 4 }).map((n) => print(1000 * i + n)),
      { nil: undefined, freq: 8 },
    ),
  ]),
) as Record<SampleName, fc.Arbitrary<string | undefined>>;

const event: fc.Arbitrary<UsageEvent> = fc
  .record({
    minute: fc.integer({ min: 0, max: 6 * 60 - 1 }),
    outcome: fc.constantFrom('ok', 'refused', 'truncated', 'error'),
    behaviours: fc.subarray([...BEHAVIOURS]),
    usage: fc.record({ inputTokens: fc.nat(9000), outputTokens: fc.nat(9000) }),
    shape: fc.record({
      turns: fc.integer({ min: 0, max: 4 }),
      ...{ system: fc.boolean(), instruction: fc.boolean(), question: fc.boolean() },
      ...{ code: fc.boolean(), input: fc.boolean(), script: fc.constantFrom(...SCRIPTS) },
      ...{ words: fc.nat(40), head: fc.nat(40), lines: fc.nat(40) },
    }),
    prints: fc.record(printed),
  })
  .map(({ minute, prints: { prompt = print(1), ...prints }, ...of }) =>
    usageEvent({
      ...(of as Partial<UsageEvent>),
      time: iso(START + minute * 60_000),
      prints: [
        {
          epoch: 'e1',
          prompt,
          ...Object.fromEntries(Object.entries(prints).filter(([, value]) => value !== undefined)),
        },
      ],
    }),
  );
const events = fc.array(event, { minLength: 1, maxLength: 40 });

function sliceOf(list: readonly UsageEvent[]) {
  const slice = emptySlice(START);
  for (const one of list) addEvent(slice, one, Date.parse(one.time));
  return slice;
}

describe('a slice', () => {
  it('counts each fact of its events as it is defined', () => {
    expect(Object.keys(COUNTED).sort()).toEqual([...COUNTERS].sort());
    fc.assert(
      fc.property(events, (list) => {
        const { counts } = sliceOf(list);
        for (const name of COUNTERS)
          expect([name, counts[name]]).toEqual([
            name,
            list.reduce((sum, one) => sum + (COUNTED[name]?.(one) ?? 0), 0),
          ]);
      }),
      { numRuns: 80 },
    );
  });

  it('marks the five minutes in which something happened', () => {
    fc.assert(
      fc.property(events, (list) => {
        const { cells } = sliceOf(list);
        for (const name of CELL_MARKS) {
          const must = new Set(
            list.filter(MARKED[name]).map(({ time }) => Math.floor((Date.parse(time) - START) / CELL_MS)),
          );
          const marked = Array.from({ length: SLICE_MS / CELL_MS }, (_, cell) => cell).filter(
            (cell) => (((cells[name][Math.floor(cell / 24)] ?? 0) >> (cell % 24)) & 1) === 1,
          );
          expect([name, marked]).toEqual([name, [...must].sort((a, b) => a - b)]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('samples the smallest of the values shown, openings with what their requests were', () => {
    fc.assert(
      fc.property(events, (list) => {
        const samples = sliceOf(list).samples.get('e1');
        for (const name of SAMPLE_NAMES) {
          const seen = new Map<number, { count: number; flags: number }>();
          for (const one of list) {
            const value = one.prints[0]?.[name];
            if (value === undefined) continue;
            // one prompt under two system prompts is two questions
            const system = name === 'prompt' ? one.prints[0]?.system : undefined;
            const hash = hash24(value) ^ (system === undefined ? 0 : hash24(system));
            const held = seen.get(hash) ?? { count: 0, flags: 0 };
            seen.set(hash, { count: held.count + 1, flags: held.flags | flagsOf(one) });
          }
          const must = [...seen].sort(([a], [b]) => a - b).slice(0, SAMPLES[name]);
          expect([name, [...(samples?.[name].hashes ?? [])]]).toEqual([name, must.map(([hash]) => hash)]);
          if (name !== 'opening') continue;
          expect([...(samples?.opening.counts ?? [])]).toEqual(must.map(([, { count }]) => count));
          expect([...(samples?.opening.flags ?? [])]).toEqual(must.map(([, { flags }]) => flags));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('rhythm', () => {
  it('counts days, hours of the day and stretches of activity as a calendar does', () => {
    const cell = fc.integer({ min: 0, max: (9 * DAY) / CELL_MS });
    fc.assert(
      fc.property(fc.uniqueArray(cell, { minLength: 1, maxLength: 60 }), (picked) => {
        const cells = picked.sort((a, b) => a - b);
        const slices = new Map<number, ReturnType<typeof emptySlice>>();
        for (const at of cells) {
          const time = START + at * CELL_MS;
          const start = Math.floor(time / SLICE_MS) * SLICE_MS;
          const slice = slices.get(start) ?? emptySlice(start);
          slices.set(start, slice);
          addEvent(slice, usageEvent({ time: iso(time) }), time);
        }
        const list = [...slices.values()];
        const rhythm = rhythmOf(list, 0, list.length);
        const times = cells.map((at) => START + at * CELL_MS);
        const days = new Map<number, number>();
        for (const time of times)
          days.set(Math.floor(time / DAY), (days.get(Math.floor(time / DAY)) ?? 0) + 1);
        const hours = Array.from({ length: 24 }, () => 0);
        for (const time of times) {
          const hour = Math.floor(time / HOUR) % 24;
          hours[hour] = (hours[hour] ?? 0) + 1;
        }
        // a run ends with a pause, or with its slice
        const runs = cells.filter(
          (at, i) => cells[i - 1] !== at - 1 || (START + at * CELL_MS) % SLICE_MS === 0,
        ).length;
        const dates = [...days.keys()];
        expect(rhythm.days).toBe(days.size);
        expect(rhythm.span).toBe(Math.max(...dates) - Math.min(...dates) + 1);
        expect(rhythm.daySquares).toBe([...days.values()].reduce((sum, n) => sum + n * n, 0));
        const weekend = times.filter((time) => [0, 6].includes(new Date(time).getUTCDay()));
        expect(rhythm.weekend).toBe(weekend.length);
        expect([...rhythm.hourCells]).toEqual(hours);
        expect(rhythm.runs).toBe(runs);
      }),
      { numRuns: 60 },
    );
  });
});
