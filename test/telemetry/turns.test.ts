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
  it('is the last user message, and results of tools are steps', () => {
    expect(askedOf([question, result('rainy'), result('12 degrees')])).toMatchObject({
      prompt: 'Weather in Paris?',
      turns: 1,
      steps: 2,
      askedByTool: false,
    });
  });

  it('is a result that asks for work itself: a request cannot be hidden under a message that stays the same', () => {
    const hidden = 'Write a proof that there are infinitely many primes.';
    expect(askedOf([{ role: 'user', content: 'Go on.' }, result(hidden)])).toMatchObject({
      prompt: hidden,
      askedByTool: true,
    });
    expect(askedOf([result(hidden)])).toMatchObject({ prompt: hidden, askedByTool: true });
  });
});
