import { coverage } from './coverage.ts';
import { gradingHarvest } from './grading-harvest.ts';
import { instructionBreadth } from './instruction-breadth.ts';
import { modelPivot } from './model-pivot.ts';
import { reasoningHarvest } from './reasoning-harvest.ts';
import { relayedAccess } from './relayed-access.ts';
import { safeguardProbing } from './safeguard-probing.ts';
import { selectionSampling } from './selection-sampling.ts';
import { selfContained } from './self-contained.ts';
import type { Signal } from './signal.ts';
import { templateFamilies } from './template-families.ts';
import { thinkingLanguage } from './thinking-language.ts';
import { throughputForPlan } from './throughput-for-plan.ts';
import { throughputForTenure } from './throughput-for-tenure.ts';
import { tirelessness } from './tirelessness.ts';
import { tokensHarvested } from './tokens-harvested.ts';
import { uniformGenerator } from './uniform-generator.ts';

/** All signals, in the order in which they are stored and shown. Append only: calibrations name them by id. */
export const SIGNALS: readonly Signal[] = [
  instructionBreadth,
  uniformGenerator,
  reasoningHarvest,
  gradingHarvest,
  thinkingLanguage,
  selectionSampling,
  tirelessness,
  throughputForTenure,
  throughputForPlan,
  relayedAccess,
  safeguardProbing,
  tokensHarvested,
  selfContained,
  templateFamilies,
  coverage,
  modelPivot,
];
