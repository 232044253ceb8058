import { describe, expect, it } from 'vitest';
import { individualSignificance } from '../../lib/campaigns/judging/individual-significance.ts';
import type { Fit, JudgedMember } from '../../lib/campaigns/judging/member.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { type RunningMax, significanceOf } from '../../lib/scoring/significance.ts';
import { testCalibration } from '../calibration.ts';
import { account, START } from '../events.ts';

const customer = { plan: 'payg', product: 'api', createdAt: START };
const peakOf = (peak: number): RunningMax => ({ since: START, peak, peakAt: START });
const member = (n: number, evidence: RunningMax | undefined, fit: Fit = 'core'): JudgedMember => ({
  member: { account: account(n), customer, firstSeen: START, lastSeen: START, slices: [], evidence },
  fit,
  events: 1,
  outputTokens: 1,
  share: 1,
});
const of = (...judged: JudgedMember[]) => individualSignificance(judged, defaultPolicy, testCalibration);

describe('the accounts of a campaign one by one', () => {
  it('average the e-values of all linked accounts; whom their own behaviour clears lowers the mean', () => {
    const high = significanceOf(peakOf(1000), customer, testCalibration);
    const low = significanceOf(peakOf(0), customer, testCalibration);
    if (high === undefined || low === undefined) throw new Error('no null');
    const mean = (10 ** high.log10E + 10 ** low.log10E) / 2;
    const both = of(member(1, peakOf(1000)), member(2, peakOf(0), 'bystander'));
    expect(both?.log10E).toBeCloseTo(Math.log10(mean), 3);
    expect(both).toMatchObject({ accounts: 2, found: 1 });
    expect(both?.log10E).toBeLessThan(high.log10E);
  });

  it('count who would have been found alone among the members only', () => {
    expect(of(member(1, peakOf(0)), member(2, peakOf(0)))).toMatchObject({ accounts: 2, found: 0 });
    expect(of(member(1, peakOf(0)), member(2, peakOf(1000), 'bystander'))?.found).toBe(0);
  });

  it('say nothing where the evidence of one is not known, or nobody is left', () => {
    expect(of(member(1, peakOf(3)), member(2, undefined))).toBeUndefined();
    expect(of()).toBeUndefined();
  });
});
