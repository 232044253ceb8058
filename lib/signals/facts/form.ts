import { distinct } from '../../profile/bottom-k.ts';
import type { Counter } from '../../profile/counts.ts';
import { type Fact, part } from './fact.ts';

function shareOf(id: string, counter: Counter, title: string): Fact {
  return {
    id,
    family: 'form',
    title,
    unit: 'share',
    value: ({ window: { counts } }) => part(counts[counter], counts.events),
  };
}

/** What a request looks like as an exchange: turns, system prompt, question or task, material. */
export const FORM: readonly Fact[] = [
  shareOf('self-contained', 'single', 'requests of one turn without a system prompt'),
  shareOf('task', 'instruction', 'self-contained requests phrased as a task'),
  shareOf('question', 'question', 'requests that end as a question'),
  shareOf('system-prompt', 'system', 'requests with a system prompt'),
  shareOf('material', 'input', 'requests with an instruction and separate material'),
  shareOf('conversation', 'multiTurn', 'requests that continue a conversation'),
  {
    id: 'system-prompts',
    family: 'form',
    title: 'different system prompts',
    unit: 'log',
    value: ({ samples }) => (samples === undefined ? 0 : Math.log2(1 + distinct(samples.system))),
  },
];

/** What the text is made of. */
export const TEXT: readonly Fact[] = [
  {
    id: 'code',
    family: 'text',
    title: 'requests with program code',
    unit: 'share',
    value: ({ window: { counts } }) => part(counts.code, counts.events),
  },
  {
    id: 'other-script',
    family: 'text',
    title: 'requests in another script than Latin',
    unit: 'share',
    value: ({ window: { counts } }) => part(counts.nonLatin, counts.events),
  },
];
