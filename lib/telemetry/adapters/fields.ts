import { whyNotParsed } from '../json-size.ts';

/** Reading foreign JSON without trusting its shape: every reader answers undefined where the shape is another. */

export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value at a path of field names. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value;
  for (const step of path) here = objectOf(here)?.[step];
  return here;
}

/** A non-empty text at a path. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A number at a path, also where it is written as a text. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = numberIn(at(value, ...path));
  return found !== undefined && Number.isFinite(found) ? found : undefined;
}

/**
 * A number, also where a log wrote it as a text, or MongoDB as `{"$numberLong": "12"}`
 * (https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/).
 */
export function numberIn(value: unknown): number | undefined {
  const held = at(value, '$numberLong') ?? at(value, '$numberInt') ?? at(value, '$numberDouble') ?? value;
  return typeof held === 'number' ? held : numberInText(held);
}

function numberInText(value: unknown): number | undefined {
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)
    ? Number(value)
    : undefined;
}

/** The value of a text that is JSON, the text itself where it is not or holds more than is read, other values as they are. */
export function jsonIn(value: unknown): unknown {
  if (typeof value !== 'string')
    return isBuffer(value) ? jsonIn(Buffer.from(value.data).toString('utf8')) : value;
  if (whyNotParsed(value) !== undefined) return value;
  try {
    return JSON.parse(value);
  } catch {
    // Not JSON: then the text is what was meant.
    return value;
  }
}

/** Bytes as JSON.stringify writes them in Node: https://nodejs.org/api/buffer.html#buftojson */
function isBuffer(value: unknown): value is { readonly data: readonly number[] } {
  const held = objectOf(value);
  return held?.type === 'Buffer' && Array.isArray(held.data) && typeof held.data[0] === 'number';
}

/** Headers by lower-case name; lists of values keep the first. */
export function headersOf(value: unknown): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  // HAR and others keep a list of names and values
  for (const held of listOf(value)) {
    const name = textAt(held, 'name') ?? textAt(held, 'key');
    const text = textAt(held, 'value');
    if (name !== undefined && text !== undefined) headers[name.toLowerCase()] ??= text;
  }
  for (const [name, content] of Object.entries(objectOf(value) ?? {})) {
    const text = Array.isArray(content) ? content[0] : content;
    if (typeof text === 'string') headers[name.toLowerCase()] = text;
  }
  return headers;
}

/** A name that some clients write as a number. */
export function nameAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? String(found) : textAt(value, ...path);
}

/** A name at such a path, where its first field holds JSON as text, as OpenInference writes `metadata`. */
export function nameInText(held: Json, field: string): string | undefined {
  const holder = held[field.slice(0, Math.max(0, field.indexOf('.')))];
  return typeof holder === 'string' && holder.startsWith('{') ? nameIn(held, field) : undefined;
}

/** A name under a field, or at a path of fields with dots between, also into fields that hold JSON as text. */
export function nameIn(value: unknown, field: string): string | undefined {
  const path = field.split('.');
  const last = path.pop() ?? '';
  const holder = path.reduce<unknown>((held, step) => jsonIn(at(held, step)), value);
  return nameAt(value, field) ?? nameAt(holder, last);
}

/** Objects with names that begin with a capital, as others write them. */
export function smallNames(value: unknown, depth = 0): unknown {
  if (depth > 8) return value;
  if (Array.isArray(value)) return value.map((held) => smallNames(held, depth + 1));
  const held = objectOf(value);
  if (held === undefined) return value;
  return Object.fromEntries(
    Object.entries(held).map(([name, inner]) => [
      name.slice(0, 1).toLowerCase() + name.slice(1),
      smallNames(inner, depth + 1),
    ]),
  );
}
