import { isAsked } from '../turns.ts';
import { nameInFlat } from './account-names.ts';
import { asksItself, isAnswerOfModel } from './asked-ways.ts';
import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, objectOf, textAt } from './fields.ts';
import { isCutJson } from './json-texts.ts';
import { isOtherEndpoint } from './model-calls.ts';
import { readRequest } from './request.ts';
import { writtenMessages } from './written-messages.ts';

/**
 * Logs of somebody's own gateway, which no product documents: the two bodies under names that say so, or the facts of a call
 * in one flat entry. Read last, where nothing else knows the entry.
 */
const REQUEST =
  /^(?:[a-z]+[-_.]?)?(?:req|request|input)[-_.]?(?:body|payload|json|data|content|params|log)?$/i;
const RESPONSE =
  /^(?:[a-z]+[-_.]?)?(?:res|resp|response|output|result)[-_.]?(?:body|payload|json|data|content|log)?$/i;

/** What lies under a name: JSON or its text, in a list (BigQuery), or as the body of a logged message. */
function bodyOf(held: unknown): unknown {
  const value = jsonIn(plainHttp(Array.isArray(held) && held.length === 1 ? held[0] : held));
  if (asksItself(objectOf(value) ?? {})) return value;
  return jsonIn(at(value, 'body') ?? at(value, 'payload') ?? at(value, 'json')) ?? value;
}

/** A message of HTTP as it went over the wire, also in base64 (Tyk): its body. */
function plainHttp(held: unknown): unknown {
  if (typeof held !== 'string') return held;
  // base64 of `POST `, of `HTTP/`
  const text = /^(?:UE9TVC|SFRUUC)/.test(held) ? Buffer.from(held, 'base64').toString('utf8') : held;
  const end = /^(?:POST \S|HTTP\/\d)/.test(text) ? /\r?\n\r?\n/.exec(text.slice(0, 100_000)) : null;
  return end === null ? text : text.slice(end.index + end[0].length);
}

/** A body of another service, which makes an entry a pair too: one that is no call. */
function isOther(entry: Json, body: Json): boolean {
  const url = ['url', 'path', 'endpoint', 'uri']
    .map((name) => textAt(entry, name))
    .find((held) => held !== undefined);
  return ('query' in body && 'documents' in body) || (url !== undefined && isOtherEndpoint(url));
}

function requestIn(entry: Json): { readonly name: string; readonly body: Json } | undefined {
  for (const name of Object.keys(entry)) {
    const body = REQUEST.test(name) && !isQuestion(entry, name) ? objectOf(bodyOf(entry[name])) : undefined;
    if (body !== undefined && (readRequest(body) !== undefined || isOther(entry, body)))
      return { name, body };
  }
  return undefined;
}

/**
 * Whether a text under a name of inputs is what somebody asked, who may write JSON too: it is a body only where an API's own answer stands
 * beside it.
 */
function isQuestion(entry: Json, name: string): boolean {
  const text = entry[name];
  if (typeof text !== 'string' || !/input[-_.]?(?:content|data)?$/i.test(name)) return false;
  return !isAnswerOfModel(answerIn(entry, name));
}

function answerIn(entry: Json, not: string | undefined): unknown {
  const name = Object.keys(entry).find((key) => key !== not && RESPONSE.test(key) && isTold(entry[key]));
  return name === undefined ? undefined : bodyOf(entry[name]);
}

/** BigQuery writes a repeated column without values as an empty list. */
function isTold(held: unknown): boolean {
  return held !== undefined && held !== null && !(Array.isArray(held) && held.length === 0);
}

/** Names by which flat entries call the messages of a call. */
const MESSAGES = [
  ...[
    'messages',
    'prompt_messages',
    'input_messages',
    'request_messages',
    'requestMessages',
    'chat_history',
    'input_history',
    // https://doc.fastgpt.io (nodeResponse)
    'historyPreview',
  ],
  ...['conversation', 'prompt', 'user_prompt', 'userPrompt', 'user_message', 'userMessage'],
  ...['input', 'question', 'query'],
];
/** Names of fields that hold lists of messages, and not what somebody said. */
const LISTS = /messages$|history|conversation/i;
/** Names by which bodies of APIs ask; in a flat entry whose messages are found they hold something else. */
const ASKED_ELSEWHERE = ['message', 'contents', 'inputs', 'inputText', 'inputPrompt', 'Messages'];
const ANSWERS = [
  ...[
    'response',
    'completion',
    'completion_message',
    'output',
    'outputs',
    'responseMessages',
    'answer',
    'result',
  ],
  ...['output_messages', 'output_message', 'response_text', 'generation', 'content'],
];
const MODELS = [
  'model',
  'model_name',
  'modelName',
  'model_id',
  'modelId',
  'ai_model',
  'llm_model',
  'deployment',
  // https://docs.llmgateway.io
  ...['requestedModel', 'usedModel', 'requested_model'],
];
const STATUS = ['status', 'status_code', 'statusCode', 'http_status', 'response_status', 'responseCode'];

function first(entry: Json, names: readonly string[]): unknown {
  return names.map((name) => entry[name]).find((held) => held !== undefined && held !== null && held !== '');
}

/** The model of a flat entry, or the one that its answer's body names (AutoGen's `LLMCall`). */
function modelTold(entry: Json): unknown {
  return first(entry, MODELS) ?? textAt(jsonIn(first(entry, ANSWERS)), 'model');
}

