import type { SourceFormat } from '../../lib/telemetry/adapters/reader.ts';
import type { Exchange } from '../../lib/telemetry/exchange.ts';

/** One exchange as each source would log it. */

type Part = { role: string; text: string };
const partsOf = (exchange: Exchange): Part[] =>
  exchange.messages.flatMap(({ role, content }) =>
    typeof content === 'string' ? [{ role, text: content }] : [],
  );
const system = (exchange: Exchange) =>
  partsOf(exchange)
    .filter(({ role }) => role === 'system')
    .map(({ text }) => text)
    .join('\n');
export const turns = (exchange: Exchange) => partsOf(exchange).filter(({ role }) => role !== 'system');

/** Words of the ending in each provider's language. */
const ENDINGS = {
  openai: { ok: 'stop', refused: 'content_filter', truncated: 'length', error: 'error' },
  anthropic: { ok: 'end_turn', refused: 'refusal', truncated: 'max_tokens', error: undefined },
  gemini: { ok: 'STOP', refused: 'SAFETY', truncated: 'MAX_TOKENS', error: undefined },
  bedrock: { ok: 'end_turn', refused: 'guardrail_intervened', truncated: 'max_tokens', error: undefined },
} as const;

const who = (exchange: Exchange) => ({
  id: exchange.id,
  time: exchange.time,
  account: exchange.account,
  ...exchange.origin,
  client_ip: exchange.origin?.ip,
  user_agent: exchange.origin?.userAgent,
  customer: { ...exchange.customer },
});
const failed = (exchange: Exchange) =>
  exchange.outcome === 'error' ? { error: { message: 'overloaded' } } : {};

const sent = (exchange: Exchange) => ({
  temperature: exchange.params?.temperature,
  top_p: exchange.params?.topP,
  n: exchange.params?.n,
  seed: exchange.params?.seed,
  logprobs: exchange.params?.logprobs,
  response_format: exchange.params?.responseFormat ?? exchange.params?.response_format,
});

function otelSpan(exchange: Exchange, attributes: Record<string, unknown>, events: object[] = []): object {
  const all: Record<string, unknown> = {
    'gen_ai.request.model': exchange.model,
    'gen_ai.response.id': exchange.id,
    'gen_ai.usage.input_tokens': exchange.usage.inputTokens,
    'gen_ai.usage.output_tokens': exchange.usage.outputTokens,
    'gen_ai.request.temperature': exchange.params?.temperature,
    'gen_ai.request.top_p': exchange.params?.topP,
    'gen_ai.request.max_tokens': exchange.params?.maxTokens,
    'gen_ai.request.choice.count': exchange.params?.n,
    'gen_ai.request.seed': exchange.params?.seed,
    'gen_ai.response.finish_reasons': [ENDINGS.openai[exchange.outcome]],
    'siphonwatch.account': exchange.account,
    'siphonwatch.plan': exchange.customer.plan,
    'siphonwatch.product': exchange.customer.product,
    'siphonwatch.created_at': exchange.customer.createdAt,
    'siphonwatch.payment': exchange.customer.payment,
    'siphonwatch.credential': exchange.origin?.credential,
    'siphonwatch.asn': exchange.origin?.asn,
    'siphonwatch.tls': exchange.origin?.tls,
    'client.address': exchange.origin?.ip,
    'user_agent.original': exchange.origin?.userAgent,
    ...attributes,
  };
  const value = (held: unknown): object =>
    typeof held === 'number'
      ? { doubleValue: held }
      : Array.isArray(held) && held.every((part) => typeof part === 'string')
        ? { arrayValue: { values: held.map(value) } }
        : { stringValue: typeof held === 'string' ? held : JSON.stringify(held) };
  const list = Object.entries(all)
    .filter(([, held]) => held !== undefined)
    .map(([key, held]) => ({ key, value: value(held) }));
  const nanos = `${BigInt(Date.parse(exchange.time)) * 1_000_000n}`;
  const span = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: spanId(),
    startTimeUnixNano: nanos,
    attributes: list,
    events,
  };
  return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
}

