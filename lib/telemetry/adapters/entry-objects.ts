import { roleKind } from '../turns.ts';
import { ANSWERS, LONGEST_NAME, namesNoAccount } from './client-fields.ts';
import { type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { textOf } from './message-names.ts';

/** The objects that an entry of no known product holds, however deep, and who may have written each: scattered.ts finds a call in them. */

/** So deep and so many values are looked into, breadth first: what lies nearer tells of the entry. */
const MAX_DEPTH = 7;
const MAX_VALUES = 4_000;
/** Longest text that is looked into for a body. */
const LONGEST_TEXT = 4_000_000;

/** One text that asks, where no messages are there. */
export const ASKS =
  /^(?:prompt|question|query|input_?value|input_?text|(?:user|human|chat)_?(?:prompt|message|input|query|question)|message|inputs?|text_?input)$/i;

/** A system prompt beside it. */
export const SYSTEMS = /^(?:system|instructions|preamble|system_?(?:prompt|message|instructions?))$/i;

/** An object of an entry. */
export interface Found {
  readonly value: Json;
  /** the names on the way to it */
  readonly path: readonly string[];
  /** whether whoever logs wrote its fields */
  readonly isLogged: boolean;
  /** it stands in a list, as messages and their parts do */
  readonly isListed: boolean;
  /** the text where somebody's words stand whose JSON this is, or lies in */
  readonly words?: string;
  /** so many texts that are JSON it lies in: what lies in fewer was written by whoever logs, or nearer to it */
  readonly texts: number;
  /** it lies in JSON in the words of an answer, which a model may have been asked to say */
  readonly isAnswered: boolean;
  /** a message that is not the model's, or what lies in one */
  readonly isSaid: boolean;
}

/** The objects of an entry, the outermost first; JSON in texts is read, also where a body stands as text. */
export function objectsIn(entry: Json): readonly Found[] {
  const found: Found[] = [];
  let wave: Found[] = [
    {
      ...{ value: entry, path: [], isLogged: true, isListed: false, isSaid: false },
      ...{ texts: 0, isAnswered: false },
    },
  ];
  let seen = 0;
  for (let depth = 0; depth < MAX_DEPTH && wave.length > 0; depth++) {
    const next: Found[] = [];
    for (const held of wave) {
      found.push(held);
      for (const [name, inner] of Object.entries(held.value)) {
        if (++seen > MAX_VALUES) return found;
        if (name.length > LONGEST_NAME) continue;
        const path = [...held.path, name];
        const isLogged = held.isLogged && !namesNoAccount(name);
        const words = held.words ?? wordsUnder(name, inner, held.isListed);
        const isText = typeof inner === 'string';
        const texts = held.texts + (isText ? 1 : 0);
        const isAnswered = held.isAnswered || (isText && path.some((step) => ANSWERS.test(step)));
        for (const value of inside(inner))
          next.push({
            ...{ value, path, isLogged: isLogged && value === inner, isListed: Array.isArray(inner) },
            ...{ texts, isAnswered },
            ...{ isSaid: held.isSaid || isSaidMessage(value), ...(words === undefined ? {} : { words }) },
          });
      }
    }
    wave = next;
  }
  return found;
}

/** Lists within lists that are looked into: n8n and LangChain keep messages in such. */
const LISTS = 4;

function inside(held: unknown, depth = 0): readonly Json[] {
  const value = typeof held === 'string' && /^\s{0,64}[[{]/.test(held) ? bodyIn(held) : held;
  const object = objectOf(value);
  if (object !== undefined) return [object];
  if (depth > LISTS) return [];
  const list = listOf(value).slice(0, 64);
  return list.flatMap((one) => objectOf(one) ?? inside(Array.isArray(one) ? one : undefined, depth + 1));
}

/** A text that asks, or that is the words of a message or of a part in a list of such. */
function wordsUnder(name: string, held: unknown, isListed: boolean): string | undefined {
  const isWords =
    typeof held === 'string' &&
    (ASKS.test(name) || (isListed && /^(?:content|text|data|value)$/i.test(name)));
  return isWords ? held : undefined;
}

/** Whether an object is a message of somebody else than the model, who may put more fields into it. */
function isSaidMessage(value: Json): boolean {
  const role = textAt(value, 'role');
  return role !== undefined && /^(?:user|system|tool)$/.test(roleKind(role)) && textOf(value) !== undefined;
}

/** The value of a text that is JSON; undefined where it is longer than any body. */
export function bodyIn(text: string): unknown {
  return text.length > LONGEST_TEXT ? undefined : jsonIn(text);
}
