import { roleKind } from '../turns.ts';
import { type ReadAnswer, readAnswer } from './answer.ts';
import { ANSWERS, USAGES } from './client-fields.ts';
import { ASKS, bodyIn, type Found, SYSTEMS } from './entry-objects.ts';
import { type Json, listOf, numberIn, objectOf, textAt } from './fields.ts';
import { isItem, partsOf, roleOf, textOf } from './message-names.ts';
import { PARAM_PLACES, readRequest } from './request.ts';
import { tokensOf } from './token-counts.ts';
import { writtenMessages } from './written-messages.ts';

/** The parts of a call in an entry of a product that nobody knows, found by what they are: what asks, what answers, counts, model, parameters. */

const MODELS =
  /^(?:(?:ls|llm|ai|request|response|foundation)[._]?)?model(?:[._]?(?:name|id|arn))?$|^deployment(?:[._]?(?:name|id))?$/i;

/**
 * Objects without those that a customer wrote as JSON where its words stand: what was asked is then that text. It is a body only where
 * every word of it is read from its messages, and an entry only where nothing was answered outside of it.
 */
export function unquoted(objects: readonly Found[]): readonly Found[] {
  const outside = objects.filter(({ words }) => words === undefined);
  if (outside.length === objects.length) return objects;
  const answer = answerOf(outside, {});
  if (answer === undefined && !saysAnswer(outside)) return objects;
  return objects.filter(({ words }) => words === undefined || writtenMessages(words) !== undefined);
}

/** The messages of a list, however its product names their fields; undefined for a list of anything else. */
function messagesIn(held: unknown): readonly Json[] | undefined {
  const value = typeof held === 'string' && /^\s{0,64}\[/.test(held) ? bodyIn(held) : held;
  const list = listOf(value).flat().flatMap(partsOf);
  if (list.length === 0) return undefined;
  const messages = list.map((one) => {
    const message = objectOf(one);
    if (message === undefined || isItem(message)) return message;
    const role = roleOf(message);
    return role === undefined ? undefined : { ...message, role, content: textOf(message) };
  });
  const known = messages.filter((message) => message !== undefined);
  return known.length === list.length &&
    known.some((message) => roleKind(textAt(message, 'role') ?? '') === 'user')
    ? known
    : undefined;
}

/** The body that asks: one with messages, else one with a text that asks. */
export function requestOf(objects: readonly Found[]): Asked | undefined {
  for (const { value, path } of objects)
    for (const [name, held] of messagesFirst(value)) {
      // JSON in the words of an answer, which a model may have been asked to say
      if (typeof held === 'string' && [...path, name].some((step) => ANSWERS.test(step))) continue;
      const messages = messagesIn(held);
      if (messages === undefined) continue;
      const whole = readRequest(value);
      return whole !== undefined && isAllAsked(name, whole.messages.length - messages.length)
        ? { request: value, source: value }
        : { request: { ...withoutAsked(value), messages, ...systemOf(objects, value) }, source: value };
    }
  for (const { value } of objects) {
    const body = readRequest(value);
    if (body !== undefined && ('contents' in value || Array.isArray(value.input)) && body.messages.length > 0)
      return { request: value, source: value };
  }
  return textThatAsks(objects);
}

/** The first text that asks: one that is no JSON before one that is, in which nobody asks and which somebody wrote. */
function textThatAsks(objects: readonly Found[]): Asked | undefined {
  const texts = objects.flatMap(({ value }) =>
    Object.entries(value).flatMap(([name, held]) =>
      ASKS.test(name) && typeof held === 'string' && held !== '' ? [{ source: value, prompt: held }] : [],
    ),
  );
  const asked = texts.find(({ prompt }) => !/^\s{0,64}[[{]/.test(prompt)) ?? texts[0];
  if (asked === undefined) return undefined;
  const { source, prompt } = asked;
  return { request: { ...withoutAsked(source), prompt, ...systemOf(objects, source) }, source };
}

/** Whether a body that was read whole asks by this list: by messages, or by what stands beside a history of them. */
function isAllAsked(name: string, more: number): boolean {
  return name === 'messages' ? more >= 0 : /history/i.test(name) && more > 0;
}

/** Fields of an object, that of the usual name first: whoever asks may put other lists beside it. */
function messagesFirst(value: Json): readonly (readonly [string, unknown])[] {
  const fields = Object.entries(value);
  return 'messages' in value ? [['messages', value.messages], ...fields] : fields;
}

function withoutAsked(body: Json): Json {
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => !ASKS.test(name) && !SYSTEMS.test(name) && name !== 'messages'),
  );
}

/** The system prompt that stands beside the messages, or among the settings of the call. */
function systemOf(objects: readonly Found[], near: Json): Json {
  for (const value of [near, ...objects.map((held) => held.value)])
    for (const [name, held] of Object.entries(value))
      if (
        SYSTEMS.test(name) &&
        (typeof held === 'string' || (Array.isArray(held) && messagesIn(held) === undefined)) &&
        held !== ''
      )
        return { system: held };
  // https://docs.openwebui.com: {params: {system}}
  return {};
}

/** What was answered: the first object under a name of answers that says how it ended or what it said. */
export function answerOf(objects: readonly Found[], request: Json): Json | undefined {
  const told = objects.filter(
    ({ value, path }) => value !== request && path.some((name) => ANSWERS.test(name)),
  );
  const read = told.map(({ value }) => [value, readAnswer(value)] as const);
  return (
    read.find(([, answer]) => answer.endings.length > 0)?.[0] ??
    read.find(([, answer]) => isTold(answer))?.[0]
  );
}

function isTold({ text, outputTokens }: ReadAnswer): boolean {
  return text !== undefined || outputTokens !== undefined;
}

/** Counts: under a name that says so before any other object that has some. */
export function usageOf(objects: readonly Found[]): Json | undefined {
  const counted = objects.filter(({ value }) => {
    const { input, output } = tokensOf(value);
    return input !== undefined && output !== undefined;
  });
  return (counted.find(({ path }) => USAGES.test(path.at(-1) ?? '')) ?? counted[0])?.value;
}

export function modelOf(objects: readonly Found[]): string | undefined {
  for (const { value } of objects)
    for (const name of Object.keys(value)) {
      const model = name.length < 32 && MODELS.test(name) ? textAt(value, name) : undefined;
      if (model !== undefined && model.length <= 256) return model;
    }
  return undefined;
}

/** Sampling parameters that stand in any object of the entry, the outermost first. `n` and `p` may be anything there. */
const { n: _, ...SAMPLING } = PARAM_PLACES;
const PARAMS = Object.values(SAMPLING)
  .flat()
  .filter((name) => name !== 'p');

export function paramsIn(objects: readonly Found[]): Json {
  const params: Record<string, unknown> = {};
  for (const { value } of objects)
    for (const name of PARAMS)
      if (!(name in params) && numberIn(value[name]) !== undefined) params[name] = value[name];
  return params;
}

/** What asks, as a body, and where it was read from. */
export interface Asked {
  readonly request: Json;
  /** the object of the entry that it was read from */
  readonly source: Json;
}

/** Whether an answer stands there as a text; one of several words is more than a status (`result: "ok"`). */
export function saysAnswer(objects: readonly Found[], text = /./s): boolean {
  return objects.some(({ value }) =>
    Object.entries(value).some(
      ([name, held]) => ANSWERS.test(name) && typeof held === 'string' && text.test(held),
    ),
  );
}
