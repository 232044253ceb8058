import { roleKind } from '../turns.ts';
import { nameBeside, nameInFlat } from './account-names.ts';
import { type ReadAnswer, readAnswer } from './answer.ts';
import { ANSWERS, holdsAnswer, USAGES } from './client-fields.ts';
import { ASKS, bodyIn, type Found, objectsIn, SYSTEMS } from './entry-objects.ts';
import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, listOf, nameAt, numberIn, objectOf, smallNames, textAt } from './fields.ts';
import { isItem, partsOf, roleOf, textOf } from './message-names.ts';
import { PARAM_PLACES, readRequest } from './request.ts';
import { timeIn } from './times-beside.ts';
import { tokensOf } from './token-counts.ts';
import { writtenMessages } from './written-messages.ts';

/**
 * A call whose facts lie scattered over an entry of a product that nobody knows: its messages, its answer and its counts are found
 * by what they are, wherever they lie; who asked and when only in fields that whoever logs has written. Read last of all, and
 * only where a model, messages, and an answer or counts are there.
 */

const MODELS =
  /^(?:(?:ls|llm|ai|request|response|foundation)[._]?)?model(?:[._]?(?:name|id|arn))?$|^deployment(?:[._]?(?:name|id))?$/i;

/**
 * Objects without those that a customer wrote as JSON where its words stand: what was asked is then that text. It is a body only where
 * every word of it is read from its messages, and an entry only where nothing was answered outside of it.
 */
