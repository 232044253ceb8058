import { describe, expect, it } from 'vitest';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';
import { putBack } from '../../lib/cli/redrive/put-back.ts';
import type { ProducerPort } from '../../lib/telemetry/producer.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, HOUR, harvest, START } from '../events.ts';
import { Clients, start } from './functions.ts';
import { Rebuild } from './rebuilding.ts';
import { World } from './world.ts';

const [sick, well] = [account(1), account(2)];
const sure = { dead: false, sure: true };

describe('an account whose stored item cannot be read', () => {
  it('has its events set aside and nobody else touched, and each comes back once when it is mended', async () => {
    const world = new World(START, () => 0);
    const clients = new Clients(world, sure);
    const score = start('score', world, sure);
    let sequence = 100;
    const put = (partition: string, data: Uint8Array): Promise<unknown> => {
      const number = String(++sequence);
      return score({
        Records: [
          {
            eventID: `shardId-000000000000:${number}`,
            eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
            kinesis: {
              partitionKey: partition,
              sequenceNumber: number,
              data: Buffer.from(data).toString('base64'),
              approximateArrivalTimestamp: (START + 30 * HOUR) / 1000,
            },
          },
        ],
      });
    };
    const send = async (events: readonly UsageEvent[]): Promise<void> => {
      const bucket = bucketOf(events[0]?.account ?? '');
      await world.until(put(partitionKey(bucket), encodeRecord({ bucket }, events)));
    };
    const counted = async (): Promise<(number | undefined)[]> => {
      const states = await world.until(
        new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 }).load([sick, well]),
      );
      return [sick, well].map((name) => states.get(name)?.profile.totals.events);
    };
    const [of, others] = [harvest({ account: sick, events: 30 }), harvest({ account: well, events: 30 })];
    await send(of.slice(0, 10));
    const key = { account: { S: sick }, item: { S: 'hot' } };
    const saved = world.tables
      .items('profiles')
      .find(({ account: name, item }) => name?.S === sick && item?.S === 'hot');
    world.tables.damage('profiles', key, (item) => ({ ...item, slices: { B: new Uint8Array([99]) } }));
    await send(of.slice(10, 20));
    await send(others);
    world.tables.damage('profiles', key, () => saved ?? key);
    await send(of.slice(20));
    expect(await counted()).toEqual([20, 30]);
    const port: ProducerPort = {
      putRecords: async (entries) => {
        for (const { partitionKey: partition, data } of entries) await put(partition, data);
        return entries.map(() => ({ accepted: true as const }));
      },
      after: (_, run) => {
        const timer = setTimeout(run, 1);
        return () => clearTimeout(timer);
      },
      random: () => 0.5,
    };
    const quarantine = new QuarantineBucket(clients.s3, 'quarantine');
    for (const again of [false, true, true]) {
      await world.until(putBack(quarantine.objects(['events/'], again), port));
      expect(await counted()).toEqual([30, 30]);
    }
    const rebuild = new Rebuild(world);
    expect(await world.until(rebuild.run())).toMatchObject({ putBack: 10, used: 60 });
    expect(await world.until(rebuild.compare())).toMatchObject({ accounts: 2, same: 2 });
  });
});
