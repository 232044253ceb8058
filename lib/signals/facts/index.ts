import { BEHAVIOUR } from './behaviour.ts';
import { type Fact, type FactInput, said } from './fact.ts';
import { FORM, TEXT } from './form.ts';
import { LENGTH } from './length.ts';
import { ORIGIN } from './origin.ts';
import { PACE } from './pace.ts';
import { VARIETY } from './variety.ts';

/**
 * All facts, in the order of stored models' columns by name: a model names its facts, so that facts may be added and a
 * model of fewer still reads what it learnt from.
 */
export const FACTS: readonly Fact[] = [
  ...FORM,
  ...TEXT,
  ...LENGTH,
  ...BEHAVIOUR,
  ...VARIETY,
  ...PACE,
  ...ORIGIN,
];

/** Requests below which an account's window says nothing: nobody is judged on fewer. */
export const FEWEST_REQUESTS = 20;

/** A measured number as people read it, in the natural unit of its fact; of what is no fact, as it is. */
export function saidOf(signal: string, value: number): string {
  const fact = FACTS.find(({ id }) => id === signal);
  return fact === undefined ? String(value) : said(fact, value);
}

/** All facts of a window, in the order of FACTS. */
export function readFacts(input: FactInput): Float64Array {
  const values = new Float64Array(FACTS.length);
  for (let i = 0; i < FACTS.length; i++) values[i] = (FACTS[i] as Fact).value(input);
  return values;
}
