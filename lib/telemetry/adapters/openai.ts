import { kindOf, printable } from '../reason.ts';
import { nameBeside } from './account-names.ts';
import {
  ADAPTER_DEFAULTS,
  type Adapted,
  type Adapter,
  type AdapterDefaults,
  type Found,
  NO_CALL,
  refused,
  single,
} from './adapter.ts';
import { type ReadAnswer, readAnswer, saysWords } from './answer.ts';
import { isAnswerOfModel, isBodyItself, readByModel } from './asked-ways.ts';
import { accountOf, type ClientTrust, claimOf, NO_TRUST } from './claimed-accounts.ts';
import { outcomeFrom } from './endings.ts';
import { endingsBeside } from './endings-beside.ts';
import { at, headersOf, type Json, jsonIn, nameAt, numberAt, objectOf, textAt } from './fields.ts';
import { printedIn } from './literals.ts';
import { isOtherAnswer, isOtherEndpoint, isOtherModel, isOtherRequest } from './model-calls.ts';
import { wordlessDigest } from './read-message.ts';
import { type ReadRequest, readRequest } from './request.ts';
import { isoFrom } from './times.ts';
import { timeIn } from './times-beside.ts';
import { tokensOf } from './token-counts.ts';

/**
 * OpenAI-compatible pairs as proxies log them: `{request, response}` with the bodies themselves or `{headers, body}`, of Chat
 * Completions, Completions, Responses or Anthropic Messages; a streamed answer may be the list of its chunks or the text of
 * its event stream. Who asked stands beside the bodies: `account`, `time`, `ip` (or `client_ip`), `asn`, `tls`, `customer`;
 * else `request.user` and the headers are taken.
 */
export const fromOpenAi: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const request = requestBody(json);
  if (request === undefined) return refused('request', kindOf(at(json, 'request')), 'no request body');
  if ('contents' in request && !('messages' in request))
    return refused(
      'request.contents',
      kindOf(request.contents),
      'a body of Gemini: read it with --from gemini or --from auto',
    );
  return fromPair(json, request, defaults, true);
};

/** Pairs of the Gemini API and of Vertex AI (`generateContent`), in the same places as OpenAI-compatible ones. */
export const fromGemini: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const request = requestBody(json);
  if (request === undefined) return refused('request', kindOf(at(json, 'request')), 'no request body');
  return fromPair(json, request, defaults, true);
};

function requestBody(json: unknown): Json | undefined {
  const held = requestIn(json);
  const wrapper = wrapperIn(json);
  return objectOf(bodyIn(wrapper)) ?? objectOf(at(wrapper, 'json_data')) ?? objectOf(held);
}

/** What a logger wrote around a body: its address, its headers. Undefined where the body itself stands there, all of it the client's. */
function wrapperIn(json: unknown): Json | undefined {
  const held = objectOf(requestIn(json));
  return held === undefined || isBodyItself(held) ? undefined : held;
}

/** A request is asked for in several places; where it stands as text it is parsed once. */
const requests = new WeakMap<Json, unknown>();

function requestIn(json: unknown): unknown {
  const entry = objectOf(json);
  if (entry === undefined) return undefined;
  if (!requests.has(entry)) requests.set(entry, valueIn(entry.request));
  return requests.get(entry);
}

/** A body that is text: JSON, JSON of JSON, or as Python and others print an object. */
function valueIn(written: unknown): unknown {
  const held = jsonIn(jsonIn(written));
  return typeof held === 'string' && held.startsWith('{') ? (objectOf(printedIn(held)) ?? held) : held;
}

/** Whether an entry is a pair whose request has a body. */
export function hasRequest(json: unknown): boolean {
  const request = requestBody(json);
  if (request === undefined) return false;
  if (readRequest(request) !== undefined) return true;
  const response = valueIn(answerOf(json));
  const answer = bodyIn(response) ?? response;
  // asked otherwise, and answered as no language model does: a pair all the same, and no call
  return readRequest(readByModel(request, answer)) !== undefined || isOtherAnswer(answer);
}

