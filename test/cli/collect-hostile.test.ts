import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { CollectServer } from '../../lib/cli/collect/collect-server.ts';
import { Collector } from '../../lib/cli/collect/collector.ts';
import { DocumentReader } from '../../lib/input/documents.ts';
import { LIMITS } from '../../lib/limits.ts';
import { ADAPTER_DEFAULTS } from '../../lib/telemetry/adapters/adapter.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';

const servers: CollectServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.drain(5000);
});

/** A listener whose events go nowhere, and how to post to it. */
async function listening(maxBody = 1_000_000) {
  const sink = { put: async () => {}, flush: async () => {}, close: async () => {} };
  const recorder = createRecorder({ keys: developmentKeyring('test') });
  const collector = new Collector({ sink, recorder, defaults: ADAPTER_DEFAULTS, durable: false });
  const server = new CollectServer({ collector, token: undefined, maxBody, maxUnderWay: 4 * maxBody });
  servers.push(server);
  server.server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const post = async (
    path: string,
    body: Buffer<ArrayBuffer> | string,
    headers: Record<string, string> = {},
  ) => {
    const answer = await fetch(url + path, { method: 'POST', body, headers });
    return { status: answer.status, text: await answer.text() };
  };
  return { url, post };
}

const most = LIMITS.requestDocuments.most;
const GZIP = { 'content-encoding': 'gzip' };
const PROTOBUF = { 'content-type': 'application/x-protobuf' };

describe('a request that is made to stop the listener', () => {
  it('is refused where a few kilobytes become more documents than one request may have', async () => {
    const { post } = await listening();
    const lines = await post('/exchanges', gzipSync('{}\n'.repeat(most + 1)), GZIP);
    expect(lines).toMatchObject({ status: 413, text: expect.stringContaining('documents') });
    const list = await post('/litellm', gzipSync(`[${'{},'.repeat(most)}{}]`), GZIP);
    expect(list.status).toBe(413);
    const one = await post('/exchanges', '{}'.repeat(most + 1));
    expect(one).toMatchObject({ status: 400, text: expect.stringContaining('in one line') });
  });

  it('is refused where an export has more messages, spans or groups than are read', async () => {
    const { post } = await listening(4_000_000);
    const messages = Buffer.alloc(2 * (LIMITS.otlpMessages.most + 1)).fill(Buffer.from([0x0a, 0]));
    const packed = await post('/v1/traces', messages, PROTOBUF);
    expect(packed).toMatchObject({ status: 400, text: expect.stringContaining('messages') });
    const spans = `[${'{},'.repeat(LIMITS.documentEntries.most)}{}]`;
    for (const body of [
      `{"resourceSpans":[{"scopeSpans":[{"spans":${spans}}]}]}`,
      `{"resourceSpans":${spans}}`,
    ]) {
      const json = await post('/v1/traces', body, { 'content-type': 'application/json' });
      expect(json).toMatchObject({ status: 200, text: expect.stringContaining('"rejectedSpans":1') });
    }
  });

  it('lets others in while it is worked at', async () => {
    const { url, post } = await listening();
    let isDone = false;
    const long = post('/exchanges', '{"a":1}\n'.repeat(500)).then(() => {
      isDone = true;
    });
    let answered = 0;
    while (!isDone) {
      await (await fetch(`${url}/health`)).text();
      if (!isDone) answered++;
    }
    await long;
    expect(answered).toBeGreaterThan(1);
  });

  it('counts what comes out of packed bodies as it comes, and says come back', async () => {
    const { post } = await listening(500_000);
    const bomb = gzipSync(Buffer.alloc(400_000));
    const answers = await Promise.all(Array.from({ length: 60 }, () => post('/exchanges', bomb, GZIP)));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 503]);
    expect((await post('/exchanges', bomb, GZIP)).status).toBe(200);
  });
});

describe('a line too long for a pattern', () => {
  it('costs itself alone: the reading of all others goes on', () => {
    const reader = new DocumentReader();
    const long = 'H4sI'.repeat(4_000_000);
    const found = ['{"a":1}', long, '{"b":1}'].flatMap((line, at) => [...reader.take(line, at + 1)]);
    expect(found.map((document) => 'json' in document)).toEqual([true, false, true]);
  });
});
