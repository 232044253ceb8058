import { Aws, CfnOutput, Fn } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { COMMAND } from '../contract/command.ts';
import { CODE_VERSION } from '../version.ts';
import type { BacktestShards } from './backtest-shards.ts';
import type { Hunts } from './hunts.ts';
import type { Monitoring } from './monitoring.ts';
import type { PeoplePolicies } from './people-policies.ts';
import type { Resources } from './permissions.ts';
import type { Pipeline } from './pipeline.ts';
import type { Settings } from './settings.ts';
import { sourceDigest } from './source-digest.ts';

/** The parts of the stack that are named. */
interface Guided {
  readonly resources: Resources;
  readonly monitoring: Monitoring;
  readonly people: PeoplePolicies;
  readonly hunts: Hunts | undefined;
  readonly pipeline: Pipeline;
  readonly backtests: BacktestShards | undefined;
}

type Outputs = Readonly<Record<string, readonly [value: string, description: string]>>;

/** Of parts that settings ask for. */
function optionalOutputs({ people, hunts, pipeline, backtests }: Guided, settings: Settings): Outputs {
  return {
    ...(people.hunter === undefined || hunts === undefined
      ? {}
      : {
          HuntWorkGroup: [
            hunts.workGroups.events.name,
            'Athena workgroup of hunts: docs/hunting.md',
          ] as const,
          HuntPrintsWorkGroup: [
            hunts.workGroups.prints.name,
            'Athena workgroup of hunts of people who may read raw prints',
          ] as const,
          HuntDatabase: [hunts.database, 'Glue database of the archive in Parquet'] as const,
          HuntQueries: [
            Fn.join(
              ',',
              hunts.queries.map(({ name = '', attrNamedQueryId }) => `${name}=${attrNamedQueryId}`),
            ),
            `Ids of the stored queries: ${COMMAND} hunt QUERY --athena`,
          ] as const,
          HuntPolicyArn: [
            people.hunter.managedPolicyArn,
            'For people who hunt in the archive through Athena: no raw prints',
          ] as const,
        }),
    ...(pipeline.shards === undefined
      ? {}
      : {
          CalibrateMachineArn: [
            pipeline.shards.machine.attrArn,
            `State machine of the calibration in shards: ${COMMAND} recalibrate`,
          ] as const,
          CalibrateShards: [String(settings.calibrateShards), 'Its shards'] as const,
          CalibrateMemoryMb: [String(settings.batchMemoryMb), 'Memory of each'] as const,
        }),
    ...(pipeline.linkShards === undefined
      ? {}
      : {
          LinkShards: [
            String(settings.linkShards),
            `Shards of a run of link; counted by: ${COMMAND} doctor`,
          ] as const,
        }),
    ...(backtests === undefined
      ? {}
      : {
          BacktestMachineArn: [
            backtests.machine.attrArn,
            `State machine of backtests in shards: ${COMMAND} backtest --distributed`,
          ] as const,
          BacktestShards: [String(settings.backtestShards), 'Their shards'] as const,
          BacktestMemoryMb: [String(settings.batchMemoryMb), 'Memory of each'] as const,
        }),
  };
}

/** What the deployment prints at its end: names that other tools need, and what to do next, ready to paste. */
export function guide(
  scope: Construct,
  stack: Guided,
  settings: Settings,
  triageUrl: string | undefined,
): void {
  const { resources, monitoring, people } = stack;
  const { ingest, tables, buckets, notification } = resources;
  const optional = optionalOutputs(stack, settings);
  const outputs: Outputs = {
    StreamName: [ingest.stream.streamName, 'Where recorders put usage events'],
    StreamArn: [
      ingest.stream.streamArn,
      'The same, for recorders in other accounts (setting producerAccounts)',
    ],
    CodeVersion: [CODE_VERSION, `Version that was deployed; compared by: ${COMMAND} doctor`],
    CodeDigest: [sourceDigest(), `The same of its sources; compared by: ${COMMAND} doctor`],
    KeyArn: [resources.key.keyArn, 'The key that all of it is encrypted with'],
    ProfileTableName: [tables.profile.tableName, 'Profiles of accounts'],
    FindingTableName: [tables.finding.tableName, `Findings; read with: ${COMMAND} findings`],
    LinkTableName: [tables.link.tableName, 'Link index'],
    CampaignTableName: [tables.campaign.tableName, 'Campaigns'],
    QuarantineBucketName: [buckets.quarantine.bucketName, 'Payloads that could not be used'],
    ...(buckets.archive
      ? { ArchiveBucketName: [buckets.archive.bucketName, 'Accepted records, by day and bucket'] as const }
      : {}),
    StateBucketName: [buckets.state.bucketName, 'Calibrations'],
    FindingsTopicArn: [notification.findings.topicArn, 'Findings, for the security team'],
    OperationsTopicArn: [notification.operations.topicArn, 'Alarms, for whoever runs this'],
    PolicyApplicationName: [resources.policies.name, `AppConfig application of policies: ${COMMAND} policy`],
    ...(triageUrl === undefined
      ? {}
      : { TriageApiUrl: [triageUrl, 'Findings and verdicts, with IAM authentication'] as const }),
    ...optional,
    DeadLetterQueueUrl: [notification.deadLetters.queueUrl, 'Scheduled runs that failed for good'],
    ProducerPolicy: [
      // A gateway needs exactly this, and nothing else; in another account also the setting producerAccounts.
      `kinesis:PutRecords on ${ingest.stream.streamArn} and kms:GenerateDataKey on ${resources.key.keyArn}`,
      'What the role of a gateway has to be allowed',
    ],
    AnalystPolicyArn: [
      people.analyst.managedPolicyArn,
      'For people who read findings and give verdicts: no raw prints',
    ],
    ...(people.caller === undefined
      ? {}
      : {
          TriagePolicyArn: [
            people.caller.managedPolicyArn,
            'For people who do so through the triage API alone, and write no table',
          ] as const,
        }),
    EvidencePolicyArn: [
      people.evidence.managedPolicyArn,
      'For people who make dossiers: raw prints among it',
    ],
    Next1Subscribe: [
      `aws sns subscribe --region ${Aws.REGION} --topic-arn ${notification.findings.topicArn} --protocol email --notification-endpoint YOU@EXAMPLE.COM`,
      'Next, 1 of 3: receive findings (then confirm by the link in the e-mail)',
    ],
    Next2SendEvents: [
      `AWS_REGION=${Aws.REGION} ${COMMAND} record EXCHANGES.ndjson --keyring keyring.json --stream ${ingest.stream.streamName}`,
      'Next, 2 of 3: send the first events, from a file or from your gateway',
    ],
    Next3Watch: [
      // the console of the standard partition; others have their own, under the same dashboard name
      `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${monitoring.dashboard.dashboardName}`,
      `Next, 3 of 3: watch them arrive; runbooks: ${settings.runbookBaseUrl}`,
    ],
  };
  for (const [id, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(scope, id, { value, description });
  }
}
