import { LIMITS } from '../limits.ts';

/**
 * Whether a line that is no usage event may be kept, for whoever mends what is wrong and puts it back. A gateway that sends
 * by mistake what people wrote must not find it in the quarantine: a line is kept only where it resembles an event, and holds
 * nothing but numbers and words of machines.
 */

/** Fields under which gateways keep what people wrote; in a usage event none of them holds a long text. */
const TEXT_FIELDS =
  /"(?:messages|completions?|contents?|text|choices|response|output|answer|query|body)"\s*:\s*["[{]|"(?:prompt|system|input|instructions)"\s*:\s*(?:[[{]|"[^"]{23})/i;

/** Names of fields: more than one word is somebody's text. */
const NAME = /^[A-Za-z_][\w-]{0,39}$/;
/** Words of lists, prints, pseudonyms: no address, no name of two words. */
const WORD = /^[\w-]{0,256}$/;
const TIME = /^[\dTZ:.+-]{1,40}$/;
const PSEUDONYM = /^a_[a-z2-7]{26}$/;
/** Names of an event that the gateway or a provider chose. */
const NAMES: Readonly<Record<string, number>> = {
  id: LIMITS.eventId.most,
  model: LIMITS.eventModel.most,
  'customer.plan': LIMITS.eventCustomer.most,
  'customer.product': LIMITS.eventCustomer.most,
};

/** @param json what the line is the text of */
export function mayKeepLine(text: string, json: unknown): boolean {
  if (!isObject(json) || typeof json.v !== 'number' || TEXT_FIELDS.test(text)) return false;
  if (typeof json.account === 'string' && !PSEUDONYM.test(json.account)) return false;
  return isFacts(json, '', 0);
}

/** Whether a header, also of another version, holds facts alone. */
export function mayKeepHeader(header: unknown): boolean {
  return isFacts(header, '', 0);
}

/** A usage event nests three deep. */
const MAX_DEPTH = 6;

function isFacts(value: unknown, path: string, depth: number): boolean {
  if (typeof value === 'string') return isFact(value, path);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((held) => isFacts(held, '[]', depth + 1));
  return Object.entries(value).every(
    ([name, held]) => NAME.test(name) && isFacts(held, path === '' ? name : `${path}.${name}`, depth + 1),
  );
}

function isFact(value: string, path: string): boolean {
  const longest = Object.hasOwn(NAMES, path) ? NAMES[path] : undefined;
  if (longest !== undefined) return value.length <= longest;
  return WORD.test(value) || TIME.test(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
