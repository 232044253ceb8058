import type { Uniform } from '../../lib/statistics/random.ts';

/** Inputs by shape, size and depth: what a decoder may be given by somebody who wants it to fail. */

const pick = <T>(uniform: Uniform, list: readonly T[]): T => list[Math.floor(uniform() * list.length)] as T;
const upTo = (uniform: Uniform, most: number): number => Math.floor(uniform() * (most + 1));

const ODD_TEXTS = [
  '',
  '\u0000',
  '\u202e\u001b[31m',
  '\ud800',
  '__proto__',
  'constructor',
  '1e999',
  '=1+1',
  '<script>',
  '\n',
  '\u0344',
];
const ODD_NUMBERS = [-1, 0, -0, 0.5, 1e308, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, 2 ** 32];

function odd(uniform: Uniform): unknown {
  switch (upTo(uniform, 8)) {
    case 0:
      return pick(uniform, ODD_NUMBERS);
    case 1:
      return pick(uniform, [null, true, false, [], {}]);
    case 2:
      return pick(uniform, ['a', '中', ' ', '\n', '9']).repeat(upTo(uniform, 20_000));
    case 3:
      return nested(uniform, upTo(uniform, 4000));
    case 4:
      return Array.from({ length: upTo(uniform, 2000) }, () => ({}));
    case 5:
      return Object.fromEntries(Array.from({ length: upTo(uniform, 1000) }, (_, i) => [`f${i}`, i]));
    default:
      return pick(uniform, ODD_TEXTS);
  }
}

/** Names under which readers look for a value within a value; none for lists. */
const NESTS = ['', '', 'value', 'text', 'guardContent', '$numberLong', '$date', 'requests', 'input', 'log'];

function nested(uniform: Uniform, depth: number): unknown {
  let value: unknown = 'deep';
  const name = pick(uniform, NESTS);
  for (let i = 0; i < depth; i++) value = name === '' ? [value] : { [name]: value };
  return value;
}

/** The value with something changed at a random place. */
export function mutated(uniform: Uniform, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || uniform() < 0.15) return odd(uniform);
  if (Array.isArray(value)) {
    const list: unknown[] = [...value];
    const at = upTo(uniform, list.length);
    if (uniform() < 0.3) list.splice(at, 1);
    else if (uniform() < 0.4) list.splice(at, 0, odd(uniform));
    else if (at < list.length) list[at] = mutated(uniform, list[at]);
    return list;
  }
  const fields = Object.entries(value);
  const at = upTo(uniform, fields.length);
  const [name, held] = fields[at] ?? [pick(uniform, ODD_TEXTS), undefined];
  const rest = fields.filter((_, i) => i !== at);
  return uniform() < 0.2
    ? Object.fromEntries(rest)
    : { ...Object.fromEntries(rest), [name]: mutated(uniform, held) };
}

/** The text with characters changed, taken out, repeated. */
export function mutatedText(uniform: Uniform, text: string): string {
  let made = text;
  for (let times = upTo(uniform, 3); times >= 0; times--) {
    const at = upTo(uniform, made.length);
    const length = upTo(uniform, 40);
    const part =
      uniform() < 0.5 ? pick(uniform, ODD_TEXTS) : made.slice(at, at + length).repeat(upTo(uniform, 200));
    made = made.slice(0, at) + part + made.slice(at + (uniform() < 0.5 ? length : 0));
  }
  return made.slice(0, 1_000_000);
}

export function mutatedBytes(uniform: Uniform, bytes: Uint8Array): Uint8Array {
  const made = Uint8Array.from(bytes);
  for (let times = upTo(uniform, 4); times >= 0 && made.length > 0; times--)
    made[upTo(uniform, made.length - 1)] = upTo(uniform, 255);
  return uniform() < 0.3 ? made.slice(0, upTo(uniform, made.length)) : made;
}
