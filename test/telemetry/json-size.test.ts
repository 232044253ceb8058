import { describe, expect, it } from 'vitest';
import { DocumentReader } from '../../lib/input/documents.ts';
import { LIMITS } from '../../lib/limits.ts';
import { jsonIn } from '../../lib/telemetry/adapters/fields.ts';
import { EntryReader } from '../../lib/telemetry/adapters/reader.ts';
import { streamedIn } from '../../lib/telemetry/adapters/streamed.ts';
import { whyNotParsed } from '../../lib/telemetry/json-size.ts';

const many = <T>(count: number, of: (at: number) => T) => Array.from({ length: count }, (_, at) => of(at));
const { documentNames, documentValues, entryValues, streamEvents } = LIMITS;
const wide = `{${many(documentNames.most + 1, (at) => `"${at}":1`).join(',')}}`;
const crowded = `{"a":[${'1,'.repeat(documentValues.most)}1]}`;

describe('a text that is made to cost a parser much', () => {
  it('is refused by its names and values, in a file as in a request', () => {
    for (const [text, why] of [
      [wide, 'names in one object'],
      [crowded, 'values in one document'],
    ] as const) {
      expect(whyNotParsed(text)).toContain(why);
      const found = ['{"a":1}', text, '{"b":1}'].flatMap((line, at) => [
        ...new DocumentReader().take(line, at),
      ]);
      expect(found.map((held) => 'json' in held)).toEqual([true, false, true]);
      expect(found[1]).toMatchObject({ fault: expect.stringContaining(why) });
      const pretty = new DocumentReader();
      const lines = ['{', `"x":${text}`, '}'];
      expect(lines.flatMap((line, at) => [...pretty.take(line, at)])).toMatchObject([
        { fault: expect.stringContaining(why) },
      ]);
    }
  });

  it('is one by what stands outside of its texts: a table of numbers in a prompt is words', () => {
    const table = JSON.stringify({
      messages: [{ role: 'user', content: '"1,2],{"a":[3'.repeat(documentValues.most / 2) }],
    });
    expect(whyNotParsed(table)).toBeUndefined();
    expect(whyNotParsed(wide.replace(/"\d+":1,/, ''))).toBeUndefined();
  });

  it('stays a text where it lies in a field', () => {
    const text = `[${'1,'.repeat(documentValues.most)}1]`;
    expect(jsonIn(text)).toBe(text);
  });
});

