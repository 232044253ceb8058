import { describe, expect, it } from 'vitest';
import { DocumentReader } from '../../lib/input/documents.ts';
import { readOtlp } from '../../lib/input/otlp-protobuf.ts';
import { promptMessages } from '../../lib/telemetry/adapters/chat-templates.ts';
import { EntryReader } from '../../lib/telemetry/adapters/reader.ts';
import { streamedIn } from '../../lib/telemetry/adapters/streamed.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

/** Entries by a customer that wants to stop whoever reads a gateway's logs. Texts of prompts have worst-text.test.ts. */

const recorder = createRecorder({ keys: developmentKeyring('test') });

const MOST_MS = 500;

/** ms of processor time. */
function cost(read: () => unknown): number {
  const began = process.cpuUsage();
  read();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

const part = (type: string) => [{ role: 'user', content: [{ type, text: 'hi' }] }];
const asked = (prompt: string) => () => promptMessages(prompt);
const answered = (answer: string) => () => streamedIn(answer);
const documents = (...lines: string[]) => {
  const reader = new DocumentReader();
  return [...lines.flatMap((line, index) => [...reader.take(line, index + 1)]), ...reader.finish()];
};

describe('reading', () => {
  // each took a second to minutes when its pattern tried every run anew
  it.each<readonly [string, () => unknown]>([
    ['a type of 64 KB', () => recorder.record(anExchange({ messages: part('tool'.repeat(16_384)) }))],
    [
      'a type of 64 KB in a log',
      () =>
        new EntryReader('openai').read({
          id: '1',
          account: 'a',
          request: { model: 'm', messages: part('tool'.repeat(16_384)) },
          response: {},
        }),
    ],
    ['blank lines after Bot:', asked(`User: x${' '.repeat(19_980)}\nBot:${'\n'.repeat(200_000)}`)],
    ['blank lines after User:', asked(`User: x${'\n'.repeat(19_000)}`)],
    ['Human: without an answer', asked('\n\nHuman:'.repeat(100_000))],
    ['headers without an end', asked(`<|start_header_id|>${'a'.repeat(300_000)}`)],
    ['turns without an end', asked(`User: x${'\nHuman: '.repeat(100_000)}`)],
    ['lines of an answer that are no JSON', answered('a\n'.repeat(200_000))],
    ['lines of an answer that begin as JSON', answered('{a\n'.repeat(100_000))],
    ['lines of data that begin as JSON', answered('data: {a\n'.repeat(100_000))],
    ['events of data that are none', answered('data: [x\n\n'.repeat(50_000))],
    ['instructions within instructions', asked('[INST]'.repeat(10_000))],
    ['brackets before the end of a broken document', () => documents('{', `"a": "${']'.repeat(200_000)}"}}`)],
    ['line ends within a line', () => documents(`\0${'\r'.repeat(200_000)}x\r`)],
    ['quotes and brackets in a line that was cut', () => documents(`{"a":"${'\\"{'.repeat(100_000)}`)],
    ['doubled quotes in a line that was cut', () => documents(`a,"{${'""{'.repeat(100_000)}`)],
    ['lists in a line that was cut', () => documents(`x "${'[ '.repeat(100_000)}`)],
    [
      'a name of 64 KB in an entry of no product',
      () => new EntryReader('auto').read({ model: 'm', note: { [`${'tool_'.repeat(13_000)}!`]: {} } }),
    ],
    [
      'many names in an entry of no product',
      () => {
        const names = Array.from({ length: 5000 }, (_, i) => [`attributes.n${i}`, 1]);
        return new EntryReader('auto').read({ model: 'm', ...Object.fromEntries(names) });
      },
    ],
    ...(
      [
        ['beside what asks', (names: object) => ({ model: 'm', prompt: 'hi', completion: 'yes', ...names })],
        [
          'in an object in a text',
          (note: object) => ({ x: { message: JSON.stringify({ model: 'm', note }) } }),
        ],
      ] as const
    ).map(([where, entry]) => {
      const names = Object.fromEntries(Array.from({ length: 25_000 }, (_, i) => [`n${i}`, 1]));
      return [`25,000 names ${where}`, () => new EntryReader('auto').read(entry(names))] as const;
    }),
    ['brackets that close in a line', () => documents(`x ${'{}'.repeat(20_000)}{`)],
  ])('takes time in proportion to its length: %s', (_, read) => {
    // the first time may compile, collect garbage or share its core
    const costs = [cost(read)];
    while (costs.length < 3 && Math.min(...costs) >= MOST_MS) costs.push(cost(read));
    expect(Math.min(...costs)).toBeLessThan(MOST_MS);
  });
});

/** `open` and `close` around a value, thousands of times. */
const nested = (open: string, inner: string, close: string, times = 20_000): unknown =>
  JSON.parse(`${open.repeat(times)}${inner}${close.repeat(times)}`);

const pair = (request: object, fields: object = {}) => ({
  id: '1',
  time: '2026-03-01T08:00:00Z',
  account: 'a',
  request: { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...request },
  response: { id: 'x', choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }] },
  ...fields,
});
const span = (input: unknown) => ({
  name: 'chat',
  spanId: Math.random().toString(16).slice(2),
  startTimeUnixNano: '1772352000000000000',
  attributes: [
    { key: 'gen_ai.request.model', value: { stringValue: 'm' } },
    { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
    { key: 'user.id', value: { stringValue: 'u' } },
    { key: 'gen_ai.input.messages', value: input },
  ],
});
const spans = (...list: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: list }] }] });

