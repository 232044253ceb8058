import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readUsageEvents } from '../../lib/input/usage-events.ts';

/** What S3 answers by the name of an object: AmazonS3/latest/API/ErrorResponses.html. */
const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  slow: (response) => refused(response, 503, 'SlowDown'),
  broken: (response) => refused(response, 500, 'InternalError'),
  gone: (response) => refused(response, 404, 'NoSuchKey'),
  denied: (response) => refused(response, 403, 'AccessDenied'),
  damaged: (response) => response.end(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])),
  truncated: (response) => response.end(gzipSync('{}\n'.repeat(100)).subarray(0, 20)),
  zstd: (response) => response.end(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xff, 1, 2, 3, 4, 5, 6, 7, 8])),
  // larger than what is read at once: it is read as it comes, and stops coming
  cut: (response) => {
    response.writeHead(200, { 'content-length': String(8 * 1024 * 1024) });
    response.write('{}\n'.repeat(10));
    setTimeout(() => response.destroy(), 20);
  },
};
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    const name = new URL(request.url ?? '', 'http://s3').pathname.split('/').at(-1) ?? '';
    ANSWERS[name]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  // the SDK waits a random part of a growing time before it asks again
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function refused(response: ServerResponse, status: number, code: string): void {
  response.statusCode = status;
  response.end(`<Error><Code>${code}</Code><Message>so it is</Message></Error>`);
}

it.each([
  ['slow', 'PassingError', /slow: cannot be read: SlowDown/],
  ['broken', 'PassingError', /broken: cannot be read: InternalError/],
  ['cut', 'PassingError', /cut: /],
  ['gone', 'InputError', /gone: cannot be read: NoSuchKey/],
  ['denied', 'InputError', /denied: cannot be read: AccessDenied/],
  ['damaged', 'InputError', /damaged: the gzip file is damaged/],
  ['zstd', 'InputError', /zstd: the zstd file is damaged/],
  ['truncated', 'InputError', /truncated: the gzip file ends too early/],
])('an object that is %s is a %s', async (object, name, message) => {
  const reading = async (): Promise<void> => {
    for await (const _ of readUsageEvents([`s3://archive/${object}`], {
      format: 'auto',
      recorder: () => {
        throw new Error('no exchange here');
      },
    }));
  };
  await expect(reading()).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
});
