import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ADAPTER_DEFAULTS } from '../../../lib/telemetry/adapters/adapter.ts';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { GATEWAY_SHAPES } from './gateway-shapes/index.ts';
import { readEntries } from './gateway-shapes/read-entries.ts';
import { ASKED, TIME, USUAL } from './gateway-shapes/shape.ts';

/**
 * A customer who puts more into the body of its request than its API takes. Services leave out what they do not know, gateways log it
 * as it was sent, and nobody may be hidden, renamed or spoken for by it.
 */
type Json = Readonly<Record<string, unknown>>;

const strict = { ...ADAPTER_DEFAULTS, clients: { trusted: new Set<string>(), strict: true } };
const VICTIM = 'victim';
const PAST = '2016-01-01T00:00:00.000Z';
const FORGED = {
  ...USUAL,
  account: VICTIM,
  customer: { plan: VICTIM, product: VICTIM, createdAt: PAST, payment: VICTIM },
};
const DECOY = [{ role: 'user', content: 'DECOY' }];

/** Fields of another who asks, of another time, of answers, and of entries of other formats. */
const OTHERS: Json = {
  ...FORGED.customer,
  ...{ account: VICTIM, account_id: VICTIM, tenant_id: VICTIM, organization_id: VICTIM, customer_id: VICTIM },
  ...{ user_id: VICTIM, userId: VICTIM, consumer: VICTIM, principal: VICTIM, customer: FORGED.customer },
  ...{ v: 1, prints: [], shape: {}, resourceSpans: [], custom_id: 'x', method: 'POST' },
  ...{ schemaType: 'ModelInvocationLog', call_type: 'aembedding', startTime: 1, modelId: 'm' },
  ...{ url: '/v1/embeddings', path: '/v1/embeddings', headers: { 'x-forwarded-for': '192.0.2.1' } },
  ...{ documents: ['a'], query: 'x', voice: 'a', dimensions: 3 },
  ...{ time: PAST, timestamp: PAST, created_at: PAST, ip: '192.0.2.1', client_ip: '192.0.2.1' },
  ...{
    response: { choices: [{ finish_reason: 'content_filter' }] },
    error: { message: VICTIM },
    status: 500,
  },
  ...{ usage: { prompt_tokens: 1, completion_tokens: 1 }, finish_reason: 'content_filter', status_code: 500 },
  ...{ output: VICTIM, completion: VICTIM, choices: [{ finish_reason: 'content_filter' }] },
  ...{ credential: VICTIM, tls: VICTIM, asn: 64_500, extra: FORGED, data: JSON.stringify(FORGED) },
};

/** Fields by which other APIs are asked. */
const DECOYS: Json = {
  ...{ body: { messages: DECOY }, json_data: { messages: DECOY }, payload: { message: { text: DECOY } } },
  ...{ messages: DECOY, contents: [{ role: 'user', parts: [{ text: 'DECOY' }] }], message: 'DECOY' },
  ...{ input: DECOY, inputText: 'DECOY', inputs: 'DECOY', instances: [{ messages: DECOY }], context: DECOY },
  ...{ config: 'm', prompt: 'DECOY', Messages: [{ Role: 'user', Content: 'DECOY' }] },
  ...{ text_input: 'DECOY', chatRequest: { message: 'DECOY' }, chat_history: DECOY },
  ...{ max_context_length: 1, max_length: 7 },
  orchestration_config: { module_configurations: { templating_module_config: { template: DECOY } } },
};

const ASKS = ['messages', 'contents', 'input', 'prompt', 'chatRequest', 'text_input'];

/** An entry whose request's body has more fields; undefined where no body stands there under these names. */
function withFields(entry: unknown, fields: Json, isFirst: boolean): unknown {
  const { request } = (entry ?? {}) as Json;
  const body = (request as Json | undefined)?.body ?? request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const own = body as Json;
  if (!ASKS.some((name) => own[name] !== undefined)) return undefined;
  const more = Object.fromEntries(Object.entries(fields).filter(([name]) => !(name in own)));
  const grown = isFirst ? { ...more, ...own } : { ...own, ...more };
  return { ...(entry as Json), request: body === request ? grown : { ...(request as Json), body: grown } };
}

/** Who asked, when, and how it ended. */
function factsOf({ account, customer, time, origin, outcome, usage, completion }: Exchange) {
  return { account, customer, time, origin, outcome, usage, completion };
}

function read(entries: readonly unknown[]) {
  return readEntries(entries, strict).exchanges;
}

/**
 * Answered in the words of a chat though asked by a prompt, so that their answers do not tell how they were asked; and a service that
 * refuses fields it does not know.
 */
const AMBIGUOUS: ReadonlySet<string> = new Set([
  ...['a question where few look: prompt', 'a question where few look: prompt and input'],
  ...['a suffix, which is asked too', 'Mistral FIM completion'],
  'Bedrock RetrieveAndGenerate is a model call',
]);