let spans = 0;
const spanId = () => (++spans).toString(16).padStart(16, '0');
const roleParts = (exchange: Exchange) =>
  partsOf(exchange).map(({ role, text }) => ({ role, parts: [{ type: 'text', content: text }] }));

/** One traffic as each source writes it; what a source cannot say (Anthropic has no `n`) is compared only where it can. */
export interface LoggedFormat {
  readonly name: string;
  readonly from: SourceFormat;
  /** fields that the gateway's own hook fills in, though a client could */
  readonly trust?: string;
  readonly write: (exchange: Exchange) => object;
}

export const FORMATS: readonly LoggedFormat[] = [
  {
    name: 'openai chat completions',
    from: 'openai',
    write: (x) => ({
      ...who(x),
      request: { model: x.model, messages: x.messages, max_tokens: x.params?.maxTokens, ...sent(x) },
      response: {
        ...failed(x),
        choices: [{ finish_reason: ENDINGS.openai[x.outcome] }],
        usage: { prompt_tokens: x.usage.inputTokens, completion_tokens: x.usage.outputTokens },
      },
    }),
  },
  {
    name: 'openai responses',
    from: 'auto',
    write: (x) => ({
      ...who(x),
      request: {
        model: x.model,
        ...(system(x) === '' ? {} : { instructions: system(x) }),
        input: turns(x).map(({ role, text }) => ({
          type: 'message',
          role,
          content: [{ type: 'input_text', text }],
        })),
        max_output_tokens: x.params?.maxTokens,
        ...sent(x),
      },
      response: {
        ...failed(x),
        status: x.outcome === 'truncated' ? 'incomplete' : 'completed',
        ...(x.outcome === 'truncated' ? { incomplete_details: { reason: 'max_output_tokens' } } : {}),
        ...(x.outcome === 'refused' ? { incomplete_details: { reason: 'content_filter' } } : {}),
        usage: { input_tokens: x.usage.inputTokens, output_tokens: x.usage.outputTokens },
      },
    }),
  },
  {
    name: 'anthropic messages',
    from: 'openai',
    write: (x) => ({
      ...who(x),
      request: {
        model: x.model,
        ...(system(x) === '' ? {} : { system: [{ type: 'text', text: system(x) }] }),
        messages: turns(x).map(({ role, text }) => ({ role, content: [{ type: 'text', text }] })),
        max_tokens: x.params?.maxTokens,
        ...sent(x),
      },
      response: {
        ...failed(x),
        type: 'message',
        stop_reason: ENDINGS.anthropic[x.outcome],
        usage: { input_tokens: x.usage.inputTokens, output_tokens: x.usage.outputTokens },
      },
    }),
  },
  {
    name: 'gemini',
    from: 'gemini',
    write: (x) => ({
      ...who(x),
      request: {
        model: x.model,
        ...(system(x) === '' ? {} : { systemInstruction: { parts: [{ text: system(x) }] } }),
        contents: turns(x).map(({ role, text }) => ({
          role: role === 'assistant' ? 'model' : role,
          parts: [{ text }],
        })),
        generationConfig: {
          maxOutputTokens: x.params?.maxTokens,
          temperature: x.params?.temperature,
          topP: x.params?.topP,
          candidateCount: x.params?.n,
          seed: x.params?.seed,
          responseLogprobs: x.params?.logprobs,
        },
        response_format: sent(x).response_format,
      },
      response: {
        ...failed(x),
        candidates: [{ finishReason: ENDINGS.gemini[x.outcome] }],
        usageMetadata: {
          promptTokenCount: x.usage.inputTokens,
          candidatesTokenCount: x.usage.outputTokens,
        },
      },
    }),
  },
  {
    name: 'bedrock converse',
    from: 'bedrock',
    write: (x) => ({
      schemaType: 'ModelInvocationLog',
      timestamp: x.time,
      requestId: x.id,
      modelId: x.model,
      operation: 'Converse',
      requestMetadata: {
        account: x.account,
        ...x.origin,
        asn: x.origin?.asn === undefined ? undefined : String(x.origin.asn),
        ...x.customer,
      },
      ...(x.outcome === 'error' ? { errorCode: 'ThrottlingException' } : {}),
      input: {
        inputBodyJson: {
          ...(system(x) === '' ? {} : { system: [{ text: system(x) }] }),
          messages: turns(x).map(({ role, text }) => ({ role, content: [{ text }] })),
          inferenceConfig: {
            maxTokens: x.params?.maxTokens,
            temperature: x.params?.temperature,
            topP: x.params?.topP,
          },
          ...sent(x),
        },
        inputTokenCount: x.usage.inputTokens,
      },
      output: {
        outputBodyJson: { stopReason: ENDINGS.bedrock[x.outcome] },
        outputTokenCount: x.usage.outputTokens,
      },
    }),
  },
  {
    name: 'litellm payload',
    from: 'litellm',
    trust: 'requester_metadata',
    write: (x) => ({
      id: x.id,
      call_type: 'acompletion',
      startTime: Date.parse(x.time) / 1000,
      model: x.model,
      status: x.outcome === 'error' ? 'failure' : 'success',
      prompt_tokens: x.usage.inputTokens,
      completion_tokens: x.usage.outputTokens,
      messages: x.messages,
      model_parameters: { max_tokens: x.params?.maxTokens, ...sent(x) },
      metadata: {
        user_api_key_team_id: x.account,
        user_api_key_hash: x.origin?.credential,
        requester_ip_address: x.origin?.ip,
        user_agent: x.origin?.userAgent,
        user_api_key_auth_metadata: {
          plan: x.customer.plan,
          product: x.customer.product,
          created_at: x.customer.createdAt,
          payment: x.customer.payment,
        },
        requester_metadata: {
          asn: x.origin?.asn,
          tls: x.origin?.tls,
        },
      },
      response: { choices: [{ finish_reason: ENDINGS.openai[x.outcome] }] },
    }),
  },
  {
    name: 'otel attributes',
    from: 'otel',
    write: (x) =>
      otelSpan(x, {
        'gen_ai.operation.name': 'chat',
        'gen_ai.input.messages': roleParts(x),
        'gen_ai.openai.request.response_format': formatName(x),
      }),
  },
  {
    name: 'otel span events, JSON text (Strands)',
    from: 'otel',
    write: (x) =>
      otelSpan(
        x,
        { 'gen_ai.operation.name': 'chat', 'gen_ai.openai.request.response_format': formatName(x) },
        partsOf(x).map(({ role, text }) => ({
          name: `gen_ai.${role}.message`,
          attributes: [{ key: 'content', value: { stringValue: JSON.stringify([{ text }]) } }],
        })),
      ),
  },
  {
    name: 'openinference',
    from: 'otel',
    write: (x) =>
      otelSpan(x, {
        'openinference.span.kind': 'LLM',
        'gen_ai.openai.request.response_format': formatName(x),
        ...Object.fromEntries(
          partsOf(x).flatMap(({ role, text }, i) => [
            [`llm.input_messages.${i}.message.role`, role],
            [`llm.input_messages.${i}.message.content`, text],
          ]),
        ),
      }),
  },
  {
    name: 'vercel ai sdk',
    from: 'otel',
    write: (x) =>
      otelSpan(x, {
        'ai.operationId': 'ai.generateText.doGenerate',
        'gen_ai.openai.request.response_format': formatName(x),
        'ai.prompt.messages': partsOf(x).map(({ role, text }) => ({
          role,
          content: [{ type: 'text', text }],
        })),
      }),
  },
];

function formatName(exchange: Exchange): unknown {
  return sent(exchange).response_format;
}
