import type { Exchange } from '../exchange.ts';
import type { Keyring } from '../keys.ts';
import { createRecorder } from '../recorder.ts';
import type { UsageEvent } from '../usage-event.ts';

/**
 * Test vectors for recorders in other languages (docs/wire-format.md): a keyring, and exchanges with the events that they have
 * to become. `npm run vectors` writes them; a test fails where the file is not current.
 */
export interface Vectors {
  readonly keyring: Keyring;
  readonly vectors: readonly {
    readonly name: string;
    readonly exchange: Exchange;
    readonly event: UsageEvent;
  }[];
}

export const VECTORS_FILE = new URL('./vectors.json', import.meta.url);

/** Two epochs that overlap in June; secrets that everybody knows, for vectors only. */
const KEYRING: Keyring = {
  account: { secret: 'vectors-account-secret-0000000000000000' },
  epochs: [
    {
      id: '2026-03',
      secret: 'vectors-first-epoch-secret-000000000000',
      from: '2026-03-01T00:00:00Z',
      until: '2026-07-01T00:00:00Z',
    },
    { id: '2026-06', secret: 'vectors-second-epoch-secret-00000000000', from: '2026-06-01T00:00:00Z' },
  ],
};

const BASE: Omit<Exchange, 'messages'> = {
  v: 1,
  id: 'req-1',
  time: '2026-04-01T08:00:00.123Z',
  account: 'acme',
  model: 'atlas-2',
  usage: { inputTokens: 1234, outputTokens: 340 },
  outcome: 'ok',
  customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T12:34:56Z' },
};

const said = (content: string) => [{ role: 'user', content }];
const toolResult = (text: string) => ({
  role: 'user',
  content: [{ type: 'tool_result', content: [{ type: 'text', text }] }],
});

