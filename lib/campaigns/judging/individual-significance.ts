import { levelRules } from '../../detection/judge.ts';
import type { Notice } from '../../findings/finding.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { peerGroups } from '../../scoring/peer-group.ts';
import { mergedLog10E, significanceOf } from '../../scoring/significance.ts';
import type { JudgedMember } from './member.ts';

/**
 * What the accounts of a campaign show one by one: the mean of their own e-values, and how many members would have been
 * found alone. The mean is over all linked accounts, bystanders too: who is a bystander is told by behaviour, and a
 * mean over accounts chosen by their behaviour would be no e-value. The links chose them by other facts.
 * @returns undefined where the evidence of an account, or its null, is not known
 */
export function individualSignificance(
  judged: readonly JudgedMember[],
  policy: Policy,
  calibration: Calibration,
): Notice['oneByOne'] {
  if (judged.length === 0) return undefined;
  const log10Es: number[] = [];
  let found = 0;
  for (const { member, fit } of judged) {
    const { evidence, customer } = member;
    const sure = evidence && significanceOf(evidence, customer, calibration);
    if (evidence === undefined || sure === undefined) return undefined;
    log10Es.push(sure.log10E);
    const { suspect } = levelRules(policy, calibration, peerGroups(customer, evidence.peakAt));
    if (fit !== 'bystander' && sure.p <= suspect) found++;
  }
  return {
    accounts: judged.length,
    log10E: Number(mergedLog10E(log10Es).toPrecision(4)),
    found,
  };
}
