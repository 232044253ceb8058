/**
 * Erasure of one account: each place where it leaves traces finds them and takes them out. Everything is written so that
 * it may be done twice: a run that was stopped is simply run again.
 */

/** Something that names the account: an item, an object, lines in one. */
export interface Trace {
  /** key of the item or object, without the account */
  readonly at: string;
  /** items, members, lines or objects that are taken out */
  readonly count: number;
  /** undefined: it cannot be taken out, and `why` says so */
  readonly erase: (() => Promise<void>) | undefined;
  readonly why?: string;
  /** ms since 1970 until when it stays, where that is known */
  readonly until?: number;
}

export interface Place {
  readonly name: string;
  /** what is counted, in words */
  readonly counts: string;
  /** @param since ms: only what was written since then, where the place can tell; undefined: everything */
  traces(since?: number): AsyncIterable<Trace>;
}
