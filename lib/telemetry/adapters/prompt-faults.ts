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
  /** it ends in dots, with half a sentence before */
  readonly dots?: boolean;
}

/** What a prompt's text says of itself, and the text without a logger's mark where it was cut. */
export function promptFacts(text: string): { readonly facts: PromptFacts; readonly text: string } {
  const left = leftOf(text);
  const said = left ?? text;
  const length = said.length;
  if (left !== undefined) return { facts: { fault: 'cut', length }, text: said };
  if (isUnreadable(text)) return { facts: { fault: 'unreadable', length }, text };
  if (looksPrinted(text) && typeof jsonIn(text) === 'string')
    return { facts: { fault: 'printed', length }, text };
  return { facts: endsInDots(text) ? { length, dots: true } : { length }, text };
}
