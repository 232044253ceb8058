import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADAPTERS, type InputFormat } from '../../../lib/telemetry/adapters/index.ts';
import { textOf } from '../../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../../lib/telemetry/keys.ts';
import { createRecorder } from '../../../lib/telemetry/recorder.ts';
import { usageEvent } from '../../../lib/telemetry/usage-event.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });

function read(format: InputFormat, fixture: string) {
  const json: unknown = JSON.parse(
    readFileSync(new URL(`../fixtures/${fixture}.json`, import.meta.url), 'utf8'),
  );
  const adapted = ADAPTERS[format](json);
  for (const exchange of adapted.exchanges)
    expect(usageEvent.safeParse(recorder.record(exchange)).error).toBeUndefined();
  return {
    ...adapted,
    texts: adapted.exchanges.map((exchange) =>
      exchange.messages.map((message) => [message.role, textOf(message.content)]),
    ),
  };
}

describe('OpenTelemetry GenAI spans', () => {
  it('with messages as attributes; embeddings and tools are no model calls', () => {
    const { exchanges, reasons, skipped, texts } = read('otel', 'otel-attributes');
    expect(reasons).toEqual([]);
    expect(skipped).toBe(2);
    expect(texts).toEqual([
      [
        ['system', 'You are a terse librarian.'],
        ['user', 'Which novel begins with a cannonball?'],
      ],
    ]);
    expect(exchanges[0]).toMatchObject({
      id: 'chatcmpl-BTXMWzhNNMaxEyOVXgN4A2ddKzs8U',
      time: '2026-03-01T08:00:00.123Z',
      account: 'org-4711',
      model: 'gpt-4o-mini',
      usage: { inputTokens: 43, outputTokens: 512 },
      params: { temperature: 0.2, maxTokens: 512, n: 2 },
      outcome: 'truncated',
      origin: { ip: '198.51.100.7', userAgent: 'OpenAI/Python 1.99.9' },
      customer: { plan: 'payg', product: 'assistants', createdAt: '2026-01-10T00:00:00.000Z' },
    });
  });

  it('with messages as span events or indexed attributes; without messages a reason', () => {
    const { exchanges, reasons, texts } = read('otel', 'otel-events');
    expect(texts).toEqual([
      [
        ['system', 'Answer in French.'],
        ['user', 'What is a fjord?'],
      ],
      [
        ['system', 'Be kind.'],
        ['user', 'Name a lake.'],
      ],
    ]);
    expect(
      exchanges.map((exchange) => [
        exchange.id,
        exchange.account,
        exchange.outcome,
        exchange.usage.inputTokens,
      ]),
    ).toEqual([
      ['4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7', 'u-77', 'error', 21],
      ['4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b8', 'u-78', 'ok', 12],
    ]);
    expect(reasons).toMatchObject([{ field: 'gen_ai.input.messages' }]);
  });

  it('with messages in the log event of an operation', () => {
    const { texts, skipped } = read('otel', 'otel-logs');
    expect(texts).toEqual([[['user', 'How deep is it?']]]);
    expect(skipped).toBe(1);
  });
});

describe('Bedrock invocation logs', () => {
  it('of Converse: the role is the account, a guardrail a refusal', () => {
    const { exchanges, texts } = read('bedrock', 'bedrock-converse');
    expect(texts[0]).toEqual([
      ['system', 'You are a strict grader.'],
      ['user', 'Rate the response below from 1 to 10.\n\nResponse: yes'],
    ]);
    expect(exchanges[0]).toMatchObject({
      account: 'arn:aws:sts::123456789012:assumed-role/tenant-blue',
      outcome: 'refused',
      completion: '3',
      params: { maxTokens: 300, temperature: 0, topP: 0.9 },
      origin: { ip: '2001:db8::7' },
      customer: { plan: 'enterprise', payment: 'inv-9' },
    });
  });

  it('of a streamed InvokeModel with a picture', () => {
    const { exchanges, texts } = read('bedrock', 'bedrock-invoke');
    expect(texts[0]).toEqual([
      ['system', 'Be brief.'],
      ['user', 'What is in the picture?'],
    ]);
    expect(exchanges[0]).toMatchObject({
      outcome: 'truncated',
      completion: 'A lake',
      usage: { inputTokens: 1534, outputTokens: 64 },
    });
  });

  it('whose body lies in S3 say so', () => {
    const adapted = ADAPTERS.bedrock({ modelId: 'm', input: { inputBodyS3Path: 's3://b/k' } });
    expect(adapted.reasons[0]?.message).toContain('lies in S3');
  });
});

