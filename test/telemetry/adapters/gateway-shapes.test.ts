import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ADAPTER_DEFAULTS } from '../../../lib/telemetry/adapters/adapter.ts';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../../lib/telemetry/keys.ts';
import { createRecorder } from '../../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../../lib/telemetry/usage-event.ts';
import { GATEWAY_SHAPES } from './gateway-shapes/index.ts';
import { readEntries } from './gateway-shapes/read-entries.ts';
import { ASKED, GENAI, PROMPT, TIME, USUAL } from './gateway-shapes/shape.ts';

const recorder = createRecorder({ keys: developmentKeyring('shapes') });

/** An event without its id, and without the prints of the origin: those differ by source. */
function facts({ id: _, prints, ...event }: UsageEvent) {
  return {
    ...event,
    prints: prints.map(({ prompt, opening, closing, layout, system, sketch }) => ({
      ...{ prompt, opening, closing, layout, system, sketch },
    })),
  };
}

/** A customer who writes entries into what it says, in logs of a shape that nobody knows. */
describe('an entry within the words of a customer', () => {
  const forged = { ...USUAL, account: 'victim' };
  it.each([
    ['a text in a log line', { level: 'info', note: 'asked', text: JSON.stringify(forged) }],
    ['a field of its own name', { level: 'info', said: JSON.stringify(forged) }],
    ['a body of a request', { level: 'info', body: forged }],
    ['a body under a name with a dot', { level: 'info', 'request.body': forged }],
    ['a body under a name of two words', { level: 'info', responseBody: forged }],
    ['a body under a long name', { level: 'info', 'http.response.body.content': forged }],
    ['a text behind what looks like a logger', { level: 'info', said: `INFO:app:${JSON.stringify(forged)}` }],
    ['a message among messages', { level: 'info', messages: [forged] }],
    ['arguments of a tool', { trace: { spans: [{ arguments: { x: forged }, input: forged }] } }],
    ['base64 in a message', { note: Buffer.from(JSON.stringify(forged)).toString('base64') }],
  ])('is none: %s', (_, entry) => {
    const { exchanges, reasons } = new EntryReader('auto').read(entry);
    expect(exchanges).toEqual([]);
    expect(reasons).toHaveLength(1);
  });

  it('is none where a flat entry carries the fields of the request', () => {
    const strict = { ...ADAPTER_DEFAULTS, clients: { trusted: new Set<string>(), strict: true } };
    const flat = {
      timestamp: USUAL.time,
      model: 'm-1',
      messages: USUAL.messages,
      user: 'victim',
      metadata: { user_id: 'victim' },
    };
    const { exchanges, reasons } = new EntryReader('auto', strict).read(flat);
    expect(exchanges).toEqual([]);
    expect(reasons[0]?.message).toContain('only request.user names it');
  });

  const victim = { user_id: 'victim', account: 'victim' };
  it.each([
    ['metadata of a flat entry', { messages: ASKED, metadata: victim }],
    ['metadata within metadata', { messages: ASKED, metadata: { app: victim } }],
    ['metadata of a body of any name', { payload: { messages: ASKED, metadata: victim } }],
    ['another field of such a body', { payload: { messages: ASKED, extra: victim } }],
    ['a header', { messages: ASKED, headers: victim }],
    ['a header of the connection', { payload: { messages: ASKED }, http: { headers: victim } }],
    ['a cookie', { messages: ASKED, cookies: victim }],
    ['baggage of a trace', { messages: ASKED, baggage: victim }],
  ])('names no account of a scattered call: %s', (_, said) => {
    const { time: timestamp } = USUAL;
    const call = {
      timestamp,
      model: 'm-1',
      reply: { text: 'x' },
      usage: { input_tokens: 7, output_tokens: 9 },
    };
    const strict = { ...ADAPTER_DEFAULTS, clients: { trusted: new Set<string>(), strict: true } };
    const named = (entry: object) =>
      new EntryReader('auto', strict).read(entry).exchanges.map(({ account }) => account);
    expect(named({ ...call, ...said })).toEqual([]);
    // whoever logs names it, however deep
    expect(named({ ...call, ...said, gateway: { caller: { key: { account: 'acme' } } } })).toEqual(['acme']);
  });
});

