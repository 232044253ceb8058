import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { inputFiles } from '../../lib/input/lines.ts';

/** Objects below the prefix: more than a call has room for arguments, a few days of a small deployment. */
const OBJECTS = 150_000;
const PAGE = 1000;

/** Answers ListObjectsV2, a thousand keys a page (AmazonS3/latest/API/API_ListObjectsV2.html). */
const server = createServer((request, response) => {
  const token = new URL(request.url ?? '', 'http://s3').searchParams.get('continuation-token');
  const from = Number(token ?? 0);
  const to = Math.min(OBJECTS, from + PAGE);
  const more = to < OBJECTS ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
  const keys = Array.from(
    { length: to - from },
    (_, i) => `<Contents><Key>events/day=2026-03-01/${from + i}.ndjson.gz</Key><Size>1</Size></Contents>`,
  );
  response.end(
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${to < OBJECTS}</IsTruncated>${more}${keys.join('')}</ListBucketResult>`,
  );
});

beforeAll(async () => {
  await new Promise<void>((begun) => server.listen(0, '127.0.0.1', begun));
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});

it('an archive of more objects than a call has room for is listed whole', { timeout: 120_000 }, async () => {
  expect(await inputFiles(['s3://archive/events/'])).toHaveLength(OBJECTS);
});
