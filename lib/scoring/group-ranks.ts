import { z } from 'zod';
import { rankNull } from './rank-null.ts';

/** What a calibration says of groups: how those of the past scored, and how common what accounts ask is. */

/** Bins of a prompt's sketch (telemetry/sketch.ts), and its features: a bin with its value of sixteen bits. */
export const BINS = 16;
export const FEATURES = BINS * 65_536;
/** Features listed, the most frequent: all others weigh the same. */
export const LISTED = 4096;

export const featureFrequencies = z.strictObject({
  epoch: z
    .string()
    .max(32)
    .describe('key epoch of the prompts: under another key the same words are other features'),
  prompts: z.number().int().min(0).describe('prompts counted'),
  rest: z.number().int().min(0).describe('prompts that a feature which is not listed is taken to be in'),
  features: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(FEATURES - 1),
    )
    .max(LISTED)
    .describe('the most frequent features (bin * 65536 + value), ascending'),
  counts: z.array(z.number().int().min(0)).max(LISTED).describe('prompts that show each'),
});
export type FeatureFrequencies = z.infer<typeof featureFrequencies>;

export const groupRanks = z.strictObject({
  accounts: rankNull.describe("ranks of the accounts' highest group scores"),
  groups: rankNull.describe(
    "ranks of the groups' own highest scores; a group is one of three scored members and more",
  ),
  content: z.array(featureFrequencies).max(2).describe('how common features of prompts were, by key epoch'),
});
export type GroupRanks = z.infer<typeof groupRanks>;
