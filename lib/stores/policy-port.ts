import type { PolicySlot } from '../contract/policy-names.ts';
import type { Policy } from '../policy/policy.ts';

/** Where the functions get their policies from; answers from memory while what it holds is fresh enough. */
export interface PolicySource {
  /** the policy that accounts are judged under; the shipped one until another is pushed */
  active(): Promise<Policy>;
  /** the policy that is evaluated beside it, if there is one */
  shadow(): Promise<Policy | undefined>;
}

/** Why the last good policy stays active. */
export type PolicyProblem =
  | { readonly kind: 'rejected'; readonly slot: PolicySlot; readonly reasons: readonly string[] }
  | { readonly kind: 'unreachable'; readonly slot: PolicySlot; readonly reasons: readonly string[] }
  /** no pair was good before, and the calibration is of another format: nobody is judged */
  | { readonly kind: 'other-format'; readonly slot: PolicySlot; readonly reasons: readonly string[] };
