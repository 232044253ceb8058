import { createHash } from 'node:crypto';
import { Beside } from '../beside.ts';

/** A message as adapters hand it on: the provider's shapes are gone. */
export interface ReadMessage {
  readonly role: string;
  readonly content: string;
}

/** What came with a message and is none of its words; a message has two fields, wherever it is handed on. */
const wordless = new WeakMap<ReadMessage, readonly unknown[]>();

/** A message with parts that hold no words of it: pictures, files, what else its request asks. The same message. */
export function withWordless(message: ReadMessage, parts: readonly unknown[]): ReadMessage {
  if (parts.length > 0) wordless.set(message, [...(wordless.get(message) ?? []), ...parts]);
  return message;
}

/**
 * What tells a call from others with the same words: 64 bits over all parts without words of its messages, as 16 hexadecimal digits;
 * undefined where there are none.
 */
export function wordlessDigest(messages: readonly ReadMessage[]): string | undefined {
  const beside = new Beside();
  for (const message of messages) for (const part of wordless.get(message) ?? []) beside.addPart(part);
  const units = beside.units();
  return units.length === 0 ? undefined : units.map((unit) => unit.toString(16).padStart(4, '0')).join('');
}

/** What is said of a request of several prompts, of which one event is made. */
export const SEVERAL_PROMPTS = 'prompts of one request but the longest';

const ofSeveral = new WeakSet<ReadMessage>();

/** Whether these messages stand for the longest of several prompts that were sent in one request. */
export function hasSeveralPrompts(messages: readonly ReadMessage[]): boolean {
  return messages.some((message) => ofSeveral.has(message));
}

/** The longest of several prompts of one request, with what tells it from the same beside others. The same messages. */
export function withOtherPrompts(messages: ReadMessage[], others: readonly string[]): ReadMessage[] {
  const message = messages.findLast(({ role }) => role === 'user') ?? messages.at(-1);
  if (message === undefined || others.length === 0) return messages;
  ofSeveral.add(message);
  if (!areQuestions(others)) return messages;
  const hash = createHash('sha256');
  for (const text of others) hash.update(Uint32Array.of(text.length)).update(text, 'utf16le');
  withWordless(message, [`prompts ${hash.digest('hex')}`]);
  return messages;
}

/** Words by which an opening tells a task from others (print-maker.ts); fewer name no task, all together. */
const TASK_WORDS = 5;
const TASK_LENGTH = 32;

function areQuestions(texts: readonly string[]): boolean {
  let words = 0;
  let length = 0;
  for (const text of texts) {
    length += text.length;
    // scripts that write no spaces say much in few characters
    if (length >= TASK_LENGTH || /[\u0080-\uffff]/.test(text)) return true;
    words += text.split(/\s+/).filter((word) => word !== '').length;
  }
  return words >= TASK_WORDS;
}
