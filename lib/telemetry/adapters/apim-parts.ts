import { at, type Json, jsonIn, nameAt, objectOf, textAt } from './fields.ts';
import { readRequest } from './request.ts';

/**
 * Azure API Management writes messages of more than 32 KB in parts with sequence numbers, and the model and the counts in the first
 * line alone: https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
 */

/** A field of Azure's records, or of the table that they are written to. */
export function namedIn(held: Json, name: string): unknown {
  return held[name] ?? held[`${name[0]?.toUpperCase()}${name.slice(1)}`];
}

export function correlationOf(entry: Json): string | undefined {
  return (
    nameAt(entry, 'correlationId') ??
    nameAt(entry, 'CorrelationId') ??
    nameAt(entry, 'properties', 'correlationId')
  );
}

const fieldsOf = (entry: Json): Json => objectOf(entry.properties) ?? entry;

/**
 * The bodies in a record of the gateway's log, where its diagnostic setting keeps them of a call of a model: what the backend got and
 * gave, else what the client sent and got (https://learn.microsoft.com/azure/api-management/gateway-log-schema-reference).
 * Undefined where it keeps none, or those of another API.
 */
export function apimBodies(entry: Json): { request: unknown; response: unknown } | undefined {
  const held = fieldsOf(entry);
  const request = jsonIn(namedIn(held, 'backendRequestBody') ?? namedIn(held, 'requestBody'));
  const backend = namedIn(held, 'backendResponseBody');
  const response = jsonIn(backend ?? namedIn(held, 'responseBody'));
  if (backend !== undefined) return { request, response };
  const body = objectOf(request);
  const asks =
    body === undefined
      ? // cut: the gateway keeps 8,192 bytes at most
        typeof request === 'string' && CUT_CALL.test(request.slice(0, 1_000))
      : readRequest(body) !== undefined;
  return asks && namedIn(held, 'apimSubscriptionId') !== undefined ? { request, response } : undefined;
}
const CUT_CALL = /^\s{0,64}\{[\s\S]{0,900}"(?:messages|input|prompt|contents)"\s{0,9}:/;

/** A part this long may have another one behind it. */
const LONG = 24_000;

/** Whether a line, or what was put together of some, tells a whole call. */
export function isWholeApim(entry: Json): boolean {
  const held = fieldsOf(entry);
  const written = namedIn(held, 'requestMessages');
  const messages = jsonIn(written);
  const isRead = typeof messages !== 'string' && messages !== undefined && messages !== null;
  return isRead && isTold(held) && !(typeof written === 'string' && written.length >= LONG);
}

/** The first line of a call names its model. */
function isTold(held: Json): boolean {
  const model = namedIn(held, 'modelName');
  const deployment = namedIn(held, 'deploymentName');
  return [model, deployment].some((name) => typeof name === 'string' && name !== '');
}

/** One line of a call's parts; whichever order they came in. */
export function apimWhole(parts: readonly Json[]): Json {
  const [only] = parts;
  if (only === undefined || parts.length === 1) return only ?? {};
  const ordered = parts.toSorted((a, b) => sequenceOf(a) - sequenceOf(b));
  const told = ordered.find((part) => isTold(fieldsOf(part))) ?? only;
  const messages = {
    requestMessages: together(ordered.map((part) => namedIn(fieldsOf(part), 'requestMessages'))),
    responseMessages: together(ordered.map((part) => namedIn(fieldsOf(part), 'responseMessages'))),
  };
  const properties = objectOf(told.properties);
  return properties === undefined
    ? { ...told, ...messages }
    : { ...told, properties: { ...properties, ...messages } };
}

function sequenceOf(entry: Json): number {
  const number = Number(namedIn(fieldsOf(entry), 'sequenceNumber') ?? entry.SequenceNumber ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** A text that was cut is JSON again when it is whole; lists of messages follow one another, and a message goes on in the next list. */
function together(parts: readonly unknown[]): unknown {
  const written = parts.filter((part) => part !== undefined && part !== null && part !== '');
  const read = written.map(jsonIn);
  if (!read.every((list): list is unknown[] => Array.isArray(list)))
    return written.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join('');
  const messages: unknown[] = [];
  for (const list of read) {
    const [last, next] = [messages.at(-1), list[0]];
    const texts = [textAt(last, 'content'), textAt(next, 'content')];
    const goesOn = at(last, 'role') === at(next, 'role') && texts.every((text) => text !== undefined);
    if (goesOn) messages.push({ ...objectOf(messages.pop()), content: texts.join('') });
    for (const message of goesOn ? list.slice(1) : list) messages.push(message);
  }
  return messages;
}
