import { SLICE_MS, type Slice } from '../../profile/slice.ts';
import { recentlyUsed } from '../../recently-used.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { scoreAt, type WindowScore } from '../../scoring/score.ts';
import { FEWEST_REQUESTS } from '../../signals/facts/index.ts';
import type { Member } from './member.ts';

/**
 * A member's own learned score, as the account's path has it: of the windows that end with its newest slice that is over, the
 * highest. Looked at once a slice, in the past and in the present, so that groups of both are judged by the same numbers.
 */
export class MemberScores {
  readonly #remembered = recentlyUsed<string, Remembered>(20_000);
  #robust: MemberScores | undefined;

  /** Scores by the calibration's robust forests, remembered apart. */
  get robust(): MemberScores {
    this.#robust ??= new MemberScores();
    return this.#robust;
  }

  /** @param at event time, ms; undefined where too few requests are known to score it */
  at(
    { account, customer, slices }: Pick<Member, 'account' | 'customer' | 'slices'>,
    at: number,
    calibration: Calibration,
    windows: readonly number[],
  ): WindowScore | undefined {
    const newest = newestOver(slices, at);
    if (newest === undefined) return undefined;
    const known = this.#remembered.get(account);
    if (known?.newest === newest && known.calibration === calibration) return known.score;
    const score = scoreAt(slices, newest.start, { account, customer }, calibration, windows).find(
      ({ events }) => events >= FEWEST_REQUESTS,
    );
    this.#remembered.set(account, { newest, calibration, score });
    return score;
  }
}

interface Remembered {
  readonly newest: Slice;
  readonly calibration: Calibration;
  readonly score: WindowScore | undefined;
}

/** The newest slice that is over at event time `at` (ms). */
export function newestOver(slices: readonly Slice[], at: number): Slice | undefined {
  for (let i = slices.length - 1; i >= 0; i--) {
    const slice = slices[i] as Slice;
    if (slice.start + SLICE_MS <= at) return slice;
  }
  return undefined;
}
