import { describe, expect, it } from 'vitest';
import { ADAPTER_DEFAULTS } from '../../../lib/telemetry/adapters/adapter.ts';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';

const REQUEST = { model: 'm-1', messages: [{ role: 'user', content: 'Why do tides differ?' }] };
const RESPONSE = {
  id: 'r-1',
  created: 1772359200,
  choices: [{ message: { role: 'assistant', content: 'a' }, finish_reason: 'length' }],
  usage: { prompt_tokens: 12, completion_tokens: 5 },
};
const TIME = '2026-03-01T10:00:00Z';

function read(entry: unknown, accountField?: string) {
  const defaults = accountField === undefined ? ADAPTER_DEFAULTS : { ...ADAPTER_DEFAULTS, accountField };
  const { exchanges, reasons } = new EntryReader('auto', defaults).read(entry);
  const [exchange] = exchanges;
  return exchange === undefined
    ? reasons.map(({ field }) => field)
    : [exchange.account, exchange.outcome, exchange.usage.inputTokens, exchange.time.slice(0, 19)];
}

const RIGHT = ['acme', 'truncated', 12, '2026-03-01T10:00:00'];

describe('the account of an entry', () => {
  it.each([
    'customer_id',
    'accountId',
    'TenantId',
    'tenant_id',
    'orgId',
    'organization_id',
    'team_id',
    'clientID',
    'workspace_id',
    'project_id',
    'subscriptionId',
    'api_key_id',
  ])('is taken from %s beside the bodies', (name) => {
    expect(read({ time: TIME, [name]: 'acme', request: REQUEST, response: RESPONSE })).toEqual(RIGHT);
    expect(read({ '@t': TIME, [name]: 'acme', Request: REQUEST, Response: RESPONSE })).toEqual(RIGHT);
  });

  it('is never taken from within the bodies, nor from somebody who is not there', () => {
    expect(read({ time: TIME, request: { ...REQUEST, tenant_id: 'victim' }, response: RESPONSE })).toEqual([
      'account',
    ]);
    expect(read({ time: TIME, remote_user: '-', request: REQUEST, response: RESPONSE })).toEqual(['account']);
  });

  it('is the subject of a token only where agentgateway verified it', () => {
    const own = { gateway: 'default/gw', route: 'openai', 'http.path': '/v1/chat/completions' };
    for (const token of [{ jwt: { sub: 'acme' } }, { 'jwt.sub': 'acme' }, { jwt: '{"sub":"acme"}' }]) {
      const entry = { time: TIME, ...token, request: REQUEST, response: RESPONSE };
      expect(read({ ...entry, ...own })).toEqual(RIGHT);
      expect(read(entry)).toEqual(['account']);
    }
  });

  it('is the customer, not one of its people; and of a flat entry not what its request may have said', () => {
    const both = { user_id: 'somebody', team: 'ours', organization: 'acme' };
    expect(read({ time: TIME, ...both, request: REQUEST, response: RESPONSE })).toEqual(RIGHT);
    const flat = { time: TIME, model: 'm', prompt: 'Why do tides differ?', User: 'victim' };
    expect(read(flat)).toEqual(['account']);
    expect(read({ ...flat, tenantId: 'acme' })[0]).toBe('acme');
  });

  it('is taken from where the operator says, before all else', () => {
    const entry = {
      time: TIME,
      virtual_key: { alias: 'acme' },
      user_id: 'other',
      request: REQUEST,
      response: RESPONSE,
    };
    expect(read(entry, 'virtual_key.alias')).toEqual(RIGHT);
    expect(read({ message: { ...entry, virtual_key: undefined }, 'k8s.owner': 'acme' }, 'k8s.owner')).toEqual(
      RIGHT,
    );
    expect(read(entry, 'nowhere')[0]).toBe('other');
    expect(read({ ...entry, labels: '{"owner":{"name":"acme"}}' }, 'labels.owner.name')).toEqual(RIGHT);
  });

  it('is that of the trace, where observations have none, and of the API of a gateway', () => {
    const observation = {
      id: 'o',
      type: 'GENERATION',
      startTime: TIME,
      model: 'm',
      input: REQUEST,
      usage: { input: 12 },
    };
    const ended = { output: { choices: RESPONSE.choices } };
    expect(read({ id: 't', userId: 'acme', observations: [{ ...observation, ...ended }] })).toEqual(RIGHT);
    const log = { id: 'l', created_at: TIME, metadata: '{"user":"acme"}', tokens_in: 12, status_code: 200 };
    const heads = { request_head: JSON.stringify(REQUEST), response_head: JSON.stringify(RESPONSE) };
    expect(read({ success: true, result: [{ ...log, ...heads }] })).toEqual(RIGHT);
  });

  it.each(['response_chunks', 'chunks', 'stream_chunks'])(
    'is kept with the tokens of an answer under %s',
    (name) => {
      const chunk = { id: 'r-1', created: 1772359200 };
      const last = { ...chunk, choices: [{ delta: {}, finish_reason: 'length' }], usage: RESPONSE.usage };
      const chunks = [{ ...chunk, choices: [{ delta: { content: 'a' } }] }, last];
      expect(read({ time: TIME, account: 'acme', request: REQUEST, [name]: chunks })).toEqual(RIGHT);
      expect(read({ time: TIME, account: 'acme', request: REQUEST, response: { chunks } })).toEqual(RIGHT);
    },
  );

  it('is who a web server authenticated', () => {
    const bodies = { request_body: JSON.stringify(REQUEST), resp_body: JSON.stringify(RESPONSE) };
    const line = {
      time_iso8601: TIME,
      remote_user: 'acme',
      request: 'POST /v1/chat HTTP/1.1',
      request_id: 'x',
      ...bodies,
    };
    expect(read(line)).toEqual(RIGHT);
  });
});

/** What a caller writes must not take its request out of sight. */
describe('an exchange whose caller sends odd values', () => {
  const account = 'acme';
  it.each([
    [
      'numbers without end',
      { request: { ...REQUEST, seed: Number.POSITIVE_INFINITY, logprobs: Number.NaN } },
    ],
    ['an id of a thousand characters', { id: 'x'.repeat(1000), request: REQUEST }],
    [
      'a message without a role',
      { request: { ...REQUEST, messages: [{ role: '', content: 'Hi' }, ...REQUEST.messages] } },
    ],
  ])('is kept with %s', (_, entry) => {
    expect(read({ time: TIME, account, response: RESPONSE, ...entry })).toEqual(RIGHT);
  });
});
