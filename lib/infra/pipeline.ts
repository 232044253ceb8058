import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { type IRuleTarget, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IEventSourceDlq,
  MetricType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { EnvironmentOf, PipelineFunction } from '../contract/environment.ts';
import { ASKED_ITEM, RUN_PARTITION } from '../contract/run-request-names.ts';
import { Bundles } from './bundles.ts';
import { CalibrateShards } from './calibrate-shards.ts';
import { observability, Worker } from './functions.ts';
import { LinkShards } from './link-shards.ts';
import type { Resources } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface PipelineProps {
  readonly resources: Resources;
  readonly settings: Settings;
  readonly removalPolicy: RemovalPolicy;
  readonly eventBusName: string;
}

export type MappingName = 'score' | 'notifyProfiles' | 'notifyCampaigns' | 'index' | 'linkAsked';
type PipelineSchedule = 'sweep' | 'link' | 'calibrate';
/** Schedules, those of optional parts among them. */
export type ScheduleName = PipelineSchedule | 'compact';

/** Records live 24 hours in a table's stream: give up while the payload can still be saved. */
const TABLE_STREAM_MAX_AGE = Duration.hours(12);
const TABLE_STREAM_RETRIES = 10;

/**
 * An item that carries notices has the partition key of the sparse index, and only then: a leaf that a filter can
 * test, which a list of notices is not.
 */
const CARRIES_NOTICES = FilterCriteria.filter({
  eventName: FilterRule.or('INSERT', 'MODIFY'),
  dynamodb: { NewImage: { noticeShard: { S: FilterRule.exists() } } },
});

/** The item by which `index` asks for a run of `link`; nothing else in the campaign table wakes it. */
const ASKS_FOR_A_RUN = FilterCriteria.filter({
  eventName: FilterRule.or('INSERT', 'MODIFY'),
  dynamodb: { Keys: { campaign: { S: [RUN_PARTITION] }, item: { S: [ASKED_ITEM] } } },
});

/** How a function reads a table's stream. */
interface TableMapping {
  readonly target: 'notify' | 'index';
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** records that fit none of them do not reach the function; without filters all do */
  readonly filters?: readonly ReturnType<typeof FilterCriteria.filter>[];
}

/** The functions and what wakes each of them. */
export class Pipeline extends Construct {
  readonly workers: Readonly<Record<PipelineFunction, Worker>>;
  readonly mappings: Readonly<Record<MappingName, EventSourceMapping>>;
  readonly schedules: Readonly<Record<PipelineSchedule, Rule>>;
  /** the calibration in shards, where a setting asks for it */
  readonly shards: CalibrateShards | undefined;
  /** runs of `link` in shards, likewise */
  readonly linkShards: LinkShards | undefined;
  readonly #props: PipelineProps;
  /** code of all functions, of those outside the pipeline too */
  readonly bundles: Bundles;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    this.#props = props;
    this.bundles = new Bundles(this);
    this.workers = this.#makeWorkers();
    this.mappings = this.#makeMappings();
    this.shards =
      props.settings.calibrateShards > 1
        ? new CalibrateShards(this, 'CalibrateShards', {
            calibrate: this.workers.calibrate.fn,
            deadLetters: props.resources.notification.deadLetters,
            settings: props.settings,
          })
        : undefined;
    this.linkShards =
      props.settings.linkShards > 1
        ? new LinkShards(this, 'LinkShards', { link: this.workers.link.fn, settings: props.settings })
        : undefined;
    this.schedules = this.#makeSchedules();
  }

  /** Variables that several functions share. */
  #environments() {
    const { resources, settings } = this.#props;
    const { tables } = resources;

    const policies = {
      POLICY_APPLICATION: resources.policies.name,
      POLICY_STALENESS_SECONDS: String(settings.policyStalenessSeconds),
    };
    const delivery = {
      ...policies,
      PROFILE_TABLE: tables.profile.tableName,
      CAMPAIGN_TABLE: tables.campaign.tableName,
      FINDING_TABLE: tables.finding.tableName,
      FINDINGS_TOPIC: resources.notification.findings.topicArn,
      EVENT_BUS: this.#props.eventBusName,
      SECURITY_HUB: resources.securityHubArn ?? '',
      FINDING_DAYS: String(settings.findingDays),
    };
    const profiles = { PROFILE_TABLE: tables.profile.tableName };
    const campaigns = {
      LINK_TABLE: tables.link.tableName,
      CAMPAIGN_TABLE: tables.campaign.tableName,
      LINK_PRESSURE_MINUTES: String(settings.linkPressureMinutes),
    };
    const state = { STATE_BUCKET: resources.buckets.state.bucketName };
    const judging = { ...state, ...policies, FOREIGN_CALIBRATION: settings.foreignCalibration };
    return { delivery, profiles, campaigns, state, judging };
  }

  #makeWorkers(): Readonly<Record<PipelineFunction, Worker>> {
    const { resources, settings } = this.#props;
    const { tables, ingest } = resources;
    const { delivery, profiles, campaigns, state, judging } = this.#environments();
    const everywhere = (name: PipelineFunction) => observability(name, settings);
    return {
      score: this.#worker('score', settings.scoreMemoryMb, settings.scoreTimeoutSeconds, {
        ...everywhere('score'),
        ...profiles,
        ...judging,
        QUARANTINE_BUCKET: resources.buckets.quarantine.bucketName,
        ARCHIVE_BUCKET: resources.buckets.archive?.bucketName ?? '',
        STREAM_NAME: ingest.stream.streamName,
        ALLOWED_SKEW_SECONDS: String(settings.allowedSkewSeconds),
        TRUST_REPLAY_CLOCK: String(settings.replayClock),
      }),
      notify: this.#worker('notify', 512, 60, { ...everywhere('notify'), ...delivery }),
      sweep: this.#worker('sweep', 512, 120, { ...everywhere('sweep'), ...delivery }),
      index: this.#worker('index', 512, 60, {
        ...everywhere('index'),
        ...profiles,
        ...campaigns,
      }),
      link: this.#worker('link', settings.batchMemoryMb, settings.linkShards > 1 ? 900 : 300, {
        ...everywhere('link'),
        ...profiles,
        ...judging,
        ...campaigns,
        LINK_MACHINE: resources.linkMachineArn ?? '',
      }),
      calibrate: this.#worker('calibrate', settings.batchMemoryMb, 900, {
        ...everywhere('calibrate'),
        ...profiles,
        ...judging,
        FINDING_TABLE: tables.finding.tableName,
        LINK_TABLE: tables.link.tableName,
        CAMPAIGN_TABLE: tables.campaign.tableName,
      }),
      // AppConfig waits fifteen seconds for a validator.
      validatePolicy: this.#worker('validatePolicy', 1024, 15, {
        ...everywhere('validatePolicy'),
        ...state,
      }),
    };
  }

  #makeMappings(): Readonly<Record<MappingName, EventSourceMapping>> {
    const { resources, settings } = this.#props;
    const { tables, ingest } = resources;
    const profiles = tables.profile.tableStreamArn;
    const campaigns = tables.campaign.tableStreamArn;
    // notices go out at once; changes of links are gathered
    const notify = {
      target: 'notify',
      batchSize: 100,
      windowSeconds: 0,
      filters: [CARRIES_NOTICES],
    } as const;
    const index = { target: 'index', batchSize: 500, windowSeconds: 10 } as const;
    return {
      score: new EventSourceMapping(this, 'ScoreMapping', {
        target: this.workers.score.fn,
        eventSourceArn: ingest.stream.streamArn,
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: settings.batchSize,
        maxBatchingWindow: Duration.seconds(settings.batchWindowSeconds),
        parallelizationFactor: settings.parallelizationFactor,
        retryAttempts: settings.retryAttempts,
        maxRecordAge: Duration.hours(settings.maxRecordAgeHours),
        ...this.#resilience(),
      }),
      notifyProfiles: this.#tableMapping('NotifyProfilesMapping', profiles, notify),
      notifyCampaigns: this.#tableMapping('NotifyCampaignsMapping', campaigns, notify),
      linkAsked: new EventSourceMapping(this, 'LinkAskedMapping', {
        target: this.workers.link.fn,
        eventSourceArn: streamOf('LinkAskedMapping', tables.campaign.tableStreamArn),
        startingPosition: StartingPosition.LATEST,
        batchSize: 1,
        retryAttempts: 1,
        // as for a scheduled run that fails; nothing is lost with a request, the counters keep asking
        onFailure: new SqsDlq(resources.notification.deadLetters),
        maxRecordAge: Duration.minutes(settings.linkMinutes),
        metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
        filters: [ASKS_FOR_A_RUN],
      }),
      index: this.#tableMapping('IndexMapping', profiles, index),
    };
  }

  #makeSchedules(): Readonly<Record<PipelineSchedule, Rule>> {
    const { settings } = this.#props;
    return {
      sweep: this.#schedule('SweepSchedule', 'sweep', Schedule.rate(Duration.minutes(settings.sweepMinutes))),
      link: this.#schedule('LinkSchedule', 'link', Schedule.rate(Duration.minutes(settings.linkMinutes))),
      calibrate: this.#schedule(
        'CalibrateSchedule',
        'calibrate',
        Schedule.cron({ minute: '0', hour: String(settings.calibrateHourUtc) }),
        this.shards?.target,
      ),
    };
  }

  #worker<F extends PipelineFunction>(
    name: F,
    memoryMb: number,
    timeoutSeconds: number,
    environment: EnvironmentOf<F>,
  ): Worker<F> {
    const { resources, settings, removalPolicy } = this.#props;
    const scheduled = name === 'sweep' || name === 'link' || name === 'calibrate';
    return new Worker(this, name.charAt(0).toUpperCase() + name.slice(1), {
      name,
      bundles: this.bundles,
      environment,
      resources,
      settings,
      removalPolicy,
      memoryMb,
      timeoutSeconds,
      ...(scheduled ? { deadLetterQueue: resources.notification.deadLetters } : {}),
    });
  }

  /** What keeps a poison batch from stopping a shard, and its payload from being lost. */
  #resilience() {
    const quarantine = this.#props.resources.buckets.quarantine;
    const onFailure: IEventSourceDlq = { bind: () => ({ destination: quarantine.bucketArn }) };
    return {
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      onFailure,
      supportS3OnFailureDestination: true,
      metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    };
  }

  #tableMapping(id: string, streamArn: string | undefined, mapping: TableMapping): EventSourceMapping {
    const { target, batchSize, windowSeconds, filters } = mapping;
    return new EventSourceMapping(this, id, {
      target: this.workers[target].fn,
      eventSourceArn: streamOf(id, streamArn),
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize,
      maxBatchingWindow: Duration.seconds(windowSeconds),
      retryAttempts: TABLE_STREAM_RETRIES,
      maxRecordAge: TABLE_STREAM_MAX_AGE,
      ...(filters === undefined ? {} : { filters: [...filters] }),
      ...this.#resilience(),
    });
  }

  #schedule(id: string, target: PipelineSchedule, schedule: Schedule, instead?: IRuleTarget): Rule {
    return new Rule(this, id, {
      schedule,
      targets: [
        instead ??
          new LambdaFunction(this.workers[target].fn, {
            deadLetterQueue: this.#props.resources.notification.deadLetters,
            retryAttempts: 2,
          }),
      ],
    });
  }
}

function streamOf(mapping: string, arn: string | undefined): string {
  if (arn === undefined)
    throw new Error(`${mapping}: the table has no stream; see TABLES in lib/contract/tables.ts`);
  return arn;
}
