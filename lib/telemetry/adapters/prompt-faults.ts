import { endsInDots, leftOf } from './cut-text.ts';
import { jsonIn } from './fields.ts';
import { looksPrinted } from './literals.ts';
import { isUnreadable } from './unreadable.ts';
import { type WordForms, wordForms } from './word-forms.ts';

/**
 * What may be wrong with a prompt that was logged, as its text says. One of them may be what somebody sent: the exchange is kept, and
 * the health of telemetry says so where many are.
 */
export type PromptFault = 'unreadable' | 'cut' | 'printed' | 'masked';

/** What is known of a prompt's text besides what its event says. */
export interface PromptFacts {
  readonly fault?: PromptFault;
  /** characters, without dots at the end: many of one length were cut there */
  readonly length: number;
  /** the same in code points, where they are fewer: loggers count in one or the other */
  readonly points?: number;
  /** it begins with JSON or a tag, whose first words are of the format and not of the prompt */
  readonly markup?: boolean;
  /** it ends in dots, with half a sentence before */
  readonly dots?: boolean;
  /** words between white space, where the text is no longer than what is read for them */
  readonly words?: number;
  /** it ends within a sentence */
  readonly open?: boolean;
  readonly forms?: Omit<WordForms, 'masked'>;
}

/** Longer texts are not cut by words. */
const LONGEST_COUNTED = 8_000;
const ENDS = new Set([...'.?!…。？！؟।"\'”’»)]}>:;`|*'].map((mark) => mark.charCodeAt(0)));

/** What a prompt's text says of itself, and the text without a logger's mark where it was cut. */
export function promptFacts(text: string): { readonly facts: PromptFacts; readonly text: string } {
  const left = leftOf(text);
  const said = left ?? text;
  const facts = lengthsOf(said);
  if (left !== undefined) return { facts: { fault: 'cut', ...facts }, text: said };
  if (isUnreadable(text)) return { facts: { fault: 'unreadable', ...facts }, text };
  if (looksPrinted(text) && typeof jsonIn(text) === 'string')
    return { facts: { fault: 'printed', ...facts }, text };
  const { masked, ...forms } = wordForms(text);
  if (masked) return { facts: { fault: 'masked', ...facts, forms }, text };
  const markup = /^\s*(?:[{[]|<[a-z!?])/i.test(text) ? { markup: true } : {};
  return { facts: { ...facts, ...markup, ...(endsInDots(text) ? { dots: true } : {}), forms }, text };
}

function lengthsOf(text: string): Pick<PromptFacts, 'length' | 'points' | 'words' | 'open'> {
  const { length } = text;
  const { words, pairs } = countsOf(text);
  return {
    length,
    ...(pairs > 0 ? { points: length - pairs } : {}),
    ...(length > LONGEST_COUNTED ? {} : { words }),
    ...(isOpen(text) ? { open: true } : {}),
  };
}

function countsOf(text: string): { readonly words: number; readonly pairs: number } {
  let words = 0;
  let pairs = 0;
  let isInWord = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const isSpace = unit <= 32 || unit === 0xa0 || unit === 0x3000;
    if (!isSpace && !isInWord) words++;
    isInWord = !isSpace;
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) pairs++;
  }
  return { words, pairs };
}

function isOpen(text: string): boolean {
  const last = text.slice(-8).trimEnd();
  return last !== '' && !ENDS.has(last.charCodeAt(last.length - 1));
}
