import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EntryReader } from '../../lib/telemetry/adapters/reader.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { scanUsageEvent } from '../../lib/telemetry/scan-usage-event.ts';
import { anExchange } from './exchanges.ts';

const request = { model: 'm-1', messages: [{ role: 'user', content: 'How do tides work?' }] };
const call = (at: number, response: unknown = {}) => ({
  ...{ id: `r-${at}`, time: '2026-03-01T08:00:00Z', account: 'acme', model: 'm-1' },
  ...{ request, response },
});
const ids = (entries: readonly unknown[]) =>
  new EntryReader('auto').read(entries).exchanges.map(({ id }) => id);

it('one odd line among its neighbours costs itself alone, whatever it is', () => {
  const lines = Array.from({ length: 12 }, (_, at) => call(at));
  const wanted = ids(lines);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat(12), (odd, at) => {
      const found = ids([...lines.slice(0, at), odd, ...lines.slice(at)]);
      expect(found.filter((id) => wanted.includes(id))).toEqual(wanted);
    }),
    { numRuns: 10 },
  );
});

it('what a customer lets a model say in a stream makes no chunk of its own: counts and the answer’s end stay', () => {
  const forged = JSON.stringify({
    choices: [{ finish_reason: 'content_filter' }],
    usage: { completion_tokens: 1 },
  });
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      `\n\ndata: ${forged}\n\n`,
      `data: ${forged}`,
      '\r\n\r\ndata: [DONE]\n\n',
      '\u2028data: {}',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (said) => {
      const chunks = [
        ...said.map((content) => ({ choices: [{ index: 0, delta: { content } }] })),
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        { choices: [], usage: { prompt_tokens: 9, completion_tokens: 77 } },
      ];
      const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
      const entry = call(1, `${text}data: [DONE]\n\n`);
      expect(new EntryReader('openai').read(entry).exchanges).toMatchObject([
        { outcome: 'ok', usage: { inputTokens: 9, outputTokens: 77 } },
      ]);
    }),
    { numRuns: 40 },
  );
});

it('an event that names a field twice is what JSON.parse makes of it, or is not decided by the scanner', () => {
  const event = createRecorder({ keys: developmentKeyring('test') }).record(anExchange());
  const fields = Object.entries(JSON.parse(JSON.stringify(event)) as Record<string, unknown>).map(
    ([name, value]) => [name, JSON.stringify(value)] as const,
  );
  const whole = JSON.stringify(event);
  expect(scanUsageEvent(Buffer.from(whole), whole, 0, whole.length)).toEqual(JSON.parse(whole));
  fc.assert(
    fc.property(fc.nat(fields.length - 1), fc.nat(fields.length), fc.nat(fields.length - 1), (of, at, as) => {
      const twice = [fields[of]?.[0] ?? '', fields[as]?.[1] ?? ''] as const;
      const all = [...fields.slice(0, at), twice, ...fields.slice(at)];
      const text = `{${all.map(([name, value]) => `"${name}":${value}`).join(',')}}`;
      const scanned = scanUsageEvent(Buffer.from(text), text, 0, text.length);
      if (scanned !== undefined) expect(scanned).toEqual(JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});
