import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { AppliedPlaces } from '../../lib/aws/applied-places.ts';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket, type SetAside } from '../../lib/aws/quarantine.ts';
import { EarlierPrompts } from '../../lib/aws/sampled-prompts.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import { GATEWAY_DIMENSION, type MetricName, MOST_GATEWAYS } from '../../lib/contract/metrics.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { accountOf } from '../../lib/profile/lane.ts';
import { type Position, unpadSequence } from '../../lib/profile/position.ts';
import { remembers } from '../../lib/profile/profile.ts';
import { windowMs } from '../../lib/profile/window.ts';
import { UNLEARNT } from '../../lib/scoring/unlearnt.ts';
import type { PolicySource } from '../../lib/stores/policy-port.ts';
import { type RulesSource, rulesSource } from '../../lib/stores/rules-source.ts';
import { GatewayHealth, UNNAMED } from '../../lib/telemetry/gateway-health.ts';
import { printable } from '../../lib/telemetry/reason.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';
import { type Applied, applyBatch } from './apply-batch.ts';
import { type DecodedBatch, decodeBatch, type KinesisRecord } from './decode-batch.ts';
import { UnscoredShares } from './unscored.ts';

export interface KinesisEvent {
  readonly Records: readonly KinesisRecord[];
}

export interface PartialResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What one environment of the function works with. */
export interface ScorePorts {
  readonly environment: EnvironmentOf<'score'>;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly policies: PolicySource;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Folds batches of the stream into profiles. Wiring only: decode, process (lib/detection), store, count. */
export class ScoreFunction {
  readonly #ports: ScorePorts;
  readonly #quarantine: QuarantineBucket;
  readonly #appliedPlaces: AppliedPlaces;
  readonly #archive: ArchiveBucket | undefined;
  readonly #rules: RulesSource;
  #profiles: ProfileTable | undefined;
  #links: FactItems | undefined;
  readonly #prompts: EarlierPrompts;
  readonly #unscored = new UnscoredShares();
  readonly #gateways = new GatewayHealth();
  readonly #countedGateways = new Set<string>();

  constructor(ports: ScorePorts) {
    const { environment, s3, policies, logger, metrics } = ports;
    this.#ports = ports;
    this.#prompts = new EarlierPrompts(ports.dynamodb, environment.PROFILE_TABLE);
    this.#quarantine = new QuarantineBucket(s3, environment.QUARANTINE_BUCKET);
    this.#appliedPlaces = new AppliedPlaces(s3, environment.QUARANTINE_BUCKET);
    this.#archive =
      environment.ARCHIVE_BUCKET === '' ? undefined : new ArchiveBucket(s3, environment.ARCHIVE_BUCKET);
    this.#rules = rulesSource(
      policies,
      new CalibrationBucket(s3, environment.STATE_BUCKET),
      policyProblems(logger, metrics),
      environment.FOREIGN_CALIBRATION,
    );
  }

  async handle(event: KinesisEvent): Promise<PartialResponse> {
    try {
      return await this.#score(event);
    } finally {
      // also of a batch that fails: it is for those that the alarms are
      this.#ports.metrics.publishStoredMetrics();
    }
  }