function asked(entry: Json): unknown {
  const name = MESSAGES.find((field) => isTold(entry[field]) && entry[field] !== '') ?? '';
  const written = entry[name];
  const isPlain = typeof written !== 'string' || LISTS.test(name);
  const held =
    typeof written === 'string'
      ? (writtenMessages(written) ?? (isPlain ? jsonIn(written) : written))
      : written;
  const list = at(held, 'messages') ?? held;
  const isList = Array.isArray(list) && list.some((one) => typeof one === 'object' && one !== null);
  // JSON that is no messages, in which nobody asks, or of which words are left, is what somebody said
  if (typeof written === 'string')
    return isList && isAsked(list) ? list : isCutJson(written) ? undefined : written;
  return isList ? list : at(held, 'messages');
}

/** Who and how, beside the bodies; when is told by the names of pairs (openai.ts). */
function beside(entry: Json): Json {
  return {
    ...entry,
    account: nameInFlat(entry) ?? at(entry, 'customer', 'id'),
    status: first(entry, STATUS),
    ...present({
      usage: entry.usage ?? entry.token_usage ?? entry.tokens ?? at(jsonIn(entry.metadata), 'usage'),
    }),
    user_agent: entry.user_agent ?? entry.userAgent ?? entry.http_user_agent,
    client_ip: entry.client_ip ?? entry.clientIp ?? entry.remote_addr ?? entry.ip,
  };
}

/** The facts of an answer that stand in a flat entry. */
function answerBeside(entry: Json): Json {
  const answer = jsonIn(first(entry, ANSWERS));
  return {
    ...(Array.isArray(answer) ? listed(answer) : objectOf(answer)),
    ...(typeof answer === 'string' ? { text: answer } : {}),
    ...present({
      finish_reason: entry.finish_reason ?? entry.finishReason ?? entry.stop_reason ?? entry.stopReason,
    }),
    ...present({ error: entry.error ?? entry.error_message }),
  };
}

/** A list of answers, each of which says how it ended; any other list is parts of one. */
function listed(answer: readonly unknown[]): Json {
  const isChoice = (held: unknown) =>
    ['finish_reason', 'finishReason'].some((name) => at(held, name) !== undefined);
  return answer.some(isChoice) ? { choices: answer } : { content: answer };
}

export const OWN: readonly ExportShape[] = [
  {
    name: 'pair',
    source: 'a pair of bodies under other names than request and response',
    matches: (entry) => objectOf(entry.request) === undefined && requestIn(entry) !== undefined,
    pair: (entry) => {
      const found = requestIn(entry);
      const written = objectOf(jsonIn(entry[found?.name ?? '']));
      // in a body that stands there itself an address and headers would be the client's
      const logged = written === undefined || asksItself(written) ? undefined : written;
      return {
        ...beside(entry),
        // beside two bodies metadata is the logger's, as in any pair (openai.ts)
        account: textAt(entry, 'account'),
        headers: at(logged, 'headers') ?? entry.headers,
        url: textAt(logged, 'url') ?? textAt(logged, 'path') ?? entry.url,
        request: { ...objectOf(entry.parameters ?? entry.params), ...found?.body },
        response: answerIn(entry, found?.name),
        ...statusIn(entry),
      };
    },
  },
  {
    name: 'flat-cohere',
    source:
      'https://docs.cohere.com/v1/reference/chat: the question in `message`, what came before in `chat_history`',
    matches: (entry) =>
      modelTold(entry) !== undefined &&
      typeof entry.message === 'string' &&
      Array.isArray(jsonIn(entry.chat_history)),
    pair: (entry) => ({
      ...beside(entry),
      ...{ user: undefined, metadata: undefined },
      request: {
        model: modelTold(entry),
        ...objectOf(entry.params ?? entry.parameters),
        ...{ message: entry.message, chat_history: jsonIn(entry.chat_history), preamble: entry.preamble },
        tool_results: entry.tool_results,
      },
      response: answerBeside(entry),
    }),
  },
  {
    name: 'flat',
    source: 'one flat entry a call: model, messages, answer and counts side by side',
    matches: (entry) => modelTold(entry) !== undefined && asked(entry) !== undefined,
    pair: (entry) => {
      const held = asked(entry);
      return {
        ...beside(entry),
        // in a flat entry these may be the request's own fields, which the customer sets: they are read as such
        ...{ user: undefined, metadata: undefined },
        request: {
          ...without(entry, [...MESSAGES, ...ASKED_ELSEWHERE]),
          ...objectOf(entry.params ?? entry.parameters ?? entry.model_parameters),
          system: entry.system ?? entry.system_prompt ?? entry.systemPrompt,
          model: modelTold(entry),
          ...(typeof held === 'string' ? { prompt: held } : { messages: held }),
        },
        response: answerBeside(entry),
      };
    },
  },
];

function statusIn(entry: Json): Json {
  const logged = Object.keys(entry)
    .filter((name) => RESPONSE.test(name))
    .map((name) => objectOf(entry[name]))
    .find((held) => held !== undefined);
  const status = at(logged, 'statusCode') ?? at(logged, 'status_code') ?? at(logged, 'status');
  return typeof status === 'number' ? { status } : {};
}

function without(entry: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !names.includes(name)));
}

function present(facts: Json): Json {
  return Object.fromEntries(Object.entries(facts).filter(([, held]) => held !== undefined && held !== null));
}
