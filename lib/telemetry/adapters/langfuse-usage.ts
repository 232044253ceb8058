import { numberIn, objectOf } from './fields.ts';

/**
 * Tokens of Langfuse's usage details: types with the word in their names are summed, as cached tokens and thoughts are types of
 * their own (https://langfuse.com/docs/model-usage-and-cost). Undefined where there is none.
 */
export function langfuseTokens(details: unknown, word: 'input' | 'output'): number | undefined {
  const counts = Object.entries(objectOf(details) ?? {})
    .filter(([name]) => name.includes(word))
    .map(([, count]) => numberIn(count))
    .filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
