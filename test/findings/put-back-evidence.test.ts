import { expect, it } from 'vitest';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { readArchivedEvents } from '../../lib/aws/archived-events.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { assess } from '../../lib/dossier/assess.ts';
import { snapshotOf } from '../../lib/dossier/bundle.ts';
import { applyNotice, type Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord, encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { testCalibration } from '../calibration.ts';
import { account, DAY, harvest, START } from '../events.ts';
import { Clients } from '../simulation/functions.ts';
import { World } from '../simulation/world.ts';

const who = account(1);
const events = harvest({ account: who, events: 220 });
/** Events of each record; the second was set aside, and put back behind the fourth. */
const records = [
  { of: events.slice(0, 50), used: true },
  { of: events.slice(50, 80), used: false },
  { of: events.slice(80, 110), used: true },
  { of: events.slice(110, 140), used: true },
  { of: events.slice(50, 80), used: true, redriven: true },
  { of: events.slice(140), used: true },
  // a second redrive, of which the account applied nothing
  { of: events.slice(50, 80), used: false, redriven: true },
] as const;

it('a dossier of an account of which events were put back comes to the numbers of each of its notices', async () => {
  const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
  const world = new World(START, () => 0);
  const { s3 } = new Clients(world, { dead: false, sure: true });
  const archive = new ArchiveBucket(s3, 'archive');
  let state = newAccount(who);
  const notices: Notice[] = [];
  let latest = START;
  for (const [i, record] of records.entries()) {
    const redriven = 'redriven' in record ? ({ redriven: true } as const) : {};
    latest = Math.max(latest, Date.parse(record.of.at(-1)?.time ?? ''));
    const arrived = latest;
    const data = encodeRecord({ bucket: bucketOf(who), ...redriven }, record.of);
    const place = { stream: 's', shard: 'shardId-0', partitionKey: partitionKey(bucketOf(who)) };
    const { size } = decodeRecord(data);
    await world.until(archive.put([{ ...place, sequence: String(i + 1), arrived, size, data }]));
    if (!record.used) continue;
    const arrivals = record.of.map((event, index) => ({
      ...{ event, time: Date.parse(event.time), arrived, ...redriven },
      position: { epoch: 's/b1-256', sequence: padSequence(String(i + 1)), index },
    }));
    const step = processBatch(state, arrivals, rules);
    state = step.state;
    notices.push(...step.notices);
  }
  const read = await world.until(readArchivedEvents(s3, 'archive', new Set([who]), START, START + 30 * DAY));
  expect(read.events).toHaveLength(220);
  expect(notices.length).toBeGreaterThan(1);
  for (const notice of notices) {
    const { notice: again, accounts } = assess({
      finding: applyNotice(undefined, notice),
      policy: defaultPolicy,
      calibration: testCalibration,
      profiles: [snapshotOf(state)],
      events: read.events,
      ...{ audit: [], missing: [] },
    });
    expect([again.reproduced, again.why]).toEqual([true, null]);
    expect(accounts[0]).toMatchObject({ events: 220, rebuilt: true });
  }
});
