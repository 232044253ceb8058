import { at, listOf, numberIn, objectOf } from './fields.ts';

/** Names by which providers count the tokens of a call: those that the model read, and those that it wrote. */
const INPUT = [
  'prompt_tokens',
  'input_tokens',
  'inputTokens',
  'promptTokenCount',
  'prompt_token_count',
  'inputTokenCount',
  'inputTextTokenCount',
  'prompt_eval_count',
  'promptTokens',
  'input_token_count',
  // Text Generation Inference, llama.cpp's server
  'input_length',
  'tokens_evaluated',
  // Gemini's Interactions: https://ai.google.dev/gemini-api/docs/interactions
  'total_input_tokens',
  'tokens_in',
  'TokensIn',
  'req_units',
  // Galileo: https://v2docs.galileo.ai/sdk-api/python/reference/log-stream
  'num_input_tokens',
  // https://api.ncloud-docs.com (HyperCLOVA), https://yandex.cloud/docs/foundation-models, https://docs.aleph-alpha.com/api/complete/
  ...['inputLength', 'inputTextTokens', 'num_tokens_prompt_total', 'tokens_input'],
];
const OUTPUT = [
  'completion_tokens',
  'output_tokens',
  'outputTokens',
  'candidatesTokenCount',
  'candidates_token_count',
  'outputTokenCount',
  'generation_token_count',
  'totalOutputTextTokenCount',
  'eval_count',
  'completionTokens',
  'output_token_count',
  'generated_token_count',
  'generated_tokens',
  'tokens_predicted',
  'total_output_tokens',
  'tokens_out',
  'TokensOut',
  'res_units',
  'num_output_tokens',
  ...['outputLength', 'num_tokens_generated', 'tokens_generated'],
];
/**
 * The same under names that nobody listed: of the words of a name one says tokens, one says which side, and the others say nothing
 * (`input_num_tokens`, `llmPromptTokensUsed`). A word such as cached, max or price makes it a count of something else.
 */
const SIDES = {
  input: /^(?:input|inputs|prompt|prompts|in|request|query|sent|read)$/,
  output: /^(?:output|outputs|completion|completions|out|response|answer|reply|generated|generation)$/,
};
const TOKENS = /^(?:tokens?|toks?)$/;
const SAYS_NOTHING = /^(?:num|number|n|no|of|in|count|counts|total|used|usage|llm|ai|gen|genai|model|text)$/;

function countNamed(usage: unknown, side: keyof typeof SIDES): number | undefined {
  for (const [name, held] of Object.entries(objectOf(usage) ?? {})) {
    if (name.length > 40 || !/tok/i.test(name)) continue;
    const count = numberIn(held);
    if (count !== undefined && count >= 0 && isCountOf(name, side)) return count;
  }
  return undefined;
}

function isCountOf(name: string, side: keyof typeof SIDES): boolean {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  const of = words.filter((word) => SIDES[side].test(word));
  const rest = words.filter((word) => !SIDES[side].test(word) && !TOKENS.test(word));
  return (
    of.length === 1 &&
    words.some((word) => TOKENS.test(word)) &&
    rest.every((word) => SAYS_NOTHING.test(word))
  );
}

/** https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching#tracking-cache-performance and Converse's TokenUsage */
const INPUT_APART = [
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'cacheReadInputTokens',
  'cacheWriteInputTokens',
  'toolUsePromptTokenCount',
  'tool_use_prompt_token_count',
];
const OUTPUT_APART = ['thoughtsTokenCount', 'thoughts_token_count'];

/** Counts of a usage object; undefined where it has none. */
export function tokensOf(usage: unknown): { input: number | undefined; output: number | undefined } {
  const first = (names: readonly string[]) =>
    names.map((name) => numberIn(at(usage, name))).find((count) => count !== undefined);
  const apart = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + (numberIn(at(usage, name)) ?? 0), 0);
  const input = first(INPUT) ?? countNamed(usage, 'input');
  const output =
    first(OUTPUT) ??
    numberIn(at(listOf(at(usage, 'results'))[0], 'tokenCount')) ??
    countNamed(usage, 'output');
  // OpenAI's total already holds what its details name
  const withCache =
    input === undefined || 'prompt_tokens' in (objectOf(usage) ?? {}) ? input : input + apart(INPUT_APART);
  const wrote = output === undefined ? undefined : output + apart(OUTPUT_APART);
  return {
    input: withCache,
    output: wrote === undefined ? undefined : wrote + thoughtsApart(usage, input, wrote),
  };
}

/**
 * Thoughts that are not in the output: xAI names them like OpenAI and counts them like Gemini
 * (https://docs.x.ai/docs/guides/reasoning). The total tells, and where there is none, that they are more than all output.
 */
function thoughtsApart(usage: unknown, input: number | undefined, output: number): number {
  const thoughts =
    numberIn(at(usage, 'completion_tokens_details', 'reasoning_tokens')) ??
    numberIn(at(usage, 'output_tokens_details', 'reasoning_tokens')) ??
    numberIn(at(usage, 'reasoning_tokens')) ??
    numberIn(at(usage, 'total_thought_tokens')) ??
    0;
  const total = numberIn(at(usage, 'total_tokens'));
  const isApart = total === undefined ? thoughts > output : total >= (input ?? 0) + output + thoughts;
  return isApart ? thoughts : 0;
}
