/** A kind of sentence, known by its opening words. */
interface StepType {
  readonly name: string;
  readonly pattern: RegExp;
  /** What the writer does there. */
  readonly means: string;
}

/**
 * Kinds of reasoning steps, the first match counts. The order puts self-correction before everything else, because it
 * is what reasoning models differ in most.
 */
export const STEP_TYPES: readonly StepType[] = [
  { name: 'wait', pattern: /^(?:wait|hold on|hmm+|hm|actually|oh)\b/i, means: 'stops itself' },
  { name: 'but', pattern: /^(?:but|however|yet|on the other hand)\b/i, means: 'objects' },
  {
    name: 'other',
    pattern: /^(?:alternatively|another|maybe|perhaps|or)\b/i,
    means: 'looks for another way',
  },
  {
    name: 'plan',
    pattern:
      /^(?:let me|let's|i'll|i will|i need to|i should|we need to|we should|(?:first|now),? (?:i|we|let))\b/i,
    means: 'says what comes next',
  },
  { name: 'okay', pattern: /^(?:ok(?:ay)?|alright|so the user|the user)\b/i, means: 'takes up the task' },
  { name: 'we', pattern: /^we\b/i, means: 'speaks as we' },
  { name: 'i', pattern: /^i\b/i, means: 'speaks as I' },
  { name: 'so', pattern: /^(?:so|thus|therefore|hence|then)\b/i, means: 'concludes' },
  { name: 'order', pattern: /^(?:first|second|third|next|finally|lastly|now)\b/i, means: 'counts steps' },
  { name: 'if', pattern: /^(?:if|suppose|assume|consider|given)\b/i, means: 'supposes' },
  {
    name: 'check',
    pattern: /^(?:check|verify|double|to confirm|confirm|checking|looking)\b/i,
    means: 'verifies',
  },
  { name: 'for', pattern: /^(?:for|in|from|with|since|because|as)\b/i, means: 'gives grounds' },
  { name: 'also', pattern: /^(?:also|additionally|moreover|furthermore|similarly)\b/i, means: 'adds' },
  { name: 'list', pattern: /^(?:[-*•]|\d+[.)]|\*\*|#)/, means: 'sets out a list or heading' },
  { name: 'question', pattern: /\?$/, means: 'asks' },
  { name: 'code', pattern: /^(?:```|[|{(<]|[a-z_]+\s*=)/i, means: 'writes code, a table or a formula' },
  { name: 'this', pattern: /^(?:this|that|these|it|there|the)\b/i, means: 'states' },
];

const SENTENCE_END = /(?<=[.!?])\s+|\n+/;

/** The sentences and lines of a text, trimmed, without empty ones. */
export function sentencesOf(text: string): string[] {
  return text
    .split(SENTENCE_END)
    .map((s) => s.trim())
    .filter((s) => s !== '');
}

/** Number of a sentence's type; the number of types for one that matches none. */
export function stepTypeOf(sentence: string): number {
  const at = STEP_TYPES.findIndex((t) => t.pattern.test(sentence));
  return at < 0 ? STEP_TYPES.length : at;
}