/** The body of a logged request or answer, where it is logged with its headers; some loggers write it in base64. */
function bodyIn(held: unknown): unknown {
  const body = at(held, 'body');
  const isBase64 =
    at(held, 'isBase64Encoded') === true || (at(held, 'encoding') ?? at(held, 'bodyEncoding')) === 'base64';
  if (typeof body !== 'string' || !isBase64) return jsonIn(body);
  return jsonIn(Buffer.from(body, 'base64').toString('utf8'));
}

/** Where an account may stand in a pair, for the message of an entry without one. */
const ACCOUNT_PLACES =
  'account, customer.id, tenant_id, user.id, request.user, request.safety_identifier, metadata.user_id, metadata.user, consumer.username, requester, user_id, openai-organization';

/** Names under which a streamed answer is kept as the list of its chunks. */
const CHUNKS = ['response_chunks', 'stream_chunks', 'response_stream', 'chunks'];

function answerOf(json: unknown): unknown {
  const held =
    at(json, 'response') ?? CHUNKS.map((name) => at(json, name)).find((list) => list !== undefined);
  const chunks = ['chunks', 'stream', 'events'].map((name) => at(held, name)).find(Array.isArray);
  return Array.isArray(chunks) && at(held, 'choices') === undefined ? chunks : held;
}

/**
 * Reads a pair whose request is found.
 * @param isSent whether the request is the body as it was sent, which holds no answer
 */
export function fromPair(json: unknown, request: Json, defaults: AdapterDefaults, isSent: boolean): Adapted {
  const response = valueIn(answerOf(json));
  const answerBody = bodyIn(response) ?? response;
  if (isOther(json, request, answerBody)) return NO_CALL;
  const asked = readRequest(readByModel(request, answerBody));
  if (asked === undefined && isEncrypted(request))
    return refused('request', kindOf(request), 'the body is encrypted: decrypt it with your key first');
  if (asked === undefined)
    return 'method' in request || 'headers' in request || 'url' in request
      ? refused('request.body', kindOf(request.body), 'the request was logged without its body')
      : refused(
          'request',
          printable(Object.keys(request).slice(0, 8).join(', ')),
          'no messages, input, prompt or contents in the body',
        );
  const answer = readAnswer(answerBody);
  const completion = answer.text ?? (isSent || isAnswerOfModel(answerBody) ? '' : undefined);
  const isSaid = !isSent || answer.endings.length > 0;
  const ended = isSaid ? answer : { ...answer, endings: endingsBeside(json) };
  return single(
    { ...foundIn(json, request, asked, ended, defaults.clients ?? NO_TRUST), completion },
    defaults,
    ACCOUNT_PLACES,
  );
}

/** https://developers.cloudflare.com/ai-gateway/observability/logging/logpush/ : the body, its key and its initial vector */
function isEncrypted(body: Json): boolean {
  return body.type === 'encrypted' || ('iv' in body && ('data' in body || 'ciphertext' in body));
}

function isOther(json: unknown, request: Json, answer: unknown): boolean {
  const wrapper = wrapperIn(json);
  const url =
    textAt(wrapper, 'url') ??
    textAt(wrapper, 'path') ??
    textAt(wrapper, 'uri') ??
    textAt(json, 'url') ??
    textAt(json, 'path') ??
    textAt(json, 'endpoint');
  if (url !== undefined && isOtherEndpoint(url)) return true;
  if (isOtherAnswer(answer)) return true;
  // what a client adds to its request makes no other call of it
  if (isAnswerOfModel(answer)) return false;
  if (isOtherRequest(request)) return !saysWords(answer) && (countsBeside(json).output ?? 0) === 0;
  const chat = 'messages' in request || 'contents' in request;
  return !chat && isOtherModel(textAt(request, 'model') ?? textAt(answer, 'model') ?? '');
}