describe('one document of many entries', () => {
  const spans = many(300, (at) => ({ traceId: 'a', spanId: `${at}`, name: 'x', attributes: [] }));
  const otlp = { resourceSpans: [{ scopeSpans: [{ spans: spans.slice(1) }, { spans: spans.slice(0, 1) }] }] };
  const call = (at: number) => ({
    ...{ custom_id: `${at}`, account: 'a', time: '2026-01-01T00:00:00Z' },
    ...{ request: { model: 'm', messages: [{ role: 'user', content: `Question ${at}?` }] }, response: {} },
  });

  it('is read a few at a time, and comes to the same', () => {
    for (const json of [
      otlp,
      { logEvents: many(60, (at) => at).map((at) => ({ message: JSON.stringify(call(at)) })) },
    ]) {
      const pieces = [...new EntryReader('auto').pieces(json)];
      expect(pieces.length).toBeGreaterThan(3);
      for (const { exchanges, reasons, skipped } of pieces)
        expect(exchanges.length + reasons.length + skipped).toBeLessThanOrEqual(64);
      const whole = new EntryReader('auto').read(json);
      expect(whole.exchanges).toEqual(pieces.flatMap(({ exchanges }) => exchanges));
      expect(whole.exchanges.length + whole.reasons.length + whole.skipped).toBe(json === otlp ? 300 : 60);
      if (json === otlp) expect([...whole.formats]).toEqual([['otel', 1]]);
    }
  });

  it('reads a long answer with the probabilities of its tokens, and one in many pieces, also where they stand as text', () => {
    const likely = many(20, (at) => ({ token: `t${at}`, logprob: -1, bytes: [32, 119] }));
    const content = many(1_500, () => ({ token: 't', logprob: -1, bytes: [32], top_logprobs: likely }));
    const message = { role: 'assistant', content: 'Well.' };
    const whole = {
      object: 'chat.completion',
      choices: [{ message, logprobs: { content }, finish_reason: 'stop' }],
    };
    const pieces = many(9_000, (at) => ({
      ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', system_fingerprint: 'f' },
      choices: [
        { index: 0, delta: { content: 'w ' }, logprobs: null, finish_reason: at === 8_999 ? 'stop' : null },
      ],
    }));
    for (const answer of [whole, pieces])
      for (const response of [answer, JSON.stringify(answer)]) {
        const line = JSON.stringify({ ...call(0), custom_id: undefined, response });
        const found = [...new DocumentReader().take(line, 1)].flatMap((held) =>
          'json' in held ? [held.json] : [],
        );
        expect(new EntryReader('auto').read(found[0])).toMatchObject({
          exchanges: [{ outcome: 'ok', messages: [{ content: 'Question 0?' }] }],
          reasons: [],
        });
      }
  });

  it('loses nothing by what one customer adds to its call: names, levels or values without an end', () => {
    let levels: unknown = 1;
    for (let at = 0; at < 1_500; at++) levels = [levels];
    const padding = {
      levels,
      names: Object.fromEntries(many(documentNames.most + 1, (at) => [`k${at}`, 1])),
      values: many(entryValues.most, () => 1),
      lists: many(400, () => many(400, () => ({ type: 'text', text: 'x' }))),
    };
    for (const [name, x] of Object.entries(padding)) {
      const { request } = call(1);
      const calls = [0, 1, 2].map((at) => ({
        ...call(at),
        id: `${at}`,
        request: at === 1 ? { x, ...request } : request,
      }));
      const found = [...new DocumentReader().take(JSON.stringify(calls), 1)];
      const read = found.flatMap((held) =>
        'json' in held ? new EntryReader('auto').read(held.json).exchanges : [],
      );
      // an object of more names than are parsed takes its own call with it
      const ids = name === 'names' ? ['0', '2'] : ['0', '1', '2'];
      expect(read.map(({ id }) => id)).toEqual(ids);
      expect(read.at(-2)?.messages.at(-1)?.content).toMatch(/^Question \d\?$/);
    }
  });

  it('still tells how a call ended, and whose it is, behind a request of very many values', () => {
    const { request, account, time } = call(0);
    const entry = {
      time,
      request: { ...request, metadata: many(entryValues.most + 1, () => 1) },
      response: {
        ...{ object: 'chat.completion', usage: { prompt_tokens: 3, completion_tokens: 5 } },
        choices: [{ message: { role: 'assistant', content: 'Half of' }, finish_reason: 'length' }],
      },
      metadata: { user: account },
    };
    const { exchanges, odd } = new EntryReader('auto').read(entry);
    expect(exchanges).toMatchObject([
      { account, outcome: 'truncated', messages: [{ content: 'Question 0?' }], usage: { outputTokens: 5 } },
    ]);
    expect(odd.join()).toContain('values beyond');
  });

  it('loses only the span, and the request of a batch, that holds more values than one may', () => {
    const full = { ...call(1), request: { ...call(1).request, tools: [many(entryValues.most, () => '1')] } };
    const why = [{ message: expect.stringContaining('values in one entry') }];
    const spansOf = {
      resourceSpans: [{ scopeSpans: [{ spans: [...spans, { ...spans[0], events: full.request.tools }] }] }],
    };
    expect(new EntryReader('otel').read(spansOf).reasons).toMatchObject(why);
    const requests = many(300, (at) => ({
      custom_id: `${at}`,
      params: at === 7 ? full.request : { model: 'm' },
    }));
    const batch = new EntryReader('auto');
    expect(batch.read({ requests }).reasons).toMatchObject(why);
    expect(batch.held.batch.size).toBe(299);
  });

  it('reads of a resource with very many attributes the first and last', () => {
    const attributes = [
      ...many(100_000, (at) => `a${at}`).map((key) => ({ key, value: { stringValue: 'x' } })),
      { key: 'enduser.id', value: { stringValue: 'alice' } },
    ];
    const span = {
      ...{ traceId: 'a', spanId: 'b', startTimeUnixNano: '1767225600000000000' },
      attributes: [
        { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
        { key: 'gen_ai.request.model', value: { stringValue: 'm' } },
        { key: 'gen_ai.prompt.0.role', value: { stringValue: 'user' } },
        { key: 'gen_ai.prompt.0.content', value: { stringValue: 'How are you?' } },
      ],
    };
    const json = { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] };
    expect(new EntryReader('auto').read(json).exchanges).toMatchObject([{ account: 'alice' }]);
  });
});

describe('the text of a stream', () => {
  it('is read at its beginning and end where it has very many events', () => {
    const text = many(streamEvents.most + 10, (at) => `data: {"n":${at}}\n\n`).join('');
    const read = streamedIn(text);
    expect(read.length).toBeLessThanOrEqual(streamEvents.most);
    expect(read.at(0)).toEqual({ n: 0 });
    expect(read.at(-1)).toEqual({ n: streamEvents.most + 9 });
  });
});
