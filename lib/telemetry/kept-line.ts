import { LIMITS } from '../limits.ts';
import { PSEUDONYM } from './usage-event.ts';

/**
 * Whether a line that is no usage event may be kept, for whoever mends what is wrong and puts it back. A gateway that sends
 * by mistake what people wrote, or where from, must not find it in the quarantine: a line is kept only where it resembles an event,
 * and holds nothing but numbers and words of machines in the places where events have them.
 */

/** Fields under which gateways keep what people wrote; in a usage event none of them holds a long text. */
const TEXT_FIELDS =
  /"(?:messages|completions?|contents?|text|choices|response|output|answer|query|body)"\s*:\s*["[{]|"(?:prompt|system|input|instructions)"\s*:\s*(?:[[{]|"[^"]{23})/i;

/** Names of fields: more than one word is somebody's text. */
const NAME = /^[A-Za-z_][\w-]{0,39}$/;
/** A number of ten to nineteen digits may be a telephone's or a card's (ITU-T E.164; ISO/IEC 7812). */
const SHORTEST_IDENTITY = 1e9;
const LONGEST_IDENTITY = 1e19;

const TIME = /^\d{4}-\d\d-\d\d[\dTZ:.+-]{0,30}$/;
/** What a program counts with, as events have them in lists of words. */
const CODE = /^[a-z][a-z-]{0,31}$/;
const PRINT = /^[\w-]{11}$/;
/** A name of a few words; a sentence is what somebody wrote. */
const FEW_WORDS = /^\S+(?: \S+){0,3}$/;
/** Addresses of people and of machines (some models have an @ in their names). */
const ADDRESS = /[^\s@]@[^\s@/]+\.[a-z]{2,}$|^\d+(?:\.\d+){3}(?::\d+)?$/i;

/** Whether a text is a name that the gateway or a provider chose. */
function isChosen(text: string, { most }: { readonly most: number }): boolean {
  return text.length <= most && FEW_WORDS.test(text) && !ADDRESS.test(text);
}

/**
 * The texts that a kept line may hold, by where they stand (`[]` for a place in a list) and how they look. A text anywhere
 * else, and one that looks otherwise, may be an address, a credential or a name which a gateway put there by mistake.
 */
const TEXTS: Readonly<Record<string, (text: string) => boolean>> = {
  id: (text) => !text.includes(' ') && isChosen(text, LIMITS.eventId),
  model: (text) => isChosen(text, LIMITS.eventModel),
  'customer.plan': (text) => isChosen(text, LIMITS.eventCustomer),
  'customer.product': (text) => isChosen(text, LIMITS.eventCustomer),
  account: (text) => PSEUDONYM.test(text),
  time: (text) => TIME.test(text),
  'customer.createdAt': (text) => TIME.test(text),
  outcome: (text) => CODE.test(text),
  'shape.script': (text) => CODE.test(text),
  'behaviours.[]': (text) => CODE.test(text),
  'prints.[].epoch': (text) => /^[\w-]{1,32}$/.test(text),
  'prints.[].sketch': (text) => /^[\w-]{43}$/.test(text),
};
const PRINTS =
  /^prints\.\[\]\.(?:prompt|opening|closing|layout|system|address|network|asn|tls|agent|credential|payment)$/;

/** The same of a record's header. */
const HEADER_TEXTS: typeof TEXTS = {
  bucketing: (text) => /^[\w-]{1,64}$/.test(text),
  gateway: (text) => isChosen(text, LIMITS.gatewayName),
  arrived: (text) => TIME.test(text),
  redriven: (text) => TIME.test(text),
};

/** The line as it may be kept, empty where it may not be. @param json what the line is the text of */
export function keptLine(json: unknown): string {
  if (!isObject(json) || typeof json.v !== 'number' || !isFacts(json, '', TEXTS)) return '';
  // Written anew: a name that stands twice in a line may hide a text behind a fact.
  const text = JSON.stringify(json);
  return TEXT_FIELDS.test(text) ? '' : text;
}

/** Whether a header, also of another version, holds facts alone. */
export function mayKeepHeader(header: unknown): boolean {
  return isFacts(header, '', HEADER_TEXTS);
}

/** Whether a text says what its JSON says and no more, white space apart: it may be kept as it was sent. */
export function saysNoMore(text: string, json: unknown): boolean {
  const bare = (said: string) => said.replace(/\s/g, '');
  return bare(text) === bare(JSON.stringify(json));
}

/** A usage event nests three deep. */
const MAX_DEPTH = 6;

function isFacts(value: unknown, path: string, texts: typeof TEXTS, depth = 0): boolean {
  if (typeof value === 'string') return isFact(value, path, texts);
  if (typeof value === 'number')
    return Math.abs(value) <= SHORTEST_IDENTITY || Math.abs(value) >= LONGEST_IDENTITY;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (Array.isArray(value)) return value.every((held) => isFacts(held, below('[]'), texts, depth + 1));
  return Object.entries(value).every(
    ([name, held]) => NAME.test(name) && isFacts(held, below(name), texts, depth + 1),
  );
}

function isFact(value: string, path: string, texts: typeof TEXTS): boolean {
  const known = Object.hasOwn(texts, path) ? texts[path] : undefined;
  if (known !== undefined) return known(value);
  return texts === TEXTS && PRINTS.test(path) && PRINT.test(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