describe('LiteLLM payloads', () => {
  it('give team, key, parameters and outcome', () => {
    const { exchanges, texts } = read('litellm', 'litellm');
    expect(texts[0]).toEqual([
      ['system', 'You are helpful.'],
      ['user', 'Explain rainbows.'],
    ]);
    expect(exchanges[0]).toMatchObject({
      time: '2026-03-01T08:00:46.847Z',
      account: 'team-blue',
      outcome: 'refused',
      params: { temperature: 0.7, maxTokens: 256, logprobs: 5 },
      origin: {
        ip: '203.0.113.9',
        userAgent: 'litellm/1.77.0',
        credential: '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b',
      },
      customer: { plan: 'team', createdAt: '2025-11-02T00:00:00.000Z' },
    });
  });

  it('without messages say that message logging is off', () => {
    expect(ADAPTERS.litellm({ call_type: 'acompletion', messages: '{}' }).reasons[0]?.message).toContain(
      'turned off',
    );
  });
});

describe('OpenAI-compatible pairs', () => {
  it('of Chat Completions', () => {
    const { exchanges, texts } = read('openai', 'openai-chat');
    expect(texts[0]).toEqual([
      ['developer', 'Talk like a pirate.'],
      ['user', 'Are semicolons optional in JavaScript?'],
    ]);
    expect(exchanges[0]).toMatchObject({
      id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
      account: 'org-abc',
      usage: { inputTokens: 19, outputTokens: 10 },
      params: { temperature: 0.4, maxTokens: 200, n: 1, seed: 42 },
      origin: {
        ip: '203.0.113.10, 10.0.0.1',
        userAgent: 'OpenAI/Python 1.99.9',
        credential: 'Bearer sk-proj-abcdef',
      },
    });
    const [exchange] = exchanges;
    if (exchange === undefined) throw new Error('no exchange');
    expect(recorder.record(exchange)).toMatchObject({ shape: { system: true }, params: { seeded: true } });
    expect(recorder.record(exchange).behaviours).toContain('format');
  });

  it('of Responses', () => {
    const { exchanges, texts } = read('openai', 'openai-responses');
    expect(texts[0]).toEqual([
      ['system', 'Be kind.'],
      ['user', 'Tell me a three sentence story'],
    ]);
    expect(exchanges[0]).toMatchObject({
      account: 'org-def',
      outcome: 'truncated',
      completion: 'Once upon',
      usage: { inputTokens: 36, outputTokens: 16 },
    });
  });
});

describe.each(Object.keys(ADAPTERS) as InputFormat[])('the adapter %s', (format) => {
  it('never throws: any JSON is exchanges, reasons, or skipped', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const { exchanges, reasons, skipped } = ADAPTERS[format](json);
        expect(exchanges.length + reasons.length + skipped).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('how a call ended', () => {
  const span = (attributes: Record<string, string>) => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: '01',
                spanId: '02',
                startTimeUnixNano: '1772352000123456789',
                attributes: Object.entries({
                  'gen_ai.request.model': 'm',
                  'user.id': 'a',
                  'gen_ai.prompt.0.content': 'Hi',
                  ...attributes,
                }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
              },
            ],
          },
        ],
      },
    ],
  });

  it.each([
    ['Google ADK', { 'gcp.vertex.agent.llm_response': '{"finish_reason": "MAX_TOKENS"}' }],
    ['Logfire', { events: '[{"event.name": "gen_ai.choice", "finish_reason": "length"}]' }],
    ['Vercel AI SDK', { 'ai.response.finishReason': 'length' }],
    ['OpenLLMetry', { 'gen_ai.completion.0.finish_reason': 'length' }],
  ])('is read from the attributes of %s', (_, attributes) => {
    expect(ADAPTERS.otel(span(attributes)).exchanges[0]?.outcome).toBe('truncated');
  });
});
