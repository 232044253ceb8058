import { turnsOf } from '../turns.ts';
import { jsonIn, objectOf } from './fields.ts';
import { literalIn } from './literals.ts';

/** Texts that are JSON: of parts that an instrumentation wrote, or of a customer, who is then quoted as it is. */

const PART_FIELDS = [
  ...[
    'type',
    'text',
    'toolUse',
    'toolResult',
    'image',
    'document',
    'functionCall',
    'functionResponse',
    'inlineData',
  ],
];

/**
 * The parts that a text is the JSON of (CrewAI, OpenLLMetry, Strands); any other value as it is. A customer may send JSON too,
 * and may make it look like parts: it is taken for parts only where all its words are read from them, so that nobody hides a
 * question in a field that nothing is read from.
 */
export function partsIn(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  const held = jsonIn(value);
  const parts: readonly unknown[] = Array.isArray(held) ? held : [held];
  const isParts =
    parts.length > 0 &&
    parts.every((part) => {
      const fields = objectOf(part);
      return fields !== undefined && PART_FIELDS.some((field) => field in fields);
    });
  if (!isParts) return value;
  // of thoughts and calls nothing is read that way, and so a text that looks like them is quoted
  const read = turnsOf([{ role: 'assistant', content: parts }]).reduce(
    (sum, { text }) => sum + text.length,
    0,
  );
  return wordsIn(parts) <= read ? parts : value;
}

/** Characters of the texts within a value that are words, not names, ids, addresses or base64. */
export function wordsIn(value: unknown, depth = 0): number {
  if (typeof value === 'string') return /[\s\u0080-\uffff]/.test(value) ? value.length : 0;
  if (typeof value !== 'object' || value === null || depth > 16) return 0;
  let sum = 0;
  for (const held of Object.values(value)) sum += wordsIn(held, depth + 1);
  return sum;
}

/** How the JSON of messages or of a request begins. */
const BEGINS =
  /^\s{0,64}(?:\[\s{0,64})?\{\s{0,64}(["'])(?:role|parts|contents?|messages|model|type|system\w*|prompt|inputs?|config|event\.name)\1\s{0,64}:/;

/** Whether a text is the beginning of the JSON of messages: an exporter cuts attributes at a length, whatever they hold. */
export function isCutJson(text: string): boolean {
  return BEGINS.test(text.slice(0, 400)) && typeof jsonIn(text) === 'string' && literalIn(text) === undefined;
}