  async #score(event: KinesisEvent): Promise<PartialResponse> {
    const { environment, logger, metrics } = this.#ports;
    const rules = await this.#rules.inForce(CODE_VERSION);
    const { policy, calibration } = rules;
    logger.appendKeys({ policy: policy.id, calibration: calibration.id, code: CODE_VERSION });
    const profiles = this.#profilesUnder(rules);
    const links = this.#linksUnder(rules);
    const unitsBefore = profiles.writeUnits;
    const batch = decodeBatch(event.Records, {
      permittedSkew: Number(environment.ALLOWED_SKEW_SECONDS) * 1000,
      trustReplayClock: environment.TRUST_REPLAY_CLOCK === 'true',
      developmentKeys: environment.TRUST_REPLAY_CLOCK === 'true',
    });
    // before any profile moves: a record that is archived twice is overwritten, one that is not would be missing for ever
    await this.#archive?.put(batch.accepted);
    const applied = await applyBatch(batch.arrivals, profiles, rules, { links, prompts: this.#prompts });
    const deferred = this.#deferredFrom(applied);
    if (deferred !== undefined) await this.#noteApplied(event, batch, applied, deferred);
    const setAside = [...batch.setAside, ...applied.flatMap(unusableOf)];
    await this.#quarantine.put(setAside);
    report(this.#ports, batch.read, applied, setAside, profiles.writeUnits - unitsBefore);
    this.#reportUnwatched(applied, batch);
    this.#reportBlindness(batch);
    if (policy.calibration !== 'default' && calibration !== UNLEARNT)
      metrics.addMetric('CalibrationAgeHours', MetricUnit.Count, ageHours(calibration.madeAt, event));
    return { batchItemFailures: deferred === undefined ? [] : [{ itemIdentifier: sequenceOf(deferred) }] };
  }

  /** Telemetry that lacks prompts or origins looks like harmless traffic: which gateway lost what, and since when. */
  #reportBlindness({ byGateway, timesRefused }: DecodedBatch): void {
    const { logger, metrics } = this.#ports;
    for (const [gateway, arrivals] of byGateway)
      for (const { event, arrived } of arrivals) this.#gateways.add(gateway, event, arrived);
    for (const [gateway, arrivals] of timesRefused)
      for (const arrived of arrivals) this.#gateways.refuseTime(gateway, arrived);
    this.#countByGateway(byGateway);
    const blind = this.#gateways.blind();
    metrics.addMetric('GatewaysBlind' satisfies MetricName, MetricUnit.Count, blind.length);
    for (const { since, ...loss } of blind.slice(0, 5))
      logger.warn('telemetry of a gateway is blind', { ...loss, since: new Date(since).toISOString() });
  }

  /** So that a gateway which falls silent among others is noticed (`doctor`). Each name is a metric that is billed: few are told apart. */
  #countByGateway(byGateway: DecodedBatch['byGateway']): void {
    for (const [gateway = UNNAMED, arrivals] of byGateway) {
      if (this.#countedGateways.size < MOST_GATEWAYS) this.#countedGateways.add(gateway);
      const name = this.#countedGateways.has(gateway) ? gateway : 'others';
      this.#ports.metrics
        .singleMetric()
        .addDimension(GATEWAY_DIMENSION, name)
        .addMetric('GatewayEvents' satisfies MetricName, MetricUnit.Count, arrivals.length);
    }
  }

  /** What is not scored is not watched: a share of it that nobody looks at is where a customer hides. */
  #reportUnwatched(applied: readonly Applied[], { arrivals, underDevelopmentKey }: DecodedBatch): void {
    const { logger, metrics } = this.#ports;
    const unwatched = this.#unscored.add(applied, arrivals);
    metrics.addMetric('AccountsUnscored' satisfies MetricName, MetricUnit.Count, unwatched.length);
    metrics.addMetric(
      'EventsUnderDevelopmentKey' satisfies MetricName,
      MetricUnit.Count,
      underDevelopmentKey,
    );
    for (const one of unwatched.slice(0, 5)) logger.warn('an account is mostly not scored', { ...one });
  }

