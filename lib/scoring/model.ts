import { z } from 'zod';
import { hash48 } from '../profile/hashes.ts';
import type { Fact } from '../signals/facts/fact.ts';
import { FACTS } from '../signals/facts/index.ts';
import { type FactScale, factScale, stepOf } from './fact-scale.ts';
import { ForestReader, forest } from './forest.ts';

/**
 * What was learnt of a deployment: forests that tell the library of attacks from the deployment's own past. There is one
 * for each fold of accounts, grown without the accounts of that fold: nobody is judged by a forest that has seen the
 * account as ordinary, and an account of the past is judged by the very forest that judges it tomorrow.
 */
export const model = z.strictObject({
  facts: z.array(factScale).max(255).describe('columns of the forests, in their order'),
  folds: z.array(forest).max(16).describe("forests by fold; an account's fold is a hash of its pseudonym"),
});
export type Model = z.infer<typeof model>;

export function foldOf(account: string, folds: number): number {
  return hash48(account) % folds;
}

/** A model made ready for reading. */
export class ReadModel {
  /** of each column */
  readonly facts: readonly Fact[];
  readonly #model: Model;
  /** place in FACTS of each column */
  readonly places: readonly number[];
  readonly #readers: readonly ForestReader[];

  /** @throws RangeError where the model names a fact that this code does not know */
  constructor(held: Model) {
    this.#model = held;
    this.places = held.facts.map(({ id }) => {
      const place = FACTS.findIndex((fact) => fact.id === id);
      if (place < 0) throw new RangeError(`model: fact ${id} is not known to this code`);
      return place;
    });
    this.facts = this.places.map((place) => FACTS[place] as Fact);
    this.#readers = held.folds.map((grown) => new ForestReader(grown));
  }

  forestOf(account: string): ForestReader {
    return this.#readers[foldOf(account, this.#readers.length)] as ForestReader;
  }

  /** @param values in the order of FACTS */
  row(values: Float64Array): Uint8Array {
    const { facts } = this.#model;
    const row = new Uint8Array(facts.length);
    for (let i = 0; i < facts.length; i++)
      row[i] = stepOf(values[this.places[i] as number] as number, facts[i] as FactScale);
    return row;
  }
}

const ready = new WeakMap<Model, ReadModel>();

export function readModel(held: Model): ReadModel {
  let known = ready.get(held);
  if (known === undefined) {
    known = new ReadModel(held);
    ready.set(held, known);
  }
  return known;
}
