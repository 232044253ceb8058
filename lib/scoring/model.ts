import * as z from 'zod';
import { hash48 } from '../profile/hashes.ts';
import type { Fact } from '../signals/facts/fact.ts';
import { FACTS } from '../signals/facts/index.ts';
import { type FactScale, factScale, stepOf } from './fact-scale.ts';
import { ForestReader, forest } from './forest.ts';

/**
 * What was learnt of a deployment: forests that tell the library of attacks from the deployment's own past. Accounts are
 * dealt into folds several times over, and for every fold of every draw there is a small forest, grown without the accounts of
 * that fold. An account is judged by the forests of its folds, one of each draw: nobody is judged by a forest that has seen
 * the account as ordinary, and an account of the past is judged by the very forests that judge it tomorrow. Which of its
 * likes an account shares a fold with is chance; over many draws that chance averages out (repeated cross-fitting:
 * Chernozhukov et al., "Double/debiased machine learning", Econometrics Journal 21, 2018, section 3.4).
 */
export const model = z.strictObject({
  facts: z.array(factScale).max(255).describe('columns of the forests, in their order'),
  draws: z
    .array(z.array(forest).min(1).max(6))
    .max(16)
    .describe("draw -> fold -> forest; an account's folds are digits of a hash of its pseudonym"),
});
export type Model = z.infer<typeof model>;

/** Fold of an account in a draw: the digits of its hash of 48 bits in the base of the number of folds, up to six in sixteen draws. */
export function foldOf(account: string, folds: number, draw = 0): number {
  return foldOfHash(hash48(account), folds, draw);
}

function foldOfHash(hash: number, folds: number, draw: number): number {
  return Math.floor(hash / folds ** draw) % folds;
}

/** A model made ready for reading. */
export class ReadModel {
  /** of each column */
  readonly facts: readonly Fact[];
  readonly #model: Model;
  /** place in FACTS of each column */
  readonly places: readonly number[];
  readonly #readers: readonly (readonly ForestReader[])[];
  #asked: { readonly account: string; readonly forests: readonly ForestReader[] } | undefined;

  /** @throws RangeError where the model names a fact that this code does not know */
  constructor(held: Model) {
    this.#model = held;
    this.places = held.facts.map(({ id }) => {
      const place = FACTS.findIndex((fact) => fact.id === id);
      if (place < 0) throw new RangeError(`model: fact ${id} is not known to this code`);
      return place;
    });
    this.facts = this.places.map((place) => FACTS[place] as Fact);
    this.#readers = held.draws.map((folds) => folds.map((grown) => new ForestReader(grown)));
  }

  /** Columns that the forests ask: no more than there are facts, in a model that is whole. */
  get columns(): number {
    return Math.max(0, ...this.#readers.flat().map((reader) => reader.columns));
  }

  /** The forests that have not seen the account, one of each draw; an account's windows ask one after another. */
  forestsOf(account: string): readonly ForestReader[] {
    if (this.#asked?.account !== account) {
      const hash = hash48(account);
      const forests = this.#readers.map(
        (folds, draw) => folds[foldOfHash(hash, folds.length, draw)] as ForestReader,
      );
      this.#asked = { account, forests };
    }
    return this.#asked.forests;
  }

  /** What the forests that have not seen the account say of a row: the mean of their shares, 0 to 1. */
  share(account: string, row: Uint8Array): number {
    let sum = 0;
    for (const reader of this.forestsOf(account)) sum += reader.share(row);
    return sum / this.#readers.length;
  }

  /** The share taken apart: what each column added to it, on average over the forests. */
  parts(account: string, row: Uint8Array): Float64Array {
    const sum = new Float64Array(row.length);
    for (const reader of this.forestsOf(account))
      reader.parts(row).byColumn.forEach((value, i) => {
        sum[i] = (sum[i] as number) + value / this.#readers.length;
      });
    return sum;
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
