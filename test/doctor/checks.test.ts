import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS, diagnose } from '../../lib/doctor/checks.ts';
import type { DeploymentFacts, MappingFact } from '../../lib/doctor/facts.ts';
import { alarmsFor } from '../../lib/infra/alarms.ts';
import { MEASURED } from '../../lib/infra/cost/figures.ts';
import { planFor } from '../../lib/infra/cost/plan.ts';
import { readSettings } from '../../lib/infra/settings.ts';

/** Nothing is wrong here; test/account plants each fault into a deployment. */
const HEALTHY: DeploymentFacts = {
  stack: { name: 'Siphonwatch', status: 'UPDATE_COMPLETE' },
  code: { local: '1.0.0', deployed: '1.0.0', sameSources: true },
  subscribers: {
    findings: [{ protocol: 'email', endpoint: 'a@example.com', confirmed: true }],
    operations: [{ protocol: 'email', endpoint: 'b@example.com', confirmed: true }],
  },
  smsSandbox: true,
  smsLimitUsd: 1,
  concurrency: 1000,
  alarms: [{ name: 'a', state: 'OK', description: '', actionsEnabled: true, threshold: 1 }],
  alarmsGone: [],
  functions: [{ name: 'f', state: 'Inactive', trustsReplayClock: false }],
  mappings: [
    {
      name: 'm',
      state: 'Enabled',
      result: 'No records processed',
      reads: 'events',
      lanes: 2,
      recordAgeHours: 24,
    },
  ],
  schedules: [{ name: 's', enabled: true }],
  shards: { calibrate: 1, link: 1, backtest: 0 },
  policy: {
    active: { id: 'p', calibration: 'cal-1' },
    fault: undefined,
    calibration: { ageHours: 20 },
    lastPush: 'COMPLETE',
  },
  stream: { status: 'ACTIVE', retentionHours: 48, shards: 4 },
  recordsLastHour: 12,
  lag: [{ name: 'f', minutes: 1 }],
  gateways: [{ name: 'g', lastHour: 1, lastDay: 20 }],
  tableUse: [{ name: 't', unitsPerSecond: 600, quota: 40_000 }],
  tables: [{ name: 't', status: 'ACTIVE' }],
  quarantine: { events: 0, batches: 0 },
  deadLetters: 0,
  undeliveredSeconds: 0,
  keyState: 'Enabled',
  unseen: [],
};

const WORKLOAD = {
  ...{ eventsPerSecond: 1000, gateways: 2, accounts: 10_000, lingerMs: 5000, buckets: 64 },
  ...{ windowSeconds: 60, batchSize: 10_000, parallelizationFactor: 2, shards: 4 },
};

const TABLE_READER: MappingFact = {
  ...{ name: 't', state: 'Enabled', result: '', lanes: 1, recordAgeHours: 12 },
  reads: 'table',
};

