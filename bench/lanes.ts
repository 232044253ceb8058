import { parseArgs } from 'node:util';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { applyBatch } from '../lambdas/score/apply-batch.ts';
import { decodeBatch, type KinesisRecord } from '../lambdas/score/decode-batch.ts';
import { FactItems } from '../lib/aws/fact-items.ts';
import { ProfileTable } from '../lib/aws/profile-table.ts';
import { wholeAccount } from '../lib/detection/lanes.ts';
import { LIMITS } from '../lib/limits.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { laneName } from '../lib/profile/lane.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { bucketOf, laneKey } from '../lib/telemetry/record.ts';
import { encodeLines } from '../lib/telemetry/record-codec.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';
import { CODE_VERSION } from '../lib/version.ts';
import { MeteredTables } from '../test/simulation/services/metered-tables.ts';
import { random } from './random.ts';

/**
 * What one account may send, with 1, 4 and 16 lanes: `npm run bench:lanes [-- --seconds 60] [--json]`. Measured on one core: bytes of an
 * event in full records, the whole work of `score` on one lane at the rate of a full shard (decode, fold, judge, encode; a table in
 * memory that counts units as DynamoDB bills them), and one look of the account over all lanes. Arithmetic, and said to be: what a shard and a partition of
 * a table take (streams/latest/dev/service-sizes-and-limits.html, amazondynamodb/latest/developerguide/bp-partition-key-design.html).
 */
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, json: { type: 'boolean', default: false } },
});

const SHARD_BYTES = 1024 * 1024;
/** Lambda hands a function at most 6 MB, in base64 (lambda/latest/dg/gettingstarted-limits.html). */
const BATCH_BYTES = (6 * 1024 * 1024 * 3) / 4;
/** A producer's record, unpacked. */
const RECORD_BYTES = 256 * 1024;
const PARTITION_UNITS = 1000;
const START = Date.parse('2026-03-02T05:59:00Z');
const KEPT = { retentionDays: defaultPolicy.retentionDays };
const ACCOUNT_SEED = 'benchmark';

const rules = {
  policy: defaultPolicy,
  calibration: defaultCalibration,
  code: CODE_VERSION,
  shadow: false,
} as const;

/** Requests of one account: prompts of a kilobyte, all different, over a hundred templates. */
function templates(): readonly UsageEvent[] {
  const draw = random(11);
  const words = Array.from({ length: 3000 }, () =>
    Array.from({ length: 3 + Math.floor(draw() * 7) }, () =>
      String.fromCharCode(97 + Math.floor(draw() * 26)),
    ).join(''),
  );
  const recorder = createRecorder({ keys: developmentKeyring(ACCOUNT_SEED) });
  return Array.from({ length: 12_000 }, (_, i) => {
    let prompt = `Summarize report ${i % 100}:\n`;
    while (prompt.length < 1000) prompt += `${words[Math.floor(draw() ** 2 * words.length)]} `;
    return recorder.record({
      v: 1,
      id: `x-${i}`,
      time: new Date(START).toISOString(),
      account: 'large',
      model: 'atlas-2',
      outcome: 'ok',
      messages: [{ role: 'user', content: prompt }],
      usage: { inputTokens: 200 + Math.floor(draw() * 800), outputTokens: Math.floor(draw() * 900) },
      customer: { plan: 'enterprise', product: 'api', createdAt: '2025-01-01T00:00:00.000Z' },
      source: { address: `10.0.${Math.floor(draw() * 250)}.1`, agent: 'sdk/1.0' },
    });
  });
}

const TEMPLATES = templates();
const ACCOUNT = TEMPLATES[0]?.account ?? '';

