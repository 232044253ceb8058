import { gunzipSync } from 'node:zlib';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { backtest } from '../../lib/cli/backtest/run-backtest.ts';
import { inputFiles } from '../../lib/input/lines.ts';
import { partitionKey } from '../../lib/telemetry/record.ts';
import { encodeLines } from '../../lib/telemetry/record-codec.ts';
import { account, harvest, START } from '../events.ts';

const app = buildApp({ logger: false });
const BUCKET = 'archive-of-shards';
let client: S3Client;

beforeAll(async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', await app.listen({ port: 0, host: '127.0.0.1' }));
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const archive = new ArchiveBucket(client, BUCKET);
  for (const n of [1, 2, 3]) {
    const lines = harvest({ account: account(n), events: 3, seed: n }).map((event) => JSON.stringify(event));
    const data = encodeLines({ bucket: n }, lines);
    await archive.put([
      {
        stream: 'usage',
        shard: 'shardId-000000000000',
        sequence: String(n),
        partitionKey: partitionKey(n),
        arrived: START,
        size: gunzipSync(data).length,
        data,
      },
    ]);
  }
});
afterAll(async () => {
  client.destroy();
  await app.close();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('backtest s3://... --shards', () => {
  it('is that of one process, also where a part is doubled; a damaged part is named', {
    timeout: 240_000,
  }, async () => {
    const place = `s3://${BUCKET}/events/`;
    const [first = ''] = await inputFiles([place]);
    const key = first.slice(`s3://${BUCKET}/`.length);
    const stored = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    const bytes = (await stored.Body?.transformToByteArray()) ?? new Uint8Array();
    const put = (name: string, body: Uint8Array): Promise<unknown> =>
      client.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: key.replace('events/', `events/${name}`), Body: body }),
      );

    const one = await backtest([place], {});
    expect(one.result.events).toMatchObject({ read: 9, repeated: 0 });
    const many = async (): Promise<Awaited<ReturnType<typeof backtest>>> => {
      const made = await backtest([place], { shards: 2 });
      await made.drop();
      return made;
    };
    expect((await many()).outcomes[0].accounts).toEqual(one.outcomes[0].accounts);

    await put('copied-', bytes);
    const doubled = await many();
    expect(doubled.result.events).toMatchObject({ read: 12, used: 9, repeated: 3 });
    expect(doubled.outcomes[0].accounts).toEqual(one.outcomes[0].accounts);

    await put('copied-', bytes.subarray(0, bytes.length - 9));
    await expect(many()).rejects.toThrow(/^s3:\/\/archive-of-shards\/events\/copied-.*(truncated|damaged)/);
  });
});
