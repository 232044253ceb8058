import type { Exchange } from '../../lib/telemetry/exchange.ts';

/** Exchanges for tests. */

/** What a test changes; parts of an exchange replace the default's whole part. */
export function anExchange(
  changes: Partial<Exchange> & { readonly prompt?: string; readonly system?: string } = {},
): Exchange {
  const { prompt, system, ...rest } = changes;
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt ?? 'How do tides work?' },
  ];
  return {
    v: 1,
    id: 'x-1',
    time: '2026-03-01T08:00:00.123Z',
    account: 'acct-1',
    model: 'atlas-2',
    messages,
    usage: { inputTokens: 123, outputTokens: 456 },
    outcome: 'ok',
    origin: {
      ip: '198.18.3.4',
      asn: 64512,
      tls: 't13d1516h2_8daaf6152771',
      userAgent: 'python-requests/2.31.0',
      credential: 'key-1',
    },
    customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T12:34:56Z', payment: 'pm-1' },
    ...rest,
  };
}
