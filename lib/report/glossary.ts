import { type Html, html } from './html.ts';

/** Words that a reader of a report needs; a test holds that docs/glossary.md has each of them. */
const WORDS = {
  'p-value':
    'How often a benign account of the same kind shows at least as much within a month. Small means unusual. It is not the probability that the account is benign.',
  'e-value':
    'Evidence whose average over benign accounts is at most 1: 100 is as unlikely as a gain of 100 to 1 in a fair bet.',
  'peer group':
    'Accounts of the same product, plan and age, which an account is compared with. Never country or nationality.',
  'error budget':
    'The largest share of benign accounts that the provider allows to reach a level in a month. A setting, not a measurement.',
  'false positive': 'A benign account that reaches a finding.',
  recall: 'Extraction accounts that were found, of all extraction accounts in the test.',
  calibration:
    'What was learnt of the past: how the highest scores of its accounts are ranked, and how behaviour spreads among peers.',
  finding: 'A suspicion with a measured error rate. People decide what it was.',
  campaign: 'Accounts that are judged together, because they share what honest accounts do not share.',
  pseudonym: 'A keyed hash that stands for an account. Only a holder of the key can find out whose it is.',
} as const;

export type GlossaryWord = keyof typeof WORDS;
export const GLOSSARY_WORDS = Object.keys(WORDS) as readonly GlossaryWord[];

/** The words that a report uses, explained at its end. */
export function glossary(words: readonly GlossaryWord[]): Html {
  return html`<section><h2>Words</h2><dl class="words">${words.map((word) => html`<dt>${word}</dt><dd>${WORDS[word]}</dd>`)}</dl></section>`;
}