describe('values within values', () => {
  const lists = nested('[', '', ']');
  const guards = nested('{"guardContent":', '{"text":"x"}', '}');
  const texts = nested('{"text":', '"x"', '}');
  const values = nested('{"arrayValue":{"values":[', '{"stringValue":"x"}', ']}}');
  const plain = { stringValue: '[{"role":"user","content":"hi"}]' };

  it.each<readonly [string, unknown]>([
    ['parts', pair({ messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, guards, texts] }] })],
    ['messages', pair({ messages: [lists, { role: 'user', content: 'hi' }] })],
    [
      'classes',
      pair({
        messages: [
          { id: [lists], content: 'hi' },
          { role: 'user', content: 'hi' },
        ],
      }),
    ],
    ['numbers', pair({ temperature: nested('{"$numberLong":', '1', '}') })],
    ['times', pair({}, { created_at: nested('{"$date":', '1', '}') })],
    ['batches', nested('{"requests":[', '{"custom_id":"a"}', ']}')],
    ['inputs', pair({ messages: undefined, input: nested('{"prompt":1,"input":', '1', '}') })],
    ['envelopes', nested('{"log":', '{}', '}')],
    ['attributes', spans(span(values), span(plain))],
    [
      'the text of attributes',
      spans(span({ stringValue: JSON.stringify('[') + '['.repeat(20_000) }), span(plain)),
    ],
    ['keys of a conversion', pair({ messages: [{ id: [{ toString: 1, valueOf: 1 }], content: 'hi' }] })],
  ])('of any depth are read without an error: %s', (_, entry) => {
    for (const format of ['auto', 'openai', 'otel', 'batch', 'litellm', 'bedrock', 'exchange'] as const) {
      const { reasons, exchanges } = new EntryReader(format).read(entry);
      for (const exchange of exchanges) recorder.record(exchange);
      expect(reasons.filter(({ message }) => message.startsWith('cannot be read'))).toEqual([]);
    }
  });

  it('are read from protobuf to the same depth, and the spans beside them whole', () => {
    const field = (number: number, inner: Buffer): Buffer => {
      const size = inner.length;
      return Buffer.concat([
        Buffer.from([number * 8 + 2, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14]),
        inner,
      ]);
    };
    const name = field(5, Buffer.from('chat'));
    let value = field(1, Buffer.from('x'));
    // an arrayValue's values
    for (let level = 0; level < 1000; level++) value = field(5, field(1, value));
    const deep = field(9, Buffer.concat([field(1, Buffer.from('k')), field(2, value)]));
    const span = (bytes: Buffer) => field(2, bytes);
    const bytes = field(1, field(2, Buffer.concat([span(Buffer.concat([name, deep])), span(name)])));
    expect(readOtlp(bytes, 'traces')).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'chat' }, { name: 'chat' }] }] }],
    });
  });

  it('of any number are read without an error', () => {
    const messages = Array.from({ length: 130_000 }, () => ({ role: 'user', content: 'hi' }));
    expect(new EntryReader('openai').read(pair({ messages })).exchanges).toHaveLength(1);
  });

  it('cost one exchange at most, and not those beside it', () => {
    const read = new EntryReader('auto').read(spans(span(values), span(plain), span(values)));
    expect(read.exchanges.length).toBeGreaterThan(0);
  });
});

it('more names than are read take no call out of sight, and are said', () => {
  const names = (letter: string) =>
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`${letter}${i}`, 1]));
  const told = { tenant_id: 'a', timestamp: '2026-03-01T08:00:00Z', model: 'm' };
  const asked = { prompt: 'How do tides work?', completion: 'By the moon.' };
  const messages = [{ role: 'user', content: 'How do tides work?' }];
  const entries = [
    { ...told, ...names('n'), ...asked, ...names('o') },
    { ...names('n'), ...asked, ...names('o'), ...told, completion: 'By the moon.' },
    { ...pair({}), request: { model: 'm', ...names('n'), messages, ...names('o') } },
  ];
  for (const entry of entries) {
    const { exchanges, odd } = new EntryReader('auto').read(entry);
    expect(exchanges.map((held) => held.messages)).toEqual([messages]);
    expect(odd).toContain('names beyond 4096 of one object');
  }
});

describe('a prompt in a template', () => {
  it.each([
    [
      '\n\nHuman: hi\n\nAssistant: yes\n\nHuman: more\n\nAssistant:',
      ['user hi', 'assistant yes', 'user more'],
    ],
    ['User: hi\nBot: yes\nUser: more\n Bot: \n', ['user hi', 'assistant yes', 'user more']],
    ['User: hi, I quote Bot:', ['user User: hi, I quote Bot:']],
    [
      '<|im_start|>system\nbe\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
      ['system be', 'user hi'],
    ],
    [
      '<s>[INST] <<SYS>>be<</SYS>> hi [/INST] yes </s><s>[INST] more [/INST]',
      ['system be', 'user hi', 'assistant yes', 'user more'],
    ],
    ['<｜User｜>hi<｜Assistant｜>yes<｜end▁of▁sentence｜>', ['user hi', 'assistant yes']],
    ['My Human: asks', ['user My Human: asks']],
  ])('is read in turns: %j', (prompt, turns) => {
    expect(promptMessages(prompt).map(({ role, content }) => `${role} ${content}`)).toEqual(turns);
  });
});
