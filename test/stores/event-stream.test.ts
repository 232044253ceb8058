import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import kinesalite from 'kinesalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { eventStream } from '../../lib/telemetry/kinesis.ts';
import { createProducer, ProducerFailure } from '../../lib/telemetry/producer.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from '../telemetry/exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });
let server: Server;
let endpoint: string;
let client: KinesisClient;

beforeAll(async () => {
  server = kinesalite({ createStreamMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: new NodeHttpHandler(),
  });
  await client.send(new CreateStreamCommand({ StreamName: 'events', ShardCount: 2 }));
  // Creation is asynchronous even where it takes no time.
  for (;;) {
    const described = await client.send(new DescribeStreamCommand({ StreamName: 'events' }));
    if (described.StreamDescription?.StreamStatus === 'ACTIVE') break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe('the Kinesis stream', () => {
  it('gets every event, each account in order on one shard', async () => {
    const port = eventStream({ stream: 'events', endpoint });
    const producer = createProducer(port, { recordBytes: 3000 });
    for (let i = 0; i < 200; i++)
      await producer.put(recorder.record(anExchange({ account: `acct-${i % 13}`, id: `${i}` })));
    await producer.close();
    port.destroy();
    expect(producer.counts.events).toBe(200);

    const seen = new Map<string, { shard: string; ids: number[] }>();
    for (const shard of (await client.send(new DescribeStreamCommand({ StreamName: 'events' })))
      .StreamDescription?.Shards ?? []) {
      const start = await client.send(
        new GetShardIteratorCommand({
          StreamName: 'events',
          ShardId: shard.ShardId,
          ShardIteratorType: 'TRIM_HORIZON',
        }),
      );
      const { Records } = await client.send(new GetRecordsCommand({ ShardIterator: start.ShardIterator }));
      for (const record of Records ?? []) {
        for (const line of decodeRecord(record.Data as Uint8Array).lines) {
          const account = line.event?.account as string;
          const known = seen.get(account) ?? { shard: shard.ShardId as string, ids: [] };
          expect(known.shard).toBe(shard.ShardId);
          known.ids.push(Number(line.event?.id));
          seen.set(account, known);
        }
      }
    }
    expect(seen.size).toBe(13);
    for (const { ids } of seen.values()) expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect([...seen.values()].reduce((sum, { ids }) => sum + ids.length, 0)).toBe(200);
  });

  it('that does not exist ends the producer at once, with the events', async () => {
    const port = eventStream({ stream: 'absent', endpoint });
    const producer = createProducer(port);
    await producer.put(recorder.record(anExchange()));
    const failure: unknown = await producer.close().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProducerFailure);
    expect((failure as ProducerFailure).message).toContain('ResourceNotFoundException');
    expect((failure as ProducerFailure).undelivered).toHaveLength(1);
    port.destroy();
  });
});