/** One lane's records at so many events a second. */
function* recordsOf(lane: number, perSecond: number, seconds: number): Generator<KinesisRecord> {
  let lines: string[] = [];
  let bytes = 0;
  const bucket = bucketOf(ACCOUNT);
  for (let i = 0; i < perSecond * seconds; i++) {
    const time = START + Math.floor((1000 * i) / perSecond);
    const held = TEMPLATES[i % TEMPLATES.length] as UsageEvent;
    const line = JSON.stringify({ ...held, id: `${lane}-${i}`, time: new Date(time).toISOString() });
    lines.push(line);
    bytes += line.length + 1;
    if (bytes < RECORD_BYTES) continue;
    yield {
      eventID: `shardId-000000000000:${i}`,
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
      kinesis: {
        partitionKey: laneKey(bucket, lane),
        sequenceNumber: String(10 ** 9 + i),
        data: Buffer.from(encodeLines({ bucket }, lines)).toString('base64'),
        approximateArrivalTimestamp: time / 1000,
      },
    };
    lines = [];
    bytes = 0;
  }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const sizeOf = ({ kinesis }: KinesisRecord): number => Buffer.byteLength(kinesis.data, 'base64');

/** Batches as Lambda cuts them for a shard that is full. */
function batchesOf(records: readonly KinesisRecord[]): KinesisRecord[][] {
  const batches: KinesisRecord[][] = [];
  let bytes = BATCH_BYTES;
  for (const record of records) {
    if (bytes + sizeOf(record) > BATCH_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(record);
    bytes += sizeOf(record);
  }
  return batches;
}

interface Lane {
  readonly events: number;
  /** of processor time */
  readonly perSecond: number;
  readonly unitsPerEvent: number;
  readonly parts: number;
}

/** The whole work of `score` on one lane. */
async function score(
  client: DynamoDBClient,
  tables: MeteredTables,
  records: readonly KinesisRecord[],
): Promise<Lane> {
  const profiles = new ProfileTable(client, 'profiles', KEPT);
  const links = new FactItems(client, 'profiles', KEPT);
  const before = { units: tables.writeUnits, parts: partsIn(tables) };
  let events = 0;
  let ms = 0;
  for (const batch of batchesOf(records)) {
    const began = processorMs();
    const { arrivals, setAside } = decodeBatch(batch, {
      permittedSkew: 300_000,
      trustReplayClock: false,
      developmentKeys: true,
    });
    if (setAside.length > 0) throw new Error(`set aside: ${setAside[0]?.reason.message}`);
    for (const { steps, deferred } of await applyBatch(arrivals, profiles, rules, { links })) {
      if (deferred !== undefined) throw deferred.error;
      for (const { used } of steps) events += used;
    }
    ms += processorMs() - began;
  }
  return {
    events,
    perSecond: Math.round((1000 * events) / ms),
    unitsPerEvent: (tables.writeUnits - before.units) / events,
    parts: partsIn(tables) - before.parts,
  };
}

const partsIn = (tables: MeteredTables): number =>
  [...tables.written].reduce((sum, [kind, { writes }]) => (kind === 'sealed' ? sum + writes : sum), 0);

const seconds = Number(values.seconds);
if (!(seconds >= 1)) throw new Error(`--seconds ${values.seconds}: not a number of seconds from 1 on`);
const probe = [...recordsOf(0, 1000, 20)];
const probed = probe.reduce((sum, record) => sum + sizeOf(record), 0);
const lines = decodeBatch(probe, {
  permittedSkew: 300_000,
  trustReplayClock: false,
  developmentKeys: true,
}).read;
const bytesPerEvent = probed / lines;
const shardTakes = Math.floor(SHARD_BYTES / bytesPerEvent);

const tables = new MeteredTables();
const client = tables.client();
await score(new MeteredTables().client(), new MeteredTables(), [...recordsOf(0, 2000, 10)]);
const records = [...recordsOf(0, shardTakes, seconds)];
const alone = await score(client, tables, records);

/** An account of so many lanes, each with a tenth of that: what one look at it costs. */
async function lookOver(lanes: number) {
  const own = new MeteredTables();
  const held = own.client();
  for (let lane = 0; lane < lanes; lane++)
    await score(held, own, [...recordsOf(lane, Math.ceil(shardTakes / 4), Math.ceil(seconds / 4))]);
  own.readUnits = 0;
  const began = processorMs();
  const state = (await new ProfileTable(held, 'profiles', KEPT).load([laneName(ACCOUNT, 0)])).get(ACCOUNT);
  if (state === undefined) throw new Error('no account');
  const { events } = wholeAccount(state).profile.totals;
  return { lanes, events, ms: processorMs() - began, readUnits: own.readUnits };
}

const LANES = [1, 4, LIMITS.accountLanes.most] as const;
const partitionTakes = Math.floor(PARTITION_UNITS / alone.unitsPerEvent);
const rows = [];
for (const lanes of LANES) {
  const { ms, readUnits } = await lookOver(lanes);
  const stream = lanes * shardTakes;
  const scored = lanes * alone.perSecond;
  rows.push({
    lanes,
    stream,
    scored,
    table: partitionTakes,
    may: Math.min(stream, scored, partitionTakes),
    lookMs: ms,
    lookReadUnits: readUnits,
  });
}

if (values.json) process.stdout.write(`${JSON.stringify({ bytesPerEvent, shardTakes, alone, rows })}\n`);
else {
  const number = (value: number): string => Math.round(value).toLocaleString('en-US');
  process.stdout.write(
    [
      `measured: ${bytesPerEvent.toFixed(0)} bytes an event; one lane at ${number(shardTakes)} events a second for ${seconds} s: ${number(alone.perSecond)} events a second of processor time, ${alone.unitsPerEvent.toFixed(4)} write units an event, ${alone.parts} parts`,
      'arithmetic: a shard takes 1 MiB a second, a partition of a table 1,000 write units a second (more once DynamoDB has split it)',
      '',
      'lanes   stream takes   score works off   table takes   one account may send   a look: ms   read units',
      ...rows.map(
        ({ lanes, stream, scored, table, may, lookMs, lookReadUnits }) =>
          `${String(lanes).padStart(5)}${number(stream).padStart(15)}${number(scored).padStart(18)}${number(table).padStart(14)}${number(may).padStart(23)}${lookMs.toFixed(0).padStart(14)}${number(lookReadUnits).padStart(13)}`,
      ),
      '',
    ].join('\n'),
  );
}
