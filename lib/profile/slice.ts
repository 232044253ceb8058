import { LIMITS } from '../limits.ts';
import { BEHAVIOURS, type Behaviour, type Prints, type UsageEvent } from '../telemetry/usage-event.ts';
import { addTo, type BottomK, bottomK, copyOf, mergeInto } from './bottom-k.ts';
import { type Counter, type Counts, emptyCounts, PLACE } from './counts.ts';
import { addEmbedding, type Embedding, NO_EMBEDDING, withPrompt } from './embedding.ts';
import { hash24, hash48 } from './hashes.ts';

/**
 * A slice: the smallest aligned bucket of event time, `[start, start + SLICE_MS)`, of one account or of a group.
 * Everything in it merges exactly and in any order: sums, bitmaps that are OR-ed, and bottom-k samples.
 */

/** Length of a slice. Fixed for stored state: windows are runs of slices, so window lengths may change freely. */
export const SLICE_MS = 6 * 3_600_000;
/** A cell is the shortest stretch of time that is told apart inside a slice: a burst within it counts once. */
export const CELL_MS = 5 * 60_000;

/** Bitmaps of five-minute cells: any activity, and activity of one behaviour. Append only. */
export const CELL_MARKS = [
  'active',
  'instruction',
  'reasoning',
  'grading',
  'thinking-language',
  'refused',
] as const;
export type CellMark = (typeof CELL_MARKS)[number];

/** Samples of distinct keyed values and how many each keeps. Append only. */
export const SAMPLES = {
  opening: 32,
  closing: 16,
  prompt: 16,
  layout: 12,
  system: 8,
  address: 12,
  agent: 8,
  credential: 8,
} as const;
export type SampleName = keyof typeof SAMPLES;
/** Samples that also keep how often each value was seen, and its flags. */
const COUNTED: ReadonlySet<SampleName> = new Set(['opening', 'closing', 'prompt', 'layout']);
export const SAMPLE_NAMES = Object.keys(SAMPLES) as SampleName[];
export type Samples = Record<SampleName, BottomK> & {
  /** sum of the prompts' features */
  embedding: Embedding;
};

/** Flags that travel with a sampled opening. */
export const FLAG = { single: 1, instruction: 2, reasoning: 4, grading: 8, question: 16 } as const;

/**
 * What a slice keeps at most, whatever its events say: its size must not be in the hands of who sends them. Of more
 * names those with the smallest hashes stay, of more epochs the last by name: so what stays is whole, in any order.
 */
export const SLICE_BOUNDS = {
  models: LIMITS.sliceModels.most,
  modelName: LIMITS.sliceModelName.most,
  epochs: LIMITS.sliceEpochs.most,
} as const;

/** Three words of 24 cells each; replaced, never changed, so that copies share them. */
export type Cells = readonly [number, number, number];

export interface Slice {
  /** event time of its start, ms since 1970, a multiple of SLICE_MS */
  readonly start: number;
  counts: Counts;
  cells: Record<CellMark, Cells>;
  /** per key epoch, because prints of different epochs cannot be compared */
  samples: Map<string, Samples>;
  /** events per model that answered; a request that failed names none */
  models: Map<string, number>;
}

/**
 * A slice as it was written (codec.ts), and on what that rests: it refers to the names, and to the slice before.
 */
export interface WrittenSlice {
  readonly bytes: Uint8Array;
  readonly table: string;
  /** a slice that changes has more of them */
  readonly events: number;
  readonly previous: Slice | undefined;
  readonly previousEvents: number | undefined;
}

/** A slice that keeps how it was written: a weak map beside it costs as much, each time that garbage is collected, as it saves. */
class KeptSlice implements Slice {
  readonly start: number;
  counts: Counts;
  cells: Slice['cells'];
  samples: Slice['samples'];
  models: Slice['models'];
  #written: WrittenSlice | undefined;

  constructor({ start, counts, cells, samples, models }: Slice) {
    this.start = start;
    this.counts = counts;
    this.cells = cells;
    this.samples = samples;
    this.models = models;
  }

  static written(slice: Slice): WrittenSlice | undefined {
    return #written in slice ? slice.#written : undefined;
  }