describe('the checks of doctor', () => {
  it('find nothing where nothing is wrong, and nothing in what could not be looked at', () => {
    expect(diagnose(HEALTHY)).toEqual([]);
    const unseen = Object.fromEntries(Object.keys(HEALTHY).map((name) => [name, undefined]));
    expect(
      diagnose({
        ...(unseen as unknown as DeploymentFacts),
        stack: HEALTHY.stack,
        code: { local: '1.0.0', deployed: undefined, sameSources: undefined },
        subscribers: { findings: undefined, operations: undefined },
      }),
    ).toEqual([]);
  });

  it('have ids that are told apart, and remedies whose chapters exist', () => {
    const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const anchors = new Set([
      ...[...manual.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id),
      ...[...manual.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      ),
    ]);
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
    for (const { id, remedy } of CHECKS)
      for (const [, anchor] of remedy.matchAll(/operations\.md#([\w-]+)/g))
        expect([...anchors], id).toContain(anchor);
  });

  it('ask for as many functions at once as there are lanes, readers of table streams and schedules', () => {
    const table = TABLE_READER;
    const mappings = [...(HEALTHY.mappings ?? []), table, table, table, table];
    const schedules = ['a', 'b', 'c'].map((name) => ({ name, enabled: true }));
    const found = (concurrency: number) => diagnose({ ...HEALTHY, mappings, schedules, concurrency });
    // 4 shards with 2 lanes each, 4 readers of 4 shards, 3 schedules
    expect(found(27)).toEqual([]);
    expect(found(26).map(({ what }) => what)).toEqual([
      '26 functions may run at once, up to 27 will at a peak',
    ]);
  });

  it('count what runs in shards, as plan does: 64 of link and 256 of a backtest do not fit into 300', () => {
    const found = (shards: DeploymentFacts['shards']) =>
      diagnose({ ...HEALTHY, shards, concurrency: 300 }).map(({ what }) => what);
    // 4 shards with 2 lanes each, and a schedule
    expect(found({ calibrate: 1, link: 1, backtest: 291 })).toEqual([]);
    expect(found({ calibrate: 10, link: 64, backtest: 256 })).toEqual([
      '300 functions may run at once, up to 337 will at a peak',
    ]);
    const planned = (settings: Readonly<Record<string, number>>) =>
      planFor(WORKLOAD, readSettings(settings), MEASURED).concurrency;
    const divided = {
      'siphonwatch:calibrateShards': 10,
      'siphonwatch:linkShards': 64,
      'siphonwatch:backtestShards': 256,
    };
    expect(planned(divided) - planned({})).toBe(337 - 9);
  });

  it('speak at the same age as the alarms of the shipped settings', () => {
    const settings = readSettings({});
    const alarm = (id: string) => alarmsFor(settings).find((held) => held.id === id)?.threshold ?? Number.NaN;
    const checks = (over: Partial<DeploymentFacts>) =>
      diagnose({ ...HEALTHY, ...over }).map(({ check }) => check);
    const aged = (ageHours: number) =>
      checks({
        policy: { active: undefined, fault: undefined, lastPush: undefined, calibration: { ageHours } },
      });
    expect(aged(settings.calibrationAgeHours)).toEqual(['calibration-old']);
    expect(aged(settings.calibrationAgeHours - 1)).toEqual([]);
    const kept = (retentionHours: number) =>
      checks({ stream: { status: 'ACTIVE', shards: 4, retentionHours } });
    expect(kept(settings.maxRecordAgeHours)).toEqual(['stream-retention']);
    expect(kept(settings.maxRecordAgeHours + 1)).toEqual([]);
    expect(checks({ undeliveredSeconds: alarm('undelivered') })).toEqual(['undelivered']);
    expect(checks({ undeliveredSeconds: alarm('undelivered') - 1 })).toEqual([]);
    const behind = (minutes: number) => checks({ lag: [{ name: 'score', minutes }] });
    expect(behind(settings.iteratorAgeMinutes)).toEqual(['lag']);
    expect(behind(settings.iteratorAgeMinutes - 1)).toEqual([]);
  });

  it('follow the settings in force, as the deployed alarms and mappings have them', () => {
    const alarm = (id: string, threshold: number) => ({
      ...{ name: `Siphonwatch-${id}`, state: 'OK', description: '', actionsEnabled: true },
      threshold,
    });
    const alarms = [
      alarm('calibration-age', 100),
      alarm('undelivered', 60),
      alarm('iterator-age-score', 60_000),
    ];
    const [mapping] = HEALTHY.mappings ?? [];
    const found = diagnose({
      ...HEALTHY,
      alarms,
      policy: { active: undefined, fault: undefined, lastPush: undefined, calibration: { ageHours: 99 } },
      undeliveredSeconds: 61,
      lag: [{ name: 'f', minutes: 2 }],
      mappings: mapping === undefined ? [] : [{ ...mapping, recordAgeHours: 47 }],
    });
    expect(found.map(({ check }) => check)).toEqual(['lag', 'undelivered']);
  });

  it('tell phones in the sandbox from mail, and a stream that is gone from one that is updated', () => {
    const phone = { protocol: 'sms', endpoint: '+49', confirmed: true };
    const found = diagnose({
      ...HEALTHY,
      subscribers: { ...HEALTHY.subscribers, findings: [phone] },
      stream: { status: 'DELETING', retentionHours: 48, shards: 4 },
    });
    expect(found.map(({ check }) => check)).toEqual(['sms-sandbox', 'sms-limit', 'stream']);
  });
});
