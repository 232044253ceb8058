import { endsInDots, leftOf } from './cut-text.ts';
import { jsonIn } from './fields.ts';
import { looksPrinted } from './literals.ts';
import { isUnreadable } from './unreadable.ts';

/**
 * What may be wrong with a prompt that was logged, as its text says. One of them may be what somebody sent: the exchange is kept, and
 * the health of telemetry says so where many are.
 */
export type PromptFault = 'unreadable' | 'cut' | 'printed';

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
}

/** What a prompt's text says of itself, and the text without a logger's mark where it was cut. */
export function promptFacts(text: string): { readonly facts: PromptFacts; readonly text: string } {
  const left = leftOf(text);
  const said = left ?? text;
  const facts = lengthsOf(said);
  if (left !== undefined) return { facts: { fault: 'cut', ...facts }, text: said };
  if (isUnreadable(text)) return { facts: { fault: 'unreadable', ...facts }, text };
  if (looksPrinted(text) && typeof jsonIn(text) === 'string')
    return { facts: { fault: 'printed', ...facts }, text };
  const markup = /^\s*(?:[{[]|<[a-z!?])/i.test(text) ? { markup: true } : {};
  return { facts: { ...facts, ...markup, ...(endsInDots(text) ? { dots: true } : {}) }, text };
}

function lengthsOf(text: string): Pick<PromptFacts, 'length' | 'points'> {
  const { length } = text;
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return pairs === 0 ? { length } : { length, points: length - pairs };
}