const PAIRS = GATEWAY_SHAPES.flatMap(({ name, entries }) => {
  const [entry] = entries;
  const isOne = entries.length === 1 && withFields(entry, {}, true) !== undefined;
  const [exchange, ...more] = isOne ? read(entries) : [];
  return exchange === undefined || more.length > 0 ? [] : [{ name, entry, exchange }];
});

describe('fields that a client adds to the body of its request', () => {
  it('are added to as many logs as the security model says', () => {
    const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
    expect(page).toContain(`Of ${PAIRS.length} logged\nshapes`);
    expect(page).toContain(`of all but ${AMBIGUOUS.size} of them`);
  });

  it.each([true, false])(
    'hide no call, end none otherwise and name nobody else (before the others: %s)',
    (isFirst) => {
      const wrong = PAIRS.flatMap(({ name, entry, exchange }) => {
        const got = read([withFields(entry, OTHERS, isFirst)]);
        const who = got.map(factsOf);
        return JSON.stringify(who) === JSON.stringify([factsOf(exchange)])
          ? []
          : [`${name}: ${JSON.stringify(who)}`];
      });
      expect(wrong).toEqual([]);
    },
  );

  it.each([true, false])('do not replace what was asked, as the answer tells (before: %s)', (isFirst) => {
    const wrong = PAIRS.flatMap(({ name, entry, exchange }) => {
      if (AMBIGUOUS.has(name)) return [];
      const [got] = read([withFields(entry, DECOYS, isFirst)]);
      const asked = (exchange.messages.findLast(({ role }) => role === 'user') ?? exchange.messages.at(-1))
        ?.content;
      const has = got?.messages.some(({ content }) => content === asked);
      return has === true ? [] : [`${name}: ${JSON.stringify(got?.messages)}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe('fields of another API beside those that were read', () => {
  const response = { object: 'response', output: [{ type: 'message', role: 'assistant', content: 'x' }] };
  const chat = { choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }] };
  const proxied = {
    ...{ id: 'l', call_type: 'acompletion', model: 'm-1', startTime: TIME, messages: {} },
    metadata: { user_api_key_team_id: 'acme' },
  };
  const question = ASKED[0]?.content;

  it.each<readonly [string, object]>([
    [
      'a request that LiteLLM keeps, with a body of its own',
      { ...proxied, proxy_server_request: { messages: ASKED, body: { messages: DECOY } }, response: chat },
    ],
    [
      'a body that LiteLLM logs as messages',
      { ...proxied, messages: { input: question, messages: DECOY }, response },
    ],
    [
      'an answer of Responses',
      { account: 'a', time: TIME, request: { model: 'm', input: question, messages: DECOY }, response },
    ],
    [
      'a stream of Responses',
      {
        ...{ account: 'a', time: TIME, request: { model: 'm', input: question, contents: DECOY } },
        response: [
          { type: 'response.created', response },
          { type: 'response.completed', response },
        ],
      },
    ],
    [
      'a stream as text',
      {
        ...{ account: 'a', time: TIME, request: { model: 'm', prompt: question, messages: DECOY } },
        response: 'data: {"object":"text_completion","choices":[{"text":"x"}]}\n\ndata: [DONE]\n\n',
      },
    ],
    [
      'a body of somebody’s own gateway, with a body of its own',
      {
        account: 'a',
        time: TIME,
        req: { model: 'm', messages: ASKED, body: { messages: DECOY } },
        res: chat,
      },
    ],
    [
      'a request of a batch, with params of its own',
      {
        ...{ custom_id: 'c', account: 'a', time: TIME, result: { message: { content: 'x' } } },
        request: { model: 'm', messages: ASKED, params: { messages: DECOY } },
      },
    ],
    [
      'a prompt that Bedrock logs, beside fields of a ranking',
      {
        ...{ schemaType: 'ModelInvocationLog', timestamp: TIME, requestId: 'r', modelId: 'm' },
        ...{ operation: 'InvokeModel', identity: { arn: 'arn:aws:iam::123456789012:role/acme' } },
        input: { inputBodyJson: { prompt: question, query: 'x', documents: ['a'] } },
        output: { outputBodyJson: { completion: 'x', stop_reason: 'stop_sequence' } },
      },
    ],
    [
      'a message that Bedrock logs, beside fields of an embedding',
      {
        ...{ schemaType: 'ModelInvocationLog', timestamp: TIME, requestId: 'r', modelId: 'm' },
        ...{
          operation: 'InvokeModelWithResponseStream',
          identity: { arn: 'arn:aws:iam::123456789012:role/acme' },
        },
        input: { inputBodyJson: { message: question, dimensions: 3, voice: 'a' } },
        output: { outputBodyJson: [{ event_type: 'text-generation', text: 'By the moon.' }] },
      },
    ],
    [
      'an answer of no known API, beside a ranking',
      {
        ...{ account: 'a', time: TIME, response: { outputs: [{ type: 'message.output', content: 'x' }] } },
        request: { model: 'm', inputs: ASKED, query: 'x', documents: ['a'], message: 'DECOY', input: DECOY },
        usage: { prompt_tokens: 7, completion_tokens: 9 },
      },
    ],
    [
      'contents of Gemini, with a content of its own',
      {
        ...{ account: 'a', time: TIME, response: { candidates: [{ content: { parts: [{ text: 'x' }] } }] } },
        request: { model: 'm', contents: [{ role: 'user', parts: [{ text: question }], content: 'DECOY' }] },
      },
    ],
  ])('are not what was asked: %s', (_, entry) => {
    const exchanges = read([entry]);
    expect(exchanges.map(({ messages }) => messages)).toEqual([ASKED]);
  });
});

/** Bodies under names of nobody's product, beside whoever logs. */
describe('a body under a name of no product, whose answer stands beside it', () => {
  const told = { timestamp: TIME, tenant_id: 'acme', model: 'm-1' };
  const answered = { reply: { text: 'x' }, usage: { input_tokens: 7, output_tokens: 9 } };
  const unanswered = { reply: undefined, usage: undefined };
  const body = { model: 'm-1', messages: ASKED };
  const refusal = {
    finish_reason: 'content_filter',
    text: VICTIM,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const forged = { ...body, ...FORGED, messages: ASKED, response: refusal, metadata: { x: FORGED } };

  it.each<readonly [string, Json]>([
    ['payload', { payload: forged }],
    ['payload, as text', { payload: JSON.stringify(forged) }],
    ['a field that carries lines', { raw: JSON.stringify(forged) }],
    ['data', { data: { call: { ...forged, usage: { input_tokens: 1 } }, output: { text: 'x' } } }],
    ['a name of two words', { llm_call: forged }],
    ['a level deeper', { context: { payload: forged } }],
    ['two levels deeper', { context: { call: { payload: forged } } }],
    ['as deep as its answer', { context: { payload: forged }, done: { call: answered }, ...unanswered }],
    [
      'an answer of words',
      { context: { payload: forged }, done: { reply: 'By the moon.' }, reply: undefined },
    ],
    ['fields of messages', { turns: [{ ...ASKED[0], ...FORGED, messages: undefined, prints: [] }] }],
    ['entries in messages', { turns: [{ ...ASKED[0], extra: FORGED, data: JSON.stringify(FORGED) }] }],
  ])('is the customer’s: %s', (_, held) => {
    const exchanges = read([{ ...told, ...answered, ...held }]);
    expect(exchanges.map(({ account, outcome, usage }) => ({ account, outcome, usage }))).toEqual([
      { account: 'acme', outcome: 'ok', usage: { inputTokens: 7, outputTokens: 9 } },
    ]);
    expect(JSON.stringify(exchanges)).not.toContain(VICTIM);
    // nor does it name somebody where nobody else does
    const { tenant_id: _tenant, ...unnamed } = told;
    expect(JSON.stringify(read([{ ...unnamed, ...answered, ...held }]))).not.toContain(VICTIM);
  });

  it('is the customer’s as bytes too', () => {
    const bytes = Buffer.from(JSON.stringify(forged));
    for (const raw of [[...bytes], bytes.toJSON()])
      expect(JSON.stringify(read([{ ...told, raw, ...answered }]))).not.toContain(VICTIM);
  });

  it('is a call by itself where what stands beside it is another call', () => {
    const call = (account: string) => ({ ...body, account, time: TIME, response: 'By the moon.' });
    const exchanges = read([{ steps: { first: call('a'), second: call('b') } }]);
    expect(exchanges.map(({ account }) => account)).toEqual(['a', 'b']);
  });

  it('is no event, no span and no other entry because of fields that were spread into a line', () => {
    for (const more of [{ prints: [] }, { resourceSpans: [] }, { schemaType: 'ModelInvocationLog' }])
      expect(read([{ ...told, ...body, ...more, response: 'x' }])).toHaveLength(1);
  });
});

describe('a span of a proxy', () => {
  const attribute = ([key, stringValue]: readonly [string, string]) => ({ key, value: { stringValue } });
  const span = (more: readonly (readonly [string, string])[]) => {
    const attributes = [
      ['gen_ai.operation.name', 'chat'],
      ['gen_ai.request.model', 'm-1'],
      ['gen_ai.input.messages', JSON.stringify(ASKED)],
      ...more,
    ] as const;
    const startTimeUnixNano = `${Date.parse(TIME)}000000`;
    const spans = [{ name: 'chat', spanId: 'a', startTimeUnixNano, attributes: attributes.map(attribute) }];
    return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  };

  // instrumentations copy `user` and `metadata` of the request: https://docs.litellm.ai/docs/proxy/logging_spec
  it.each(['user.id', 'metadata.user_id', 'enduser.pseudo.id', 'langsmith.metadata.user_id'])(
    'is of the key that it authenticated, whatever %s says',
    (name) => {
      const [exchange] = read([
        span([
          [name, VICTIM],
          ['metadata.user_api_key_team_id', 'acme'],
        ]),
      ]);
      expect(exchange?.account).toBe('acme');
    },
  );
});
