import { expect, it } from 'vitest';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';

const NAMES = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`name_${i}`, i]));
const MESSAGE = { role: 'user', parts: [{ type: 'text', content: 'How do tides work?' }] };
const asked = { messages: [{ role: 'user', content: 'How do tides work?' }] };

/** Entries of readers that a page was the model for, with all that a customer may put into them. */
const ENTRIES: Readonly<Record<string, object>> = {
  'spans of agents in Weave': {
    ...{ wb_user_id: 'w', operation_name: 'chat', started_at: '2026-03-01T08:00:00', request_model: 'm-1' },
    custom_attrs_string: { ...NAMES, 'user.id': 'acct-1' },
    input_messages: [MESSAGE],
    ...NAMES,
  },
  'rows of Salesforce': {
    ...{ gatewayRequestId__c: 'g', prompt__c: 'How do tides work?', userId__c: 'acct-1', model__c: 'm-1' },
    timestamp__c: '2026-03-01T08:00:00Z',
    ...NAMES,
  },
  'bodies beside a token': {
    ...{ time: '2026-03-01T08:00:00Z', jwt: { ...NAMES, sub: 'acct-1' } },
    ...{ gateway: 'default/gw', route: 'openai', 'http.path': '/v1/chat/completions' },
    'request.body': { model: 'm-1', ...asked, ...NAMES },
    'response.body': { id: 'r-1', choices: [{ finish_reason: 'stop' }] },
  },
  'an envelope that has the time': {
    ...{ version: '0', 'detail-type': 'call', time: '2026-03-01T08:00:00Z' },
    detail: { customerId: 'acct-1', model: 'm-1', ...asked, completion: 'By the moon.', ...NAMES },
  },
  'steps of agents in Snowflake': {
    ...{ record_type: 'SPAN', start_timestamp: '2026-03-01 08:00:00.000', trace: { trace_id: 't' } },
    resource_attributes: { ...NAMES, 'snow.user.name': 'acct-1' },
    record_attributes: {
      ...NAMES,
      'snow.ai.observability.agent.planning.model': 'm-1',
      'snow.ai.observability.agent.planning.query': 'How do tides work?',
    },
    ...NAMES,
  },
  'calls in the log of Bifrost': {
    ...{
      selected_key_id: 'k',
      virtual_key_id: 'acct-1',
      status: 'success',
      timestamp: '2026-03-01T08:00:00Z',
    },
    ...{
      model: 'm-1',
      input_history: asked.messages,
      params: NAMES,
      output_message: { content: 'a', ...NAMES },
    },
    ...NAMES,
  },
  'events of BricksLLM': {
    ...{ key_id: 'acct-1', prompt_token_count: 1, created_at: 1772352000 },
    request: Buffer.from(JSON.stringify({ model: 'm-1', ...asked, ...NAMES })).toString('base64'),
    ...NAMES,
  },
  'requests in the audit log of Open WebUI': {
    ...{ audit_level: 'REQUEST', verb: 'POST', request_uri: '/api/chat/completions', timestamp: 1772352000 },
    user: { ...NAMES, id: 'acct-1' },
    request_object: JSON.stringify({ model: 'm-1', ...asked, ...NAMES }),
    ...NAMES,
  },
  'spans of Mastra': {
    ...{ isRootSpan: false, isEvent: false, type: 'model_generation', startTime: '2026-03-01T08:00:00Z' },
    attributes: { model: 'm-1', parameters: NAMES, ...NAMES },
    ...{ input: { ...asked, ...NAMES }, metadata: { ...NAMES, userId: 'acct-1' } },
    ...NAMES,
  },
  'what Semantic Kernel wrote into an event': {
    ...{ SpanName: 'chat', Timestamp: '2026-03-01 08:00:00', TraceId: 't', SpanId: 's' },
    SpanAttributes: {
      'gen_ai.operation.name': 'chat.completions',
      'gen_ai.request.model': 'm-1',
      'enduser.id': 'acct-1',
    },
    'Events.Name': ['gen_ai.content.prompt'],
    'Events.Attributes': [
      {
        'gen_ai.prompt': `[{"role:" user, "content:" How?${'}, \n{"role:" user, "content:" a'.repeat(300_000)}}]`,
      },
    ],
  },
  'messages joined in an event': {
    ...{ SpanName: 'chat', Timestamp: '2026-03-01 08:00:00', TraceId: 't', SpanId: 's' },
    SpanAttributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'm-1',
      'enduser.id': 'acct-1',
    },
    'Events.Name': ['gen_ai.content.prompt'],
    'Events.Attributes': [
      { 'gen_ai.prompt': `user: How do tides work?${'\nuser: '.repeat(500_000)}\nuser: why` },
    ],
  },
};

it.each(Object.keys(ENTRIES))('costs no more than its length: %s', (name) => {
  const start = performance.now();
  const { exchanges } = new EntryReader('auto').read(ENTRIES[name]);
  expect(exchanges).toMatchObject([{ account: 'acct-1', model: 'm-1' }]);
  expect(performance.now() - start).toBeLessThan(2500);
});
