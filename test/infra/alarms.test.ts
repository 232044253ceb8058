import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS, metricsNamespace } from '../../lib/contract/metrics.ts';
import { alarmsFor } from '../../lib/infra/alarms.ts';
import { readSettings } from '../../lib/infra/settings.ts';

const alarms = alarmsFor(readSettings({}));

describe('alarms', () => {
  it('cover lag, failures, throttles, quarantine, dead letters and silence', () => {
    const runbooks = new Set(alarms.map((alarm) => alarm.runbook));
    expect([...runbooks].sort()).toEqual([
      'alarm-calibration-age',
      'alarm-calibration-drift',
      'alarm-dead-letters',
      'alarm-development-key',
      'alarm-failures',
      'alarm-iterator-age',
      'alarm-log-volume',
      'alarm-no-traffic',
      'alarm-notify-failures',
      'alarm-policy',
      'alarm-quarantine',
      'alarm-replayed',
      'alarm-silent',
      'alarm-telemetry-blind',
      'alarm-throttles',
      'alarm-undelivered',
      'alarm-unreadable',
      'alarm-unscored',
    ]);
  });

  it('have ids that are told apart', () => {
    expect(new Set(alarms.map((alarm) => alarm.id)).size).toBe(alarms.length);
  });

  it('have each a runbook in docs/operations.md, with a command', () => {
    const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const all = alarmsFor(
      readSettings({
        'siphonwatch:securityHub': true,
        'siphonwatch:hunts': true,
        'siphonwatch:calibrateShards': 2,
      }),
    );
    expect(all.map((alarm) => alarm.runbook)).toContain('alarm-security-hub');
    for (const anchor of new Set(all.map((alarm) => alarm.runbook))) {
      const section = manual.split(`<a id="${anchor}"></a>`)[1]?.split('<a id="')[0] ?? '';
      expect(section, anchor).toMatch(/^\s+### .+/);
      expect(section, anchor).toMatch(/```sh\n[\s\S]+?```/);
      expect(section, anchor).toMatch(/^1\. .+/m);
    }
  });

  it('stay within what CloudWatch evaluates: a day for short periods, a week for those of an hour or more', () => {
    for (const { id, periodMinutes, periods } of alarmsFor(
      readSettings({ 'siphonwatch:noTrafficMinutes': 1440 }),
    )) {
      expect(periodMinutes * periods, id).toBeLessThanOrEqual(periodMinutes >= 60 ? 7 * 1440 : 1440);
    }
  });

  it('read only metrics that the functions are said to emit', () => {
    for (const { metric } of alarms) {
      if (metric.namespace === metricsNamespace('Siphonwatch'))
        expect(Object.keys(METRICS)).toContain(metric.name);
    }
  });

  it('follow the settings', () => {
    const own = alarmsFor(
      readSettings({ 'siphonwatch:iteratorAgeMinutes': 2, 'siphonwatch:noTrafficMinutes': 0 }),
    );
    expect(own.find((alarm) => alarm.id === 'iterator-age-score')?.threshold).toBe(120_000);
    expect(own.some((alarm) => alarm.id === 'no-traffic')).toBe(false);
  });
});
