import { describe, expect, it } from 'vitest';
import { ADAPTER_DEFAULTS } from '../../../lib/telemetry/adapters/adapter.ts';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';

const TIME = '2026-03-01T08:00:00Z';
const call = (id: string) => ({
  ...{ time: TIME, category: 'GatewayLlmLogs', correlationId: id },
  properties: {
    ...{ modelName: 'm-1', promptTokens: 12, completionTokens: 34 },
    requestMessages: JSON.stringify([{ role: 'user', content: 'How do tides work?' }]),
    responseMessages: JSON.stringify([{ role: 'assistant', content: 'By the moon.' }]),
  },
});
const owner = (id: string) => ({
  ...{ time: TIME, category: 'GatewayLogs', correlationId: id, callerIpAddress: '203.0.113.9' },
  properties: { apimSubscriptionId: `sub-${id}`, responseCode: 200 },
});

describe('calls of which another line says whose they are', () => {
  it.each(['the call', 'the gateway’s line'])(
    'are joined by id in Azure API Management, %s first',
    (first) => {
      const reader = new EntryReader('auto');
      const lines = [call('c-1'), owner('c-1'), owner('c-2'), call('c-2')];
      const read = (first === 'the call' ? lines : lines.toReversed()).map((line, at) =>
        reader.read(line, at),
      );
      const whole = [
        ...read.flatMap(({ exchanges }) => exchanges),
        ...read.flatMap(({ late }) => late.flatMap((held) => ('exchange' in held ? held.exchange : []))),
      ];
      expect(whole.map(({ account, origin }) => [account, origin?.ip]).sort()).toEqual([
        ['sub-c-1', '203.0.113.9'],
        ['sub-c-2', '203.0.113.9'],
      ]);
      expect([read.flatMap(({ reasons }) => reasons), reader.finish()]).toEqual([[], []]);
    },
  );

  it('are refused where that line never comes, also in a listener', () => {
    const reader = new EntryReader('auto');
    reader.read(call('c-1'), 7);
    expect(reader.age()).toEqual([]);
    expect(reader.age()).toMatchObject([{ origin: 7, reason: { field: 'account' } }]);
    expect(reader.finish()).toEqual([]);
  });

  it('go on in another reader of the same input', () => {
    const first = new EntryReader('auto');
    first.read(call('c-1'));
    const next = new EntryReader('auto', ADAPTER_DEFAULTS, structuredClone(first.held));
    expect(next.read(owner('c-1')).late).toMatchObject([{ exchange: { account: 'sub-c-1' } }]);
  });

  it('take the account from the metadata of their trace in OpenAI’s agents', () => {
    const reader = new EntryReader('auto', { ...ADAPTER_DEFAULTS, accountField: 'metadata.customer' });
    reader.read({
      object: 'trace',
      id: 't-1',
      workflow_name: 'w',
      group_id: null,
      metadata: { customer: 'acme' },
    });
    const span = {
      ...{ object: 'trace.span', id: 's-1', trace_id: 't-1', started_at: TIME, ended_at: TIME, error: null },
      span_data: {
        ...{ type: 'generation', model: 'm-1', usage: { input_tokens: 1, output_tokens: 2 } },
        input: [{ role: 'user', content: 'How do tides work?' }],
        output: [{ role: 'assistant', content: 'By the moon.' }],
      },
    };
    expect(reader.read(span).exchanges).toMatchObject([{ account: 'acme', model: 'm-1' }]);
  });

  it('are none that a field of the same name makes: a gateway’s own log with both bodies is a call', () => {
    const own = {
      ...{ time: TIME, correlationId: 'c-1', apimSubscriptionId: 'sub-1', account: 'acme' },
      request: { model: 'm-1', messages: [{ role: 'user', content: 'How do tides work?' }] },
      response: { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } },
    };
    expect(new EntryReader('auto').read(own).exchanges).toMatchObject([{ account: 'acme' }]);
  });
});
