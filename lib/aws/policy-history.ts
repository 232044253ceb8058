import type { Policy } from '../policy/policy.ts';
import { RolloutError } from './app-config-names.ts';
import type { PolicyRollout } from './policy-rollout.ts';

/** Deployments of each slot that are looked through; AppConfig keeps them all. */
const MAX_VERSIONS = 200;

/**
 * The policy of an id among all that were ever deployed, active or in the shadow, the newest first; without it, the ids
 * that are there. A version that this code cannot read is passed over: it is not the one that wrote a finding of its own.
 */
export async function findPolicy(
  rollout: PolicyRollout,
  id: string,
): Promise<{ readonly policy: Policy } | { readonly known: readonly string[] }> {
  const known = new Set<string>();
  for (const slot of ['active', 'shadow'] as const) {
    const versions = new Set((await rollout.deployments(slot, MAX_VERSIONS)).map(({ version }) => version));
    for (const version of versions) {
      const policy = await rollout.policyOf(slot, version).catch((error: unknown) => {
        if (error instanceof RolloutError) return undefined;
        throw error;
      });
      if (policy?.id === id) return { policy };
      if (policy !== undefined) known.add(policy.id);
    }
  }
  return { known: [...known] };
}
