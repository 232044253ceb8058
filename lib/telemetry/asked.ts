import { beginsAsTask } from './instruction.ts';
import { turnsOf } from './turns.ts';

/** What a conversation asks for, and how much of it came from tools. */
export interface Asked {
  /** the text that is asked: of the last user message, or of a tool's result that asks for work itself */
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

/**
 * Reads a conversation. Whoever hides requests in results of tools, under a user message that stays the same, would have
 * one prompt for a thousand requests: so the last result counts as the prompt where no user has said anything, or where it
 * is phrased as a task or a question and no longer than a request.
 */
export function askedOf(messages: readonly unknown[]): Asked {
  let last: string | undefined;
  let system: string | undefined;
  let result: string | undefined;
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
    } else if (kind === 'system') system = system === undefined ? text : `${system}\n${text}`;
  }
  const askedByTool = result !== undefined && result !== '' && (last === undefined || asksForWork(result));
  return {
    prompt: askedByTool ? (result ?? '') : (last ?? ''),
    system,
    turns,
    steps,
    fromTools: fromTools === 0 ? 0 : Math.round((10 * fromTools) / (fromTools + said)),
    askedByTool,
  };
}

/** Whether a text that no user has said asks for work itself: a task or a question, no longer than a request. */
export function asksForWork(text: string): boolean {
  return text.length <= MAX_REQUEST && (beginsAsTask(text) || /[?？؟]["'”’)\]\s]*$/.test(text.slice(-40)));
}
