import { gunzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { inputFiles } from '../../lib/input/lines.ts';
import { readUsageEvents } from '../../lib/input/usage-events.ts';
import { partitionKey } from '../../lib/telemetry/record.ts';
import { encodeLines } from '../../lib/telemetry/record-codec.ts';
import { DAY_MS } from '../../lib/time.ts';
import { account, harvest } from '../events.ts';

const app = buildApp({ logger: false });
const BUCKET = 'archive-of-tests';
let client: S3Client;

beforeAll(async () => {
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const archive = new ArchiveBucket(client, BUCKET);
  // put out of order: a later day first, and within a day the later record first
  for (const [n, sequence, arrived] of [
    [3, '5', DAY_MS],
    [2, '1000', 0],
    [1, '99', 0],
  ] as const) {
    const lines = harvest({ account: account(n), events: 3, seed: n }).map((event) => JSON.stringify(event));
    const data = encodeLines({ bucket: n }, lines);
    await archive.put([
      {
        stream: 'usage',
        shard: 'shardId-000000000000',
        sequence,
        partitionKey: partitionKey(n),
        arrived: Date.parse('2026-03-02T00:00:00Z') + arrived,
        size: gunzipSync(data).length,
        data,
      },
    ]);
  }
});
afterAll(async () => {
  client.destroy();
  await app.close();
  vi.unstubAllEnvs();
});

describe('input below an S3 prefix', () => {
  it('is the archive in order of arrival, headers passed over', async () => {
    const files = await inputFiles([`s3://${BUCKET}/events/`]);
    expect(files).toHaveLength(3);
    const accounts: string[] = [];
    let rejects = 0;
    for await (const batch of readUsageEvents(files, {
      format: 'auto',
      recorder: () => {
        throw new Error('no exchange here');
      },
    })) {
      rejects += batch.rejects.length;
      accounts.push(...batch.events.map((event) => event.account));
    }
    expect(rejects).toBe(0);
    expect(accounts).toEqual([1, 2, 3].flatMap((n) => [account(n), account(n), account(n)]));
  });

  it("passes over the bodies that Bedrock keeps beside its log, and nobody else's files of such names", async () => {
    const logs = 'bedrock/AWSLogs/123456789012/BedrockModelInvocationLogs';
    const hour = `${logs}/eu-west-1/2026/03/01/08`;
    const own = ['bedrock/data/day1_input.json', `${hour}/20260301T080000Z_1.json.gz`];
    const others = ['amazon-bedrock-logs-permission-check', 'eu-west-1/2026/03/01/08/data/r1_input.json.gz'];
    for (const Key of [...own, ...others.map((name) => `${logs}/${name}`)])
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '{}' }));
    const files = await inputFiles([`s3://${BUCKET}/bedrock/`]);
    expect(new Set(files)).toEqual(new Set(own.map((key) => `s3://${BUCKET}/${key}`)));
  });

  it('says what is not there', async () => {
    await expect(inputFiles([`s3://${BUCKET}/nothing/`])).rejects.toThrow(/no objects there/);
    await expect(inputFiles(['s3://no-such-bucket-here/x'])).rejects.toThrow(/cannot be read/);
    await expect(inputFiles(['s3://'])).rejects.toThrow(/not an S3 address/);
  });
});