  static keep(slice: Slice, written: WrittenSlice): void {
    if (#written in slice) slice.#written = written;
  }
}

/** How a slice was written last; undefined where it was not. */
export const writtenSlice = KeptSlice.written;
export const keepWrittenSlice = KeptSlice.keep;

export function sliceStart(time: number): number {
  return Math.floor(time / SLICE_MS) * SLICE_MS;
}

export function emptySamples(): Samples {
  return samplesOfEach(emptySample, NO_EMBEDDING);
}

/** Written out: an object that is made name by name is slower to make and to read, and one is made at every flush of an account. */
function samplesOfEach(make: (name: SampleName) => BottomK, embedding: Embedding): Samples {
  return {
    opening: make('opening'),
    closing: make('closing'),
    prompt: make('prompt'),
    layout: make('layout'),
    system: make('system'),
    address: make('address'),
    agent: make('agent'),
    credential: make('credential'),
    embedding,
  };
}

export function emptySample(name: SampleName): BottomK {
  return bottomK(SAMPLES[name], COUNTED.has(name));
}

const NO_CELLS: Cells = [0, 0, 0];

export function emptySlice(start: number): Slice {
  const cells = {} as Slice['cells'];
  for (const mark of CELL_MARKS) cells[mark] = NO_CELLS;
  return new KeptSlice({ start, counts: emptyCounts(), cells, samples: new Map(), models: new Map() });
}

/** A deep copy, so that the original stays what it was. */
export function copySlice(slice: Slice): Slice {
  return new KeptSlice({
    start: slice.start,
    counts: slice.counts.copy(),
    cells: { ...slice.cells },
    samples: copySamples(slice.samples),
    models: new Map(slice.models),
  });
}

function copySamples(from: ReadonlyMap<string, Samples>): Map<string, Samples> {
  const samples = new Map<string, Samples>();
  for (const [epoch, held] of from) {
    samples.set(
      epoch,
      samplesOfEach((name) => copyOf(held[name]), held.embedding),
    );
  }
  return samples;
}

function mark(cells: Record<CellMark, Cells>, name: CellMark, cell: number): void {
  const held = cells[name];
  const bit = 1 << (cell % 24);
  const [a, b, c] = held;
  if (cell < 24) {
    if ((a & bit) === 0) cells[name] = [a | bit, b, c];
  } else if (cell < 48) {
    if ((b & bit) === 0) cells[name] = [a, b | bit, c];
  } else if ((c & bit) === 0) cells[name] = [a, b, c | bit];
}

/** Size class of a number: half-octaves, as the recorder's classes of lengths. */
export function halfOctave(value: number): number {
  return Math.round(2 * Math.log2(1 + value));
}

/** What a behaviour counts, marks and flags. */
interface Shown {
  readonly count: number;
  /** of requests without a system prompt: -1 where that is not counted */
  readonly plain: number;
  readonly mark: CellMark | undefined;
  readonly flag: number;
}

const PLAIN: Partial<Record<Behaviour, Counter>> = {
  reasoning: 'plainReasoning',
  grading: 'plainGrading',
  format: 'plainFormat',
  persona: 'plainPersona',
};

const SHOWN = new Map<Behaviour, Shown>(
  BEHAVIOURS.map((behaviour) => {
    const plain = PLAIN[behaviour];
    return [
      behaviour,
      {
        count: PLACE[behaviour],
        plain: plain === undefined ? -1 : PLACE[plain],
        mark: CELL_MARKS.find((name) => name === behaviour),
        flag: behaviour === 'reasoning' || behaviour === 'grading' ? FLAG[behaviour] : 0,
      },
    ];
  }),
);

function increase(values: number[], place: number, by: number): void {
  values[place] = (values[place] as number) + by;
}

/** Adds a size class to a sum, and its square to the sum of squares. */
function addClass(values: number[], sum: number, squares: number, value: number): void {
  increase(values, sum, value);
  increase(values, squares, value * value);
}

/** Adds one usage event whose event time (ms) lies in the slice. */
export function addEvent(slice: Slice, event: UsageEvent, time: number): void {
  const flags = addCounts(slice, event, Math.floor((time - slice.start) / CELL_MS));
  if (event.outcome !== 'error') addModel(slice.models, event.model, 1);
  for (const prints of event.prints) addPrints(slice.samples, prints, flags);
}

/** Counts an event and marks its cell; returns the flags that travel with its opening. */
function addCounts({ counts: { values }, cells }: Slice, event: UsageEvent, cell: number): number {
  const { shape, usage } = event;
  increase(values, PLACE.events, 1);
  increase(values, PLACE.inputTokens, usage.inputTokens);
  increase(values, PLACE.outputTokens, usage.outputTokens);
  mark(cells, 'active', cell);
  addOutcome(values, cells, event.outcome, cell);
  let flags = 0;
  if (shape.turns <= 1 && !shape.system) {
    increase(values, PLACE.single, 1);
    flags |= FLAG.single;
    if (shape.instruction) {
      increase(values, PLACE.instruction, 1);
      flags |= FLAG.instruction;
      mark(cells, 'instruction', cell);
    }
  }
  if (shape.system) increase(values, PLACE.system, 1);
  if (shape.question) {
    increase(values, PLACE.question, 1);
    flags |= FLAG.question;
  }
  if (shape.code) increase(values, PLACE.code, 1);
  if (shape.input) increase(values, PLACE.input, 1);
  if (shape.script !== 'latin' && shape.script !== 'none') increase(values, PLACE.nonLatin, 1);
  if (shape.turns > 1) increase(values, PLACE.multiTurn, 1);
  addClass(values, PLACE.headSum, PLACE.headSquares, shape.head);
  addClass(values, PLACE.wordSum, PLACE.wordSquares, shape.words);
  addClass(values, PLACE.turnSum, PLACE.turnSquares, halfOctave(shape.turns));
  addClass(values, PLACE.lineSum, PLACE.lineSquares, shape.lines);
  addClass(values, PLACE.inputSum, PLACE.inputSquares, halfOctave(usage.inputTokens));
  addClass(values, PLACE.outputSum, PLACE.outputSquares, halfOctave(usage.outputTokens));
  for (const behaviour of event.behaviours) {
    const shown = SHOWN.get(behaviour) as Shown;
    increase(values, shown.count, 1);
    if (!shape.system && shown.plain >= 0) increase(values, shown.plain, 1);
    if (shown.mark !== undefined) mark(cells, shown.mark, cell);
    flags |= shown.flag;
  }
  return flags;
}

function addOutcome(
  values: number[],
  cells: Record<CellMark, Cells>,
  outcome: UsageEvent['outcome'],
  cell: number,
): void {
  if (outcome === 'ok') return;
  if (outcome === 'refused') {
    increase(values, PLACE.refused, 1);
    mark(cells, 'refused', cell);
  } else increase(values, outcome === 'truncated' ? PLACE.truncated : PLACE.failed, 1);
}

function addPrints(all: Map<string, Samples>, prints: Prints, flags: number): void {
  const samples = samplesOf(all, prints.epoch);
  if (samples === undefined) return;
  // words that stay the same beside another system prompt are another question
  const system = prints.system === undefined ? 0 : hash24(prints.system);
  addTo(samples.prompt, hash24(prints.prompt) ^ system);
  if (prints.sketch !== undefined) samples.embedding = withPrompt(samples.embedding, prints.sketch);
  if (prints.opening !== undefined) addTo(samples.opening, hash24(prints.opening), flags);
  if (prints.closing !== undefined) addTo(samples.closing, hash24(prints.closing));
  if (prints.layout !== undefined) addTo(samples.layout, hash24(prints.layout));
  if (prints.system !== undefined) addTo(samples.system, hash24(prints.system));
  if (prints.address !== undefined) addTo(samples.address, hash24(prints.address));
  if (prints.agent !== undefined) addTo(samples.agent, hash24(prints.agent));
  if (prints.credential !== undefined) addTo(samples.credential, hash24(prints.credential));
}

/** Counts events of a model, and leaves out the name with the largest hash where there are too many. */
function addModel(models: Map<string, number>, model: string, events: number): void {
  const name = shortName(model);
  models.set(name, (models.get(name) ?? 0) + events);
  if (models.size <= SLICE_BOUNDS.models) return;
  let last = name;
  for (const other of models.keys()) if (isAfter(other, last)) last = other;
  models.delete(last);
}

function isAfter(a: string, b: string): boolean {
  const difference = hash48(a) - hash48(b);
  return difference === 0 ? a > b : difference > 0;
}

function shortName(model: string): string {
  if (model.length <= SLICE_BOUNDS.modelName) return model;
  const cut = model.slice(0, SLICE_BOUNDS.modelName);
  // never half a pair: it would be stored as another name
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** The samples of an epoch; undefined where later epochs fill the slice. */
function samplesOf(all: Map<string, Samples>, epoch: string): Samples | undefined {
  const held = all.get(epoch);
  if (held !== undefined) return held;
  if (all.size >= SLICE_BOUNDS.epochs) {
    const [first = ''] = [...all.keys()].sort();
    if (epoch < first) return undefined;
    all.delete(first);
  }
  const made = emptySamples();
  all.set(epoch, made);
  return made;
}

function mergeSamples(into: Map<string, Samples>, from: ReadonlyMap<string, Samples>): void {
  for (const [epoch, samples] of from) {
    const target = samplesOf(into, epoch);
    if (target === undefined) continue;
    for (const name of SAMPLE_NAMES) mergeInto(target[name], samples[name]);
    target.embedding = addEmbedding(target.embedding, samples.embedding);
  }
}

/** Adds all of `other` to `slice`: same start, over accounts or over parts of one account's events. */
export function mergeSlice(slice: Slice, other: Slice): void {
  if (slice.start !== other.start)
    throw new Error(
      `slices of ${slice.start} and ${other.start} do not share a start: a window is made of them with addSlice`,
    );
  slice.counts.add(other.counts);
  for (const name of CELL_MARKS) {
    const a = slice.cells[name];
    const b = other.cells[name];
    slice.cells[name] = [a[0] | b[0], a[1] | b[1], a[2] | b[2]];
  }
  mergeSamples(slice.samples, other.samples);
  for (const [model, events] of other.models) addModel(slice.models, model, events);
}
