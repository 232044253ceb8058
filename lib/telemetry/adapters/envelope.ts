import type { Json } from './fields.ts';

/** An envelope in which a shipper, a store or a proxy wraps what a gateway wrote: how it is recognised, and what lies inside. */
export interface Envelope {
  readonly name: string;
  /** the page that documents it */
  readonly source: string;
  readonly matches: (entry: Json) => boolean;
  /** values inside: JSON, or the text of JSON */
  readonly inside: (entry: Json) => readonly unknown[];
}
