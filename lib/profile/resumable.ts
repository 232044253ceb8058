/**
 * A part of a running replay on its way into a checkpoint: its name, and a value that structured cloning keeps exactly
 * (maps, sets, typed arrays, every number).
 */
export type Frame = readonly [part: string, value: unknown];

/** What can be taken down and set up again, so that what follows is the same bit for bit. */
export interface Resumable {
  /** the whole state; nothing may change it while it is read */
  frames(): Iterable<Frame>;
  /** Takes back one of its own frames, in the order given. */
  restore(part: string, value: unknown): void;
}

/** Lists of bounded length, so that no frame grows with the number of accounts. */
export function* chunksOf<T>(items: Iterable<T>, size = 1000): Generator<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