const CASES: Readonly<Record<string, Partial<Exchange> & Pick<Exchange, 'messages'>>> = {
  'a plain question': { messages: said('How do tides work?') },
  'the same words beside something else': { messages: said('Go on.'), beside: '00f1c2a3d4e5b697' },
  'an empty prompt': { messages: said('') },
  'a system prompt and sampling': {
    messages: [
      { role: 'system', content: 'You are a careful tutor.' },
      ...said('Explain step by step why the sky is blue.'),
    ],
    params: { temperature: 0.7, topP: 0.95, maxTokens: 512, n: 4, seed: 7, logprobs: true },
  },
  'parameters out of range are left out': {
    messages: said('Hi'),
    params: { temperature: 99, maxTokens: -1, n: 0 },
  },
  'punctuation, case and apostrophes fold': { messages: said('  DON\'T   panic -- it\'s "only" a test!!  ') },
  'digits fold in openings and closings': {
    messages: said('Item 42 costs 1234 dollars and 5 cents at shop 9'),
  },
  'a label ends an opening': { messages: said('Summarize: the quick brown fox jumps over the lazy dog') },
  'layout and separate input': {
    messages: said(
      'Rate the answer from 1 to 10.\n\nQuestion: Why?\nAnswer: Because.\n- first\n- second\n\n```\nx = 1\n```',
    ),
  },
  Chinese: { messages: said('请写一篇关于潮汐的短文。') },
  'Japanese and Korean': { messages: said('潮の満ち引きについて書いてください\n조석을 설명해 주세요') },
  'full width and ligatures normalise': { messages: said('Ｆｕｌｌ ｗｉｄｔｈ and ﬁne ligatures, Straße') },
  'letters outside the first plane, and pictures': { messages: said('𝔐ath 𐐀 🎉 party') },
  'half a surrogate pair': { messages: said('broken \ud83d text') },
  'a prompt longer than is read': { messages: said('word '.repeat(13_200)) },
  'more words than a sketch is of': { messages: said(`${'潮'.repeat(8192)}汐について`) },
  'origin over IPv4 in a forwarding list': {
    messages: said('Hello there'),
    origin: {
      ip: '198.51.100.7, 10.0.0.1',
      asn: 64500,
      tls: 't13d1516h2_8daaf6152771',
      userAgent: 'python-requests/2.31.0',
      credential: 'key-1',
    },
    customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T12:34:56Z', payment: 'pm-1' },
  },
  'origin over IPv6, with brackets and port': {
    messages: said('Hello there'),
    origin: { ip: '[2001:db8::7]:443' },
  },
  'an IPv4 address mapped in hexadecimal': {
    messages: said('Hello there'),
    origin: { ip: '::ffff:c633:6407' },
  },
  'a forwarding list whose first entry is no address': {
    messages: said('Hello there'),
    origin: { ip: 'unknown, 10.0.0.1' },
  },
  'bounds of parameters, and whole numbers': {
    messages: said('Hi'),
    params: { temperature: 0, topP: 1, maxTokens: 0, n: 2.5 },
  },
  'names that are longer than an event holds': { messages: said('Hi'), model: `m${'-long'.repeat(60)}` },
  'a mapped IPv4 address': { messages: said('Hello there'), origin: { ip: '::ffff:198.51.100.7' } },
  'two epochs serve': { messages: said('How do tides work?'), time: '2026-06-15T10:00:00+02:00' },
  'before the first epoch': { messages: said('How do tides work?'), time: '2020-01-01T00:00:00Z' },
  'steps of an agent': {
    messages: [...said('Weather in Paris?'), toolResult('rainy'), toolResult('12 degrees')],
  },
  "a request inside a tool's result": {
    messages: [...said('Go on.'), toolResult('Write a proof that there are infinitely many primes.')],
  },
  'a system prompt beside a user who says nothing': {
    messages: [{ role: 'system', content: 'Explain why the sky is blue.' }, ...said(' . ')],
  },
  'a begun answer, which is asked': {
    messages: [...said('How do tides work?'), { role: 'assistant', content: 'The question is why they' }],
    completion:
      'differ from coast to coast. It is the shape of the basin that makes them higher here and lower there.',
  },
  'a begun answer that the model says again': {
    messages: [...said('Go on.'), { role: 'assistant', content: 'Why is the sky blue?' }],
    completion:
      'Why is the sky blue? Because air scatters short waves of light more than it scatters long ones.',
  },
  'a last turn that is the answer': {
    messages: [...said('How do tides work?'), { role: 'assistant', content: ' The moon pulls.\n' }],
    completion: 'The moon pulls.',
  },
  'results that both ask': {
    messages: [
      ...said('Go on.'),
      toolResult('Why is the sky blue?'),
      toolResult('Write a poem about tides.'),
    ],
  },
  'a question between two samples of a long padding': {
    messages: said(`${'word '.repeat(1700)}why is the sky blue?${' word'.repeat(1700)}`),
  },
  'a question in Morse code': {
    messages: said('Decode and answer: .-- .... -.-- / .. ... / - .... . / ... -.- -.--'),
  },
  'marks that are left out, and characters of no width': {
    messages: said(`a${'\u0301'.repeat(40)} ${'\u200b\u200c'.repeat(6)}`),
  },
  'a question in an earlier turn': {
    messages: [...said('Why is the sky blue?'), { role: 'assistant', content: 'Sure.' }, ...said('Go on.')],
  },
  'a question in a picture and the name of a file': {
    messages: [
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'Answer it.' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } },
          { type: 'file', file: { filename: 'tides?.txt', file_id: 'file-1' } },
        ],
      },
    ],
  },
  'an id that comes again': { messages: said('How do tides work?'), id: 'chatcmpl-373', reusedId: true },
  code: { messages: said('Fix this:\nfunction add(a, b) {\n  return a - b;\n}') },
  'an account of any script': { messages: said('Hello there'), account: 'Größe-客户-🎉' },
};

/** The vectors as they should be. */
export function makeVectors(): Vectors {
  const recorder = createRecorder({ keys: KEYRING });
  const vectors = Object.entries(CASES).map(([name, changes]) => {
    const exchange = { ...BASE, ...changes } as Exchange;
    return { name, exchange, event: recorder.record(exchange) };
  });
  return JSON.parse(JSON.stringify({ keyring: KEYRING, vectors })) as Vectors;
}

/** The file's content. */
export function vectorsText(): string {
  const { keyring, vectors } = makeVectors();
  const lines = vectors.map((vector) => `  ${JSON.stringify(vector)}`);
  return `{"keyring": ${JSON.stringify(keyring)},\n "vectors": [\n${lines.join(',\n')}\n]}\n`;
}
