import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { runCollect } from '../../lib/cli/collect/collect.ts';
import { CollectServer } from '../../lib/cli/collect/collect-server.ts';
import { Collector, type EventSink } from '../../lib/cli/collect/collector.ts';
import { exportAnswer } from '../../lib/cli/collect/otlp-answer.ts';
import { ADAPTER_DEFAULTS } from '../../lib/telemetry/adapters/adapter.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder, type Recorder } from '../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { anExchange } from '../telemetry/exchanges.ts';
import { capture } from './capture.ts';

/** A sink whose deliveries the test lets happen. */
class HeldSink implements EventSink {
  readonly taken: UsageEvent[] = [];
  closed = false;
  deliver: () => void = () => {};
  readonly delivered = new Promise<void>((resolve) => {
    this.deliver = resolve;
  });
  async put(event: UsageEvent): Promise<void> {
    this.taken.push(event);
  }
  flush(): Promise<void> {
    return this.delivered;
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

const servers: CollectServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.drain(5000);
});

interface ListenOptions {
  durable?: boolean;
  token?: string;
  maxBody?: number;
  recorder?: Recorder;
}

async function listening(options: ListenOptions = {}) {
  const sink = new HeldSink();
  const collector = new Collector({
    sink,
    recorder: options.recorder ?? createRecorder({ keys: developmentKeyring('test') }),
    defaults: ADAPTER_DEFAULTS,
    durable: options.durable === true,
  });
  const maxBody = options.maxBody ?? 1_000_000;
  const server = new CollectServer({ collector, token: options.token, maxBody, maxUnderWay: 4 * maxBody });
  servers.push(server);
  await new Promise<void>((ready) => server.server.listen(0, '127.0.0.1', ready));
  const base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${base}${path}`, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
  return { sink, collector, server, base, post };
}

const fixture = (path: string) => readFileSync(new URL(`../telemetry/${path}`, import.meta.url));

describe('collect', () => {
  it('takes what an OpenTelemetry exporter sends, in protobuf and in JSON', async () => {
    const { post, sink } = await listening();
    // sent by @opentelemetry/exporter-trace-otlp-proto
    const proto = await post('/v1/traces', fixture('fixtures/otlp-traces.bin'), {
      'content-type': 'application/x-protobuf',
    });
    expect([proto.status, proto.headers.get('content-type'), (await proto.arrayBuffer()).byteLength]).toEqual(
      [200, 'application/x-protobuf', 0],
    );
    const json = await post('/v1/traces', fixture('cases/O03-openinference/input.ndjson'), {
      'content-type': 'application/json',
    });
    expect(await json.json()).toEqual({});
    expect(sink.taken.map(({ outcome, model, shape }) => [outcome, model, shape.question])).toEqual([
      ['truncated', 'gpt-4o', true],
      ['ok', 'gpt-4o', true],
    ]);
  });

  const call = (spanId: string, more: object = {}) => ({
    ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId, startTimeUnixNano: '1795168800000000000' },
    attributes: Object.entries({
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', 'enduser.id': 'acme', ...more },
    }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  });
  const traces = (...spans: object[]) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

  it('warns the exporter of calls without messages, of which nothing is rejected yet', async () => {
    const { post, collector } = await listening();
    const warned = await (await post('/v1/traces', traces(call('eee19b7ec3c1b174')))).json();
    expect(warned).toMatchObject({
      partialSuccess: {
        rejectedSpans: 0,
        errorMessage: expect.stringContaining('switch on message capture'),
      },
    });
    await collector.age();
    await collector.age();
    const said = { 'gen_ai.input.messages': '[{"role":"user","content":"How do tides work?"}]' };
    const next = async () => (await post('/v1/traces', traces(call('eee19b7ec3c1b175', said)))).json();
    expect(await next()).toMatchObject({
      partialSuccess: {
        rejectedSpans: 0,
        errorMessage: expect.stringContaining('1 calls before were not used'),
      },
    });
    expect(await next()).toEqual({});
  });

  it('does not warn of calls whose messages come as log events', async () => {
    const { post } = await listening();
    await post('/v1/logs', JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [] }] }] }));
    expect(await (await post('/v1/traces', traces(call('eee19b7ec3c1b174')))).json()).toEqual({});
  });

  it('says in protobuf too what it could not use, and why it refuses', async () => {
    const { post } = await listening();
    const type = { 'content-type': 'application/x-protobuf' };
    const bad = await post('/v1/traces', '\xff\xff', type);
    const status = Buffer.from(await bad.arrayBuffer());
    expect([bad.headers.get('content-type'), status[0], status.subarray(2, 8).toString()]).toEqual([
      ...['application/x-protobuf', 0x12, 'body: '],
    ]);
    expect(exportAnswer({ rejected: 300, message: 'why' }).toString('hex')).toBe('0a0808ac021203776879');
    expect(exportAnswer({ rejected: 0, message: 'why' }).toString('hex')).toBe('0a051203776879');
  });

  it('takes a packed body without a header, a path that ends in a slash, and refuses a bomb as too long', async () => {
    const { post } = await listening({ maxBody: 5000 });
    const packed = gzipSync(JSON.stringify(anExchange()));
    expect(await (await post('/exchanges/', packed)).json()).toMatchObject({ events: 1 });
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    expect((await post('/exchanges', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it("takes LiteLLM's generic callback and documents in any envelope", async () => {
    const { post, sink } = await listening();
    expect(
      await (await post('/litellm', fixture('cases/L11-generic-api-json-array/input.ndjson'))).json(),
    ).toMatchObject({ events: 2 });
    expect(
      await (await post('/exchanges', fixture('cases/B13-cloudwatch-subscription/input.ndjson'))).json(),
    ).toMatchObject({ events: 1 });
    expect(await (await post('/exchanges?from=litellm', '{"call_type":"aembedding"}')).json()).toMatchObject({
      skipped: 1,
    });
    expect(sink.taken).toHaveLength(3);
  });

  it('takes the good lines of a body with a bad one, which is counted', async () => {
    const { post, sink, base } = await listening();
    const [first, second] = ['line-1', 'line-2'].map((id) => JSON.stringify({ ...anExchange(), id }));
    const answer = await post('/exchanges', `${first}\n{bad\n${second}\n`);
    expect(await answer.json()).toMatchObject({ events: 2, rejected: 1 });
    expect(sink.taken).toHaveLength(2);
    expect(await (await fetch(`${base}/metrics`)).text()).toMatch(/rejected\S* 1\b/);
  });

  it('answers a durable request when the stream has acknowledged, not before', async () => {
    const { post, sink } = await listening({ durable: true });
    let answered = false;
    const request = post('/exchanges', JSON.stringify(anExchange())).then((response) => {
      answered = true;
      return response.status;
    });
    while (sink.taken.length === 0) await new Promise((later) => setTimeout(later, 5));
    await new Promise((later) => setTimeout(later, 30));
    expect(answered).toBe(false);
    sink.deliver();
    expect(await request).toBe(200);
  });

  it('refuses what is too long, damaged, or without its token, and says so', async () => {
    const { post, base } = await listening({ token: 'a-token-of-16-chars', maxBody: 2000 });
    const headers = { authorization: 'Bearer a-token-of-16-chars' };
    expect((await post('/exchanges', '{}')).status).toBe(401);
    expect((await post('/exchanges', 'x'.repeat(3000), headers)).status).toBe(413);
    expect((await post('/exchanges', '{"cut', headers)).status).toBe(400);
    expect(
      (await post('/v1/traces', '\xff\xff', { ...headers, 'content-type': 'application/x-protobuf' })).status,
    ).toBe(400);
    expect((await post('/elsewhere', '{}', headers)).status).toBe(404);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      'siphonwatch_collect_requests_total{path="/exchanges",status="413"} 1',
    );
  });

  it('answers a request that is no URL, and goes on', async () => {
    const { base } = await listening();
    const ask = (target: string, headers: string) =>
      new Promise<string>((resolve, reject) => {
        const { port } = new URL(base);
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.end(`GET ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
        });
        socket.once('data', (data) => resolve(data.toString().slice(9, 12)));
        socket.once('error', reject);
      });
    const local = 'Host: localhost\r\n';
    expect(await ask('//', local)).toBe('400');
    expect(await ask('http://[', local)).toBe('400');
    expect(await ask('*', local)).toBe('404');
    expect(await ask('/health', local)).toBe('200');
    expect(await ask('/health', 'Host: rebound.example:4318\r\n')).toBe('403');
  });

  it('rejects an exchange that fails its reader by itself, so that nobody sends its neighbours again for ever', async () => {
    const sound = createRecorder({ keys: developmentKeyring('test') });
    const recorder: Recorder = {
      ...sound,
      record(exchange) {
        if (exchange.id === 'poison') throw new RangeError('Maximum call stack size exceeded');
        return sound.record(exchange);
      },
    };
    const { post, sink, collector } = await listening({ recorder });
    const body = ['a', 'poison', 'b'].map((id) => JSON.stringify(anExchange({ id }))).join('\n');
    const answered = await post('/exchanges', body);
    expect([answered.status, await answered.json()]).toEqual([
      200,
      {
        events: 2,
        skipped: 0,
        rejected: 1,
        reasons: [expect.stringContaining('cannot be read (RangeError)')],
      },
    ]);
    expect(sink.taken.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(collector.counts).toMatchObject({ events: 2, rejected: 1 });
  });

  it('counts what nobody announced, and says come back when there is too much of it', async () => {
    const { base, post, sink } = await listening({ maxBody: 1000 });
    const open: ReadableStreamDefaultController[] = [];
    const begun = Array.from({ length: 4 }, () =>
      fetch(`${base}/exchanges`, {
        method: 'POST',
        duplex: 'half',
        body: new ReadableStream({
          start(stream) {
            stream.enqueue(Buffer.from(' '.repeat(990)));
            open.push(stream);
          },
        }),
      } as RequestInit),
    );
    const held = async () =>
      Number(/body_bytes (\d+)/.exec(await (await fetch(`${base}/metrics`)).text())?.[1]);
    while ((await held()) < 4 * 990) await new Promise((later) => setTimeout(later, 10));
    const bomb = gzipSync(`${JSON.stringify(anExchange())}${' '.repeat(200)}`);
    expect((await post('/exchanges', bomb, { 'content-encoding': 'gzip' })).status).toBe(503);
    for (const stream of open) stream.close();
    await Promise.all(begun);
    expect(await held()).toBe(0);
    expect((await post('/exchanges', bomb, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(sink.taken).toHaveLength(1);
  });

  it('lets nobody keep others out by what is announced and does not come, nor hold up the end', async () => {
    const { base, post, server } = await listening({ maxBody: 1000 });
    const { port } = new URL(base);
    const stalled = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect(Number(port), '127.0.0.1');
        await once(socket, 'connect');
        socket.write('POST /exchanges HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{');
        return socket;
      }),
    );
    expect((await post('/exchanges', '{}')).status).toBe(200);
    const ended = Promise.all(stalled.map((socket) => once(socket, 'close')));
    await server.drain(50);
    await ended;
    servers.splice(0);
  });

  it('hands back what it has answered and a stalled stream does not take, in time', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
    const folder = mkdtempSync(join(tmpdir(), 'collect-'));
    const undelivered = join(folder, 'undelivered.ndjson');
    const { terminal, err } = capture();
    let stop: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const run = runCollect(
      {
        ...{
          listen: '127.0.0.1:0',
          stream: 's',
          region: 'us-east-1',
          maxBody: '1000000',
          drainSeconds: '0.5',
        },
        ...{ plan: 'p', product: 'api', keySeed: 'test', endpoint, undelivered },
      },
      terminal,
      until,
    );
    while (!err().includes('listening')) await new Promise((later) => setTimeout(later, 10));
    const base = /http:\/\/[\d.:]+/.exec(err())?.[0] ?? '';
    const taken = await fetch(`${base}/exchanges`, { method: 'POST', body: JSON.stringify(anExchange()) });
    expect(taken.status).toBe(200);
    stop();
    expect(await run).toBe(1);
    expect(JSON.parse(readFileSync(undelivered, 'utf8'))).toMatchObject({ id: 'x-1' });
    expect(err()).toContain('not delivered within');
    silent.closeAllConnections();
    silent.close();
    rmSync(folder, { recursive: true });
  });

  it('takes nothing from a page in a browser', async () => {
    const { post, sink, base } = await listening();
    const body = JSON.stringify(anExchange());
    for (const headers of [
      { origin: 'https://site.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect((await post('/exchanges', body, { 'content-type': 'text/plain', ...headers })).status).toBe(403);
    expect(sink.taken).toHaveLength(0);
    expect((await post('/exchanges', body, { origin: base })).status).toBe(200);
  });

  it('joins a span with its log events, and hands on what stays alone', async () => {
    const { post, collector, sink } = await listening();
    const [log, span] = fixture('cases/O07-openai-v2-log-events/input.ndjson').toString().trim().split('\n');
    await post('/v1/traces', span ?? '');
    await post('/v1/logs', log ?? '');
    expect(sink.taken).toHaveLength(0);
    await collector.age();
    await collector.age();
    expect(sink.taken).toHaveLength(1);
  });

  it('drains when told to stop: what was answered is delivered', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'collect-'));
    const out = join(folder, 'events.ndjson');
    const { terminal, err } = capture();
    let stop: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const options = {
      listen: '127.0.0.1:0',
      out,
      maxBody: '1000000',
      drainSeconds: '20',
      plan: 'unknown',
      product: 'api',
      keySeed: 'test',
    };
    const run = runCollect(options, terminal, until);
    while (!err().includes('listening')) await new Promise((later) => setTimeout(later, 10));
    const base = /http:\/\/[\d.:]+/.exec(err())?.[0] ?? '';
    const span =
      fixture('cases/O08-event-mode-span-and-log/input.ndjson')
        .toString()
        .split('\n')
        .reverse()
        .find((line) => line !== '') ?? '';
    await fetch(`${base}/exchanges`, { method: 'POST', body: JSON.stringify(anExchange()) });
    await fetch(`${base}/v1/logs`, { method: 'POST', body: span });
    stop();
    expect(await run).toBe(0);
    expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(2);
    rmSync(folder, { recursive: true });
  });

  it('refuses a linger, and a number of buckets, that no producer has', async () => {
    for (const wrong of [{ buckets: '0' }, { buckets: '64.5' }, { linger: 'soon' }, { linger: '60001' }]) {
      const { terminal, err } = capture();
      const options = {
        ...{ listen: '127.0.0.1:0', stream: 's', endpoint: 'http://127.0.0.1:1', region: 'us-east-1' },
        ...{ maxBody: '1000', drainSeconds: '20', plan: 'p', product: 'api', keySeed: 'test' },
        ...wrong,
      };
      expect(await runCollect(options, terminal, Promise.resolve())).toBe(2);
      const [name, value] = Object.entries(wrong)[0] ?? [];
      expect(err()).toMatch(new RegExp(`--${name} ${value}: not a whole number from 1 to \\d+`));
    }
  });

  it('refuses to split what is no pseudonym, and into lanes that there are not', async () => {
    const one = 'a_aaaaaaaaaaaaaaaaaaaaaaaaaa';
    for (const [split, lanes, says] of [
      ['acct-7', '8', '--split acct-7: not a pseudonym'],
      [one, '1', '--lanes 1: not a whole number from 2 to 16'],
      [one, '17', '--lanes 17: not a whole number from 2 to 16'],
      [one, '2.5', '--lanes 2.5: not a whole number from 2 to 16'],
    ]) {
      const { terminal, err } = capture();
      const options = {
        ...{ listen: '127.0.0.1:0', stream: 's', endpoint: 'http://127.0.0.1:1', region: 'us-east-1' },
        ...{ maxBody: '1000', drainSeconds: '20', plan: 'p', product: 'api', keySeed: 'test' },
        ...{ split: [split ?? ''], lanes: lanes ?? '' },
      };
      expect(await runCollect(options, terminal, Promise.resolve())).toBe(2);
      expect(err()).toContain(says);
    }
    const { terminal, err } = capture();
    const file = {
      ...{ listen: '127.0.0.1:0', out: '/dev/null', maxBody: '1000', drainSeconds: '20' },
      ...{ plan: 'p', product: 'api', keySeed: 'test', split: [one], lanes: '8' },
    };
    expect(await runCollect(file, terminal, Promise.resolve())).toBe(2);
    expect(err()).toContain('--split: only a --stream has partition keys');
  });

  it('listens to other machines only with a token', async () => {
    const { terminal, err } = capture();
    const options = {
      listen: '0.0.0.0:0',
      out: '/dev/null',
      maxBody: '1000',
      drainSeconds: '20',
      plan: 'p',
      product: 'api',
      keySeed: 'test',
    };
    expect(await runCollect(options, terminal, Promise.resolve())).toBe(2);
    expect(err()).toContain('--token');
    const folder = mkdtempSync(join(tmpdir(), 'collect-'));
    const token = join(folder, 'token');
    writeFileSync(token, 'a-token-of-16-chars\n');
    expect(await runCollect({ ...options, token }, terminal, Promise.resolve())).toBe(0);
    rmSync(folder, { recursive: true });
  });
});
