import { harvestOf } from './behaviour-harvest.ts';

export const gradingHarvest = harvestOf('grading', 'ask for answers to be scored or judged', {
  id: 'grading-harvest',
  title: 'often grades, in many separate stretches, on fresh material',
  why: 'Rubric grading, the model as a reward model, was reported of campaigns (Anthropic February 2026). A product that grades does so with its own system prompt and in its own hours.',
  evasion:
    'Grade in words that no pattern knows: the verdicts become harder to parse by the script that wants them.',
  weight: 1,
});
