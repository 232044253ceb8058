import { gunzipSync } from 'node:zlib';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { vi } from 'vitest';
import { backtestStep } from '../../lambdas/backtest/steps.ts';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { BacktestRuns } from '../../lib/aws/backtest-runs.ts';
import type { BacktestOutcome } from '../../lib/backtest/outcome.ts';
import type { WholeRequest } from '../../lib/backtest/shards/turns.ts';
import { toldOutcome } from '../../lib/cli/backtest/distributed/told-outcome.ts';
import { backtestStepInput } from '../../lib/contract/backtest-steps.ts';
import { backtestMachine } from '../../lib/infra/backtest-machine.ts';
import { inputFiles } from '../../lib/input/lines.ts';
import { partitionKey } from '../../lib/telemetry/record.ts';
import { encodeLines } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { campaignsOf, type World } from '../backtest/shard-worlds.ts';
import { HOUR, START } from '../events.ts';
import type { Json } from '../infra/synthesized.ts';
import { Objects } from '../simulation/services/objects.ts';
import { Execution } from './play-states.ts';

/**
 * Buckets of a deployment and the steps of a backtest in shards over them. The archive is emulated; the state bucket is the simulation's, which
 * refuses a second writer of a key as S3 does.
 */

export const ARCHIVE = 'archive-of-backtests';
const STATE = 'state-of-backtests';
/** Events of a record, and so of an object. */
const RECORD = 120;
/** Names of objects in a list: so few that every run reads several. */
const LISTED = 2;

/** Called with each call of the state bucket, before and after it has its effect: one that throws is a call that fails. */
export interface StateFaults {
  before?: (() => void) | undefined;
  after?: (() => void) | undefined;
}

export interface EmulatedBacktest {
  readonly faults: StateFaults;
  readonly client: S3Client;
  readonly objects: Objects;
  readonly runs: BacktestRuns;
  /** an object of the archive */
  read(key: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

export async function emulatedBacktest(): Promise<EmulatedBacktest> {
  const app = buildApp({ logger: false });
  vi.stubEnv('AWS_ENDPOINT_URL_S3', await app.listen({ port: 0, host: '127.0.0.1' }));
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: ARCHIVE }));
  const objects = new Objects();
  const faults: StateFaults = {};
  const state = Object.create(S3Client.prototype, {
    send: {
      value: async (command: object) => {
        faults.before?.();
        const answer = objects.run(command);
        faults.after?.();
        return answer;
      },
    },
    config: { value: {} },
  }) as S3Client;
  return {
    client,
    objects,
    faults,
    runs: new BacktestRuns(state, STATE, LISTED),
    read: async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: ARCHIVE, Key }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    close: async () => {
      client.destroy();
      await app.close();
      vi.unstubAllEnvs();
    },
  };
}

/** Archives events in the order given, as records of some, so many hours of arrival apart. */
export async function archived(
  client: S3Client,
  lines: readonly (UsageEvent | string)[],
  { record = RECORD, hours = 6 }: { readonly record?: number; readonly hours?: number } = {},
): Promise<void> {
  const archive = new ArchiveBucket(client, ARCHIVE);
  for (let at = 0; at < lines.length; at += record) {
    const texts = lines
      .slice(at, at + record)
      .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    const data = encodeLines({ bucket: 1 }, texts);
    await archive.put([
      {
        stream: 'usage',
        shard: 'shardId-000000000000',
        sequence: String(at + 1),
        partitionKey: partitionKey(1),
        arrived: START + (at / record) * hours * HOUR,
        size: gunzipSync(data).length,
        data,
      },
    ]);
  }
}

export const place = `s3://${ARCHIVE}/events/`;

/** Puts an object beside the others. */
export async function putBeside(client: S3Client, key: string, body: Uint8Array): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: ARCHIVE, Key: key, Body: body }));
}

export async function requestOf(of: World, shards: number): Promise<WholeRequest> {
  const { policy, calibration } = of;
  return {
    code: CODE_VERSION,
    shards,
    identity: {},
    files: await inputFiles([place]),
    tracks: [{ policy, calibration }],
    campaignOf: campaignsOf(of),
  };
}

/** The function as the machine asks it. @param turn how many batches, objects or flushes a turn has time for */
export function invoker(runs: BacktestRuns, turn = Number.POSITIVE_INFINITY, objectBytes = 4096) {
  let attempts = 0;
  return async (_: Json, payload: Json): Promise<unknown> => {
    let left = turn;
    attempts++;
    return backtestStep(
      { runs, attempt: `attempt-${attempts}`, timeLeft: () => --left > 0, now: () => START, objectBytes },
      backtestStepInput.parse(payload),
    );
  };
}

export function execution(
  shards: number,
  run: string,
  invoke: (functionArn: Json, payload: Json) => Promise<unknown>,
): Execution {
  return new Execution(backtestMachine('backtest', shards) as unknown as Json, run, invoke);
}

/** The outcome as whoever asked reads it. */
export async function outcomeOf(runs: BacktestRuns, run: string): Promise<BacktestOutcome> {
  const { merged, divided } = await toldOutcome(runs, run, await runs.needRequest(run));
  const [first] = merged;
  if (first === undefined) throw new Error('no policy was replayed');
  return first.outcome(undefined, divided.division, divided.rejected, 1);
}
