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

/** A pair without a time of its own has that of its envelope: a body's `created` is whole seconds, or missing. */
export function timed(held: unknown, envelope: Json): unknown {
  const pair = objectOf(held);
  if (pair === undefined || !('request' in pair && 'response' in pair) || timeIn(pair) !== undefined)
    return held;
  const time = timeIn(envelope);
  return time === undefined ? held : { ...pair, received_at: time };
}
