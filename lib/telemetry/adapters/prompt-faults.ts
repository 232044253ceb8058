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
  readonly fault?: PromptFault | undefined;
  /** characters, without dots at the end: many of one length were cut there */
  readonly length: number;
  /** the same in code points, where they are fewer: loggers count in one or the other */
  readonly points?: number | undefined;
  /** it begins with JSON or a tag, whose first words are of the format and not of the prompt */
  readonly markup?: boolean;
  /** it ends in dots, with half a sentence before */
  readonly dots?: boolean;
  /** words between white space; undefined for long texts */
  readonly words?: number | undefined;
  /** it ends within a sentence */
  readonly open?: boolean;
  readonly forms?: Omit<WordForms, 'masked'> | undefined;
}

/** Longer texts are not cut by words. */
const LONGEST_COUNTED = 8_000;
const ENDS = new Set([...'.?!…。？！؟।"\'”’»)]}>:;`|*'].map((mark) => mark.charCodeAt(0)));

/** What a prompt's text says of itself, and the text without a logger's mark where it was cut. */
export function promptFacts(text: string): { readonly facts: PromptFacts; readonly text: string } {
  const left = leftOf(text);
  if (left !== undefined) return { facts: factsOf(left, 'cut'), text: left };
  if (isUnreadable(text)) return { facts: factsOf(text, 'unreadable'), text };
  if (looksPrinted(text) && typeof jsonIn(text) === 'string')
    return { facts: factsOf(text, 'printed'), text };
  const forms = wordForms(text);
  return { facts: factsOf(text, forms.masked ? 'masked' : undefined, forms), text };
}

/** All fields, in one order: an object a call, of one form. */
function factsOf(text: string, fault?: PromptFault, forms?: WordForms): PromptFacts {
  const { length } = text;
  let words = 0;
  let pairs = 0;
  let isInWord = false;
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    const isSpace = unit <= 32 || unit === 0xa0 || unit === 0x3000;
    if (!isSpace && !isInWord) words++;
    isInWord = !isSpace;
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) pairs++;
  }
  const isSound = fault === undefined;
  return {
    fault,
    length,
    points: pairs > 0 ? length - pairs : undefined,
    markup: isSound && MARKUP.test(text),
    dots: isSound && endsInDots(text),
    words: length > LONGEST_COUNTED ? undefined : words,
    open: isOpen(text),
    forms,
  };
}

const MARKUP = /^\s*(?:[{[]|<[a-z!?])/i;

function isOpen(text: string): boolean {
  const last = text.slice(-8).trimEnd();
  return last !== '' && !ENDS.has(last.charCodeAt(last.length - 1));
}
