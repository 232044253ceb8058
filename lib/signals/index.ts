import { harvest, relayedAccess, safeguardProbing } from './access.ts';
import { gradingHarvest, reasoningHarvest, selectionSampling, thinkingLanguage } from './elicitation.ts';
import { instructionBreadth } from './instruction-breadth.ts';
import { throughputForPlan, throughputForTenure, tirelessness } from './rhythm.ts';
import type { Signal } from './signal.ts';
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
  harvest,
];
