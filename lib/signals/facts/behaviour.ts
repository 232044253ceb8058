import type { Counter } from '../../profile/counts.ts';
import { type Fact, part } from './fact.ts';

function shown(id: string, counter: Counter, title: string): Fact {
  return {
    id,
    family: 'behaviour',
    title,
    unit: 'share',
    value: ({ window: { counts } }) => part(counts[counter], counts.events),
  };
}

/**
 * Behaviours that the recorder sees in requests, with and without those that stand in a system prompt: a constant system
 * prompt shows its behaviour with every request and says it once.
 */
export const BEHAVIOUR: readonly Fact[] = [
  shown('reasoning', 'reasoning', 'requests that ask for reasoning'),
  shown('reasoning-asked', 'plainReasoning', 'requests without a system prompt that ask for reasoning'),
  shown('grading', 'grading', 'requests that have answers graded'),
  shown('grading-asked', 'plainGrading', 'requests without a system prompt that have answers graded'),
  shown('format', 'format', 'requests that demand a machine-readable format'),
  shown('format-asked', 'plainFormat', 'requests without a system prompt that demand a format'),
  shown('persona', 'persona', 'requests that give the model a role'),
  shown('persona-asked', 'plainPersona', 'requests without a system prompt that give a role'),
  shown('thinking-language', 'thinking-language', 'requests that fix the language of the thinking'),
  shown('multi-sample', 'multi-sample', 'requests for several answers to one prompt'),
  shown('logprobs', 'logprobs', 'requests for token probabilities'),
];
