import * as z from 'zod';
import { model } from './model.ts';
import { rankNull } from './rank-null.ts';

/** What a calibration says of groups: how those of the past scored, what they were, and how common what accounts ask is. */

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

/** Accounts of the past listed with what their group came to: the highest. Of whom is not listed it is taken to be 0. */
export const KNOWN = 20_000;
/** Accounts are listed by twenty bits of a hash of their pseudonym: enough for most of a group's members, and it names nobody. */
export const TRACES = 2 ** 20;

export const groupHistory = z.strictObject({
  traces: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(TRACES - 1),
    )
    .max(KNOWN)
    .describe('accounts of the past that were in a group, by twenty bits of a hash'),
  scores: z
    .array(z.number())
    .max(KNOWN)
    .describe('the highest score of a group that each was in, whatever its own; descending'),
  margin: z
    .number()
    .min(0)
    .describe('how much more than it came to in the past a group that is known has to come to'),
  rises: z.number().int().min(0).describe('groups of the past whose rise the margin exceeds'),
  fresh: z
    .number()
    .min(0)
    .describe(
      'scored accounts of a period in groups most of whose members had been in none: what chance may name',
    ),
  standing: z
    .number()
    .min(0)
    .describe(
      'scored accounts in groups that came to within the margin of the highest: what a rise may name',
    ),
  tail: z
    .number()
    .min(0)
    .describe(
      'how far apart the highest groups lie: mean excess of the highest quarter over the next, upper confidence limit of 90 %; 0 where there are too few',
    ),
});
export type GroupHistory = z.infer<typeof groupHistory>;

/** How the score of a group is made, and from where on a group is like the library of attacks. */
export const groupScoring = z.strictObject({
  prior: z
    .number()
    .min(0)
    .describe(
      'members of score 0 that a group is taken to have besides: the mean of three accounts varies more than that of thirty',
    ),
  floor: z.number().min(0).describe('no group at or below it is named, however low those of the past stood'),
});
export type GroupScoring = z.infer<typeof groupScoring>;

/**
 * What is learnt today. The floor is what four in five attack groups of another make than the library's come to (11 of 13; the strangers'
 * first fortnight judged by their second without its attackers, three keys); honest groups of either came to 1.44 at most.
 */
export const GROUP_SCORING: GroupScoring = { prior: 1, floor: 1.65 };
/** What calibrations were learnt with that do not say it. */
const UNSAID: GroupScoring = { prior: 2, floor: 1.15 };

export function scoringOf(groups: { readonly scoring?: GroupScoring | undefined } | undefined): GroupScoring {
  return groups?.scoring ?? UNSAID;
}

/** A second look at new groups, where groups of the past look like attacks and nobody has said what they are. */
export const robustGroups = z.strictObject({
  model: model.describe('forests that hardly depend on how many attackers hide in the past'),
  floor: z.number().min(0).describe('no group at or below it by these forests is named'),
  apart: z
    .number()
    .int()
    .min(1)
    .describe('groups of the past beyond the floor by these forests; nobody has said what they are'),
  accounts: z.number().int().min(0).describe('accounts in them'),
});
export type RobustGroups = z.infer<typeof robustGroups>;

/**
 * The floor of the second look: with the strangers' second fortnight as the past and the first as the present no more honest accounts are named
 * within the count at 1.5 than at 1.65 (seven pasts: three keys without attackers, 2, 4, 12 and 20 % of them), and at 1.2 more are. Settled after
 * the reported direction had been seen (docs/detection.md).
 */
export const ROBUST_FLOOR = 1.5;

export const groupRanks = z.strictObject({
  accounts: rankNull.describe("ranks of the accounts' highest group scores"),
  groups: rankNull.describe(
    "ranks of the groups' own highest scores; a group is one of three scored members and more, and none shares half its members with those above it",
  ),
  scoring: groupScoring
    .optional()
    .describe('how the scores were made; without, as it was before this was written down'),
  history: groupHistory
    .optional()
    .describe('which groups there were; without, nobody is named through a group'),
  robust: robustGroups
    .optional()
    .describe('the second look at new groups; without, nobody is named unless ranks support it'),
  content: z.array(featureFrequencies).max(2).describe('how common features of prompts were, by key epoch'),
});
export type GroupRanks = z.infer<typeof groupRanks>;
