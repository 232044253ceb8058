import type * as z from 'zod';
import { escapeUnsafe } from '../text/unsafe.ts';

/** Why an input could not be used: the field (dotted path), its value made safe to print, and what was wrong. */
export interface Reason {
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

const MAX_VALUE = 120;

/**
 * A value as text that is safe on a terminal, in a log line and in a notification: control, format and broken
 * characters escaped, at most 120 characters. Values come from the adversary.
 *
 * @example
 * import { printable } from '@siphonwatch/recorder';
 *
 * printable('a\tb'); // => 'a\\u0009b'
 */
export function printable(value: unknown): string {
  let text: string;
  if (typeof value === 'string') text = value.length > 4 * MAX_VALUE ? value.slice(0, 4 * MAX_VALUE) : value;
  else if (value === undefined) text = 'nothing';
  else if (Array.isArray(value)) text = `a list of ${value.length}`;
  else if (typeof value === 'object' && value !== null)
    text = `an object with ${Object.keys(value).length} fields`;
  else text = String(value);
  const safe = escapeUnsafe(text);
  if (safe.length <= MAX_VALUE) return safe;
  // Never end on half a pair.
  const cut = safe.slice(0, MAX_VALUE - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/**
 * What a value is, without saying it: a text by its length only. For whatever may hold a person's text or name.
 *
 * @example
 * import { kindOf } from '@siphonwatch/recorder';
 *
 * kindOf('My name is Jo'); // => 'a text of 13 characters'
 */
export function kindOf(value: unknown): string {
  return typeof value === 'string' ? `a text of ${value.length} characters` : printable(value);
}

/** Fields of exchanges and events that hold numbers, times and words of ours: their numbers and times may be said. */
const OPEN_FIELDS =
  /^(?:v|time|outcome|(?:usage|params|shape)\.\w{1,40}|customer\.createdAt|behaviours\.\d+|prints\.\d+\.epoch)$/;

/** A time in ms is said; a number of more digits may be a card's. */
const LARGEST_SAID = 1e13;

/** A date and perhaps a time, or one number of up to ten digits: no address, no telephone, no card. */
const TIME = /^(?:\d{4}[/.-]\d\d?[/.-]\d\d?(?:[T ][\d TZ:.,+-]{0,30})?|[+-]?\d{0,10}(?:\.\d{0,10})?)$/;

/** A value as a reason gives it where text must not leave: numbers and times of open fields as they are, else only what it is. */
export function openValue(field: string, value: unknown): string {
  if (typeof value === 'number' && Math.abs(value) > LARGEST_SAID) return 'a number';
  if (OPEN_FIELDS.test(field) && (typeof value !== 'string' || TIME.test(value))) return printable(value);
  return typeof value === 'number' ? 'a number' : kindOf(value);
}

/** A name of one word. */
const FIELD_NAME = /^[\w@$.-]{1,40}$/;

/** The name of a field of somebody's JSON, as a reason may say it: `(a name of 13 characters)` where it may be a text. */
export function fieldName(name: string): string {
  return FIELD_NAME.test(name) ? name : `(a name of ${name.length} characters)`;
}

/**
 * The first issue of a failed parse as a reason, with the value found at its path.
 * @param show how a value is said; `openValue` where the input may hold a person's text
 */
export function reasonOf(
  error: z.ZodError,
  input: unknown,
  show: (field: string, value: unknown) => string = (_, value) => printable(value),
): Reason {
  const issue = firstIssue(error.issues);
  const path = issue?.path ?? [];
  let value = input;
  for (const step of path)
    value =
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const inner =
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    const field = printable([...path, fieldName(key)].join('.'));
    return { field, value: show(field, inner), message: 'unknown field' };
  }
  if (value === undefined) return { field: printable(path.join('.')), value: 'nothing', message: 'missing' };
  const field = printable(path.join('.') || '(whole)');
  return {
    field,
    value: show(field, value),
    message: printable(issue?.message ?? 'not valid'),
  };
}

/** Missing and mistyped fields say more than unknown ones. */
function firstIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  return issues.find((issue) => issue.code !== 'unrecognized_keys') ?? issues[0];
}

/**
 * Why something that made its reader throw was set aside. It costs itself alone: not its neighbours, not the request that it
 * came in, which its sender would repeat for ever. The error's own words may quote a text, its name does not.
 */
export function failedOn(value: unknown, error: unknown): Reason {
  const name = error instanceof Error ? error.name : 'an error';
  return { field: '(whole)', value: kindOf(value), message: `cannot be read (${printable(name)})` };
}

/**
 * One line for people: `field: message (value)`.
 *
 * @example
 * import { describeReason } from '@siphonwatch/recorder';
 *
 * describeReason({ field: 'time', value: 'noon', message: 'not a time' }); // => 'time: not a time (got noon)'
 */
export function describeReason(reason: Reason): string {
  return `${reason.field}: ${reason.message} (got ${reason.value})`;
}
