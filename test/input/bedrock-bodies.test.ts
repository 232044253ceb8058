import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openObject } from '../../lib/aws/objects.ts';
import { StoredBodies } from '../../lib/input/bedrock-bodies.ts';

import { fromBedrock } from '../../lib/telemetry/adapters/bedrock.ts';

/**
 * S3 as GetObject documents it (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Errors):
 * a request without a signature is refused, so is one for a bucket that the caller may not read, and a key that is not there.
 */
const PROMPT = 'tides '.repeat(30_000);
const bodies: Readonly<Record<string, object>> = {
  '/logs/AWSLogs/1/BedrockModelInvocationLogs/eu-west-1/2026/03/01/08/data/r1_input.json.gz': {
    messages: [{ role: 'user', content: [{ text: PROMPT }] }],
  },
  '/logs/AWSLogs/1/BedrockModelInvocationLogs/eu-west-1/2026/03/01/08/data/r1_output.json.gz': {
    output: { message: { role: 'assistant', content: [{ text: 'x' }] } },
    stopReason: 'max_tokens',
  },
};
let server: Server;
let client: S3Client;
const open = (address: string) => {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(address) ?? [];
  return openObject(client, bucket, key);
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const refuse = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    };
    if (!(request.headers.authorization ?? '').startsWith('AWS4-HMAC-SHA256')) refuse(403, 'AccessDenied');
    else if (path.startsWith('/others/')) refuse(403, 'AccessDenied');
    else if (!(path in bodies)) refuse(404, 'NoSuchKey');
    else response.end(gzipSync(JSON.stringify(bodies[path])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const entry = (input: string, output: string) => ({
  schemaType: 'ModelInvocationLog',
  timestamp: '2026-03-01T08:00:00Z',
  requestId: 'r1',
  operation: 'Converse',
  modelId: 'm-1',
  requestMetadata: { account: 'acct-1' },
  input: { inputContentType: 'application/json', inputBodyS3Path: input, inputTokenCount: 40_000 },
  output: { outputContentType: 'application/json', outputBodyS3Path: output, outputTokenCount: 34 },
});
const DATA = 's3://logs/AWSLogs/1/BedrockModelInvocationLogs/eu-west-1/2026/03/01/08/data';

describe('a Bedrock body above 100 KB', () => {
  it('is fetched from S3 where the credentials may read it, also within an envelope', async () => {
    const stored = new StoredBodies(open);
    const message = JSON.stringify(entry(`${DATA}/r1_input.json.gz`, `${DATA}/r1_output.json.gz`));
    const filled = await stored.filled({ messageType: 'DATA_MESSAGE', logEvents: [{ message }] });
    const [exchange] = fromBedrock(filled).exchanges;
    expect(exchange?.messages).toEqual([{ role: 'user', content: PROMPT }]);
    expect(exchange?.outcome).toBe('truncated');
  });

  it.each([
    ['s3://others/data/r1_input.json.gz', /over 100 KB and lies in S3.*AccessDenied/],
    [`${DATA}/r2_input.json.gz`, /over 100 KB and lies in S3.*NoSuchKey/],
  ])('says why it could not be had: %s', async (address, why) => {
    const filled = await new StoredBodies(open).filled(entry(address, `${DATA}/r1_output.json.gz`));
    expect(fromBedrock(filled).reasons[0]?.message).toMatch(why);
  });

  it('is not asked for again where there are no credentials', async () => {
    let asked = 0;
    const stored = new StoredBodies(async () => {
      asked++;
      throw Object.assign(new Error('x'), { name: 'CredentialsProviderError' });
    });
    for (let i = 0; i < 3; i++) {
      const filled = await stored.filled(entry(`${DATA}/r1_input.json.gz`, `${DATA}/r1_output.json.gz`));
      expect(fromBedrock(filled).reasons[0]?.message).toContain('CredentialsProviderError');
    }
    expect(asked).toBe(1);
  });
});
