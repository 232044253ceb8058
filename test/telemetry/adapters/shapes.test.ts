import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ADAPTER_DEFAULTS } from '../../../lib/telemetry/adapters/adapter.ts';
import { SHAPES as SHAPES_OF_PRODUCTS } from '../../../lib/telemetry/adapters/exports.ts';
import { FIELD_CONTROL, fieldTable } from '../../../lib/telemetry/adapters/field-control.ts';
import { ADAPTERS } from '../../../lib/telemetry/adapters/index.ts';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../../lib/telemetry/keys.ts';
import { createRecorder } from '../../../lib/telemetry/recorder.ts';

/**
 * One call in the shapes that providers, gateways and instrumentations document: whatever wrote it, the same account asked the
 * same prompt, with the same counts. Sources stand beside the tables in lib/telemetry/adapters.
 */
interface Shape {
  readonly name: string;
  readonly entry: unknown;
  readonly outcome: Exchange['outcome'];
  readonly system: boolean;
  readonly temperature?: number;
  /** turns before the prompt */
  readonly before?: Exchange['messages'];
  readonly in: number;
  readonly out: number;
}

const TIME = '2026-03-01T08:00:00.123Z';
const PROMPT = 'How do tides work in the north sea?';
const SHAPES = readFileSync(new URL('shapes.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Shape);

const recorder = createRecorder({ keys: developmentKeyring('shapes') });

/** What the recorder makes of the same call as an exchange. */
function plainEvent({ in: inputTokens, out: outputTokens, outcome, before = [] }: Shape, beside?: string) {
  const { plan, product, createdAt } = ADAPTER_DEFAULTS;
  return recorder.record({
    ...{ v: 1, id: 'x', time: TIME, account: 'acct-1', model: 'm-1', outcome },
    messages: [...before, { role: 'user', content: PROMPT }],
    beside,
    usage: { inputTokens, outputTokens },
    customer: { plan, product, createdAt },
  });
}

describe('--from auto', () => {
  it.each(SHAPES.map((shape) => [shape.name, shape] as const))('reads %s', (_, shape) => {
    const reader = new EntryReader('auto');
    const { exchanges, reasons, skipped } = reader.read(shape.entry);
    const late = reader.finish();
    expect({ reasons, skipped, late }).toEqual({ reasons: [], skipped: 0, late: [] });
    expect(exchanges).toHaveLength(1);
    const [exchange] = exchanges;
    if (exchange === undefined) return;
    const event = recorder.record(exchange);
    // one holds a picture beside its words, which makes another question of them
    expect(exchange.beside !== undefined).toBe(shape.name === 'mistral content chunks');
    const plain = plainEvent(shape, exchange.beside);
    const facts = ({ account, model, outcome, usage, time, prints }: typeof event) => ({
      ...{ account, model, outcome, usage, time },
      prompt: prints[0]?.prompt,
    });
    expect(facts(event)).toEqual(facts(plain));
    expect(event.shape.system).toBe(shape.system);
    if (shape.temperature !== undefined) expect(event.params.temperature).toBe(shape.temperature);
  });
});

/** A customer who names itself, its plan, its age and its payment where the gateway lets it. */
describe('a field that the customer controls', () => {
  const request = (over: object) => ({
    time: TIME,
    request: { model: 'm-1', messages: [{ role: 'user', content: PROMPT }], ...over },
    response: { id: 'r-1' },
  });
  const strict = { ...ADAPTER_DEFAULTS, clients: { trusted: new Set<string>(), strict: true } };

  it('is no account on a stream, unless the operator names it', () => {
    const named = request({ user: 'victim' });
    expect(ADAPTERS.openai(named, strict).reasons[0]?.message).toContain('only request.user names it');
    const trusting = { ...strict, clients: { ...strict.clients, trusted: new Set(['request.user']) } };
    expect(ADAPTERS.openai(named, trusting).exchanges[0]?.account).toBe('victim');
    const header = { ...request({}), headers: { 'OpenAI-Organization': 'victim' } };
    expect(ADAPTERS.openai(header, strict).exchanges).toEqual([]);
  });

  it('stands in the table that the security model prints', () => {
    const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
    expect(page).toContain(fieldTable());
  });

  it('stands there for every product whose logs are read', () => {
    const formats = new Set(FIELD_CONTROL.flatMap(({ format }) => format.replace(' (auto)', '').split(', ')));
    expect(SHAPES_OF_PRODUCTS.map(({ name }) => name).filter((name) => !formats.has(name))).toEqual([]);
  });

  const asked = { role: 'user', content: PROMPT };
  const stored = { id: 'r-1', model: 'm-1', created: 1_772_352_000, created_at: 1_772_352_000 };
  const claimed = { user: 'victim', metadata: { user_id: 'victim', account: 'victim' } };
  it.each([
    [
      'a completion that OpenAI stored',
      { ...stored, object: 'chat.completion', messages: [asked], choices: [{ finish_reason: 'stop' }] },
    ],
    [
      'a response that OpenAI stored',
      { ...stored, object: 'response', input_items: [asked], output: [], status: 'completed' },
    ],
    [
      'a call of Databricks',
      {
        ...{ databricks_request_id: 'd', client_request_id: 'victim', status_code: 200, request_time: TIME },
        ...{ request: JSON.stringify({ model: 'm-1', messages: [asked] }), response: '{}' },
      },
    ],
  ])('is no account in %s', (_, entry) => {
    expect(new EntryReader('auto', strict).read({ ...entry, ...claimed }).exchanges).toEqual([]);
    const owned = { ...entry, ...claimed, account: 'acct-1', requester: 'acct-1' };
    expect(new EntryReader('auto', strict).read(owned).exchanges).toMatchObject([{ account: 'acct-1' }]);
  });

  it.each([
    ['Braintrust', { id: 's', created: TIME, span_attributes: { type: 'llm' }, input: [asked], output: [] }],
    [
      'Opik',
      { id: 's', type: 'llm', start_time: TIME, input: { messages: [asked] }, output: {}, model: 'm-1' },
    ],
  ])('is no account among the parameters that %s keeps in metadata', (_, entry) => {
    const named = (said: object) =>
      new EntryReader('auto', strict).read({ ...entry, metadata: { model: 'm-1', ...said } });
    expect(named({ user: 'victim' }).reasons[0]?.message).toContain('only request.user names it');
    expect(named({ user_id: 'acct-1' }).exchanges).toMatchObject([{ account: 'acct-1' }]);
  });

  it('never comes before what the gateway writes', () => {
    const both = {
      ...request({ user: 'victim' }),
      account: 'acct-1',
      headers: { 'openai-organization': 'victim' },
    };
    expect(ADAPTERS.openai(both).exchanges[0]?.account).toBe('acct-1');
  });

  it('in a first look at a file is an account that is counted as claimed', () => {
    expect(ADAPTERS.openai(request({ user: 'u' })).odd).toEqual(['account from request.user']);
  });

  const trustingIn = (field: string) => ({
    ...ADAPTER_DEFAULTS,
    clients: { trusted: new Set([field]), strict: false },
  });

  it('is no credential where a second header could be one, unless the operator names it', () => {
    const origin = (headers: object, trust = ADAPTER_DEFAULTS) =>
      ADAPTERS.openai({ ...request({}), account: 'acct-1', headers }, trust).exchanges[0]?.origin;
    const both = { 'x-api-key': 'checked', authorization: 'Bearer chosen' };
    expect(origin({ 'x-api-key': 'checked' })?.credential).toBe('checked');
    expect(origin(both)?.credential).toBeUndefined();
    expect(origin(both, trustingIn('x-api-key'))?.credential).toBe('checked');
    expect(origin({ 'x-ja4': 'chosen' })?.tls).toBeUndefined();
    expect(origin({ 'x-ja4': 't13d1516h2' }, trustingIn('x-ja4'))?.tls).toBe('t13d1516h2');
  });

  it.each(['requester_metadata', 'spend_logs_metadata'])(
    '%s of LiteLLM says no plan, age, payment or network',
    (field) => {
      const payload = {
        call_type: 'acompletion',
        id: 'x',
        startTime: 1772352000.123,
        model: 'm-1',
        messages: [{ role: 'user', content: PROMPT }],
        metadata: {
          user_api_key_team_id: 'acct-1',
          [field]: {
            plan: 'enterprise',
            created_at: '2015-01-01T00:00:00Z',
            payment: 'card-of-the-victim',
            asn: 64512,
            tls: 'x',
          },
        },
      };
      const [exchange] = ADAPTERS.litellm(payload).exchanges;
      expect(exchange?.customer).toEqual({
        plan: ADAPTER_DEFAULTS.plan,
        product: ADAPTER_DEFAULTS.product,
        createdAt: ADAPTER_DEFAULTS.createdAt,
      });
      expect(exchange?.origin ?? {}).toEqual({});
      const trusted = ADAPTERS.litellm(payload, trustingIn(field)).exchanges[0];
      expect([trusted?.customer.plan, trusted?.origin?.asn]).toEqual(['enterprise', 64512]);
    },
  );
});
