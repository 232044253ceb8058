/**
 * Names that come again and again, each held once: equal names are one string, outside of the lines that they stood in, and
 * found by their bytes. A name has one place by its hash, and takes it from whoever had it: bounded, whatever comes.
 */
interface Held {
  readonly bytes: Uint8Array;
  readonly name: string;
}
const PLACES = 8192;
const names: Held[] = new Array(PLACES).fill({ bytes: new Uint8Array(), name: '' });

/** The name that stands in a text from one place to another. @param text the same as a string, a character for each byte */
export function heldName(bytes: Uint8Array, text: string, from: number, to: number): string {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
  const known = names[place] as Held;
  if (isSame(known.bytes, bytes, from, to)) return known.name;
  const name = detached(text.slice(from, to));
  // a copy, whatever it is a copy of: a Buffer's slice is a view, which changes with it and keeps all of it alive
  names[place] = { bytes: new Uint8Array(bytes.subarray(from, to)), name };
  return name;
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[from + i]) return false;
  return true;
}

/** The same string with memory of its own: a slice of a line keeps the whole line, and all of its record, alive. */
export function detached(slice: string): string {
  return slice.length < 13 ? slice : ` ${slice}`.slice(1);
}
