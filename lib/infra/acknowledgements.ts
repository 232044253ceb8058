/**
 * Where the stack departs from a cdk-nag rule, and why. One entry for one finding; a rule that is broken anywhere
 * else still fails the synthesis.
 */
import { type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { BACKTEST_PREFIX } from '../contract/backtest-steps.ts';
import { RUN_PREFIX } from '../contract/calibrate-steps.ts';
import { HUNT_PREFIX, HUNT_TABLES, huntPrefix } from '../contract/hunt-names.ts';
import { LINK_PREFIX } from '../contract/link-steps.ts';
import {
  APPLIED_PREFIX,
  CALIBRATION_PREFIX,
  EVENTS_PREFIX,
  FAILED_BATCH_PREFIX,
} from '../contract/object-prefixes.ts';
import type { BacktestShards } from './backtest-shards.ts';
import type { Worker } from './functions.ts';
import type { Hunts } from './hunts.ts';
import type { MapMachine } from './map-machine.ts';
import type { PeoplePolicies } from './people-policies.ts';
import type { Resources } from './permissions.ts';
import type { Pipeline } from './pipeline.ts';
import type { PolicyApplication, PolicyRollout } from './policy-rollout.ts';
import type { TriageApi } from './triage-api.ts';

interface Acknowledgement {
  readonly at: IConstruct;
  readonly rule: string;
  readonly reason: string;
}

/** How cdk-nag writes a statement on the objects of `bucket` below `prefix`. */
function objectsFinding(bucket: Bucket, prefix: string): string {
  // The L2 bucket's own CloudFormation resource.
  const resource = bucket.node.defaultChild as CfnResource;
  return `AwsSolutions::AwsSolutions-IAM5[Resource::<${Stack.of(bucket).getLogicalId(resource)}.Arn>/${prefix}*]`;
}

const TRACES_AND_LISTS =
  'xray:PutTraceSegments, xray:PutTelemetryRecords and dynamodb:ListStreams: AWS knows no resource for these actions. No other action of this role is on *.';

/** How cdk-nag writes a statement on the configurations of the policies' application. */
function configurationsFinding({ application }: PolicyApplication): string {
  return `AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:appconfig:<AWS::Region>:<AWS::AccountId>:application/<${Stack.of(application).getLogicalId(application)}>/environment/*/configuration/*]`;
}

/** The parts of the stack that have something to acknowledge. */
export interface Acknowledged {
  readonly pipeline: Pipeline;
  readonly resources: Resources;
  readonly policyRollout: PolicyRollout;
  readonly triageApi: TriageApi | undefined;
  readonly people: PeoplePolicies;
  readonly hunts: Hunts | undefined;
  readonly backtests: BacktestShards | undefined;
}

function acknowledgements({
  pipeline,
  resources,
  policyRollout,
  triageApi,
  hunts,
  backtests,
}: Acknowledged): readonly Acknowledgement[] {
  const { workers } = pipeline;
  const { buckets, ingest, notification } = resources;
  const calibrations = objectsFinding(buckets.state, CALIBRATION_PREFIX);
  const failedBatches = objectsFinding(buckets.quarantine, FAILED_BATCH_PREFIX);
  const newObjects =
    'Object keys hold the day and the position in the stream, known only when they are written.';
  const result: Acknowledgement[] = [
    {
      at: ingest.stream,
      rule: 'AwsSolutions::AwsSolutions-KDS3',
      reason:
        "The deployment's own key is wanted here: access to telemetry can be cut by one key policy, and the key is shared, so it costs no more.",
    },
    {
      at: notification.deadLetters,
      rule: 'Serverless::Serverless-SQSRedrivePolicy',
      reason:
        'It is the dead-letter queue: nothing consumes it but a person, whom the dead-letter alarm notifies.',
    },
    ...notification.subscriptions.map((at) => ({
      at,
      rule: 'Serverless::Serverless-SNSRedrivePolicy',
      reason:
        'An e-mail that bounces raises the alarm on failed deliveries, and a finding stays in its table: there is nothing to redrive.',
    })),
    ...[EVENTS_PREFIX, APPLIED_PREFIX].map((prefix) => ({
      at: workers.score.role,
      rule: objectsFinding(buckets.quarantine, prefix),
      reason: `Put only, below one prefix. ${newObjects}`,
    })),
    ...(buckets.archive
      ? [
          {
            at: workers.score.role,
            rule: objectsFinding(buckets.archive, EVENTS_PREFIX),
            reason: `Put only, below one prefix. ${newObjects}`,
          },
        ]
      : []),
    ...[workers.score, workers.link, workers.calibrate, workers.notify, workers.sweep].map((worker) => ({
      at: worker.role,
      rule: configurationsFinding(resources.policies),
      reason:
        'Read only, one application with one environment, which cannot be named: it watches alarms on these very functions.',
    })),
    {
      at: policyRollout.alarmRole,
      rule: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason: 'cloudwatch:DescribeAlarms, read only, as AWS AppConfig documents the role of its monitors.',
    },
    {
      at: workers.validatePolicy.fn,
      rule: 'Serverless::Serverless-LambdaDLQ',
      reason: 'AppConfig invokes it and waits for the answer: there is nothing to redrive.',
    },
    ...[workers.score, workers.link, workers.validatePolicy].map((worker) => ({
      at: worker.role,
      rule: calibrations,
      reason: 'Read only, below one prefix: calibrations are named by their date and version.',
    })),
    {
      at: workers.calibrate.role,
      rule: calibrations,
      reason: 'Read and put, below one prefix: calibrations are named by their date and version.',
    },
    ...[workers.score, workers.notify, workers.index].map((worker) => ({
      at: worker.role,
      rule: failedBatches,
      reason: 'Put only, below the prefix where Lambda itself writes the batches that it gave up on.',
    })),
    ...[workers.score, workers.notify, workers.index].map((worker) => ({
      at: worker.fn,
      rule: 'Serverless::Serverless-LambdaDLQ',
      reason:
        'Woken by event source mappings only, never asynchronously: their on-failure destination keeps the whole payload in the quarantine bucket, which a dead-letter queue would not.',
    })),
    ...[workers.sweep, workers.link, workers.calibrate].map((worker) => ({
      at: worker.fn,
      rule: 'Serverless::Serverless-LambdaAsyncFailureDestination',
      reason:
        'A failed run goes to the dead-letter queue; a schedule carries no payload, so a second destination would hold nothing more.',
    })),
  ];
  if (triageApi !== undefined)
    result.push({
      at: triageApi.worker.fn,
      rule: 'Serverless::Serverless-LambdaDLQ',
      reason: 'Invoked by its URL, which waits for the answer: there is nothing to redrive.',
    });
  for (const worker of workersOf({ pipeline, triageApi, hunts, backtests })) {
    result.push(
      { at: worker.role, rule: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', reason: TRACES_AND_LISTS },
      {
        at: worker.role,
        rule: 'Serverless::Serverless-LambdaStarPermissions',
        reason: TRACES_AND_LISTS,
      },
    );
  }
  return result;
}

function workersOf({
  pipeline,
  triageApi,
  hunts,
  backtests,
}: Pick<Acknowledged, 'pipeline' | 'triageApi' | 'hunts' | 'backtests'>): readonly Worker[] {
  return [
    ...Object.values(pipeline.workers),
    ...(triageApi === undefined ? [] : [triageApi.worker]),
    ...(hunts === undefined ? [] : [hunts.worker]),
    ...(backtests === undefined ? [] : [backtests.worker]),
  ];
}

function huntAcknowledgements({
  hunts,
  resources: {
    buckets: { archive },
  },
}: Acknowledged): readonly Acknowledgement[] {
  if (archive === undefined || hunts === undefined) return [];
  const { worker } = hunts;
  return [
    {
      at: worker.role,
      rule: objectsFinding(archive, EVENTS_PREFIX),
      reason: 'Read only, below one prefix: frames are named by day and place in the stream.',
    },
    {
      at: worker.role,
      rule: objectsFinding(archive, HUNT_PREFIX),
      reason: 'The prefix is its own: parts are named by day, group and number.',
    },
    {
      at: worker.fn,
      rule: 'Serverless::Serverless-LambdaAsyncFailureDestination',
      reason:
        'A failed run goes to the dead-letter queue; a schedule carries no payload, so a second destination would hold nothing more.',
    },
  ];
}

function shardAcknowledgements({
  pipeline: { shards, linkShards, workers },
  backtests,
  resources: { buckets },
}: Acknowledged): readonly Acknowledgement[] {
  const reason = 'The prefix is its own: what steps of a run hand each other is named by run and shard.';
  const calibrating = { at: workers.calibrate.role, rule: objectsFinding(buckets.state, RUN_PREFIX), reason };
  return [
    ...(shards === undefined ? [] : [calibrating, ...machineAcknowledgements(shards)]),
    ...(linkShards === undefined
      ? []
      : [
          { at: workers.link.role, rule: objectsFinding(buckets.state, LINK_PREFIX), reason },
          ...machineAcknowledgements(linkShards),
        ]),
    ...(backtests === undefined
      ? []
      : [
          { at: backtests.worker.role, rule: objectsFinding(buckets.state, BACKTEST_PREFIX), reason },
          {
            at: backtests.worker.fn,
            rule: 'Serverless::Serverless-LambdaDLQ',
            reason: 'A state machine invokes it and waits for the answer: there is nothing to redrive.',
          },
          ...(buckets.archive === undefined
            ? []
            : [
                {
                  at: backtests.worker.role,
                  rule: objectsFinding(buckets.archive, EVENTS_PREFIX),
                  reason:
                    'Read only, below one prefix: which objects a backtest is of is asked when it starts.',
                },
              ]),
          ...machineAcknowledgements(backtests),
        ]),
  ];
}

function machineAcknowledgements({ machine, role }: MapMachine): readonly Acknowledgement[] {
  return [
    {
      at: role,
      rule: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason:
        'Traces, where the setting tracing is on: AWS knows no resource for these actions. No other action of this role is on *.',
    },
    {
      at: machine,
      rule: 'AwsSolutions::AwsSolutions-SF1',
      reason:
        'Step Functions keeps the history of each execution for 90 days; inputs hold names of runs and numbers of shards, and the steps log themselves.',
    },
    ...['AwsSolutions::AwsSolutions-SF2', 'Serverless::Serverless-StepFunctionStateMachineXray'].map(
      (rule) => ({
        at: machine,
        rule,
        reason: 'Traces cost by the request and are a setting (tracing), off by default.',
      }),
    ),
    ...[':*', '/*'].map((below) => ({
      at: role,
      rule: `AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${machine.stateMachineName}${below}]`,
      reason: "Executions of its own machine: the map's children, which are named when they start.",
    })),
  ];
}

/** What people may read below prefixes of buckets. */
function peopleAcknowledgements({
  people,
  hunts,
  resources: { buckets },
}: Acknowledged): readonly Acknowledgement[] {
  const read = [{ bucket: buckets.state, prefix: CALIBRATION_PREFIX }];
  if (buckets.archive !== undefined) read.push({ bucket: buckets.archive, prefix: EVENTS_PREFIX });
  const { archive } = buckets;
  if (hunts !== undefined && archive !== undefined)
    for (const table of HUNT_TABLES) read.push({ bucket: archive, prefix: huntPrefix(table) });
  const reason = 'Read only, below one prefix: objects are named by their day, place or version.';
  return [
    ...read.map(({ bucket, prefix }) => ({
      at: people.evidence,
      rule: objectsFinding(bucket, prefix),
      reason,
    })),
    ...(people.hunter === undefined || archive === undefined
      ? []
      : [{ at: people.hunter, rule: objectsFinding(archive, huntPrefix('events')), reason }]),
  ];
}

/** X-Ray is a setting, off by default: the metrics and logs of the functions answer what their alarms ask. */
function tracingAcknowledgements(stack: Acknowledged): readonly Acknowledgement[] {
  return workersOf(stack).map(({ fn }) => ({
    at: fn,
    rule: 'Serverless::Serverless-LambdaTracing',
    reason: 'Traces cost by the request and are a setting (tracing), off by default.',
  }));
}

/** Records every exception on the construct that it is about. */
export function acknowledge(stack: Acknowledged): void {
  for (const { at, rule, reason } of [
    ...acknowledgements(stack),
    ...huntAcknowledgements(stack),
    ...shardAcknowledgements(stack),
    ...peopleAcknowledgements(stack),
    ...tracingAcknowledgements(stack),
  ]) {
    Validations.of(at).acknowledge({ id: rule, reason });
  }
}
