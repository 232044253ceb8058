import { GROUP_SCORING } from './group-ranks.ts';

/** Members with a score of their own that a group needs: below that it says no more than they do. */
export const FEWEST_SCORED = 3;
/** Part of the members that the mean is taken over, the lowest (an upper-trimmed mean; Tukey 1962). */
const KEPT_PART = 3 / 4;

/**
 * Score of a group; undefined where fewer than FEWEST_SCORED of its members showed enough to be scored. Why it is this mean:
 * docs/design/campaigns.md.
 * @param prior members of score 0 that it is taken to have besides; as the calibration says it
 */
export function learnedGroupScore(
  scores: readonly (number | undefined)[],
  prior = GROUP_SCORING.prior,
): number | undefined {
  const known = scores.filter((score) => score !== undefined).sort((a, b) => a - b);
  const scored = known.length;
  if (scored < FEWEST_SCORED) return undefined;
  const kept = known.slice(0, Math.ceil(KEPT_PART * scored));
  const mean = kept.reduce((sum, score) => sum + score, 0) / kept.length;
  return (mean * scored) / (scored + prior);
}
