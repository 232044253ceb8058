import { expect, it } from 'vitest';
import { readRequest } from '../../../lib/telemetry/adapters/request.ts';

/** Dapr's conversation API beside Mistral's Conversations: both have `inputs`, and what one of them reads the other discards. */
const QUESTION = 'solve the equation and show every step';
const user = (text: unknown) => ({ ofUser: { content: [{ text }] } });
const asked = { messages: [user(QUESTION)] };

it.each([
  ['an input of the other API behind it', [asked, { role: 'user', content: 'DECOY' }]],
  ['an input of the other API before it', [{ role: 'user', content: 'DECOY' }, asked]],
  ['a content beside its messages', [{ ...asked, role: 'user', content: 'DECOY' }]],
  ['an empty content beside its messages', [{ ...asked, role: 'user', content: [] }]],
  ['an empty input', [asked, {}]],
  [
    'messages beside the content that is read',
    [{ role: 'user', content: QUESTION, messages: [user('DECOY')] }],
  ],
  [
    'the name of a role as the .proto has it',
    [{ messages: [{ of_user: { content: [{ text: QUESTION }] } }] }],
  ],
])('a question to Dapr is what was asked, whatever is added: %s', (_, inputs) => {
  const messages = readRequest({ inputs, parameters: {} })?.messages ?? [];
  expect(messages.findLast(({ role }) => role === 'user')?.content).toContain(QUESTION);
});

it('the turns of a conversation with Dapr are its own', () => {
  const inputs = [
    { messages: [{ ofSystem: { content: [{ text: 'Be brief' }] } }, user('Why?')] },
    { messages: [{ ofAssistant: { content: [{ text: 'So.' }] } }, user(QUESTION)] },
  ];
  expect(readRequest({ inputs })?.messages.map(({ role }) => role)).toEqual([
    'system',
    'user',
    'assistant',
    'user',
  ]);
});
