import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRICS, metricsNamespace } from '../../lib/contract/metrics.ts';
import { type AlarmDeclaration, alarmsFor, writerOf } from '../../lib/infra/alarms.ts';
import { ROLLBACK_ALARM_IDS } from '../../lib/infra/bake-time.ts';
import { paceMinutes } from '../../lib/infra/metric-pace.ts';
import { readSettings } from '../../lib/infra/settings.ts';

const alarms = alarmsFor(readSettings({}));

describe('alarms', () => {
  it('cover lag, failures, throttles, quarantine, dead letters and silence', () => {
    const runbooks = new Set(alarms.map((alarm) => alarm.runbook));
    expect([...runbooks].sort()).toEqual([
      'alarm-calibration-age',
      'alarm-calibration-drift',
      'alarm-calibration-format',
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

  it('speak of resuming only where their runbook says how', () => {
    const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const all = alarmsFor(
      readSettings({
        'siphonwatch:calibrateShards': 2,
        'siphonwatch:linkShards': 2,
        'siphonwatch:backtestShards': 2,
      }),
    );
    const resumed = new Set(all.filter(({ why }) => /resum/.test(why)).map(({ runbook }) => runbook));
    expect([...resumed].sort()).toEqual(['alarm-backtest-run', 'alarm-calibrate-run']);
    for (const anchor of resumed)
      expect(manual.split(`<a id="${anchor}"></a>`)[1]?.split('<a id="')[0], anchor).toMatch(/--resume/);
  });

  it('have each a runbook in docs/operations.md, with a command', () => {
    const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const all = alarmsFor(
      readSettings({
        'siphonwatch:securityHub': true,
        'siphonwatch:hunts': true,
        'siphonwatch:calibrateShards': 2,
        'siphonwatch:linkShards': 2,
        'siphonwatch:backtestShards': 2,
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
      expect(periodMinutes, id).toBeLessThanOrEqual(1440);
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

/**
 * Minutes at which an alarm is raised and ended, as CloudWatch evaluates it every minute: by the last N periods, where a period without a
 * data point is a good one, or leaves everything as it was.
 * @param points minute of each, and whether it is at or above the threshold
 */
function changes(
  alarm: AlarmDeclaration,
  points: readonly (readonly [number, boolean])[],
  until: number,
): number[] {
  const { periodMinutes, periods, bad = periods, missing } = alarm;
  const changed: number[] = [];
  let raised = false;
  for (let now = 0; now < until; now++) {
    const held = Array.from({ length: periods }, (_, back) =>
      points.filter(([at]) => at > now - (back + 1) * periodMinutes && at <= now - back * periodMinutes),
    );
    if (missing === 'as-before' && held.flat().length === 0) continue;
    const is = held.filter((period) => period.some(([, over]) => over)).length >= bad;
    if (is !== raised) changed.push(now);
    raised = is;
  }
  return changed;
}

describe('an alarm on what a function writes at its own pace', () => {
  const whole = (min: number, max: number) => fc.integer({ min, max });
  it('is raised once while a fault lasts, and ends once it is mended, for all settings', () => {
    const given = fc.record({
      sweepMinutes: whole(1, 60),
      linkMinutes: whole(5, 1440),
      batchWindowSeconds: whole(0, 300),
      scoreTimeoutSeconds: whole(10, 900),
      phase: fc.double({ min: 0, max: 1, noNaN: true }),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(given, ({ phase, which, ...over }) => {
        const values = { ...over, policyBakeMinutes: 0, hunts: true, securityHub: true };
        const settings = readSettings(
          Object.fromEntries(Object.entries(values).map(([name, value]) => [`siphonwatch:${name}`, value])),
        );
        const paced = alarmsFor(settings).filter(
          ({ id, metric, when }) =>
            writerOf(metric) !== undefined &&
            when === 'atOrAbove' &&
            id !== 'hunts-behind' &&
            id !== 'policy-failures',
        );
        const alarm = paced[which % paced.length] as AlarmDeclaration;
        const pace = paceMinutes(writerOf(alarm.metric), settings);
        const looked = alarm.periodMinutes * alarm.periods;
        const fault = { from: looked, to: 3 * looked + 4 * pace };
        const until = fault.to + 2 * looked + 2 * pace;
        const points = Array.from({ length: Math.ceil(until / pace) }, (_, i): [number, boolean] => {
          // schedules start a few seconds early or late
          const at = (i + phase) * pace + (i % 2) * 0.5;
          return [at, at >= fault.from && at < fault.to];
        });
        const [raised = Number.NaN, ended = Number.NaN, ...more] = changes(alarm, points, until);
        expect(more, alarm.id).toEqual([]);
        expect(raised, alarm.id).toBeLessThanOrEqual(fault.from + looked + pace + 2);
        expect(ended, alarm.id).toBeGreaterThanOrEqual(fault.to - pace);
        expect(ended, alarm.id).toBeLessThanOrEqual(fault.to + looked + pace + 2);
      }),
      { numRuns: 60 },
    );
  });

  it('stays raised until something is looked at again, where it is the state of something', () => {
    const all = alarmsFor(readSettings({ 'siphonwatch:hunts': true }));
    expect(all.filter(({ missing }) => missing === 'as-before').map(({ id }) => id)).toEqual([
      'undelivered',
      'calibration-drift',
      'archive-damaged',
    ]);
    expect(ROLLBACK_ALARM_IDS.every((id) => all.some((alarm) => alarm.id === id))).toBe(true);
  });
});
