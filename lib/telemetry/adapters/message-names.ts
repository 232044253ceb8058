import { at, type Json, objectOf, textAt } from './fields.ts';

/** Names under which products keep who says a message, beside `role`: LangChain, chat stores, Rasa and others. */
const ROLES = [
  'role',
  'message.role',
  'author',
  'sender_type',
  'sender',
  'type',
  'obj',
  'messageType',
  'part_kind',
  'from',
  'speaker',
  'kind',
];
/** Words that name a speaker, whatever the product calls it. */
const SPEAKERS: readonly (readonly [RegExp, string])[] = [
  [/^(?:user|human|customer|end_?user|humanmessage|user_?message|user-prompt|message\.input)$/i, 'user'],
  [/^(?:assistant|ai|bot|model|chatbot|agent|machine|aimessage|api_?message|message\.output)$/i, 'assistant'],
  [/^(?:system|developer|systemmessage|system-prompt)$/i, 'system'],
  [/^(?:tool|function|toolmessage|tool_?result|tool_?response|tool-return)$/i, 'tool'],
];
/** Items of Responses, which have a type and no role, are messages of their own (turns.ts). */
const ITEMS = /_call(?:_output)?$|^reasoning$/;

/** Whether a value of a list of messages is an item without a role: a call of a tool, or its result. */
export function isItem(message: Json): boolean {
  return typeof message.role !== 'string' && ITEMS.test(textAt(message, 'type') ?? '');
}

/** Who says a message; undefined for what is no message. */
export function roleOf(message: Json): string | undefined {
  if (typeof message.role === 'string') {
    const known = SPEAKERS.find(([words]) => words.test(textAt(message, 'role') ?? ''));
    return known?.[1] ?? message.role;
  }
  for (const name of ROLES) {
    const held = at(message, name);
    const word = typeof held === 'string' ? held : (textAt(held, 'role') ?? textAt(held, 'label'));
    const role = word === undefined ? undefined : SPEAKERS.find(([words]) => words.test(word))?.[1];
    if (role !== undefined && hasWords(message)) return role;
  }
  return undefined;
}

const WORDS = [
  'content',
  'parts',
  'text',
  'message',
  'blocks',
  'value',
  'message.content',
  'contents',
  'items',
];

function hasWords(message: Json): boolean {
  return WORDS.some((name) => message[name] !== undefined && message[name] !== null);
}

/** What a message says, for turns.ts. */
export function textOf(message: Json): unknown {
  const held = WORDS.map((name) => message[name]).find((one) => one !== undefined && one !== null);
  return objectOf(held) === undefined
    ? held
    : (at(held, 'parts') ?? at(held, 'content') ?? at(held, 'text') ?? held);
}

/** A message of which each part is one: https://ai.pydantic.dev/message-history/ (ModelRequest, ModelResponse); others as they are. */
export function partsOf(message: unknown): readonly unknown[] {
  const held = objectOf(message);
  if (
    held === undefined ||
    !Array.isArray(held.parts) ||
    (held.kind !== 'request' && held.kind !== 'response')
  )
    return [message];
  return held.kind === 'request' ? held.parts : [{ role: 'assistant', content: held.parts }];
}
