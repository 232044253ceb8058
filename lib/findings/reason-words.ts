import { FACTS, saidOf } from '../signals/facts/index.ts';
import type { Reason } from './finding.ts';

/**
 * A reason for a line of a list: what was measured, and how much. Many accounts have the same first reason; their numbers differ.
 * Of a signal that is no measured fact (a link of a campaign) the title alone. Text of the notice: its view sanitizes it.
 */
export function reasonInShort({ signal, title, value }: Pick<Reason, 'signal' | 'title' | 'value'>): string {
  return FACTS.some(({ id }) => id === signal) ? `${title}: ${saidOf(signal, value)}` : title;
}

/** The two strongest reasons, each for a line; empty where there are fewer. */
export function firstReasons(reasons: readonly Reason[]): readonly [string, string] {
  const [first, second] = reasons;
  return [first === undefined ? '' : reasonInShort(first), second === undefined ? '' : reasonInShort(second)];
}
