import type { Exchange } from '../../../../lib/telemetry/exchange.ts';

/**
 * What a gateway, an SDK or an instrumentation writes, and what it must come to: decided from its documentation before the
 * reader was run on it.
 */
export interface GatewayShape {
  readonly name: string;
  readonly source: string;
  /** documents in the order in which they are written */
  readonly entries: readonly unknown[];
  /** facts of the one exchange that differ from `USUAL`; or no model call; or the reason that has to be said */
  readonly expect: Partial<Exchange> | 'no call' | RegExp;
}

export const TIME = '2026-03-01T08:00:00.123Z';
export const SECONDS = 1772352000;
export const PROMPT = 'How do tides work in the north sea?';
export const ASKED: Exchange['messages'] = [{ role: 'user', content: PROMPT }];
export const SYSTEM = { role: 'system', content: 'Be brief' };
/** the same, after a system prompt */
export const BRIEFED: Exchange['messages'] = [SYSTEM, ...ASKED];
export const RESULT = 'High water at 14:05 in Cuxhaven.';
const ANSWERED = { role: 'tool', content: RESULT };
/** a question, and the result of a tool whose call nobody told */
export const INFORMED: Exchange['messages'] = [...ASKED, ANSWERED];
/** a question, a call of a tool, and its result */
export const AGENTIC: Exchange['messages'] = [...ASKED, { role: 'assistant', content: '' }, ANSWERED];
export const BRIEFED_AGENTIC: Exchange['messages'] = [SYSTEM, ...AGENTIC];

export const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The exchange that every shape tells, where it says nothing else. */
export const USUAL: Exchange = {
  v: 1,
  id: 'x',
  time: TIME,
  account: 'acct-1',
  model: 'm-1',
  messages: ASKED,
  usage: { inputTokens: 12, outputTokens: 34 },
  outcome: 'ok',
  customer: { plan: 'unknown', product: 'api', createdAt: '1970-01-01T00:00:00.000Z' },
};

/** A pair as proxies log it, who asked beside the bodies. */
export const pair = (request: object, response: unknown, beside: object = {}) => ({
  ...{ time: TIME, account: 'acct-1' },
  ...beside,
  request: { model: 'm-1', ...request },
  response,
});

/** An answer of Chat Completions. */
export const chat = (message: object = {}, choice: object = {}) => ({
  ...{ id: 'r-1', object: 'chat.completion', created: SECONDS, model: 'm-1' },
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'By the moon.', ...message },
      finish_reason: 'stop',
      ...choice,
    },
  ],
  usage: { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 },
});

export const USER = { role: 'user', content: PROMPT };

/** An answer of Responses. */
export const response = (over: object = {}) => ({
  ...{ id: 'resp_1', object: 'response', created_at: SECONDS, status: 'completed', model: 'm-1' },
  output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'By the moon.' }] }],
  usage: { input_tokens: 12, output_tokens: 34, total_tokens: 46 },
  ...over,
});

/** An answer of Anthropic Messages. */
export const anthropic = (over: object = {}) => ({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm-1', stop_reason: 'end_turn' },
  content: [{ type: 'text', text: 'By the moon.' }],
  usage: { input_tokens: 12, output_tokens: 34 },
  ...over,
});

/** An entry of Bedrock's model-invocation log. */
export const bedrock = (operation: string, input: unknown, output: unknown, over: object = {}) => ({
  ...{ schemaType: 'ModelInvocationLog', schemaVersion: '1.0', timestamp: TIME, accountId: '123456789012' },
  identity: { arn: 'arn:aws:iam::123456789012:user/gateway' },
  ...{ region: 'eu-west-1', requestId: 'q-1', operation, modelId: 'm-1' },
  requestMetadata: { account: 'acct-1' },
  input: { inputContentType: 'application/json', inputBodyJson: input, inputTokenCount: 12 },
  output: { outputContentType: 'application/json', outputBodyJson: output, outputTokenCount: 34 },
  ...over,
});

/** LiteLLM's standard logging payload: https://docs.litellm.ai/docs/proxy/logging_spec */
export const litellm = (over: object = {}) => ({
  ...{
    id: 'l-1',
    call_type: 'acompletion',
    model: 'openai/m-1',
    model_group: 'm-1',
    stream: false,
    status: 'success',
  },
  ...{
    startTime: SECONDS + 0.123,
    endTime: SECONDS + 2,
    prompt_tokens: 12,
    completion_tokens: 34,
    total_tokens: 46,
  },
  metadata: {
    user_api_key_hash: 'h',
    user_api_key_team_id: 'acct-1',
    requester_ip_address: '203.0.113.9',
    user_agent: 'sdk/1',
  },
  model_parameters: {},
  messages: [USER],
  response: chat(),
  error_information: null,
  ...over,
});

type Value = string | number | boolean | readonly unknown[] | object;

function anyValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Array.isArray(value)
    ? { arrayValue: { values: value.map((held) => anyValue(held as Value)) } }
    : { kvlistValue: { values: attributes(value as Record<string, Value>) } };
}

export function attributes(held: Readonly<Record<string, Value>>): object[] {
  return Object.entries(held).map(([key, value]) => ({ key, value: anyValue(value) }));
}

const IDS = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174' };
const NANOSECONDS = '1772352000123000000';

interface SpanParts {
  readonly name?: string;
  readonly events?: readonly { readonly name: string; readonly attributes: Record<string, Value> }[];
  readonly resource?: Record<string, Value>;
  readonly status?: object;
  readonly scope?: string;
}

/** An OTLP/JSON export of one span. */
export function span(held: Record<string, Value>, parts: SpanParts = {}) {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes(parts.resource ?? { 'service.name': 'gateway' }) },
        scopeSpans: [
          {
            scope: { name: parts.scope ?? 'instrumentation' },
            spans: [
              {
                ...IDS,
                name: parts.name ?? 'chat m-1',
                kind: 3,
                startTimeUnixNano: NANOSECONDS,
                endTimeUnixNano: '1772352002000000000',
                attributes: attributes(held),
                events: (parts.events ?? []).map((event) => ({
                  timeUnixNano: NANOSECONDS,
                  name: event.name,
                  attributes: attributes(event.attributes),
                })),
                status: parts.status ?? {},
              },
            ],
          },
        ],
      },
    ],
  };
}

/** An OTLP/JSON export of log events of the same span. */
export function logs(
  events: readonly {
    readonly name: string;
    readonly body?: Value;
    readonly attributes?: Record<string, Value>;
  }[],
) {
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': 'gateway' }) },
        scopeLogs: [
          {
            logRecords: events.map(({ name, body, attributes: held }) => ({
              ...IDS,
              timeUnixNano: NANOSECONDS,
              eventName: name,
              attributes: attributes({ 'event.name': name, ...held }),
              ...(body === undefined ? {} : { body: anyValue(body) }),
            })),
          },
        ],
      },
    ],
  };
}

/** Facts of a span of the conventions: who, which model, how many tokens. */
export const GENAI = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'm-1',
  'gen_ai.usage.input_tokens': 12,
  'gen_ai.usage.output_tokens': 34,
  'user.id': 'acct-1',
};
