import { type AccountState, newAccount } from '../detection/account-state.ts';
import { policyWarnings } from '../policy/diff.ts';
import { describeFault, parsePolicy } from '../policy/parse-policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { levelRank } from '../scoring/level.ts';
import { startReplay } from './replay.ts';
import { SMOKE_PEOPLE, smokeTraffic } from './smoke-traffic.ts';

/** Whether a policy may go live: the same answer in the validator Lambda, in the demo and on the command line. */
export type PolicyValidation =
  | { readonly ok: true; readonly policy: Policy; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly string[] };

export interface PolicyValidationOptions {
  /** ms; exceptions that have expired by then are faults */
  readonly now: number;
  /** the calibration that the policy names; a reason in words where there is none of that name */
  readonly calibration: (id: string) => Promise<Calibration | string>;
}

/**
 * Parses a policy as the functions will, looks up its calibration and runs a smoke backtest on a tiny built-in
 * traffic: it must run, and it must not flag ordinary people.
 */
export async function validatePolicy(
  text: string,
  options: PolicyValidationOptions,
): Promise<PolicyValidation> {
  const parsed = parsePolicy(text, options.now);
  if (!parsed.ok) return { ok: false, faults: parsed.faults.map((fault) => describeFault(fault)) };
  const { policy } = parsed;
  const calibration = await options.calibration(policy.calibration);
  if (typeof calibration === 'string')
    return {
      ok: false,
      faults: [`calibration: ${calibration} (got ${policy.calibration}); name one that is there, or default`],
    };
  const flagged = smoke(policy, calibration);
  if (flagged > 0)
    return {
      ok: false,
      faults: [
        `smoke backtest: flags ${flagged} of ${SMOKE_PEOPLE} ordinary accounts of the built-in traffic; lower budget.suspect (${policy.budget.suspect})`,
      ],
    };
  return { ok: true, policy, warnings: policyWarnings(policy, calibration) };
}

/** Ordinary accounts of the built-in traffic that the policy flags. */
function smoke(policy: Policy, calibration: Calibration): number {
  const states = new Map<string, AccountState>();
  const flagged = new Set<string>();
  const replay = startReplay(
    {
      one: (account) => states.get(account) ?? newAccount(account),
      saveNow(_, next) {
        states.set(next.profile.account, next);
        return 'saved';
      },
    },
    { policy, calibration, code: 'smoke', shadow: false },
    {
      onNotice(notice) {
        if (notice.subject.product === 'chat' && levelRank(notice.level) >= levelRank('suspect'))
          flagged.add(notice.subject.id);
      },
    },
  );
  for (const event of smokeTraffic()) replay.push(event);
  replay.finish();
  return flagged.size;
}
