import { nameBeside, nameInFlat } from './account-names.ts';
import { holdsAnswer } from './client-fields.ts';
import { type Found, objectsIn } from './entry-objects.ts';
import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, listOf, nameAt, objectOf, smallNames, textAt } from './fields.ts';
import { readRequest } from './request.ts';
import {
  type Asked,
  answerOf,
  modelOf,
  paramsIn,
  requestOf,
  saysAnswer,
  unquoted,
  usageOf,
} from './scattered-parts.ts';
import { timeIn } from './times-beside.ts';

/**
 * A call whose facts lie scattered over an entry of a product that nobody knows: its messages, its answer and its counts are found
 * by what they are, wherever they lie; who asked and when only in fields that whoever logs has written. Read last of all, and
 * only where a model, messages, and an answer or counts are there.
 */
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
