import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CollectServer } from '../../lib/cli/collect/collect-server.ts';
import { Collector } from '../../lib/cli/collect/collector.ts';
import { ADAPTER_DEFAULTS } from '../../lib/telemetry/adapters/adapter.ts';
import { at, listOf, objectOf } from '../../lib/telemetry/adapters/fields.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';

/** The configurations of gateways that the repository ships, and the requests that such a gateway then sends. */
const FOLDER = new URL('../../examples/gateways/', import.meta.url);
const config = (name: string): unknown => parse(readFileSync(new URL(name, FOLDER), 'utf8'));
const fixture = (path: string) => readFileSync(new URL(`../telemetry/${path}`, import.meta.url));
const shape = (name: string): unknown =>
  fixture('adapters/shapes.ndjson')
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly name: string; readonly entry: unknown })
    .find((held) => held.name === name)?.entry;

const servers: CollectServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.drain(5000);
});

async function listening() {
  const taken: UsageEvent[] = [];
  const sink = {
    put: async (event: UsageEvent) => void taken.push(event),
    flush: async () => {},
    close: async () => {},
  };
  const recorder = createRecorder({ keys: developmentKeyring('test') });
  const collector = new Collector({ sink, recorder, defaults: ADAPTER_DEFAULTS, durable: false });
  const server = new CollectServer({ collector, token: undefined, maxBody: 1e6, maxUnderWay: 4e6 });
  servers.push(server);
  await new Promise<void>((ready) => server.server.listen(0, '127.0.0.1', ready));
  const { port } = server.server.address() as AddressInfo;
  /** Sends to the address of a configuration, as it stands there but for the port. */
  const post = async (endpoint: unknown, body: string | Buffer, headers: Record<string, string>) => {
    const url = String(endpoint);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:4318(?:\/|$)/);
    const response = await fetch(url.replace(':4318', `:${port}`), {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers,
    });
    return response.status;
  };
  return { post, taken };
}

describe('the example of a gateway', () => {
  it('LiteLLM sends arrays of standard logging payloads to the endpoint of its callback', async () => {
    const held = config('litellm.yaml');
    const [name] = listOf(at(held, 'litellm_settings', 'callbacks')).map(String);
    const callback = at(held, 'callback_settings', name ?? '');
    expect(at(callback, 'callback_type')).toBe('generic_api');
    expect(at(held, 'litellm_settings', 'turn_off_message_logging')).toBe(false);
    const { post, taken } = await listening();
    // https://docs.litellm.ai/docs/observability/generic_api: json_array is what it sends unless told otherwise
    const body = fixture('cases/L11-generic-api-json-array/input.ndjson');
    expect(await post(at(callback, 'endpoint'), body, { 'Content-Type': 'application/json' })).toBe(200);
    expect(taken).toHaveLength(2);
  });

  it('the collector sends protobuf in gzip to /v1/traces and /v1/logs of its exporter', async () => {
    const held = config('otel-collector.yaml');
    const [name] = listOf(at(held, 'service', 'pipelines', 'traces', 'exporters')).map(String);
    expect(listOf(at(held, 'service', 'pipelines', 'logs', 'exporters'))).toContain(name);
    expect(name).toMatch(/^otlphttp\//);
    const { post, taken } = await listening();
    // https://github.com/open-telemetry/opentelemetry-collector/tree/main/exporter/otlphttpexporter: gzip by default
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
    const endpoint = `${String(at(held, 'exporters', name ?? '', 'endpoint'))}/v1/traces`;
    expect(await post(endpoint, gzipSync(fixture('fixtures/otlp-traces.bin')), headers)).toBe(200);
    expect(taken).toHaveLength(1);
  });

  it('Kong posts entries with both bodies, alone and in arrays', async () => {
    const held = config('kong.yaml');
    const plugins = listOf(at(listOf(at(held, 'services'))[0], 'plugins')).map(objectOf);
    const named = (name: string) => plugins.find((plugin) => plugin?.name === name);
    expect(at(named('ai-proxy'), 'config', 'logging', 'log_payloads')).toBe(true);
    const { post, taken } = await listening();
    const endpoint = at(named('http-log'), 'config', 'http_endpoint');
    const entry = shape('kong 3.10 proxy');
    const json = { 'content-type': 'application/json' };
    expect(await post(endpoint, JSON.stringify(entry), json)).toBe(200);
    expect(await post(endpoint, JSON.stringify([entry, entry]), json)).toBe(200);
    expect(taken).toHaveLength(3);
    expect(new Set(taken.map(({ model, outcome }) => `${model} ${outcome}`))).toEqual(new Set(['m-1 ok']));
  });

  it('is read by a test of its own', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(['kong.yaml', 'litellm.yaml', 'otel-collector.yaml']);
  });
});