function foundIn(
  json: unknown,
  request: Json,
  asked: ReadRequest,
  answer: ReadAnswer,
  clients: ClientTrust,
): Found {
  const wrapper = wrapperIn(json);
  const headers = headersOf(wrapper?.headers ?? at(json, 'headers'));
  const status = statusOf(json);
  const beside = countsBeside(json);
  const id = textAt(json, 'id') ?? textAt(json, 'request_id') ?? textAt(json, 'requestId');
  return {
    id: id ?? answer.id ?? headers['x-request-id'],
    providerId: id === undefined,
    time:
      timeIn(json) ??
      isoFrom(wrapper?.time) ??
      (wrapper?.method === undefined ? isoFrom(wrapper?.timestamp) : timeIn(wrapper)) ??
      isoFrom(answer.created),
    ...accountOf(
      nameAt(json, 'account') ?? nameAt(json, 'customer', 'id') ?? nameBeside(json),
      {
        'openai-organization': headers['openai-organization'],
        'request.user': nameAt(request, 'user'),
        'request.safety_identifier': nameAt(request, 'safety_identifier'),
        'request.metadata.user_id': nameAt(request, 'metadata', 'user_id'),
      },
      clients,
    ),
    model: shortModel(asked.model ?? textAt(json, 'model') ?? answer.model ?? modelInUrl(json)),
    messages: asked.messages,
    beside: wordlessDigest(asked.messages),
    inputTokens: answer.inputTokens ?? beside.input,
    outputTokens: answer.outputTokens ?? beside.output,
    params: asked.params,
    outcome: outcomeFrom([
      ...answer.endings,
      ...(status !== undefined && (status >= 400 || status === 0) ? (['error'] as const) : []),
    ]),
    ip:
      textAt(json, 'ip') ??
      textAt(json, 'client_ip') ??
      headers['x-forwarded-for'] ??
      headers['x-real-ip'] ??
      headers['cf-connecting-ip'],
    asn: numberAt(json, 'asn') ?? textAt(json, 'asn'),
    tls: textAt(json, 'tls') ?? (clients.trusted.has('x-ja4') ? headers['x-ja4'] : undefined),
    userAgent: textAt(json, 'user_agent') ?? headers['user-agent'],
    credential:
      textAt(json, 'credential') ??
      claimOf(
        {
          authorization: headers.authorization,
          'x-api-key': headers['x-api-key'],
          'api-key': headers['api-key'],
        },
        clients,
      ),
    plan: textAt(json, 'customer', 'plan'),
    product: textAt(json, 'customer', 'product'),
    createdAt: isoFrom(at(json, 'customer', 'createdAt') ?? at(json, 'customer', 'created_at')),
    payment: textAt(json, 'customer', 'payment'),
  };
}

function statusOf(json: unknown): number | undefined {
  return (
    numberAt(json, 'response', 'status') ??
    numberAt(json, 'response', 'status_code') ??
    numberAt(json, 'response', 'statusCode') ??
    numberAt(json, 'status') ??
    numberAt(json, 'status_code') ??
    numberAt(json, 'response_status_code')
  );
}

/** Token counts that a gateway writes beside the bodies. */
function countsBeside(json: unknown): ReturnType<typeof tokensOf> {
  const holders = [at(json, 'usage'), at(json, 'llm_summary'), at(json, 'metrics'), json];
  return (
    holders.map(tokensOf).find(({ input, output }) => input !== undefined || output !== undefined) ?? {
      input: undefined,
      output: undefined,
    }
  );
}

/** Of a resource name the model: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference */
function shortModel(named: string | undefined): string | undefined {
  return named?.replace(/^projects\/[^ ]{1,400}\/models\//, '');
}

/** Gemini names its model in the address: models/gemini-2.5-flash:generateContent. */
function modelInUrl(json: unknown): string | undefined {
  const wrapper = wrapperIn(json);
  const url =
    textAt(wrapper, 'url') ?? textAt(json, 'url') ?? textAt(wrapper, 'path') ?? textAt(json, 'path');
  return /\/(?:models|deployments)\/([^/:?]+)/.exec(url ?? '')?.[1];
}