  /**
   * What is applied of the records that come again, for the case that Lambda gives up on them. A failure is logged: the batch fails anyway,
   * and its next attempt notes the same.
   */
  async #noteApplied(
    { Records: [record] }: KinesisEvent,
    { arrivals }: DecodedBatch,
    applied: readonly Applied[],
    from: Position,
  ): Promise<void> {
    // by what profiles remember: a position that is passed says nothing of an invocation that comes late, or of a repeat
    const done = applied.flatMap(({ account, state }) =>
      state === undefined
        ? []
        : (arrivals.get(account) ?? [])
            // the whole record comes again, also what stands before the first event that waits
            .filter(({ position }) => position.sequence >= from.sequence)
            .filter(({ event }) => remembers(state.profile, event)),
    );
    try {
      await this.#appliedPlaces.note(shardOf(record), done);
    } catch (error) {
      this.#ports.logger.error('what is applied of a batch that fails could not be noted', {
        error: error as Error,
      });
    }
  }

  /** What is wrong with events has been set aside; what passes is given again, from the first record that waits. */
  #deferredFrom(applied: readonly Applied[]): Position | undefined {
    const waiting = applied.flatMap(({ account, deferred }) => (deferred ? [{ account, ...deferred }] : []));
    const [first] = waiting.sort((a, b) => (a.from.sequence < b.from.sequence ? -1 : 1));
    if (first === undefined) return undefined;
    this.#ports.metrics.addMetric('AccountsDeferred' satisfies MetricName, MetricUnit.Count, waiting.length);
    this.#ports.logger.error('accounts could not be written and wait in the stream', {
      accounts: waiting.length,
      error: first.error,
    });
    return first.from;
  }

  #profilesUnder({ policy, candidate }: Rules): ProfileTable {
    const { retentionDays } = policy;
    const longestWindow = Math.max(
      ...[...policy.windows, ...(candidate?.policy.windows ?? [])].map(windowMs),
    );
    const { dynamodb, environment } = this.#ports;
    this.#profiles ??= new ProfileTable(dynamodb, environment.PROFILE_TABLE, { retentionDays });
    this.#profiles.follow({ retentionDays, longestWindow });
    return this.#profiles;
  }

  #linksUnder({ policy: { retentionDays } }: Rules): FactItems {
    const { dynamodb, environment, logger, metrics } = this.#ports;
    this.#links ??= new FactItems(dynamodb, environment.PROFILE_TABLE, {
      retentionDays,
      onUnreadable: (account, error) => {
        metrics.addMetric('ItemsUnreadable' satisfies MetricName, MetricUnit.Count, 1);
        logger.error('link facts cannot be read and stay as they are', { account, error });
      },
    });
    this.#links.retentionDays = retentionDays;
    return this.#links;
  }
}

const shardOf = (record: KinesisRecord | undefined): string => record?.eventID.split(':')[0] ?? 'shard';

const sequenceOf = ({ sequence }: Position): string => unpadSequence(sequence);

function unusableOf({ account, unusable }: Applied): SetAside[] {
  return unusable.flatMap(({ arrivals, error }) =>
    arrivals.map(({ event, arrived, position }) => ({
      reason: {
        field: 'account',
        value: accountOf(account),
        message: printable(`profile not written: ${error.message}`),
      },
      origin: {
        epoch: position.epoch,
        shard: 'profile',
        sequence: sequenceOf(position),
        index: position.index,
      },
      arrived: new Date(arrived).toISOString(),
      payload: JSON.stringify(event),
      encoding: 'utf8' as const,
    })),
  );
}

function report(
  { logger, metrics }: Pick<ScorePorts, 'logger' | 'metrics'>,
  read: number,
  applied: readonly Applied[],
  setAside: readonly SetAside[],
  units: number,
): void {
  const steps = applied.flatMap((result) => result.steps);
  const unreadable = applied.filter(({ unusable }) =>
    unusable.some(({ error }) => error.name === 'UnreadableItem'),
  );
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
    ItemsUnreadable: unreadable.length,
  };
  for (const [name, value] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, value);
  if (read > 0)
    metrics.addMetric(
      'ReplayedPercent' satisfies MetricName,
      MetricUnit.Percent,
      (100 * (counts.EventsReplayed ?? 0)) / read,
    );
  for (const { reason, origin } of setAside.slice(0, 5)) logger.warn('quarantined', { reason, origin });
  for (const { finding, transition, level, versions } of steps.flatMap(({ notices }) => notices))
    logger.info('transition', { finding, transition, level, versions });
}

/** Hours from the newest event that the calibration was learnt from to the newest arrival of the batch. */
function ageHours(madeAt: string, event: KinesisEvent): number {
  const newest = Math.max(...event.Records.map(({ kinesis }) => kinesis.approximateArrivalTimestamp * 1000));
  return Math.max(0, (newest - Date.parse(madeAt)) / 3_600_000);
}
