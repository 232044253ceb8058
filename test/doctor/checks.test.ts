import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS, diagnose } from '../../lib/doctor/checks.ts';
import type { DeploymentFacts } from '../../lib/doctor/facts.ts';

/** Nothing is wrong here; test/account plants each fault into a deployment. */
const HEALTHY: DeploymentFacts = {
  stack: { name: 'Siphonwatch', status: 'UPDATE_COMPLETE' },
  code: { local: '1.0.0', deployed: '1.0.0' },
  subscribers: {
    findings: [{ protocol: 'email', endpoint: 'a@example.com', confirmed: true }],
    operations: [{ protocol: 'email', endpoint: 'b@example.com', confirmed: true }],
  },
  smsSandbox: true,
  concurrency: { quota: 1000, wanted: 23 },
  alarms: [{ name: 'a', state: 'OK', description: '', actionsEnabled: true }],
  functions: [{ name: 'f', state: 'Inactive', trustsReplayClock: false }],
  mappings: [{ name: 'm', state: 'Enabled', result: 'No records processed' }],
  schedules: [{ name: 's', enabled: true }],
  policy: {
    active: { id: 'p', calibration: 'cal-1' },
    fault: undefined,
    calibration: { ageHours: 20 },
    lastPush: 'COMPLETE',
  },
  stream: { status: 'ACTIVE', retentionHours: 48, shards: 4 },
  recordsLastHour: 12,
  tables: [{ name: 't', status: 'ACTIVE' }],
  quarantine: { events: 0, batches: 0 },
  deadLetters: 0,
  undeliveredSeconds: 0,
  keyState: 'Enabled',
  unseen: [],
};

describe('the checks of doctor', () => {
  it('find nothing where nothing is wrong, and nothing in what could not be looked at', () => {
    expect(diagnose(HEALTHY)).toEqual([]);
    const unseen = Object.fromEntries(Object.keys(HEALTHY).map((name) => [name, undefined]));
    expect(
      diagnose({
        ...(unseen as unknown as DeploymentFacts),
        stack: HEALTHY.stack,
        code: { local: '1.0.0', deployed: undefined },
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

  it('tell phones in the sandbox from mail, and a stream that is gone from one that is updated', () => {
    const phone = { protocol: 'sms', endpoint: '+49', confirmed: true };
    const found = diagnose({
      ...HEALTHY,
      subscribers: { ...HEALTHY.subscribers, findings: [phone] },
      stream: { status: 'DELETING', retentionHours: 48, shards: 4 },
    });
    expect(found.map(({ check }) => check)).toEqual(['sms-sandbox', 'stream']);
  });
});
