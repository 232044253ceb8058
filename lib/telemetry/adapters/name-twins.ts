import { LIMITS } from '../../limits.ts';
import { type Json, listOf, objectOf } from './fields.ts';

/**
 * Servers in Go take a name in any case and with letters that fold to the same (`Messages`, `meſſages`) for the documented one, and the
 * last of them counts (https://pkg.go.dev/encoding/json#Unmarshal); others leave it out. Which of them answered, nothing tells.
 */
const NAMES: ReadonlySet<string> = new Set([
  ...['messages', 'prompt', 'input', 'inputs', 'contents', 'message', 'system', 'instructions'],
  ...['content', 'parts', 'text'],
]);
const LONGEST = 16;
const DEPTH = 4;

/** The texts under names of a body and its messages that stand beside the documented name that they may be taken for. */
export function twinTexts(body: Json): string {
  const lists = [body.messages, body.contents, body.input].flatMap((held) =>
    listOf(held).slice(-LIMITS.messages.most),
  );
  const texts: string[] = [];
  for (const held of [body, ...lists]) addTwins(texts, objectOf(held) ?? {});
  return texts.join('\n');
}

function addTwins(texts: string[], held: Json): void {
  for (const name in held) {
    if (name.length > LONGEST || /^[a-z_]*$/.test(name)) continue;
    const folded = name.normalize('NFKC').toLowerCase();
    if (folded !== name && NAMES.has(folded) && folded in held) addTexts(texts, held[name], 0);
  }
}

/** Texts of several words, however deep: what a role or a type says asks nothing. */
function addTexts(texts: string[], value: unknown, depth: number): void {
  if (texts.length >= LIMITS.conversationValues.most || depth > DEPTH) return;
  if (typeof value === 'string') {
    if (/[\s\u0080-\uffff]/.test(value)) texts.push(value);
  } else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) addTexts(texts, inner, depth + 1);
}
