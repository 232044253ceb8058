import type { Rules } from '../../detection/judge.ts';
import type { Division } from './divider.ts';

/** What is asked of a backtest whose steps are taken in turns, each where and when there is time for it. */
export interface BacktestRequest {
  /** version of the code that asks: steps of another one would replay otherwise */
  readonly code: string;
  readonly shards: number;
  /** of the archive, as many as are listed beside the request */
  readonly objects: number;
  /** what the run is of, by name: whoever goes on with it has to ask the same */
  readonly identity: Readonly<Record<string, string>>;
  readonly tracks: readonly Pick<Rules, 'policy' | 'calibration'>[];
  /** account pseudonym to the campaign that it is labelled with */
  readonly campaignOf: ReadonlyMap<string, string>;
}

/** What is to be said of the telemetry of one turn. */
export interface TurnWarning {
  /** the same in turns that say the same of more or less of their traffic */
  readonly about: string;
  /** of which share it is so */
  readonly value: number;
  readonly severe: boolean;
  readonly text: string;
}

/** The same with what it is of: a list that may be long, and that dividing alone reads. */
export interface WholeRequest extends Omit<BacktestRequest, 'objects'> {
  /** in order of arrival */
  readonly files: readonly string[];
}

/** Names of objects, read as they are needed (lib/input/file-list.ts). */
export interface ObjectList {
  readonly length: number;
  at(index: number): Promise<string | undefined>;
}

/** What one turn of a step has come to. It stands once it is kept: a step goes on from it, or from nothing. */
export interface Turn {
  /** which attempt at the turn put its objects: those of others count for nothing */
  readonly attempt: string;
  readonly done: boolean;
  /** by name of a stream, how many objects of it the turn has put */
  readonly objects: Readonly<Record<string, number>>;
  /** how far the step is, for people: events (of merging: flushes), and the share of its input */
  readonly count: number;
  readonly share: number;
  /** where the turn ends in what the step reads: number of an object, by shard where there are several */
  readonly at: readonly number[];
  /** what dividing came to, in its last turn */
  readonly divided?: { readonly division: Division; readonly rejected: number };
  /** of the telemetry that was read in this turn, whether it can be judged */
  readonly warnings?: readonly TurnWarning[];
}

/** A step, as its objects are named. */
export type StepName = 'divide' | 'merge' | `replay-${number}`;

/** Name of an object that an attempt at a turn puts. */
export function objectName(
  step: StepName,
  turn: number,
  attempt: string,
  stream: string,
  index: number,
): string {
  return [step, turn, attempt, stream, index].join('/');
}

/** Names of all objects of a stream that turns have put, in their order. */
export function objectNames(step: StepName, turns: readonly Turn[], stream: string): string[] {
  return turns.flatMap(({ attempt, objects }, turn) =>
    Array.from({ length: objects[stream] ?? 0 }, (_, index) =>
      objectName(step, turn, attempt, stream, index),
    ),
  );
}
