import { defaultPolicy, type Policy } from '../policy/policy.ts';

/** Where the functions get their policy from; answers from memory while what it holds is fresh enough. */
export interface PolicySource {
  active(): Promise<Policy>;
}

/** The shipped policy, until a rollout is configured. */
export function policySource(): PolicySource {
  return { active: () => Promise.resolve(defaultPolicy) };
}