function unquoted(objects: readonly Found[]): readonly Found[] {
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
function requestOf(objects: readonly Found[]): Asked | undefined {
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
function answerOf(objects: readonly Found[], request: Json): Json | undefined {
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
function usageOf(objects: readonly Found[]): Json | undefined {
  const counted = objects.filter(({ value }) => {
    const { input, output } = tokensOf(value);
    return input !== undefined && output !== undefined;
  });
  return (counted.find(({ path }) => USAGES.test(path.at(-1) ?? '')) ?? counted[0])?.value;
}

function modelOf(objects: readonly Found[]): string | undefined {
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

function paramsIn(objects: readonly Found[]): Json {
  const params: Record<string, unknown> = {};
  for (const { value } of objects)
    for (const name of PARAMS)
      if (!(name in params) && numberIn(value[name]) !== undefined) params[name] = value[name];
  return params;
}

interface Asked {
  readonly request: Json;
  /** the object of the entry that it was read from */
  readonly source: Json;
}

interface Call extends Asked {
  readonly answer: Json | undefined;
  readonly usage: Json | undefined;
  readonly model: string;
  /** whoever logs names the model, and the body is a text that a customer may have written */
  readonly isModelTold: boolean;
  readonly objects: readonly Found[];
}

function callIn(entry: Json): Call | undefined {
  const all = [...unquoted(objectsIn(entry))].sort((a, b) => a.texts - b.texts);
  // nobody asks in the words of an answer
  const asked = requestOf(all.filter(({ isAnswered }) => !isAnswered));
  if (asked === undefined) return undefined;
  const { request, source } = asked;
  // fields of a message and of JSON in its words are the customer's, but for the body that asks
  const objects = all.filter(
    ({ value, words, isSaid }) => value === source || (words === undefined && !isSaid),
  );
  const outer = modelOf(objects.filter(({ words }) => words === undefined));
  const model = outer ?? modelOf(objects);
  if (model === undefined) return undefined;
  // an answer that stands outside of what asks is the service's: one within it, and its counts, the customer may have written
  const outside = objects.filter(isOutside(objects, source));
  const own = answerOf(outside, source);
  const told = own === undefined && !saysAnswer(outside, /\s/) ? objects : outside;
  const answer = own ?? answerOf(told, source);
  const usage = usageOf(told);
  const last = lastAnswer(request);
  if (answer === undefined && usage === undefined && last === undefined && !saysAnswer(objects))
    return undefined;
  const isWritten = objects.some(({ value, words }) => value === source && words !== undefined);
  return {
    ...asked,
    answer: answer ?? last,
    usage,
    model,
    isModelTold: isWritten && outer !== undefined,
    objects,
  };
}

/** The last message of a conversation that holds its answer too. */
function lastAnswer(request: Json): Json | undefined {
  const last = objectOf(listOf(request.messages).at(-1));
  return last !== undefined && /assistant|^ai$|model|bot/i.test(textAt(last, 'role') ?? '')
    ? last
    : undefined;
}

/** Whether an answer stands there as a text; one of several words is more than a status (`result: "ok"`). */
function saysAnswer(objects: readonly Found[], text = /./s): boolean {
  return objects.some(({ value }) =>
    Object.entries(value).some(
      ([name, held]) => ANSWERS.test(name) && typeof held === 'string' && text.test(held),
    ),
  );
}

/** Tells objects that lie outside of the one that asks. */
function isOutside(objects: readonly Found[], source: Json): (found: Found) => boolean {
  const toAsked = objects.find(({ value }) => value === source)?.path ?? [];
  return ({ path }) => toAsked.some((name, i) => path[i] !== name);
}

/** Fields of an entry that asks itself which may be the request's own. */
const OF_REQUESTS = /^(?:user|metadata)$/i;

/**
 * Objects in which whoever logs may say whose a call is, and when: not those within the object that asks, which may be the request's own,
 * and not that object itself where the answer stands outside of it, as then it is the body of the request.
 */
function besideAsked({ objects, source }: Call): readonly Found[] {
  const [root] = objects;
  if (root?.value === source) return objects.filter(({ path }) => !OF_REQUESTS.test(path[0] ?? ''));
  const outside = isOutside(objects, source);
  const isBody = objects.some(
    (found) => outside(found) && Object.entries(found.value).some(([name, held]) => holdsAnswer(name, held)),
  );
  return objects.filter((found) => outside(found) || (found.value === source && !isBody));
}

/** The account: of the outermost object that names one in a field of whoever logs; of an entry that asks itself in some fields only. */
function accountIn(call: Call): string | undefined {
  return (
    besideAsked(call)
      .filter(({ isLogged }) => isLogged)
      .map(({ value }) =>
        value === call.source
          ? (nameInFlat(value) ?? nameAt(value, 'user', 'id') ?? nameAt(value, 'consumer'))
          : nameBeside(value),
      )
      // of twelve digits are the accounts of a cloud
      .find((name) => name !== undefined && !/^\d{12}$/.test(name))
  );
}

/** When: as whoever logs says, else wherever a time stands that the customer did not write. */
function timeOf(call: Call): string | undefined {
  const objects = besideAsked(call);
  const inFirst = (some: readonly Found[]) =>
    some.map(({ value }) => timeIn(value)).find((time) => time !== undefined);
  return inFirst(objects.filter(({ isLogged }) => isLogged)) ?? inFirst(objects);
}

/** An entry is asked about when it is recognised, when it is judged whole, and when it is read: its parts are looked for once. */
const calls = new WeakMap<Json, Call | false>();

/** Go and .NET write names that begin with capitals. */
function callOf(entry: Json): Call | undefined {
  const known = calls.get(entry);
  if (known !== undefined) return known || undefined;
  const call = callIn(entry) ?? callIn(objectOf(smallNames(entry)) ?? entry);
  calls.set(entry, call ?? false);
  return call;
}

export const SCATTERED: ExportShape = {
  name: 'scattered',
  source: 'an entry of no known product: the parts of a call by what they are',
  matches: (entry) => callOf(entry) !== undefined,
  pair: (entry) => {
    const call = callOf(entry);
    if (call === undefined) return {};
    const root = entry;
    return {
      ...{
        id: root.id ?? root.request_id ?? root.requestId,
        status: at(root, 'status_code') ?? at(root, 'status'),
      },
      ...{ url: root.url ?? root.path ?? root.endpoint, headers: root.headers },
      ...{ client_ip: root.client_ip ?? root.clientIp ?? root.ip, user_agent: root.user_agent },
      account: accountIn(call),
      time: timeOf(call),
      usage: call.usage,
      request: { ...paramsIn(call.objects), ...call.request, ...modelled(call) },
      response: call.answer ?? {},
    };
  },
};

/** A model that the body names comes before one beside it. */
function modelled({ request, model, isModelTold }: Call): Json {
  const named = textAt(request, 'model') ?? textAt(request, 'modelId') ?? model;
  return { model: isModelTold ? model : named };
}

/** Whether a pair names who asked, when, and which model: then nothing of it has to be looked for elsewhere. */
export function isWholePair(pair: Json): boolean {
  const request = objectOf(pair.request) ?? {};
  const bodies = [request, at(request, 'body'), pair, pair.response, at(pair.response, 'body')].map(jsonIn);
  const isModelled =
    bodies.some((body) => textAt(body, 'model') !== undefined) ||
    /model/.test(textAt(pair, 'url') ?? '') ||
    readRequest(request)?.model !== undefined;
  return isModelled && timeIn(pair) !== undefined && nameBeside(pair) !== undefined;
}
