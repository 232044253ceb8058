import { type Json, objectOf } from './fields.ts';
import { timeIn } from './times-beside.ts';

/** An envelope in which a shipper, a store or a proxy wraps what a gateway wrote: how it is recognised, and what lies inside. */
export interface Envelope {
  readonly name: string;
  /** the page that documents it */
  readonly source: string;
  readonly matches: (entry: Json) => boolean;
  /** values inside: JSON, or the text of JSON */
  readonly inside: (entry: Json) => readonly unknown[];
}

/** What a call is told by, two of them at least: the two bodies, or facts of a flat entry. */
const OF_CALLS =
  /^(?:request|response|messages|prompt|completion|answer|output|model|model_?name|model_?id|usage)$/i;

/** A call without a time of its own has that of its envelope: a body's `created` is whole seconds, or missing. */
export function timed(held: unknown, envelope: Json): unknown {
  const pair = objectOf(held);
  if (pair === undefined || !isCall(pair) || timeIn(pair) !== undefined) return held;
  const time = timeIn(envelope);
  return time === undefined ? held : { ...pair, received_at: time };
}

function isCall(entry: Json): boolean {
  if ('request' in entry && 'response' in entry) return true;
  return Object.keys(entry).filter((name) => name.length < 16 && OF_CALLS.test(name)).length > 1;
}
