import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { parseExchange } from '../../lib/telemetry/parse-exchange.ts';
import { parseUsageEvent } from '../../lib/telemetry/parse-usage-event.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'x'.repeat(9000), 'Bearer eyJ0'),
);
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 0, 99, 2147483647, Number.NaN, 1e300));
const content = fc.oneof(
  text,
  fc.constant(null),
  fc.array(
    fc.oneof(fc.record({ type: text, text }), fc.record({ type: fc.constant('tool_result'), content: text })),
    { maxLength: 3 },
  ),
);
const message = fc.record({
  role: fc.constantFrom('user', 'system', 'assistant', 'tool', 'Human', 'narrator'),
  content,
});

/** Any exchange that code of the type could build, however odd its values. */
const anyExchange = fc.record({
  id: text,
  model: text,
  account: text,
  messages: fc.array(message, { maxLength: 4 }),
  usage: fc.record({ inputTokens: number, outputTokens: number }),
  params: fc.record(
    { temperature: number, topP: number, maxTokens: number, n: number, seed: number },
    { requiredKeys: [] },
  ),
  origin: fc.record(
    { ip: text, asn: number, tls: text, userAgent: text, credential: text },
    { requiredKeys: [] },
  ),
  customer: fc.record({
    plan: text,
    product: text,
    createdAt: fc.constant('2026-01-10T12:34:56Z'),
    payment: text,
  }),
});

describe('what the recorder emits', () => {
  it('is accepted by score, whatever the exchange holds', () => {
    fc.assert(
      fc.property(anyExchange, (changes) => {
        const event = recorder.record(anExchange(changes as Partial<Exchange>));
        expect(parseUsageEvent(JSON.parse(JSON.stringify(event)))).toMatchObject({ ok: true });
      }),
      { numRuns: 300 },
    );
  });
});

describe('an odd optional fact', () => {
  it.each([
    ['params.maxTokens', { params: { maxTokens: -1, temperature: 0.7 } }],
    ['params.temperature', { params: { temperature: 99 } }],
    ['params.n', { params: { n: 0 } }],
    ['origin.ip', { origin: { ip: `198.51.100.7, ${'10.0.0.1, '.repeat(80)}` } }],
    ['origin.credential', { origin: { credential: 'x'.repeat(11_000) } }],
    ['origin.asn', { origin: { asn: Number.NaN } }],
    [
      'customer.payment',
      {
        customer: {
          plan: 'payg',
          product: 'api',
          createdAt: '2026-01-01T00:00:00Z',
          payment: 'x'.repeat(600),
        },
      },
    ],
  ])('%s costs that fact and not the exchange, and is named', (name, changes) => {
    const parsed = parseExchange({ ...anExchange(), ...changes });
    expect(parsed).toMatchObject({ ok: true, odd: [name] });
  });

  it('of a forwarding list leaves the client its address', () => {
    const long = parseExchange({
      ...anExchange(),
      origin: { ip: `198.51.100.7, ${'10.0.0.1, '.repeat(80)}` },
    });
    expect(long.ok && long.exchange.origin?.ip).toBe('198.51.100.7');
  });
});
