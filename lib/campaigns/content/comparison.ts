import { sliceStart } from '../../profile/slice.ts';

/** Contents are compared anew after so long, ms of the traffic's clock, and with each slice of it (docs/campaigns.md). */
export const COMPARED_MS = 3_600_000;

/** By what contents were compared: another calibration weighs them otherwise, and other code may. */
export interface ComparedBy {
  readonly calibration: string;
  readonly code: string;
}

/** What came of comparing what all accounts ask. It names accounts: `siphonwatch forget` deletes it. */
export interface Comparison extends ComparedBy {
  /** newest arrival then, ms */
  readonly at: number;
  /** members of each group, ascending */
  readonly groups: readonly (readonly string[])[];
}

/**
 * Whether a comparison still stands: samples speak of slices that are over, so within one only parts that were sealed meanwhile
 * can change what comes of it.
 * @param at newest arrival now, ms
 */
export function stillStands(last: Comparison, at: number, by: ComparedBy): boolean {
  return (
    last.calibration === by.calibration &&
    last.code === by.code &&
    at >= last.at &&
    at - last.at < COMPARED_MS &&
    sliceStart(at) === sliceStart(last.at)
  );
}
