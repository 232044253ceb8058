import { describe, expect, it } from 'vitest';
import { policyChanges, policyWarnings } from '../../lib/policy/diff.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import { testCalibration } from '../calibration.ts';

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

  it('counts from the budgets that are in force where the calibration supports less than is written', () => {
    const asked = (suspect: number) => ({ ...defaultPolicy, budget: { ...defaultPolicy.budget, suspect } });
    // 574 accounts over a month support 17.4 of 10,000
    const size = { accounts: 574, days: 30 };
    const effect = (suspect: number) =>
      policyChanges(defaultPolicy, asked(suspect), size).find(({ field }) => field === 'budget.suspect')
        ?.effect;
    expect(effect(0.005)).toBe(
      'Of 10,000 benign accounts at most 50 a month reach suspect instead of 17.4 (2.88 times as many). The calibration supports no less than 17.4: these are the budgets in force.',
    );
    expect(effect(0.0015)).toContain('No effect: of 10,000 benign accounts at most 17.4 a month');
  });

  it('tells a change of every field: none is silent', () => {
    const others: Omit<Policy, 'v' | 'id'> = {
      calibration: 'cal-1',
      windows: [24],
      allowedLatenessHours: 1,
      permittedSkewSeconds: 1,
      sealAfterHours: 1,
      retentionDays: 99,
      budget: { ...defaultPolicy.budget, suspect: 0.0005 },
      peerGroups: { api: { suspect: 0.0005 } },
      calmHours: 1,
      cooldownHours: 1,
      exceptions: [{ account: `a_${'a'.repeat(26)}`, until: '2027-01-01T00:00:00Z', reason: 'red team' }],
      prices: { m: { inputPerMillion: 1, outputPerMillion: 1 } },
      campaigns: { ...defaultPolicy.campaigns, budget: 0.02 },
      notifications: { routes: [{ name: 'pager', levels: ['critical'], delivery: 'now' }] },
    };
    for (const [field, value] of Object.entries(others)) {
      const changes = policyChanges(defaultPolicy, { ...defaultPolicy, [field]: value });
      expect(changes.map((change) => change.field.split('.')[0])).toEqual([field]);
      expect(changes[0]?.effect).not.toBe('');
    }
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
    expect(policyWarnings(defaultPolicy, testCalibration)).toEqual([]);
  });

  it('names a window that was not calibrated and a level that no data support', () => {
    const found = policyWarnings(
      { ...defaultPolicy, windows: [48], budget: { ...defaultPolicy.budget, critical: 1e-8 } },
      testCalibration,
    );
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('no window of 48 hours');
    expect(found[1]).toContain('critical does not exist');
  });
});
