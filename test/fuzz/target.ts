import type { Uniform } from '../../lib/statistics/random.ts';

/** Something that reads what somebody else wrote. */
export interface Target {
  readonly name: string;
  /** makes an input and returns what reads it, so that only the reading is measured */
  input(uniform: Uniform): () => unknown;
  /** takes part in every so-many-th round: inputs of megabytes, and whole bundles; default every one */
  readonly every?: number;
  /** errors by which it refuses; others are crashes */
  readonly refuses: readonly (new (
    ...args: never[]
  ) => Error)[];
}
