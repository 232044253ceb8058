import { expect, it } from 'vitest';
import { SEVERAL_PROMPTS } from '../../../lib/telemetry/adapters/read-message.ts';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import { developmentKeyring } from '../../../lib/telemetry/keys.ts';
import { createRecorder } from '../../../lib/telemetry/recorder.ts';
import { readEntries } from './gateway-shapes/read-entries.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });

/** A call as LiteLLM's proxy logs it, with its body as it was sent. */
function promptOf(messages: readonly unknown[]): string | undefined {
  const [exchange] = readEntries([
    {
      ...{ id: 'chatcmpl-1', call_type: 'acompletion', status: 'success', model: 'gpt-4o' },
      ...{ startTime: 1772352000, endTime: 1772352001, prompt_tokens: 9, completion_tokens: 3 },
      metadata: { user_api_key_user_id: 'acme' },
      messages,
      response: { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'Yes.' } }] },
    },
  ]).exchanges;
  return exchange === undefined ? undefined : recorder.record(exchange).prints[0]?.prompt;
}

const picture = (data: string) => [
  { type: 'text', text: 'Go on.' },
  { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
];
const user = (content: unknown) => ({ role: 'user', content });
const model = { role: 'assistant', content: 'Sure.' };

const promptsOf = (entries: readonly unknown[]) =>
  readEntries(entries).exchanges.map((exchange) => recorder.record(exchange).prints[0]?.prompt);

it('readers of pairs tell questions in earlier turns and in pictures apart, and the same question stays one', () => {
  const [one, other] = ['How do tides work?', 'Why is the sky blue?'].map((question) =>
    promptOf([user(question), model, user('Go on.')]),
  );
  expect(one).toBeDefined();
  expect(one).not.toBe(other);
  const [first, second, again] = ['iVBORw0KGgo=', 'aVBORw0KGgo=', 'iVBORw0KGgo='].map((data) =>
    promptOf([user(picture(data))]),
  );
  expect(first).not.toBe(second);
  expect(first).toBe(again);
});

/** A pair as a gateway logs it: OpenAI's Responses, or Gemini's. */
const pair = (request: object, response: object) => ({
  ...{ id: 'r-1', time: '2026-03-01T08:00:00Z', account: 'acme', model: 'm-1' },
  ...{ request, response },
});
const response = { object: 'response', output: [], usage: { input_tokens: 9, output_tokens: 3 } };

it('readers of pairs tell apart which conversation or cache of the provider a call goes on from', () => {
  const of = (beside: object) => pair({ model: 'm-1', input: 'Go on.', ...beside }, response);
  const responses = promptsOf([
    of({}),
    of({ previous_response_id: 'resp_1' }),
    of({ previous_response_id: 'resp_2' }),
    of({ conversation: { id: 'conv_1' } }),
  ]);
  expect(new Set(responses).size).toBe(4);
  const contents = [{ role: 'user', parts: [{ text: 'Go on.' }] }];
  const answered = { candidates: [{ content: { parts: [{ text: 'Yes.' }] }, finishReason: 'STOP' }] };
  const gemini = promptsOf(
    [{}, { cachedContent: 'cachedContents/1' }, { cachedContent: 'cachedContents/2' }].map((beside) =>
      pair({ contents, ...beside }, answered),
    ),
  );
  expect(new Set(gemini).size).toBe(3);
});

it('a field of another API tells nothing apart: whoever is linked by what it asks does not get loose by it', () => {
  const messages = [user('How do tides work?')];
  const answered = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'Yes.' } }] };
  const chat = promptsOf(
    [{}, { previous_response_id: 'resp_1' }, { cachedContent: 'cachedContents/1' }].map((beside) =>
      pair({ messages, ...beside }, answered),
    ),
  );
  expect(new Set(chat).size).toBe(1);
});

it('what is not told apart: pictures in spans of OpenTelemetry, and fewer than five words in all beside the longest of several prompts', () => {
  const span = (data: string) => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                ...{ traceId: '1'.repeat(32), spanId: '1'.repeat(16), name: 'chat m-1' },
                startTimeUnixNano: '1772352000000000000',
                attributes: Object.entries({
                  'siphonwatch.account': 'acme',
                  'gen_ai.operation.name': 'chat',
                  'gen_ai.request.model': 'm-1',
                  'gen_ai.input.messages': JSON.stringify([user(picture(data))]),
                }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
              },
            ],
          },
        ],
      },
    ],
  });
  const spans = ['iVBORw0KGgo=', 'aVBORw0KGgo='].flatMap((data) => promptsOf([span(data)]));
  expect(spans).toHaveLength(2);
  expect(new Set(spans).size).toBe(1);
  const short = promptsOf([listed('Why?', 'Say two'), listed('Who?', 'Say one')]);
  expect(short).toHaveLength(2);
  expect(new Set(short).size).toBe(1);
});

/** One request of Completions with several prompts, the last of which is the longest. */
const listed = (...others: readonly string[]) =>
  pair(
    { model: 'm-1', prompt: [...others, 'How do the tides of the seas work, in all of their detail?'] },
    { object: 'text_completion', choices: [{ text: 'a' }, { text: 'b' }] },
  );

it('several prompts in one request tell it apart beside the same longest one, and that there were several is said', () => {
  const entries = [
    listed('Why is the sky blue?'),
    listed('Why is the grass green?'),
    listed('\u5929\u7a7a\u4e3a\u4ec0\u4e48'),
    listed('Why', 'is', 'the', 'sky', 'blue?'),
    listed(),
  ];
  expect(new Set(promptsOf(entries)).size).toBe(5);
  expect(new Set(promptsOf([entries[0], entries[0]])).size).toBe(1);
  expect(new EntryReader('auto').read(entries).odd).toEqual(Array(4).fill(SEVERAL_PROMPTS));
  const inputs = (other: string) =>
    pair({ inputs: [[user(other)], [user('How do the tides of the seas work, in all detail?')]] }, response);
  expect(new Set(promptsOf([inputs('Why is the sky blue?'), inputs('Why is the sea blue?')])).size).toBe(2);
});
