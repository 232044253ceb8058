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
export function besideOf(messages: readonly ReadMessage[]): string | undefined {
  const beside = new Beside();
  for (const message of messages) for (const part of wordless.get(message) ?? []) beside.addPart(part);
  const units = beside.units();
  return units.length === 0 ? undefined : units.map((unit) => unit.toString(16).padStart(4, '0')).join('');
}
