import { describe, expect, it } from 'vitest';
import { misfits, policyChanges } from '../../lib/policy/diff.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';

describe('the difference of two policies', () => {
  it('is nothing for the same policy under another name', () => {
    expect(policyChanges(defaultPolicy, { ...defaultPolicy, id: 'other' })).toEqual([]);
  });

  it('says in accounts what a budget means', () => {
    const [change, ...rest] = policyChanges(defaultPolicy, {
      ...defaultPolicy,
      budget: { ...defaultPolicy.budget, suspect: 0.0005 },
    });
    expect(rest).toEqual([]);
    expect(change).toMatchObject({ field: 'budget.suspect', before: '0.001', after: '0.0005' });
    expect(change?.effect).toBe(
      'Of 10,000 benign accounts at most 5 a month reach suspect instead of 10 (2 times fewer).',
    );
  });

  it('says whether a new window is whole, and when it cannot be', () => {
    const whole = policyChanges(defaultPolicy, { ...defaultPolicy, windows: [24, 336] });
    expect(whole[0]?.effect).toContain('whole at once.');
    expect(whole[0]?.effect).toContain('Windows of 168 hours are no longer scored.');
    const partial = policyChanges(defaultPolicy, {
      ...defaultPolicy,
      windows: [24, 1200],
      retentionDays: 60,
    });
    expect(partial[0]?.effect).toContain('slices older than 35 days have expired');
  });

  it('compares a group with what it had before it was named', () => {
    const changes = policyChanges(defaultPolicy, {
      ...defaultPolicy,
      peerGroups: { 'api/payg': { suspect: 0.002 } },
    });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      field: 'peerGroups.api/payg.suspect',
      before: '0.001',
      after: '0.002',
    });
  });
});

describe('a policy against a calibration', () => {
  it('the shipped ones fit', () => {
    expect(misfits(defaultPolicy, defaultCalibration)).toEqual([]);
  });

  it('names a window that was not calibrated and a level that no data support', () => {
    const found = misfits(
      { ...defaultPolicy, windows: [48], budget: { ...defaultPolicy.budget, critical: 1e-8 } },
      defaultCalibration,
    );
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('no window of 48 hours');
    expect(found[1]).toContain('critical cannot be reached');
  });
});
