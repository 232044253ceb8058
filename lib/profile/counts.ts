import { BEHAVIOURS } from '../telemetry/usage-event.ts';

/** Additive counters of a slice, in the order in which the codec writes them. Append only. */
export const COUNTERS = [
  'events',
  'inputTokens',
  'outputTokens',
  'refused',
  'truncated',
  'failed',
  'single', // one user turn and no system prompt: self-contained
  'system', // carries a system prompt
  'question',
  'code',
  'input', // an instruction followed by separate input
  'instruction', // self-contained and phrased as a task
  ...BEHAVIOURS,
  'nonLatin',
  'headSum', // sum of length classes of the first line, for the spread of prompt lengths
  'headSquares',
  'wordSum',
  'wordSquares',
  'multiTurn', // more than one user turn
  // classes round(2 * log2(1 + number)): sums and squares, for means and spreads
  'turnSum',
  'turnSquares',
  'lineSum',
  'lineSquares',
  'inputSum',
  'inputSquares',
  'outputSum',
  'outputSquares',
  // behaviours of requests without a system prompt: a constant one would count with every request
  'plainReasoning',
  'plainGrading',
  'plainFormat',
  'plainPersona',
] as const;
export type Counter = (typeof COUNTERS)[number];

/** Place of each counter in a list of them. */
export const PLACE = Object.fromEntries(COUNTERS.map((name, place) => [name, place])) as Record<
  Counter,
  number
>;

/**
 * A number for every counter, read and written by name. Kept in one list, because slices are copied and windows summed
 * at every flush, and a list of numbers is copied in a hundredth of the time that so many named fields take.
 */
export type Counts = CounterList & Record<Counter, number>;

class CounterList {
  /** in the order of COUNTERS */
  readonly values: number[];

  constructor(values: number[]) {
    this.values = values;
  }

  copy(): Counts {
    return new CounterList(this.values.slice()) as Counts;
  }

  /** Adds all of `other`; with `times` -1, takes it away. */
  add(other: Counts, times: 1 | -1 = 1): void {
    const mine = this.values;
    const more = other.values;
    for (let i = 0; i < mine.length; i++) mine[i] = (mine[i] as number) + times * (more[i] as number);
  }
}

for (const [place, name] of COUNTERS.entries())
  Object.defineProperty(CounterList.prototype, name, {
    get(this: CounterList) {
      return this.values[place];
    },
    set(this: CounterList, value: number) {
      this.values[place] = value;
    },
  });

export function emptyCounts(): Counts {
  return new CounterList(COUNTERS.map(() => 0)) as Counts;
}
