import { describe, expect, it } from 'vitest';
import { ADAPTER_DEFAULTS } from '../../../lib/telemetry/adapters/adapter.ts';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { nested } from './nested.ts';

const TIME = '2026-03-01T10:00:00Z';
const REQUEST = { model: 'm-1', messages: [{ role: 'user', content: 'Why do tides differ?' }] };
const RESPONSE = {
  ...{ id: 'r-1', choices: [{ message: { role: 'assistant', content: 'a' }, finish_reason: 'length' }] },
  usage: { prompt_tokens: 12, completion_tokens: 5 },
};
const RIGHT = ['acme', 'truncated', 12, '2026-03-01T10:00:00', 'Why do tides differ?'];

function facts({ account, outcome, usage, time, messages }: Exchange) {
  return [account, outcome, usage.inputTokens, time.slice(0, 19), messages.at(-1)?.content];
}

/** What the entries came to, those that are told at the end included. */
function read(entries: readonly unknown[], accountField?: string) {
  const defaults = accountField === undefined ? ADAPTER_DEFAULTS : { ...ADAPTER_DEFAULTS, accountField };
  const reader = new EntryReader('auto', defaults);
  const found = entries.map((entry) => reader.read(entry));
  const late = [...found.flatMap((one) => one.late), ...reader.finish()];
  return [
    ...found.flatMap(({ exchanges }) => exchanges.map(facts)),
    ...found.flatMap(({ reasons }) => reasons.map(({ field }) => field)),
    ...late.map((held) => ('exchange' in held ? facts(held.exchange) : held.reason.field)),
  ];
}

describe('documents of the Elastic Common Schema', () => {
  const http = {
    ...{
      '@timestamp': TIME,
      'user.id': 'acme',
      'source.ip': '203.0.113.7',
      'url.path': '/v1/chat/completions',
    },
    'http.request.body.content': JSON.stringify(REQUEST),
    ...{ 'http.response.status_code': 200, 'http.response.body.content': JSON.stringify(RESPONSE) },
  };
  const span = {
    ...{
      '@timestamp': TIME,
      'user.id': 'acme',
      'trace.id': '5b8efff798038103d269b633813fc60c',
      'span.id': 'eee19b7ec3c1b174',
    },
    ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm-1', 'gen_ai.usage.input_tokens': 12 },
    'gen_ai.response.finish_reasons': ['length'],
    'gen_ai.input.messages': JSON.stringify([
      { role: 'user', parts: [{ type: 'text', content: 'Why do tides differ?' }] },
    ]),
  };

  it.each([
    ['bodies, dotted', http],
    ['bodies, nested', nested(http)],
    ['gen_ai, dotted', span],
    ['gen_ai, nested', nested(span)],
  ])('are read: %s', (_, entry) => {
    expect(read([entry])).toEqual([RIGHT]);
    expect(read([{ _index: 'logs', _source: entry }])).toEqual([RIGHT]);
  });

  it('name the account of a call that lies in a field of theirs', () => {
    const entry = { '@timestamp': TIME, user: { id: 'acme' }, llm: { request: REQUEST, response: RESPONSE } };
    expect(read([entry])).toEqual([RIGHT]);
    // the account of an envelope is the platform's
    const event = {
      account: '123456789012',
      time: TIME,
      detail: { llm: { request: REQUEST, response: RESPONSE } },
    };
    expect(read([event])).toEqual(['account']);
  });
});

describe('a call that is told in two lines', () => {
  const asked = { time: TIME, request_id: 'z1', tenant_id: 'acme', event: 'llm request', body: REQUEST };
  const answered = { time: '2026-03-01T10:00:02Z', request_id: 'z1', event: 'llm response', body: RESPONSE };

  it('is joined by the id of both, whichever comes first', () => {
    expect(read([asked, answered])).toEqual([RIGHT]);
    expect(read([answered, asked])).toEqual([RIGHT]);
    const flat = { time: TIME, requestId: 'z1', user_id: 'acme', type: 'request', ...REQUEST };
    expect(read([flat, { ...answered, requestId: 'z1' }])).toEqual([RIGHT]);
  });

  it('is kept without its answer, and an answer without its request is said', () => {
    expect(read([asked])).toEqual([['acme', 'ok', 0, ...RIGHT.slice(3)]]);
    expect(read([answered])).toEqual(['request']);
  });

  it('is not looked for in a line that tells both', () => {
    const whole = { ...asked, body: undefined, request: REQUEST, response: RESPONSE };
    const reader = new EntryReader('auto');
    expect(reader.read(whole).exchanges.map(facts)).toEqual([RIGHT]);
  });

  it('is told by a listener once its other half is overdue', () => {
    const reader = new EntryReader('auto');
    reader.read(asked);
    expect([reader.age().length, reader.age().length, reader.finish().length]).toEqual([0, 1, 0]);
  });
});

describe('a batch', () => {
  const input = {
    custom_id: 'acme',
    method: 'POST',
    url: '/v1/chat/completions',
    body: { ...REQUEST, metadata: { tenant: 'acme' } },
  };
  const output = {
    custom_id: 'acme',
    response: { status_code: 200, body: { ...RESPONSE, created: 1772359200 } },
  };

  it('takes the account from where the operator says', () => {
    for (const field of ['custom_id', 'request.metadata.tenant', 'metadata.tenant'])
      expect(read([input, output], field)).toEqual([RIGHT]);
  });

  const object = { id: 'msgbatch_1', type: 'message_batch', created_at: TIME, ended_at: TIME };
  const params = { ...REQUEST, metadata: { user_id: 'acme' } };
  const message = { ...{ type: 'message', role: 'assistant', content: [], stop_reason: 'end_turn' } };
  const requests = { requests: [{ custom_id: 'a-1', params }] };
  const result = { custom_id: 'a-1', result: { type: 'succeeded', message } };
  const expired = { ...output, response: null, error: { code: 'batch_expired', message: 'x' } };

  it.each([
    ['before its results', [requests, object, result]],
    ['behind them', [requests, result, object]],
    ['written into each line', [requests, { ...result, created_at: TIME }]],
    [
      'of OpenAI, for a request that expired',
      [{ ...input, body: { ...REQUEST, user: 'acme' } }, expired, { object: 'batch', created_at: TIME }],
    ],
  ])('takes the time that its results do not hold from its own object: %s', (_, documents) => {
    const reader = new EntryReader('auto');
    const parts = documents.map((document) => reader.read(document));
    const late = parts.flatMap((part) => part.late);
    const made = [
      ...parts.flatMap(({ exchanges }) => exchanges),
      ...late.flatMap((held) => ('exchange' in held ? [held.exchange] : [])),
    ];
    expect([made.map(({ time }) => Date.parse(time)), reader.finish()]).toEqual([[Date.parse(TIME)], []]);
  });

  it('says what to add where no time can be had', () => {
    const reader = new EntryReader('auto');
    for (const document of [requests, result]) expect(reader.read(document).reasons).toEqual([]);
    expect(reader.finish()).toMatchObject([
      { reason: { field: 'time', message: expect.stringContaining('created_at') } },
    ]);
  });

  it('says which of its files is missing', () => {
    expect([read([output]), read([input])]).toEqual([['request'], ['response']]);
  });
});
