import { scoreRules } from '../../lib/detection/judge.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import { peakScore } from '../../lib/scoring/calibrate.ts';
import { tailAmong } from '../../lib/scoring/calibration.ts';
import { peerGroups } from '../../lib/scoring/peer-group.ts';
import { toSignificance } from '../../lib/scoring/significance.ts';
import { SIGNALS } from '../../lib/signals/index.ts';
import { type Account, calibrateFor, FOLDS } from './accounts.ts';

interface Caught {
  readonly caught: number;
  readonly wronged: number;
  readonly byKind: Readonly<Record<string, number>>;
}

/** What one change of weights does: with clean calibrations, and with 5 % extraction mixed into them. */
export interface Ablation {
  readonly name: string;
  readonly clean: Caught;
  readonly contaminated: Caught;
}

/** A signal that ships without weight is tried with this one: as much as breadth has. */
const TRIED = 0.4;

/**
 * The shipped weights; each signal that has one left out; each that has none put in. Nulls are learnt anew for every change, in
 * the same folds; an account counts as flagged where its peak over the fourteen days reaches `suspect`.
 */
export function ablate(accounts: readonly Account[]): Ablation[] {
  const trials: { name: string; weights: Record<string, number> }[] = [
    { name: 'as shipped', weights: {} },
    ...SIGNALS.map(({ id, weight }) =>
      weight > 0
        ? { name: `without ${id}`, weights: { [id]: 0 } }
        : { name: `with ${id} at ${TRIED}`, weights: { [id]: TRIED } },
    ),
  ];
  return trials.map(({ name, weights }) => {
    const policy = { ...defaultPolicy, weights: { ...defaultPolicy.weights, ...weights } };
    return { name, clean: flagged(accounts, policy, 0), contaminated: flagged(accounts, policy, 0.05) };
  });
}

export function flagged(accounts: readonly Account[], policy: Policy, contamination: number): Caught {
  const rules = scoreRules(policy);
  const byKind: Record<string, number> = {};
  let caught = 0;
  let wronged = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const calibration = calibrateFor(accounts, fold, contamination, rules);
    for (const held of accounts) {
      if (held.fold !== fold || held.label === 'grey') continue;
      const last = held.slices[held.slices.length - 1]?.start ?? 0;
      const place = tailAmong(
        calibration.score,
        peerGroups(held.customer, last),
        peakScore(held, calibration, rules),
      );
      if (place === undefined || toSignificance(place, calibration.days).p > policy.budget.suspect) continue;
      if (held.label === 'benign') wronged++;
      else caught++;
      byKind[held.kind] = (byKind[held.kind] ?? 0) + 1;
    }
  }
  return { caught, wronged, byKind };
}
