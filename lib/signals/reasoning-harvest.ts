import { harvestOf } from './behaviour-harvest.ts';

export const reasoningHarvest = harvestOf('reasoning', 'ask for the reasoning to be written out', {
  id: 'reasoning-harvest',
  title: 'often asks for reasoning, in many separate stretches, on fresh prompts',
  why: 'Coaxing out reasoning traces is the most often reported goal of distillation (Anthropic February 2026, Google GTIG February 2026). Evaluation runs and audits ask too, in short runs or on one set.',
  evasion:
    'Ask without any wording that requests reasoning (traces become rarer and shorter, which is what they came for), or squeeze all requests into short bursts (visible as throughput, and limited by rate limits).',
  weight: 1,
});
