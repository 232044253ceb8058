import { randomUUID } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { BacktestRuns } from '../../../aws/backtest-runs.ts';
import { MapMachineRuns } from '../../../aws/map-machine-runs.ts';
import { objectsBelow } from '../../../aws/objects.ts';
import { DEFAULT_STACK } from '../../../contract/command.ts';
import { EVENTS_PREFIX } from '../../../contract/object-prefixes.ts';
import { backtestCost } from '../../../infra/cost/backtest-cost.ts';
import { InputError } from '../../../input/errors.ts';
import { CODE_VERSION } from '../../../version.ts';
import { asInputError, outputsOf } from '../../shared/deployment.ts';
import {
  type Asked,
  askedOf,
  type BacktestOptions,
  type MadeBacktest,
  toldBacktest,
} from '../asked-backtest.ts';
import { requireListed } from './bounds.ts';
import { cancelRun, type Machine, machineBacktest } from './machine-backtest.ts';

/**
 * A backtest of a deployment's archive on Step Functions: the outcome is that of `backtest` on the same objects.
 * @returns the exit code where there is no outcome: what was asked for was something else, or the run failed
 * @throws InputError naming what cannot be used
 */
export async function distributedBacktest(
  names: readonly string[],
  options: BacktestOptions,
): Promise<MadeBacktest | number> {
  const stack = options.stack ?? (process.env.SIPHONWATCH_STACK || DEFAULT_STACK);
  const outputs = await outputsOf(stack, options);
  const arn = outputs.BacktestMachineArn;
  if (arn === undefined)
    throw new InputError(
      `${stack} has no backtests in shards: deploy it with -c siphonwatch:backtestShards=N, or replay here, without --distributed`,
    );
  const region = options.region === undefined ? {} : { region: options.region };
  // input of s3://... is listed by a client that knows the environment alone (lib/input/s3.ts)
  if (options.region !== undefined) process.env.AWS_REGION = options.region;
  const sfn = new SFNClient(region);
  const s3 = new S3Client({ ...region, forcePathStyle: (process.env.AWS_ENDPOINT_URL_S3 ?? '') !== '' });
  try {
    const machine = new MapMachineRuns(sfn, arn);
    const runs = new BacktestRuns(s3, outputs.StateBucketName ?? '');
    // a run is ended by any version
    if (options.cancel === true) return await cancelRun({ machine, runs }, names);
    requireVersion(stack, outputs.CodeVersion);
    requireArchive(names, outputs.ArchiveBucketName ?? '');
    const asked = await askedOf(names, options);
    requireListed(asked.traffic.files.length);
    requireOnce(asked);
    const shards = Number(outputs.BacktestShards);
    const on: Machine = {
      machine,
      runs,
      shards,
      cost: async ({ tracks, traffic }) => {
        const objects = traffic.files.length;
        const bytes = await bytesOf(s3, names);
        const memoryMb = Number(outputs.BacktestMemoryMb);
        return {
          objects,
          bytes,
          ...backtestCost({ policies: tracks.length, objects, bytes, shards, memoryMb }),
        };
      },
      newName: () => `backtest-${randomUUID()}`,
    };
    const made = await machineBacktest(on, names, asked);
    // the clients go with the process: what is told last takes away the run's parts
    return typeof made === 'number' ? made : toldBacktest(asked, made);
  } catch (error) {
    throw asInputError(error, `stack ${stack}`);
  }
}

/** @throws InputError where the deployment's code is not this one's */
function requireVersion(stack: string, deployed: string | undefined): void {
  if (deployed !== CODE_VERSION)
    throw new InputError(
      `${stack} is of version ${deployed ?? 'unknown'}, this command of ${CODE_VERSION}: replays would differ; use the same`,
    );
}

const PLACE = /^s3:\/\/([^/]+)\/(.*)$/;

/** The function may read nothing else. @throws InputError naming what is not below it */
function requireArchive(names: readonly string[], archive: string): void {
  for (const name of names) {
    const [, bucket, key = ''] = PLACE.exec(name) ?? [];
    if (bucket !== archive || !key.startsWith(EVENTS_PREFIX))
      throw new InputError(
        `${name}: --distributed replays the deployment's own archive, s3://${archive}/${EVENTS_PREFIX} or a part of it such as s3://${archive}/${EVENTS_PREFIX}day=2026-03-01/`,
      );
  }
}

/** @throws InputError naming an object that several names hold: its events would be replayed twice */
function requireOnce({ traffic }: Asked): void {
  const seen = new Set<string>();
  for (const file of traffic.files) {
    if (seen.has(file)) throw new InputError(`${file}: is named twice; name what is replayed once`);
    seen.add(file);
  }
}

async function bytesOf(s3: S3Client, names: readonly string[]): Promise<number> {
  let sum = 0;
  for (const name of names) {
    const [, bucket = '', key = ''] = PLACE.exec(name) ?? [];
    for await (const { bytes } of objectsBelow(s3, bucket, key)) sum += bytes;
  }
  return sum;
}
