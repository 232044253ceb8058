import { expect, it } from 'vitest';
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

it('readers of logs keep texts: questions in earlier turns are told apart, and in pictures they are not', () => {
  const [one, other] = ['How do tides work?', 'Why is the sky blue?'].map((question) =>
    promptOf([user(question), model, user('Go on.')]),
  );
  expect(one).toBeDefined();
  expect(one).not.toBe(other);
  expect(promptOf([user(picture('iVBORw0KGgo='))])).toBe(promptOf([user(picture('aVBORw0KGgo='))]));
});
