import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket, type SetAside } from '../../lib/aws/quarantine.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { printable } from '../../lib/telemetry/reason.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';
import { type Applied, applyBatch } from './apply-batch.ts';
import { decodeBatch, type KinesisRecord } from './decode-batch.ts';

/** Folds a batch of the stream into profiles. Wiring only: decode, advance (lib/detection), store, count. */

const environment = readEnvironment('score', process.env);
const logger = new Logger();
const metrics = new Metrics();
const objects = s3();
const quarantine = new QuarantineBucket(objects, environment.QUARANTINE_BUCKET);
const archive =
  environment.ARCHIVE_BUCKET === '' ? undefined : new ArchiveBucket(objects, environment.ARCHIVE_BUCKET);
const onProblem = policyProblems(logger, metrics);
const rulesOf = rulesSource(
  policySourceOf(environment, onProblem),
  new CalibrationBucket(objects, environment.STATE_BUCKET),
  onProblem,
);
let profiles: ProfileTable | undefined;
let links: FactItems | undefined;

interface KinesisEvent {
  readonly Records: readonly KinesisRecord[];
}

interface PartialResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

async function score(event: KinesisEvent): Promise<PartialResponse> {
  try {
    return await scoreBatch(event);
  } finally {
    // also of a batch that fails: it is for those that the alarms are
    metrics.publishStoredMetrics();
  }
}

async function scoreBatch(event: KinesisEvent): Promise<PartialResponse> {
  const rules = await rulesOf.inForce(CODE_VERSION);
  const { policy, calibration } = rules;
  logger.appendKeys({ policy: policy.id, calibration: calibration.id, code: CODE_VERSION });
  const { retentionDays } = policy;
  profiles ??= new ProfileTable(dynamoDb(), environment.PROFILE_TABLE, { retentionDays });
  links ??= new FactItems(dynamoDb(), environment.PROFILE_TABLE, { retentionDays });
  const unitsBefore = profiles.writeUnits;
  const batch = decodeBatch(event.Records, {
    permittedSkew: Number(environment.ALLOWED_SKEW_SECONDS) * 1000,
    trustReplayClock: environment.TRUST_REPLAY_CLOCK === 'true',
  });
  // before any profile moves: a record that is archived twice is overwritten, one that is not would be missing for ever
  await archive?.put(batch.accepted);
  const applied = await applyBatch(batch.arrivals, profiles, rules, links);
  const setAside = [...batch.setAside, ...applied.flatMap(failuresOf)];
  await quarantine.put(setAside);
  report(batch.read, applied, setAside, profiles.writeUnits - unitsBefore);
  if (policy.calibration !== 'default')
    metrics.addMetric('CalibrationAgeHours', MetricUnit.Count, ageHours(calibration.madeAt, event));
  // whatever could not be used has been set aside: the shard goes on
  return { batchItemFailures: [] };
}

function failuresOf(result: Applied): SetAside[] {
  if (result.ok) return [];
  return result.arrivals.map(({ event, arrived, position }) => ({
    reason: {
      field: 'account',
      value: result.account,
      message: printable(`profile not written: ${result.error.message}`),
    },
    origin: {
      epoch: position.epoch,
      shard: 'profile',
      sequence: position.sequence.replace(/^0+(?=\d)/, ''),
      index: position.index,
    },
    arrived: new Date(arrived).toISOString(),
    payload: JSON.stringify(event),
    encoding: 'utf8',
  }));
}

function report(
  read: number,
  applied: readonly Applied[],
  setAside: readonly SetAside[],
  units: number,
): void {
  const steps = applied.flatMap((result) => (result.ok ? [result.step] : []));
  const sum = (pick: (step: (typeof steps)[number]) => number): number =>
    steps.reduce((total, step) => total + pick(step), 0);
  const counts: Partial<Record<MetricName, number>> = {
    EventsRead: read,
    EventsUsed: sum((step) => step.used),
    EventsLate: sum((step) => step.late),
    EventsRepeated: sum((step) => step.repeated),
    EventsReplayed: sum((step) => step.replayed),
    EventsQuarantined: setAside.length,
    ProfilesWritten: steps.filter((step) => step.changed).length,
    WriteUnits: units,
  };
  for (const [name, value] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, value);
  for (const { reason, origin } of setAside.slice(0, 5)) logger.warn('quarantined', { reason, origin });
  for (const step of steps)
    if (step.notice !== undefined)
      logger.info('transition', {
        finding: step.notice.finding,
        transition: step.notice.transition,
        level: step.notice.level,
        versions: step.notice.versions,
      });
}

/** Hours from the newest event that the calibration was learnt from to the newest arrival of the batch. */
function ageHours(madeAt: string, event: KinesisEvent): number {
  const newest = Math.max(...event.Records.map(({ kinesis }) => kinesis.approximateArrivalTimestamp * 1000));
  return Math.max(0, (newest - Date.parse(madeAt)) / 3_600_000);
}

export const handler = middy<KinesisEvent, PartialResponse>({ timeoutEarlyInMillis: 0 }).handler(score);
