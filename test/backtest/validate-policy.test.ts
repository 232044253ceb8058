import { describe, expect, it } from 'vitest';
import { smokeTraffic } from '../../lib/backtest/smoke-traffic.ts';
import { validatePolicy } from '../../lib/backtest/validate-policy.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { parseUsageEvent } from '../../lib/telemetry/parse-usage-event.ts';
import { testCalibration } from '../calibration.ts';

const options = {
  now: Date.parse('2026-06-01T00:00:00Z'),
  calibration: (id: string) =>
    Promise.resolve(id === 'default' ? testCalibration : 'there is none of that id'),
};
const text = (changes: object): string => JSON.stringify({ ...defaultPolicy, ...changes });

describe('vetting a policy', () => {
  it('passes the shipped one', async () => {
    expect(await validatePolicy(text({}), options)).toEqual({
      ok: true,
      policy: defaultPolicy,
      warnings: [],
    });
  });

  it('refuses one that would flag ordinary people, and says how many', async () => {
    const vetted = await validatePolicy(text({ budget: { watch: 1, suspect: 1, critical: 1 } }), options);
    expect(vetted).toMatchObject({ ok: false });
    expect(JSON.stringify(vetted)).toContain('flags 20 of 20 ordinary accounts');
  });

  it('refuses a calibration that does not exist', async () => {
    expect(await validatePolicy(text({ calibration: 'cal-x' }), options)).toEqual({
      ok: false,
      faults: ['calibration: there is none of that id (got cal-x); name one that is there, or default'],
    });
  });

  it('refuses what does not parse, with the place', async () => {
    const vetted = await validatePolicy('v: 1\nid: x\ncalmHours: -1\n', options);
    expect(JSON.stringify(vetted)).toContain('line 3:1: calmHours');
  });

  it('tells what a policy asks of a calibration in vain', async () => {
    expect(await validatePolicy(text({ windows: [24, 48] }), options)).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('no window of 48 hours')],
    });
  });

  it('the built-in traffic is telemetry like any other', () => {
    for (const event of smokeTraffic()) expect(parseUsageEvent(event)).toMatchObject({ ok: true });
  });
});
