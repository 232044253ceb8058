import { EMPTY_LETTERS } from '../text/empty-letters.ts';
import { Beside } from './beside.ts';
import { sampled } from './folded-text.ts';
import { beginsAsTask } from './instruction.ts';
import { saysInSymbols } from './symbols.ts';
import { type Turn, turnsOf, unframed } from './turns.ts';

/** What a conversation asks for, and how much of it came from tools. */
export interface Asked {
  /**
   * the text that is asked: of the last user message, of a tool's result that asks for work itself, or of a system prompt where no user
   * says anything; and behind it the begun answer that the customer sent along (prefill)
   */
  readonly prompt: string;
  /** `prompt` without the begun answer */
  readonly said: string;
  /** what else this call asks: before the last user message, and with it */
  readonly beside: Beside;
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
 * one prompt for a thousand requests: so the last result counts as the prompt where no user has said anything, or one of the last that
 * is phrased as a task or a question and no longer than a request. Nor may a question hide in the last turn of the model, which the
 * customer writes as it likes, or in a system prompt beside a message without words.
 * @param elsewhere what else tells the call from others with the same words
 * @param completion the answer, which many logs repeat as the last turn; undefined where nobody has told it
 */
export function askedOf(messages: readonly unknown[], completion?: string | null, elsewhere?: string): Asked {
  let last: string | undefined;
  let system: string | undefined;
  // what tools answered last, and what is attached to the last question: since the last user message and turn of the model
  let results: Result[] = [];
  let isOlder = false;
  let turns = 0;
  let steps = 0;
  let said = 0;
  let fromTools = 0;
  // turns of the model, and of roles that no API has, behind all others
  let begun: string[] = [];
  const conversation = turnsOf(messages);
  for (const { kind, text } of conversation) {
    if (kind === 'assistant') isOlder = true;
    if (kind === 'assistant' || kind === 'other') {
      begun.push(text);
      continue;
    }
    begun = kind === 'system' ? begun : [];
    if (kind === 'user') {
      turns++;
      last = text;
      steps = 0;
      results = [];
      said += text.length;
    } else if (kind === 'system') system = system === undefined ? text : `${system}\n${text}`;
    else {
      const byTool = kind === 'tool';
      if (byTool) {
        steps++;
        fromTools += text.length;
      }
      if (isOlder) results = [];
      isOlder = false;
      results.push({ text, byTool });
    }
  }
  const result = results.at(-1);
  const unsaid = !hasWords(last);
  const found = requestAmong(results) ?? (unsaid && says(result?.text) ? result : undefined);
  // where nobody says anything, the call asks what its system prompt says
  const own = found?.text ?? (unsaid && says(system) ? (system ?? '') : (last ?? ''));
  const beside = besideOf(conversation);
  if (own !== last && says(last)) beside.add(last ?? '');
  if (elsewhere !== undefined && elsewhere !== '') beside.add(elsewhere);
  const prefill = prefillIn(begun, completion ?? '');
  return {
    prompt: prefill === '' ? own : own === '' ? prefill : `${own}\n${prefill}`,
    said: own,
    beside,
    system,
    turns,
    steps,
    fromTools: fromTools === 0 ? 0 : Math.round((10 * fromTools) / (fromTools + said)),
    askedByTool: found?.byTool === true,
  };
}

/** A letter or a number that is seen: Hangul's fillers are letters and empty. */
const SEEN = new RegExp(`(?![${EMPTY_LETTERS}])[\\p{L}\\p{N}]`, 'u');

/** Whether somebody says anything in words in a text, as far as it is read. */
function hasWords(text: string | undefined): boolean {
  return text !== undefined && SEEN.test(sampled(text));
}

/** Whether somebody says anything, in words or in symbols. */
function says(text: string | undefined): boolean {
  return hasWords(text) || (text !== undefined && saysInSymbols(sampled(text)));
}

/** What stands before the last user message, newest first, and what came with it without words. System prompts have prints of their own. */
function besideOf(conversation: readonly Turn[]): Beside {
  const beside = new Beside();
  const last = conversation.findLastIndex(({ kind }) => kind === 'user');
  for (const part of conversation[last]?.wordless ?? []) beside.addPart(part);
  for (let at = last - 1; at >= 0; at--) {
    const { kind, text, wordless = [] } = conversation[at] as Turn;
    if (kind === 'system' || (text === '' && wordless.length === 0)) continue;
    beside.add(text);
    if (kind === 'user') for (const part of wordless) beside.addPart(part);
  }
  return beside;
}

/** Marks of templates that open or leave out a model's thoughts: nobody's words. */
const THOUGHT_MARKS = /<\/?think>/g;

/**
 * What the last turns of a conversation ask that are the model's by their role: a begun answer, which a model goes on with as if these
 * were its words. Not the answer itself, which many logs append.
 */
function prefillIn(begun: readonly string[], completion: string): string {
  const last = begun.at(-1);
  const sent = last !== undefined && isAnswer(last, completion) ? begun.slice(0, -1) : begun;
  return sent
    .map((text) => text.replace(THOUGHT_MARKS, '').trim())
    .filter((text) => text !== '')
    .join('\n');
}

/**
 * Whether a turn is the answer: the same text, or one of the two cut or with thoughts before it, and at least half of it the same. A model
 * can be told to say again what its last turn asks, so that an answer that only holds the turn proves nothing.
 */
function isAnswer(turn: string, completion: string): boolean {
  const [shorter = '', longer = ''] = [turn.trim(), completion.trim()].sort((a, b) => a.length - b.length);
  return 2 * shorter.length >= longer.length && (longer.startsWith(shorter) || longer.endsWith(shorter));
}

interface Result {
  readonly text: string;
  readonly byTool: boolean;
}

/** So many of the newest results are looked at; a model calls no more tools at a time. */
const MAX_RESULTS = 64;

/**
 * The results that ask for work, with what they ask, in their order: whoever may add one that asks hides none of the others. Of more
 * results than a model calls the oldest count as asking, where they are of several words and no documents.
 */
function requestAmong(results: readonly Result[]): Result | undefined {
  let left = MAX_REQUEST;
  const asking: string[] = [];
  let byTool = false;
  for (let at = results.length - 1; at >= 0; at--) {
    const { text, byTool: isTools } = results[at] as Result;
    const asked = at < results.length - MAX_RESULTS ? mayAsk(text) : requestIn(text, left);
    left -= Math.min(left, text.length);
    if (asked === undefined || asked === '') continue;
    asking.push(asked);
    byTool ||= isTools;
  }
  return asking.length === 0 ? undefined : { text: asking.reverse().join('\n'), byTool };
}

/** A text that is told to ask or not only by its words and its length. */
function mayAsk(text: string): string | undefined {
  return text.length <= MAX_REQUEST && SEVERAL_WORDS.test(text) ? text : undefined;
}

const SEVERAL_WORDS = /[\s\u0080-\uffff]/;

/**
 * What a tool's result asks for: itself, or the texts in its JSON that ask, where they are the greater part of it. Tools answer in
 * JSON; one title among many that ends in a question mark makes no request.
 */
function requestIn(written: string, longestJson: number): string | undefined {
  const result = unframed(written);
  if (asksForWork(result)) return result;
  if (result.length > longestJson || !/^\s{0,64}[[{]/.test(result)) return undefined;
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
    if (SEVERAL_WORDS.test(value)) texts.push(value);
  } else if (Array.isArray(value)) for (const held of value) addTexts(texts, held, depth + 1);
  else if (typeof value === 'object' && value !== null)
    for (const [, held] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      addTexts(texts, held, depth + 1);
}

/** Whether a text that no user has said asks for work itself: a task or a question, no longer than a request. */
export function asksForWork(text: string): boolean {
  return text.length <= MAX_REQUEST && (beginsAsTask(text) || /[?？؟]["'”’)\]\s]*$/.test(text.slice(-40)));
}
