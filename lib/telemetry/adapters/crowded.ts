import { LIMITS } from '../../limits.ts';
import { PROBABILITIES } from '../json-size.ts';
import { ASKING } from './asked-ways.ts';
import { ASKS, SYSTEMS } from './entry-objects.ts';

/** What is said of an entry that lost values. */
export const OVERFULL = `values beyond ${LIMITS.entryValues.most} of one entry`;

/** What is said of an entry that lost names. */
export const CROWDED = `names beyond ${LIMITS.objectNames.most} of one object`;

const MOST = LIMITS.objectNames.most;

/**
 * A document whose objects have a bounded number of names: readers look at each name dozens of times, and a customer chooses how many its
 * body has. Of more names the first and the last stay, where whoever logs writes its own before or behind those of a body, and all by
 * which bodies ask: nobody gets out of sight by what it adds. The same value where no object has too many.
 */
export function withoutCrowds(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > LIMITS.nesting.most) return value;
  if (Array.isArray(value)) return changed(value, depth);
  let names = 0;
  for (const _ in value) if (++names > MOST) break;
  return changed(names > MOST ? thinned(value) : value, depth);
}

/** A copy where something within has changed. */
function changed(held: object, depth: number): object {
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const name in held) {
    const inner = (held as Record<string, unknown>)[name];
    if (typeof inner !== 'object' || inner === null) continue;
    const kept = withoutCrowds(inner, depth + 1);
    if (kept === inner) continue;
    copy ??= Array.isArray(held) ? [...(held as unknown[])] : { ...held };
    (copy as Record<string, unknown>)[name] = kept;
  }
  return copy ?? held;
}

/** Of very many names nothing is made but what stays. */
function thinned(held: object): object {
  const half = MOST >> 1;
  let last = -half;
  for (const _ in held) last++;
  const kept: [string, unknown][] = [];
  let at = 0;
  for (const name in held) {
    if (at < half || at >= last || asks(name)) kept.push([name, (held as Record<string, unknown>)[name]]);
    at++;
  }
  return Object.fromEntries(kept);
}

/** Whether bodies ask by a name. */
function asks(name: string): boolean {
  return name.length < 64 && (ASKING.includes(name) || ASKS.test(name) || SYSTEMS.test(name));
}

/**
 * A copy that holds no more values than a reader looks at of one entry. What is small comes first, then what bodies ask by, then the
 * rest, each of which leaves half of the room to those behind it; of a list its end. Nobody gets out of sight by what it adds.
 */
export function slimmed(value: unknown): unknown {
  let left: number = LIMITS.entryValues.most;
  /** @param rest room that is left to others */
  const copied = (held: unknown, depth: number, rest: number): unknown => {
    if (typeof held !== 'object' || held === null) return held;
    if (depth > LIMITS.nesting.most) return undefined;
    if (Array.isArray(held)) {
      const kept: unknown[] = [];
      for (let at = held.length - 1; at >= 0 && left > rest; at--) {
        left--;
        kept.push(copied(held[at], depth + 1, rest));
      }
      return kept.reverse().filter((one) => one !== undefined);
    }
    const fields = Object.entries(held).filter(([name]) => !PROBABILITIES.has(name));
    const rank = ([name, inner]: readonly [string, unknown]) =>
      typeof inner !== 'object' || inner === null ? 0 : asks(name) ? 1 : 2;
    const kept = new Map<string, unknown>();
    for (const wanted of [0, 1, 2])
      for (const field of fields) {
        if (rank(field) !== wanted || left <= rest) continue;
        left--;
        const behind = wanted === 2 ? rest + (left - rest) / 2 : rest;
        kept.set(field[0], copied(field[1], depth + 1, behind));
      }
    return Object.fromEntries(fields.flatMap(([name]) => (kept.has(name) ? [[name, kept.get(name)]] : [])));
  };
  return copied(value, 0, 0);
}
