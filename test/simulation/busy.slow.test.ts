import { expect, it } from 'vitest';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, harvest, START } from '../events.ts';
import { Clients, start } from './functions.ts';
import { inVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

const RATE = 900;
const MINUTES = 10;
/** Events of a record, and records of a batch: what a producer packs, and what a mapping hands over, at this rate. */
const [PER_RECORD, PER_BATCH] = [450, 10];

it('an account at 900 events a second for ten minutes is counted whole, and nothing is quarantined', async () => {
  const world = new World(START, seeded(1));
  const sure = { dead: false, sure: true };
  const name = account(1);
  const bucket = bucketOf(name);
  const events = harvest({ account: name, events: RATE * 60 * MINUTES, everyMs: 1000 / RATE });
  const records = Array.from({ length: events.length / PER_RECORD }, (_, i) => {
    const part = events.slice(i * PER_RECORD, (i + 1) * PER_RECORD);
    return {
      eventID: `shardId-000000000000:${1000 + i}`,
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
      kinesis: {
        partitionKey: partitionKey(bucket),
        sequenceNumber: String(1000 + i),
        data: Buffer.from(encodeRecord({ bucket }, part)).toString('base64'),
        approximateArrivalTimestamp: Date.parse(part.at(-1)?.time ?? '') / 1000,
      },
    };
  });
  await inVirtualTime(world, async () => {
    // two environments in turn: what one remembers, the other reads back
    const environments = [start('score', world, sure), start('score', world, sure)];
    for (let at = 0; at < records.length; at += PER_BATCH) {
      const score = environments[(at / PER_BATCH) % 2];
      const answer = await world.until(
        score?.({ Records: records.slice(at, at + PER_BATCH) }) ?? Promise.reject(),
      );
      expect(answer).toEqual({ batchItemFailures: [] });
    }
    const table = new ProfileTable(new Clients(world, sure).dynamodb, 'profiles', { retentionDays: 35 });
    const totals = (await world.until(table.load([name]))).get(name)?.profile.totals;
    expect(totals).toEqual({ events: RATE * 60 * MINUTES, late: 0, repeated: 0 });
    // all of it once more, as a producer does that lost every answer, is repeated, as far back as ids are kept
    const again = records.slice(-PER_BATCH).map((record, i) => {
      const sequenceNumber = String(900_000 + i);
      return { ...record, kinesis: { ...record.kinesis, sequenceNumber } };
    });
    await world.until(environments[0]?.({ Records: again }) ?? Promise.reject());
    const after = (await world.until(table.load([name]))).get(name)?.profile.totals;
    expect(after).toEqual({ events: RATE * 60 * MINUTES, late: 0, repeated: PER_RECORD * PER_BATCH });
  });
  expect(world.objects.names('quarantine')).toEqual([]);
}, 1_800_000);
