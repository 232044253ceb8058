import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

/** A customer whose last words stay the same while the question stands elsewhere: a thousand questions would be one prompt. */
const recorder = createRecorder({ keys: developmentKeyring('test') });
const promptOf = (messages: readonly unknown[]) =>
  recorder.record({ ...anExchange(), messages: messages as Exchange['messages'] }).prints[0]?.prompt;

const QUESTIONS = [
  'Explain how tides come about',
  'Describe what a vaccine does',
  'Compare two proofs of it',
];
const user = (content: unknown, over: object = {}) => ({ role: 'user', content, ...over });
const model = (content: unknown, over: object = {}) => ({ role: 'assistant', content, ...over });
const go = { type: 'text', text: 'Go on.' };
const note = (data: string) => ({
  type: 'document',
  source: { type: 'text', media_type: 'text/plain', data },
});
const ASKS = 'What should the answer to this be?';

const PLACES: readonly (readonly [string, (question: string) => readonly unknown[]])[] = [
  ['in the user message before', (said) => [user(said), user('Go on.')]],
  ['in an earlier turn', (said) => [user(said), model('Sure.'), user('Go on.')]],
  [
    'in an earlier turn that the model is said to have spoken',
    (said) => [user('Hi.'), model(said), user('Go on.')],
  ],
  [
    'in an earlier result',
    (said) => [user('Hi.'), model(''), { role: 'tool', content: said }, user('Go on.')],
  ],
  [
    'in a picture',
    (said) => [user([go, { type: 'image_url', image_url: { url: `data:image/png;base64,${btoa(said)}` } }])],
  ],
  [
    'in sound',
    (said) => [user([go, { type: 'input_audio', input_audio: { data: btoa(said), format: 'wav' } }])],
  ],
  ['in a transcript', (said) => [user([go, { type: 'input_audio', transcript: said }])]],
  [
    'in the name of a file',
    (said) => [user([go, { type: 'file', file: { filename: said, file_data: 'data:,' } }])],
  ],
  ['in the title of a document', (said) => [user([go, { ...note('x'), title: said }])]],
  ['in a document that is not phrased as a task', (said) => [user([go, note(`The matter: ${said}`)])]],
  ['in a part of no known kind', (said) => [user([go, { type: 'novel', content: [{ data: said }] }])]],
  ['in the name of the user', (said) => [user('Go on.', { name: said.replaceAll(' ', '_') })]],
  [
    'in the words beside a document that always asks the same',
    (said) => [user([{ type: 'text', text: said }, note(ASKS)])],
  ],
  [
    'in the words before a result that always asks the same',
    (said) => [user(said), model(''), { role: 'tool', content: ASKS }],
  ],
  [
    'in symbols before a result with words',
    (said) => [
      user(said.replace(/./g, (c) => String.fromCharCode(0x2800 + c.charCodeAt(0)))),
      model(''),
      { role: 'tool', content: 'done' },
    ],
  ],
];

describe('questions beside words that stay the same', () => {
  it.each(PLACES)('are told apart: %s', (_, place) => {
    const prompts = QUESTIONS.map((question) => promptOf(place(question)));
    expect(new Set(prompts).size).toBe(QUESTIONS.length);
    // and a retry is one
    expect(QUESTIONS.map((question) => promptOf(place(question)))).toEqual(prompts);
  });

  it('are one question in each step of an agent, and under ids that are new each time', () => {
    const step = (n: number) => [
      model('', { tool_calls: [{ id: `c${n}` }] }),
      { role: 'tool', content: `row ${n}` },
    ];
    const task = [user('Hi.'), model('Hello.'), user('Sum the table.')];
    const prompts = [0, 1, 2, 3].map((steps) =>
      promptOf([...task, ...Array.from({ length: steps }, (__, n) => step(n)).flat()]),
    );
    expect(new Set(prompts).size).toBe(1);
    const sent = (id: string) =>
      promptOf([user([go, { type: 'image_url', id, image_url: { url: 'data:,' } }])]);
    expect(sent('a')).toBe(sent('b'));
  });

  it('cost little, whatever stands there', () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`n${at}`, at]));
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as unknown;
    const parts = [
      { type: 'a', wide },
      { type: 'b', deep },
      { type: 'c', long: 'x'.repeat(10_000_000) },
    ];
    const messages = [...Array.from({ length: 500 }, () => user('y'.repeat(20_000))), user([go, ...parts])];
    promptOf(messages);
    const began = performance.now();
    promptOf(messages);
    // 65,536 code units are hashed within a millisecond; a shared machine may be slow
    expect(performance.now() - began).toBeLessThan(50);
  });
});
