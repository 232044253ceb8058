import { ProfileTable } from '../../aws/profile-table.ts';
import type { AccountState } from '../../detection/account-state.ts';
import type { CandidateWork } from '../../findings/policy-comparison.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { defaultPolicy } from '../../policy/policy.ts';
import type { Deployment } from '../shared/deployment.ts';

/** Nothing is written here. */
const KEEPING = { retentionDays: defaultPolicy.retentionDays };

/** What a candidate has judged: each profile keeps what the candidate that was judged last thinks of it. */
export class CandidateLog {
  readonly #candidate: string;
  readonly #judged = new Map<string, number>();
  #since = Number.POSITIVE_INFINITY;

  /** @param candidate id of the policy in the shadow */
  constructor(candidate: string) {
    this.#candidate = candidate;
  }

  add({ profile, judgement: { shadow } }: Pick<AccountState, 'profile' | 'judgement'>): void {
    // who fell silent is looked at again without an event
    if (shadow?.policy !== this.#candidate || profile.lastSeen < shadow.evidence.since) return;
    this.#judged.set(profile.account, profile.lastSeen);
    this.#since = Math.min(this.#since, shadow.evidence.since);
  }

  get work(): CandidateWork {
    return { since: this.#since, judged: this.#judged };
  }
}

/**
 * Reads all profiles for what a candidate judged.
 * @param enough stops after so many accounts that it judged
 * @throws InputError where the deployment's profiles are not known
 */
export async function candidateWork(
  { dynamodb, profileTable }: Deployment,
  candidate: string,
  enough = Number.POSITIVE_INFINITY,
): Promise<CandidateWork> {
  if (profileTable === undefined)
    throw new InputError('which profiles? Give --profile-table NAME (or PROFILE_TABLE)');
  const log = new CandidateLog(candidate);
  let read = 0;
  for await (const state of new ProfileTable(dynamodb, profileTable, KEEPING).scan()) {
    log.add(state);
    if (log.work.judged.size >= enough) break;
    if (++read % 10_000 === 0) say(`${read.toLocaleString('en-US')} profiles read ...`);
  }
  return log.work;
}
