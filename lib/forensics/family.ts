/**
 * Which models are presumed kin, judged by name alone and before any answer is looked at: leaving a pair out of the
 * null because of its name cannot bias the test, leaving it out because of its value would.
 *
 * Data, not code: the left side is a pattern over lower-case names, the right side the presumed family. A name that
 * no row matches is its own stem (letters up to the first digit or separator).
 */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/mi[sx]tral|mathstral|codestral|ministral|pixtral|devstral|magistral/, 'mistral'],
  [/gpt-?[345]|davinci|text-(curie|babbage|ada)|chatgpt|gpt-oss|(^|[-_/])o[134](-|_|$)/, 'openai'],
  [/claude|anthropic/, 'claude'],
  [/gemini|gemma|palm-?2|bison/, 'google'],
  [/qwen|qwq/, 'qwen'],
  [/deepseek/, 'deepseek'],
  [/command-?r|cohere|aya-/, 'cohere'],
  [/internlm/, 'internlm'],
  [/wizard/, 'wizard'],
  [/vicuna/, 'vicuna'],
  [/tulu/, 'tulu'],
  [/oasst|openassistant/, 'oasst'],
  [/(^|[-_/])llama|meta-llama/, 'llama'],
  [/(^|[-_/])phi-?\d/, 'phi'],
  [/(^|[-_/])yi-/, 'yi'],
];

/** The presumed family of a model name. */
export function familyOf(model: string): string {
  const lower = model.toLowerCase();
  for (const [pattern, family] of FAMILIES) if (pattern.test(lower)) return family;
  const stem = /^[a-z]+/.exec(lower.replace(/^[^a-z]+/, ''))?.[0];
  return stem ?? lower;
}

/**
 * The product line of a model name: the name without snapshot dates. Snapshots of one line (`gpt-3.5-turbo-0301` and
 * `-0613`, `gpt4` and `gpt4_0314`) are too alike to part by answers alone, and an API's alias moves from one to the next
 * while a training set is collected.
 */
export function lineOf(model: string): string {
  return model
    .toLowerCase()
    .replace(
      /[-_@.](20\d{2}[-_]?\d{2}[-_]?\d{2}|20\d{2}[-_]\d{2}|\d{4}|\d{6,8}|latest|preview)(?=$|[-_@.])/g,
      '',
    )
    .replace(/[-_](20\d{2}[-_]?\d{2}[-_]?\d{2}|\d{4}|\d{6,8})$/g, '');
}
