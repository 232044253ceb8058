/**
 * JSON that keeps what plain data of ours holds beside JSON's own values: maps, sets, numbers that JSON has no word for, fields that are
 * there without a value. Unlike structured clones it is read by whatever Node there is: what one version of V8 writes an
 * older one refuses (nodejs.org/api/v8.html, "Serialization API").
 */

/** The field that marks what stands for something else. */
const MARK = '$exact';

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** @throws TypeError where a value is none of these, with its kind */
export function toExactJson(value: unknown): string {
  return JSON.stringify(marked(value));
}

/** Reads what `toExactJson` wrote. @throws SyntaxError where it is no JSON */
export function fromExactJson(text: string): unknown {
  return unmarked(JSON.parse(text));
}

function marked(value: unknown): Plain {
  if (value === undefined) return { [MARK]: 'undefined' };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [MARK]: 'number', of: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return value.map(marked);
  if (value instanceof Map)
    return { [MARK]: 'map', of: [...value].map(([key, held]) => [marked(key), marked(held)]) };
  if (value instanceof Set) return { [MARK]: 'set', of: [...value].map(marked) };
  const kind = Object.prototype.toString.call(value);
  if (kind !== '[object Object]' || Object.hasOwn(value as object, MARK))
    throw new TypeError(`${kind} cannot be written as exact JSON`);
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, held]) => [name, marked(held)]),
  );
}

function unmarked(value: Plain | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(unmarked);
  const { [MARK]: mark, of } = value;
  if (mark === 'undefined') return undefined;
  if (mark === 'number') return Number(of);
  const list = of as readonly Plain[];
  if (mark === 'map') return new Map(list.map((pair) => unmarked(pair) as [unknown, unknown]));
  if (mark === 'set') return new Set(list.map(unmarked));
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, unmarked(held)]));
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);
