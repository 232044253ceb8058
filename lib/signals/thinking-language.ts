import { harvestOf } from './behaviour-harvest.ts';

export const thinkingLanguage = harvestOf(
  'thinking-language',
  'fix the language in which the model is to think',
  {
    id: 'thinking-language',
    title: 'fixes the language of the thinking',
    why: 'Fixing the language of the thinking content was reported of trace coercion (Google GTIG, February 2026). Too rare in the traffic that was measured to carry weight.',
    evasion: 'Leave it out; traces then come in the language of the prompt.',
    weight: 0,
  },
);
