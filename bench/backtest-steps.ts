import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { backtestStep } from '../lambdas/backtest/steps.ts';
import { ArchiveBucket } from '../lib/aws/archive.ts';
import { BacktestRuns } from '../lib/aws/backtest-runs.ts';
import type { BacktestStepInput } from '../lib/contract/backtest-steps.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import { partitionKey } from '../lib/telemetry/record.ts';
import { encodeLines } from '../lib/telemetry/record-codec.ts';
import { CODE_VERSION } from '../lib/version.ts';
import { Objects } from '../test/simulation/services/objects.ts';

/** What the steps of a backtest in shards take, each over the archive of the same events, without waiting for S3. */
export interface StepTimes {
  readonly events: number;
  /** of the archive, as it lies there */
  readonly packedBytes: number;
  /** of all that the steps hand each other, packed */
  readonly putBytes: number;
  readonly putObjects: number;
  /** of a processor */
  readonly seconds: Readonly<Record<'divide' | 'replay' | 'merge', number>>;
}

const SHARDS = 4;
/** Events of a record, and records of an object. */
const RECORD = 500;
const OBJECT = 4;

/** @param file of usage events, in order of arrival */
export async function stepTimes(file: string): Promise<StepTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'siphonwatch-steps-'));
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
    const archive = await archiveOf(lines, folder);
    const objects = new Objects();
    const runs = new BacktestRuns(clientOf(objects), 'state');
    await runs.ask('bench', {
      code: CODE_VERSION,
      shards: SHARDS,
      identity: {},
      files: archive.files,
      tracks: [{ policy: defaultPolicy, calibration: defaultCalibration }],
      campaignOf: new Map(),
    });
    const seconds = { divide: 0, replay: 0, merge: 0 };
    const step = async (input: Exclude<BacktestStepInput, { step: 'plan' }>): Promise<void> => {
      const before = process.cpuUsage();
      await backtestStep({ runs, attempt: 'bench', timeLeft: () => true, now: Date.now }, input);
      const { user, system } = process.cpuUsage(before);
      seconds[input.step] += (user + system) / 1e6;
    };
    const of = { run: 'bench', shards: SHARDS, turn: 0 };
    await step({ step: 'divide', ...of });
    for (let shard = 0; shard < SHARDS; shard++) await step({ step: 'replay', ...of, shard });
    await step({ step: 'merge', ...of });
    const putBytes = [...objects.held.values()].reduce((sum, { length }) => sum + length, 0);
    return {
      events: lines.length,
      packedBytes: archive.bytes,
      putBytes,
      putObjects: objects.held.size,
      seconds,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The events as files that hold what objects of the archive hold. */
async function archiveOf(
  lines: readonly string[],
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly bytes: number }> {
  const objects = new Objects();
  const archive = new ArchiveBucket(clientOf(objects), 'archive');
  for (let at = 0; at < lines.length; at += RECORD * OBJECT)
    await archive.put(
      Array.from({ length: OBJECT }, (_, i) => at + i * RECORD)
        .filter((from) => from < lines.length)
        .map((from) => {
          const data = encodeLines({ bucket: 1 }, lines.slice(from, from + RECORD));
          return {
            stream: 'usage',
            shard: 'shardId-000000000000',
            sequence: String(from + 1),
            partitionKey: partitionKey(1),
            arrived: Date.now(),
            size: gunzipSync(data).length,
            data,
          };
        }),
    );
  const files: string[] = [];
  let bytes = 0;
  // they were put in the order of the events
  for (const body of objects.held.values()) {
    const path = join(folder, `${files.length}.ndjson.gz`);
    await writeFile(path, body);
    files.push(path);
    bytes += body.length;
  }
  return { files, bytes };
}

function clientOf(objects: Objects): S3Client {
  return Object.create(S3Client.prototype, {
    send: { value: async (command: object) => objects.run(command) },
    config: { value: {} },
  }) as S3Client;
}
