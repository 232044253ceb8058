/** Collections that are made at most until nothing more is freed. */
const MOST_COLLECTIONS = 30;
/** Bytes by which two readings may differ: what reading itself leaves. */
const STEADY_BYTES = 64 * 1024;

/**
 * Memory of a value, bytes: what the heap and array buffers grow by while it is made. Array buffers are given back behind a collection, in
 * a thread of its own; so it is collected until no more is freed, before and after, or the value would be told smaller by what was there before it.
 *
 * @throws Error where Node.js was not started with --expose-gc, or where memory does not come to rest
 */
export function heldOf<T>(make: () => T): { readonly made: T; readonly bytes: number } {
  const before = settled();
  const made = make();
  return { made, bytes: settled() - before };
}

/** @throws Error where memory was measured as less than what the same takes packed: then the measurement is wrong */
export function noLessThan(held: number, packed: number, what: string): number {
  if (held < packed)
    throw new Error(
      `the memory of ${what} was measured as ${Math.round(held)} bytes, and it has ${packed} when it is packed: measure again`,
    );
  return held;
}

function settled(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('memory is measured under node --expose-gc only');
  let last = Number.POSITIVE_INFINITY;
  let steady = 0;
  for (let count = 0; count < MOST_COLLECTIONS; count++) {
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const held = heapUsed + arrayBuffers;
    steady = Math.abs(last - held) <= STEADY_BYTES ? steady + 1 : 0;
    if (steady === 2) return held;
    last = held;
  }
  throw new Error(`memory did not come to rest in ${MOST_COLLECTIONS} collections`);
}