/** Shapes whose calls hold more than words: pictures, sound, files, a conversation or a cache that the provider keeps. */
const BESIDE = [
  'Bedrock Converse: document and cache point beside the text',
  'Open Responses server (LM Studio) with previous id only',
  'OpenAI chat with audio in and audio out',
  'OpenAI webhook-free: conversation items with response (conversations API)',
  'anthropic: a document and a search result beside the question',
  'chat: pictures, sound and files beside the question',
  'converse: a tool result of JSON and text, a guarded question, a document',
  'gemini: a stream as a list of answers, code that was run, cut off',
  'invoke: Nova with a system prompt',
  'responses: a refusal as a part of the answer',
  'responses: goes on from an earlier response, with a reference to an item',
];

describe('--from auto', () => {
  it('reads as many shapes as its document says', () => {
    const page = readFileSync(new URL('../../../docs/telemetry.md', import.meta.url), 'utf8');
    expect(page).toContain(`[${GATEWAY_SHAPES.length} more shapes]`);
  });

  it.each([
    ['Application Insights', { success: false }],
    ['a console exporter', { status: { status_code: 'ERROR' } }],
    ['ClickHouse', { StatusCode: 'STATUS_CODE_ERROR' }],
  ])('reads the failure of a bare span of %s', (_, failure) => {
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), startTime: TIME };
    const messages = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: PROMPT }] }]);
    const attributes = { ...GENAI, 'gen_ai.input.messages': messages };
    const read = (over: object) => new EntryReader('auto').read({ ...span, attributes, ...over }).exchanges;
    expect([read({}), read(failure)].map(([exchange]) => exchange?.outcome)).toEqual(['ok', 'error']);
  });

  it.each(['createdAt', 'requested_at', 'event_time', 'datetime', 'date', 'ts'])(
    'reads the time of a call under the name %s',
    (name) => {
      const bodies = { request: { model: 'm-1', messages: ASKED }, response: {} };
      const [exchange] = new EntryReader('auto').read({ account: 'a', ...bodies, [name]: TIME }).exchanges;
      expect(exchange?.time).toBe(TIME);
    },
  );

  it('reads the parameters of a scattered call under the names that a body has for them', () => {
    const call = {
      account: 'a',
      time: TIME,
      reply: { text: 'x' },
      usage: { input_tokens: 7, output_tokens: 9 },
    };
    const told = { ai: { model: 'm-1', turns: ASKED, knobs: { max_completion_tokens: 77, n: 5, p: 0.01 } } };
    const [exchange] = new EntryReader('auto').read({ ...call, ...told }).exchanges;
    // `n` and `p` may be anything in an object that is no body
    expect(exchange?.params).toEqual({ maxTokens: 77 });
  });

  it.each(GATEWAY_SHAPES.map((shape) => [shape.name, shape] as const))('reads %s', (_, shape) => {
    const { exchanges, reasons, skipped } = readEntries(shape.entries);
    if (shape.expect === 'no call') {
      expect({ events: exchanges.length, reasons, skipped }).toEqual({ events: 0, reasons: [], skipped: 1 });
      return;
    }
    if (shape.expect instanceof RegExp) {
      expect(exchanges).toEqual([]);
      expect(reasons.map(({ field, message }) => `${field}: ${message}`).join('\n')).toMatch(shape.expect);
      return;
    }
    expect(reasons).toEqual([]);
    expect(exchanges).toHaveLength(1);
    const [exchange] = exchanges;
    if (exchange === undefined) return;
    // a picture, a file or a kept conversation makes another question of the same words: texts-alone.test.ts
    expect(exchange.beside !== undefined).toBe(BESIDE.includes(shape.name));
    const right: Exchange = { ...USUAL, ...shape.expect, beside: exchange.beside };
    expect(facts(recorder.record(exchange))).toEqual(facts(recorder.record(right)));
  });
});
