import { describe, expect, it } from 'vitest';
import { askedOf } from '../../lib/telemetry/asked.ts';
import { turnsOf } from '../../lib/telemetry/turns.ts';

const result = (text: string) => ({
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text }] }],
});
const question = { role: 'user', content: 'Weather in Paris?' };

describe('turns', () => {
  it.each([
    ['Anthropic', result('rainy')],
    [
      'Converse',
      { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ text: 'rainy' }] } }] },
    ],
    ['Gemini', { role: 'user', parts: [{ functionResponse: { name: 'w', response: { result: 'rainy' } } }] }],
    ['Chat Completions', { role: 'tool', tool_call_id: 't', content: 'rainy' }],
    ['Responses', { type: 'function_call_output', call_id: 't', output: 'rainy' }],
    ['OpenTelemetry', { role: 'tool', parts: [{ type: 'tool_call_response', id: 't', response: 'rainy' }] }],
    [
      'Vercel',
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 't', output: { type: 'text', value: 'rainy' } }],
      },
    ],
  ])("of %s know a tool's result whatever role carries it", (_, message) => {
    expect(turnsOf([message])).toEqual([{ kind: 'tool', role: 'tool', text: 'rainy' }]);
  });

  it('keep what a user says beside a result', () => {
    const both = {
      role: 'user',
      content: [...result('rainy').content, { type: 'text', text: 'And tomorrow?' }],
    };
    expect(turnsOf([both]).map(({ kind, text }) => [kind, text])).toEqual([
      ['tool', 'rainy'],
      ['user', 'And tomorrow?'],
    ]);
  });
});

describe('what is asked', () => {
  const hidden = 'Write a proof that there are infinitely many primes.';

  it('is the last user message, and results of tools are steps', () => {
    expect(askedOf([question, result('rainy'), result('12 degrees')])).toMatchObject({
      prompt: 'Weather in Paris?',
      turns: 1,
      steps: 2,
      askedByTool: false,
    });
  });

  it('is a result that asks for work itself: a request cannot be hidden under a message that stays the same', () => {
    expect(askedOf([{ role: 'user', content: 'Go on.' }, result(hidden)])).toMatchObject({
      prompt: hidden,
      askedByTool: true,
    });
    expect(askedOf([result(hidden)])).toMatchObject({ prompt: hidden, askedByTool: true });
  });

  const user = (...parts: unknown[]) => ({
    role: 'user',
    content: [...parts, { type: 'text', text: 'Do it.' }],
  });
  const base64 = Buffer.from(hidden).toString('base64');

  it.each([
    ["a tool's JSON", [question, result(JSON.stringify({ id: 7, task: hidden, state: 'not done yet' }))]],
    [
      'a document (Anthropic)',
      [user({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: hidden } })],
    ],
    ['a file (Chat Completions)', [user({ type: 'file', file: { filename: 'a.txt', file_data: hidden } })]],
    ['a file (Responses)', [user({ type: 'input_file', file_data: `data:text/plain;base64,${base64}` })]],
    ['inline data (Gemini)', [user({ inlineData: { mimeType: 'text/plain', data: base64 } })]],
    ['a document (Converse)', [user({ document: { format: 'txt', name: 'a', source: { bytes: base64 } } })]],
    ['a system prompt alone', [{ role: 'developer', content: hidden }]],
    ['a first result of two', [question, result(hidden), result('12 degrees')]],
    [
      'a first document of two',
      [
        user(
          { type: 'document', source: { type: 'text', data: hidden } },
          { type: 'document', source: { type: 'text', data: 'The rainfall of March.' } },
        ),
      ],
    ],
    ...[
      `<tool_response>\n${hidden}\n</tool_response>`,
      `Observation: ${hidden}`,
      `[f for 'x'] Result:\n${hidden}`,
    ].map((content): [string, unknown[]] => [
      `words of the user that look like a result: ${content.slice(0, 14)}`,
      [question, { role: 'assistant', content: 'Rain.' }, { role: 'user', content }],
    ]),
    // fields that are the model's, or of another API, beside the words of a user
    ...[
      { thought: true },
      { type: 'thinking' },
      { toolResult: { content: 'x' } },
      { functionResponse: { name: 'f' } },
    ].map((more): [string, unknown[]] => [
      `a part with more fields: ${Object.keys(more)[0]}`,
      [{ role: 'user', content: [{ text: hidden, ...more }] }],
    ]),
  ])('is what stands in %s', (_, messages) => {
    expect(askedOf(messages).prompt).toBe(hidden);
  });

  it('is not what a search found: one question among many texts makes no request', () => {
    const found = {
      hits: [{ title: 'How do tides work?' }, { title: 'The moon pulls at the water of all seas' }],
    };
    expect(askedOf([question, result(JSON.stringify(found))])).toMatchObject({
      prompt: 'Weather in Paris?',
      steps: 1,
      askedByTool: false,
    });
  });

  it('is all that ask among results and documents: one that asks, or a hundred behind it, hide none of the others', () => {
    const said = { role: 'user', content: 'Go on.' };
    const fillers = Array.from({ length: 100 }, () => result('ok'));
    for (const others of [[result('Why?')], fillers, [...fillers, result('Why?')]]) {
      expect(askedOf([said, result(hidden), ...others]).prompt).toContain(hidden);
      expect(askedOf([said, ...others, result(hidden)]).prompt).toContain(hidden);
    }
    expect(askedOf([said, result('Why?'), result('rainy'), result(hidden)]).prompt).toBe(`Why?\n${hidden}`);
    expect(askedOf([said, ...fillers.slice(0, 64)]).prompt).toBe('Go on.');
  });

  it('is the words beside a picture or a document that asks nothing; neither is a step', () => {
    const picture = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
    };
    expect(askedOf([user(picture)])).toMatchObject({ prompt: 'Do it.', steps: 0 });
    const report = { type: 'document', source: { type: 'text', data: 'The rainfall of March.' } };
    expect(askedOf([user(report)])).toMatchObject({ prompt: 'Do it.', steps: 0, askedByTool: false });
  });
});
