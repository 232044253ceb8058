import { isAsked, turnsOf } from '../turns.ts';
import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { wordsIn } from './json-texts.ts';
import { literalIn } from './literals.ts';

/** Classes of messages by the roles that their names say: LangChain, LlamaIndex, pydantic-ai, Semantic Kernel, OpenAI's types. */
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/tool|function/i, 'tool'],
  [/user|human/i, 'user'],
  [/system|developer/i, 'system'],
  [/assistant|^ai|model|response/i, 'assistant'],
];

/**
 * The messages that a text is, where a logger wrote a whole conversation into one field: as JSON, or as its program prints a list
 * (`str(messages)`). Only where every word of it is read from them, so that nobody hides a question in a field that nothing is read
 * from; undefined for any other text, which is what somebody said.
 */
export function writtenMessages(written: string): readonly unknown[] | undefined {
  const twice = /^\s{0,64}"\s{0,64}[[{]/.test(written.slice(0, 200)) ? jsonIn(written) : written;
  const text = typeof twice === 'string' ? twice : written;
  if (!/^\s{0,64}(?:[[({]|[A-Za-z_][\w.]{0,64}\()/.test(text.slice(0, 200))) return undefined;
  const json = /^\s*[[{]/.test(text) ? jsonIn(text) : text;
  const printed = typeof json === 'string' ? literalIn(text) : json;
  // numpy: array([...], dtype=object)
  const held = textAt(printed, 'type')?.endsWith('array') === true ? at(printed, '_0') : printed;
  const list = Array.isArray(held)
    ? held
    : listOf(objectOf(held)?.messages ?? (held === undefined ? [] : [held]));
  const messages = list.flatMap(asMessages);
  if (messages.length === 0 || messages.some((message) => message === undefined)) return undefined;
  // who is asked nothing in it has been asked it: a customer who writes his question as a tool's result is quoted
  if (!isAsked(messages)) return undefined;
  const read = turnsOf(messages).reduce((sum, turn) => sum + turn.text.length, 0);
  return wordsIn(held) <= read ? messages : undefined;
}

/**
 * A message of OpenInference, whose fields carry their whole names in data frames and exports
 * (https://arize-ai.github.io/openinference/spec/semantic_conventions.html): its text, or its parts.
 */
export function openInferenceMessage(message: Json): Json {
  const parts = listOf(message['message.contents']).map((part) => ({
    type: at(part, 'message_content.type') ?? at(part, 'message_content', 'type'),
    text: at(part, 'message_content.text') ?? at(part, 'message_content', 'text'),
  }));
  const content = message['message.content'] ?? (parts.length > 0 ? parts : null);
  return { role: message['message.role'], content };
}

/** A message; undefined in its place for what is none. */
function asMessages(held: unknown): readonly (Json | undefined)[] {
  const message = objectOf(held);
  if (message === undefined) return [undefined];
  if (typeof message['message.role'] === 'string') return [openInferenceMessage(message)];
  const content = message.content ?? message.blocks ?? message.parts ?? message.text ?? null;
  if (typeof message.role === 'string')
    return 'content' in message || content !== null ? [{ ...message, content }] : [undefined];
  const type = textAt(message, 'type') ?? '';
  // pydantic-ai: ModelRequest(parts=[SystemPromptPart(...), UserPromptPart(...)])
  if (/^Model(?:Request|Response)$/.test(type)) return listOf(message.parts).flatMap(asMessages);
  const role = CLASSES.find(([names]) => names.test(type))?.[1];
  return [role === undefined || content === null ? undefined : { role, content }];
}
