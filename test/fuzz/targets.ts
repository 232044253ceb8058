import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parseRequest, Refused, readEvent } from '../../lambdas/triage/request.ts';
import { decodeFacts, FactsError } from '../../lib/campaigns/linking/facts-codec.ts';
import { BundleError, readEvidence, writeEvidence } from '../../lib/dossier/bundle.ts';
import { manifest } from '../../lib/dossier/manifest.ts';
import { authorOfArn } from '../../lib/findings/principal.ts';
import { ascii, csvCell, defanged, plain, unmarked } from '../../lib/findings/sanitize.ts';
import { DocumentReader } from '../../lib/input/documents.ts';
import { InputError } from '../../lib/input/errors.ts';
import { cellsOf } from '../../lib/input/labels.ts';
import { readOtlp } from '../../lib/input/otlp-protobuf.ts';
import { PartialLines } from '../../lib/input/partial-lines.ts';
import { parsePolicy } from '../../lib/policy/parse-policy.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { StateError } from '../../lib/profile/binary.ts';
import { decodeSlices, encodeSlices } from '../../lib/profile/codec.ts';
import { addEvent, emptySlice } from '../../lib/profile/slice.ts';
import type { Uniform } from '../../lib/statistics/random.ts';
import { decodeIds } from '../../lib/stores/profile-item.ts';
import { ADAPTERS } from '../../lib/telemetry/adapters/index.ts';
import { EntryReader } from '../../lib/telemetry/adapters/reader.ts';
import { developmentKeyring, parseKeyring } from '../../lib/telemetry/keys.ts';
import { parseExchange } from '../../lib/telemetry/parse-exchange.ts';
import { parseUsageEvent } from '../../lib/telemetry/parse-usage-event.ts';
import { readQuarantined } from '../../lib/telemetry/quarantined.ts';
import { decodeRecord, encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { START, usageEvent } from '../events.ts';
import { evidenceOf } from '../findings/evidence.ts';
import { GATEWAY_SHAPES } from '../telemetry/adapters/gateway-shapes/index.ts';
import { anExchange } from '../telemetry/exchanges.ts';
import { mutated, mutatedBytes, mutatedText } from './mutate.ts';
import { STORED } from './stored-targets.ts';
import type { Target } from './target.ts';

const DEAR = 10;

const json = (uniform: Uniform, value: unknown, read: (value: unknown) => unknown) => {
  const made = mutated(uniform, value);
  return () => read(made);
};
const text = (uniform: Uniform, value: string, read: (value: string) => unknown) => {
  const made = mutatedText(uniform, value);
  return () => read(made);
};
const bytes = (uniform: Uniform, value: Uint8Array, read: (value: Uint8Array) => unknown) => {
  const made = mutatedBytes(uniform, value);
  return () => read(made);
};

const pick = <T>(uniform: Uniform, list: readonly T[]): T => list[Math.floor(uniform() * list.length)] as T;
const SHAPES: readonly (readonly unknown[])[] = GATEWAY_SHAPES.map(({ entries }) =>
  entries.map((entry) => JSON.parse(JSON.stringify(entry))),
);
const OTLP = readFileSync(new URL('../telemetry/fixtures/otlp-traces.bin', import.meta.url));

const event = usageEvent();
const exchange = anExchange();
const recorder = createRecorder({ keys: developmentKeyring('fuzz') });
const record = encodeRecord({ bucket: 1 }, [event, usageEvent({ id: 'x-2' })]);
const one = JSON.stringify(exchange);
/** A document as shippers write it. */
const LINES = [
  `2026-03-01T08:00:00Z stdout P ${one.slice(0, 90)}\n2026-03-01T08:00:00Z stdout F ${one.slice(90)}`,
  `${JSON.stringify({ log: one.slice(0, 90), stream: 'stdout' })}\n${JSON.stringify({ log: `${one.slice(90)}\n`, stream: 'stdout' })}`,
  `level=info msg=${JSON.stringify(one)}`,
  `1,"${one.replaceAll('"', '""')}"`,
  JSON.stringify(exchange, null, 2),
  `[${one},\n${one}]\n${one}${one}`,
];
const slice = emptySlice(START);
addEvent(slice, event, START);
const slices = encodeSlices([slice]);
const evidence = writeEvidence(evidenceOf(50, (notices) => notices.at(-1)));
const policy = JSON.stringify(defaultPolicy, null, 2);
const keyring = {
  account: { secret: 's'.repeat(40) },
  epochs: [{ id: '1', secret: 't'.repeat(40), from: '2026-01-01T00:00:00Z' }],
};
const url = {
  rawPath: '/findings/f-x-1/verdict',
  queryStringParameters: { state: 'open' },
  body: '{"verdict":"benign"}',
  requestContext: { http: { method: 'POST' }, authorizer: { iam: { userArn: 'arn:aws:iam::1:user/a' } } },
};
const quarantined = `${JSON.stringify({ payload: JSON.stringify(event), encoding: 'utf8' })}\n`;

export const TARGETS: readonly Target[] = [
  { name: 'record, bytes', input: (u) => bytes(u, record, decodeRecord), refuses: [] },
  {
    name: 'record, lines',
    every: DEAR,
    input: (u) => {
      const lines = Array.from({ length: 1 + Math.floor(u() * 300) }, () =>
        JSON.stringify(mutated(u, event)),
      );
      const packed = gzipSync(lines.join('\n'));
      return () => decodeRecord(packed);
    },
    refuses: [],
  },
  {
    name: 'usage event',
    input: (u) => json(u, event, (value) => parseUsageEvent(value, { arrival: START })),
    refuses: [],
  },
  {
    name: 'exchange and recorder',
    input: (u) =>
      json(u, exchange, (value) => {
        const parsed = parseExchange(value);
        return parsed.ok ? recorder.record(parsed.exchange) : parsed.reason;
      }),
    refuses: [],
  },
  ...Object.entries(ADAPTERS).map(
    ([name, adapter]): Target => ({
      name: `adapter ${name}`,
      input: (u) => json(u, exchange, (value) => adapter(value)),
      refuses: [],
    }),
  ),
  {
    name: 'entries of any source',
    input: (u) => {
      const entries = pick(u, SHAPES).map((entry) => mutated(u, entry));
      return () => {
        const reader = new EntryReader('auto');
        const read = entries.flatMap((entry) => reader.read(entry).exchanges);
        for (const held of reader.finish()) if ('exchange' in held) read.push(held.exchange);
        // what is read as an exchange makes an event that `score` takes
        for (const found of read) {
          const parsed = parseUsageEvent(recorder.record(found));
          if (!parsed.ok) throw new Error(`an event that is refused: ${parsed.reason.field}`);
        }
      };
    },
    refuses: [],
  },
  {
    name: 'lines of any shipper',
    input: (u) =>
      text(u, pick(u, LINES), (value) => {
        const partial = new PartialLines();
        const documents = new DocumentReader();
        for (const [at, line] of value.split('\n').entries()) {
          const whole = partial.take(line);
          if (whole !== undefined) [...documents.take(whole, at)].length;
        }
        return [...partial.finish(), ...documents.finish()].length;
      }),
    refuses: [],
  },
  {
    name: 'OTLP, protobuf',
    input: (u) => bytes(u, OTLP, (value) => readOtlp(value, 'traces')),
    refuses: [Error],
  },
  { name: 'slices', input: (u) => bytes(u, slices, decodeSlices), refuses: [StateError] },
  { name: 'ids', input: (u) => bytes(u, slices, decodeIds), refuses: [StateError] },
  {
    name: 'link facts',
    input: (u) => text(u, '{"v":1,"product":"api","plan":"payg","createdAt":1}', decodeFacts),
    refuses: [FactsError],
  },
  {
    name: 'quarantine object',
    input: (u) => text(u, quarantined, (value) => readQuarantined('q', value)),
    refuses: [],
  },
  { name: 'policy', every: DEAR, input: (u) => text(u, policy, (value) => parsePolicy(value)), refuses: [] },
  {
    name: 'policy, JSON',
    every: DEAR,
    input: (u) => json(u, defaultPolicy, (value) => parsePolicy(JSON.stringify(value) ?? '')),
    refuses: [],
  },
  { name: 'keyring', input: (u) => json(u, keyring, parseKeyring), refuses: [Error] },
  {
    name: 'label row',
    input: (u) => text(u, 'a_x,"benign, really",campaign', (value) => cellsOf(value, 'labels')),
    refuses: [InputError],
  },
  {
    name: 'evidence of a dossier',
    every: DEAR,
    input: (u) => {
      const files = new Map(evidence);
      const path = [...files.keys()][Math.floor(u() * files.size)] ?? 'finding.json';
      files.set(path, mutatedBytes(u, files.get(path) ?? new Uint8Array()));
      return () => readEvidence(files);
    },
    refuses: [BundleError, StateError],
  },
  {
    name: 'manifest',
    input: (u) =>
      json(u, { format: 'siphonwatch.dossier/1', files: [] }, (value) => manifest.safeParse(value)),
    refuses: [],
  },
  {
    name: 'triage request',
    input: (u) => json(u, url, (value) => parseRequest(readEvent(value))),
    refuses: [Refused, Error],
  },
  {
    name: 'text that is shown',
    input: (u) =>
      text(u, 'arn:aws:sts::1:assumed-role/A/b', (value) => [
        authorOfArn(value),
        plain(value),
        defanged(value),
        unmarked(value),
        ascii(value, 80),
        csvCell(value),
      ]),
    refuses: [],
  },
  ...STORED,
];
