import { beginsAsTask } from './instruction.ts';
import { turnsOf } from './turns.ts';

/** What a conversation asks for, and how much of it came from tools. */
export interface Asked {
  /** the text that is asked: of the last user message, of a tool's result that asks for work itself, or of a system prompt alone */
  readonly prompt: string;
  /** system prompts, joined; undefined where there are none */
  readonly system: string | undefined;
  /** user messages; 1 is a self-contained question */
  readonly turns: number;
  /** results of tools since the last user message: the steps of this task so far */
  readonly steps: number;
  /** tenths of the conversation's text that came from tools, 0 to 10 */
  readonly fromTools: number;
  /** the prompt is a tool's result */
  readonly askedByTool: boolean;
}

/** A tool's result longer than this is a document, not a request. */
const MAX_REQUEST = 8_000;
/** JSON of more texts than these is a list of what was found. */
const MAX_TEXTS = 64;
const MAX_DEPTH = 8;

/**
 * Reads a conversation. Whoever hides requests in results of tools, under a user message that stays the same, would have
 * one prompt for a thousand requests: so the last result counts as the prompt where no user has said anything, or where it
 * is phrased as a task or a question and no longer than a request.
 */
export function askedOf(messages: readonly unknown[]): Asked {
  let last: string | undefined;
  let system: string | undefined;
  let result: string | undefined;
  let byTool = false;
  let turns = 0;
  let steps = 0;
  let said = 0;
  let fromTools = 0;
  for (const { kind, text } of turnsOf(messages)) {
    if (kind === 'user') {
      turns++;
      last = text;
      steps = 0;
      result = undefined;
      said += text.length;
    } else if (kind === 'tool') {
      steps++;
      result = text;
      fromTools += text.length;
      byTool = true;
    } else if (kind === 'attached') {
      result = text;
      byTool = false;
    } else if (kind === 'system') system = system === undefined ? text : `${system}\n${text}`;
  }
  const request = result === undefined ? undefined : requestIn(result);
  const unsaid = last === undefined || last === '';
  const found = request ?? (unsaid && result !== '' ? result : undefined);
  // a call of nothing but a system prompt asks what that says
  const alone = unsaid && result === undefined && turns === 0;
  return {
    prompt: found ?? (alone ? (system ?? '') : (last ?? '')),
    system,
    turns,
    steps,
    fromTools: fromTools === 0 ? 0 : Math.round((10 * fromTools) / (fromTools + said)),
    askedByTool: found !== undefined && byTool,
  };
}

/**
 * What a tool's result asks for: itself, or the texts in its JSON that ask, where they are the greater part of it. Tools answer in
 * JSON; one title among many that ends in a question mark makes no request.
 */
function requestIn(result: string): string | undefined {
  if (asksForWork(result)) return result;
  if (result.length > MAX_REQUEST || !/^\s{0,64}[[{]/.test(result)) return undefined;
  const texts: string[] = [];
  try {
    addTexts(texts, JSON.parse(result), 0);
  } catch {
    return undefined;
  }
  if (texts.length > MAX_TEXTS) return undefined;
  const asking = texts.filter(asksForWork);
  const length = (held: readonly string[]) => held.reduce((sum, text) => sum + text.length, 0);
  return asking.length > 0 && 2 * length(asking) > length(texts) ? asking.join('\n') : undefined;
}

/** The texts of several words within a value, those of an object in the order of its names. */
function addTexts(texts: string[], value: unknown, depth: number): void {
  if (depth > MAX_DEPTH || texts.length > MAX_TEXTS) return;
  if (typeof value === 'string') {
    if (/[\s\u0080-\uffff]/.test(value)) texts.push(value);
  } else if (Array.isArray(value)) for (const held of value) addTexts(texts, held, depth + 1);
  else if (typeof value === 'object' && value !== null)
    for (const [, held] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      addTexts(texts, held, depth + 1);
}

/** Whether a text that no user has said asks for work itself: a task or a question, no longer than a request. */
export function asksForWork(text: string): boolean {
  return text.length <= MAX_REQUEST && (beginsAsTask(text) || /[?？؟]["'”’)\]\s]*$/.test(text.slice(-40)));
}
