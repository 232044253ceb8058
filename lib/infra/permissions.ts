/**
 * What each function may do: exact actions on exact ARNs, one table to review. Nothing else is ever added to a
 * role (roles are passed to the CDK as immutable).
 */
import { Aws } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { BACKTEST_PREFIX } from '../contract/backtest-steps.ts';
import { RUN_PREFIX } from '../contract/calibrate-steps.ts';
import type { FunctionName } from '../contract/environment.ts';
import { HUNT_PREFIX } from '../contract/hunt-names.ts';
import { LINK_PREFIX } from '../contract/link-steps.ts';
import {
  APPLIED_PREFIX,
  CALIBRATION_PREFIX,
  EVENTS_PREFIX,
  FAILED_BATCH_PREFIX,
} from '../contract/object-prefixes.ts';
import { RUN_PARTITION } from '../contract/run-request-names.ts';
import { type TableName, UNDELIVERED_INDEX, UPDATED_INDEX } from '../contract/tables.ts';
import type { Buckets } from './buckets.ts';
import type { Ingest } from './ingest.ts';
import type { Notification } from './notification.ts';
import type { PolicyApplication } from './policy-rollout.ts';

export interface Resources {
  readonly key: IKey;
  readonly ingest: Ingest;
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly buckets: Buckets;
  readonly notification: Notification;
  readonly eventBusArn: string;
  /** of the Security Hub product that findings are imported under; undefined where that is off */
  readonly securityHubArn: string | undefined;
  readonly policies: PolicyApplication;
  /** invocations that a calibration is divided among */
  readonly calibrateShards: number;
  /** of runs of `link` in shards; undefined where they are not divided */
  readonly linkMachineArn: string | undefined;
}

export function allow(
  sid: string,
  actions: readonly string[],
  ...resources: readonly string[]
): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });
}

/**
 * Uses of the deployment's key, each through one service: a function never calls KMS itself. The actions are what the
 * service's page asks of the caller: streams/latest/dev/permissions-user-key-KMS.html (a consumer decrypts),
 * AmazonS3/latest/userguide/UsingKMSEncryption.html, sns and sqs "key management" (a publisher needs both).
 */
const KEY_USES = {
  // Named as a whole by amazondynamodb/latest/developerguide/encryption.usagenotes.html ("at a minimum"): not all are
  // seen in recorded calls, DynamoDB makes them in the caller's name when it renews a table's key.
  dynamodb: [
    'kms:Decrypt',
    'kms:Encrypt',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:GenerateDataKey',
    'kms:DescribeKey',
  ],
  kinesis: ['kms:Decrypt'],
  readS3: ['kms:Decrypt'],
  s3: ['kms:Decrypt', 'kms:GenerateDataKey'],
  sns: ['kms:Decrypt', 'kms:GenerateDataKey'],
  sqs: ['kms:Decrypt', 'kms:GenerateDataKey'],
} as const;
type KeyUse = keyof typeof KEY_USES;

export function keyThrough(key: IKey, ...uses: readonly KeyUse[]): PolicyStatement[] {
  return uses.map(
    (use) =>
      new PolicyStatement({
        sid: `Key${use.charAt(0).toUpperCase()}${use.slice(1)}`,
        actions: [...KEY_USES[use]],
        resources: [key.keyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': `${use === 'readS3' ? 's3' : use}.${Aws.REGION}.${Aws.URL_SUFFIX}`,
          },
        },
      }),
  );
}

function tableStream(sid: string, table: Table): PolicyStatement {
  // A table of TABLES with a stream always has its ARN.
  const arn = table.tableStreamArn ?? '';
  return allow(sid, ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], arn);
}

/** Batches that Lambda gave up on are written with the function's role; listing lets Lambda tell 404 from 403. */
function failedBatches(buckets: Buckets): PolicyStatement[] {
  return [
    allow('FailedBatches', ['s3:PutObject'], buckets.quarantine.arnForObjects(`${FAILED_BATCH_PREFIX}*`)),
    allow('FailedBatchesBucket', ['s3:ListBucket'], buckets.quarantine.bucketArn),
  ];
}

/** AWS knows no resource for this action. */
function listTableStreams(): PolicyStatement {
  return allow('ListTableStreams', ['dynamodb:ListStreams'], '*');
}

export function readCalibrations(buckets: Buckets): PolicyStatement[] {
  return [
    allow('Calibrations', ['s3:GetObject'], buckets.state.arnForObjects(`${CALIBRATION_PREFIX}*`)),
    // Without it a calibration that does not exist yet would be "access denied" instead of "not found".
    allow('CalibrationsBucket', ['s3:ListBucket'], buckets.state.bucketArn),
  ];
}

function readPolicies({ policies }: Resources): PolicyStatement {
  return allow(
    'Policies',
    ['appconfig:StartConfigurationSession', 'appconfig:GetLatestConfiguration'],
    policies.configurationsArn,
  );
}

function delivery(resources: Resources): PolicyStatement[] {
  const { tables, notification, eventBusArn } = resources;
  return [
    // routes of notifications
    readPolicies(resources),
    allow('Notices', ['dynamodb:UpdateItem'], tables.profile.tableArn, tables.campaign.tableArn),
    // members of a campaign that names the account
    allow('Members', ['dynamodb:GetItem', 'dynamodb:Query'], tables.campaign.tableArn),
    allow('Findings', ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], tables.finding.tableArn),
    allow('Publish', ['sns:Publish'], notification.findings.topicArn),
    allow('Machines', ['events:PutEvents'], eventBusArn),
  ];
}

/** Asking for a run of `link`: the items of one partition, no campaign's. */
function runRequests(campaigns: Table): PolicyStatement {
  return new PolicyStatement({
    sid: 'RunRequests',
    actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
    resources: [campaigns.tableArn],
    conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [RUN_PARTITION] } },
  });
}

/** What only the sweep does: digests list findings, old findings go, and Security Hub is brought up to date. */
function sweeping({ tables, securityHubArn }: Resources): PolicyStatement[] {
  return [
    allow(
      'Undelivered',
      ['dynamodb:Query'],
      `${tables.profile.tableArn}/index/${UNDELIVERED_INDEX}`,
      `${tables.campaign.tableArn}/index/${UNDELIVERED_INDEX}`,
    ),
    // the stream has brought `notify` the item, the sweep reads it
    allow('Overdue', ['dynamodb:GetItem'], tables.profile.tableArn),
    allow('FindingsByUpdate', ['dynamodb:Query'], `${tables.finding.tableArn}/index/${UPDATED_INDEX}`),
    ...(securityHubArn === undefined
      ? []
      : [allow('Import', ['securityhub:BatchImportFindings'], securityHubArn)]),
    // marks of imports that are through, and findings beyond findingDays
    allow('FindingsOver', ['dynamodb:DeleteItem'], tables.finding.tableArn),
  ];
}

function deadLetters({ notification }: Resources): PolicyStatement {
  return allow('DeadLetters', ['sqs:SendMessage'], notification.deadLetters.queueArn);
}

const STATEMENTS: Readonly<Record<FunctionName, (r: Resources) => readonly PolicyStatement[]>> = {
  score: (r) => [
    allow(
      'Stream',
      [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      r.ingest.stream.streamArn,
    ),
    allow(
      'Profiles',
      ['dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      r.tables.profile.tableArn,
    ),
    allow(
      'Quarantine',
      ['s3:PutObject'],
      r.buckets.quarantine.arnForObjects(`${EVENTS_PREFIX}*`),
      r.buckets.quarantine.arnForObjects(`${APPLIED_PREFIX}*`),
    ),
    ...failedBatches(r.buckets),
    ...(r.buckets.archive
      ? [allow('Archive', ['s3:PutObject'], r.buckets.archive.arnForObjects(`${EVENTS_PREFIX}*`))]
      : []),
    ...readCalibrations(r.buckets),
    readPolicies(r),
    ...keyThrough(r.key, 'kinesis', 'dynamodb', 's3'),
  ],
  notify: (r) => [
    tableStream('ProfileChanges', r.tables.profile),
    tableStream('CampaignChanges', r.tables.campaign),
    listTableStreams(),
    ...failedBatches(r.buckets),
    ...delivery(r),
    ...keyThrough(r.key, 'dynamodb', 'sns', 's3'),
  ],
  sweep: (r) => [
    ...delivery(r),
    ...sweeping(r),
    deadLetters(r),
    ...keyThrough(r.key, 'dynamodb', 'sns', 'sqs'),
  ],
  index: (r) => [
    tableStream('ProfileChanges', r.tables.profile),
    listTableStreams(),
    ...failedBatches(r.buckets),
    allow('Links', ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'], r.tables.link.tableArn),
    runRequests(r.tables.campaign),
    ...keyThrough(r.key, 'dynamodb', 's3'),
  ],
  link: (r) => [
    tableStream('RunsAskedFor', r.tables.campaign),
    listTableStreams(),
    allow('Links', ['dynamodb:Query', 'dynamodb:Scan'], r.tables.link.tableArn),
    allow('Members', ['dynamodb:BatchGetItem', 'dynamodb:Query'], r.tables.profile.tableArn),
    allow(
      'Campaigns',
      [
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:Scan',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
      ],
      r.tables.campaign.tableArn,
    ),
    ...readCalibrations(r.buckets),
    ...(r.linkMachineArn === undefined
      ? []
      : [
          allow('Start', ['states:StartExecution', 'states:ListExecutions'], r.linkMachineArn),
          allow(
            'Runs',
            ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
            r.buckets.state.arnForObjects(`${LINK_PREFIX}*`),
          ),
        ]),
    readPolicies(r),
    deadLetters(r),
    ...keyThrough(r.key, 'dynamodb', r.linkMachineArn === undefined ? 'readS3' : 's3', 'sqs'),
  ],
  calibrate: (r) => [
    // Updates of accounts that fell silent: a transition, under the version that was read.
    allow(
      'Profiles',
      ['dynamodb:Query', 'dynamodb:Scan', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
      r.tables.profile.tableArn,
    ),
    allow('Contents', ['dynamodb:Query'], r.tables.link.tableArn),
    allow('Groups', ['dynamodb:Query', 'dynamodb:Scan'], r.tables.campaign.tableArn),
    // verdicts and answers teach; the review and the week's traffic are kept
    allow('Findings', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], r.tables.finding.tableArn),
    allow('FindingsByUpdate', ['dynamodb:Query'], `${r.tables.finding.tableArn}/index/${UPDATED_INDEX}`),
    ...readCalibrations(r.buckets),
    allow('NewCalibration', ['s3:PutObject'], r.buckets.state.arnForObjects(`${CALIBRATION_PREFIX}*`)),
    ...(r.calibrateShards > 1
      ? [
          allow(
            'Runs',
            ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
            r.buckets.state.arnForObjects(`${RUN_PREFIX}*`),
          ),
        ]
      : []),
    readPolicies(r),
    deadLetters(r),
    ...keyThrough(r.key, 'dynamodb', 's3', 'sqs'),
  ],
  validatePolicy: (r) => [...readCalibrations(r.buckets), ...keyThrough(r.key, 'readS3')],
  compact: (r) => [
    ...(r.buckets.archive
      ? [
          allow('Frames', ['s3:GetObject'], r.buckets.archive.arnForObjects(`${EVENTS_PREFIX}*`)),
          allow(
            'Parquet',
            ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
            r.buckets.archive.arnForObjects(`${HUNT_PREFIX}*`),
          ),
          allow('ArchiveBucket', ['s3:ListBucket'], r.buckets.archive.bucketArn),
        ]
      : []),
    deadLetters(r),
    ...keyThrough(r.key, 's3', 'sqs'),
  ],
  backtest: (r) => [
    ...(r.buckets.archive
      ? [
          allow('Archive', ['s3:GetObject'], r.buckets.archive.arnForObjects(`${EVENTS_PREFIX}*`)),
          allow('ArchiveBucket', ['s3:ListBucket'], r.buckets.archive.bucketArn),
        ]
      : []),
    allow('Runs', ['s3:GetObject', 's3:PutObject'], r.buckets.state.arnForObjects(`${BACKTEST_PREFIX}*`)),
    // without it a turn that is not there yet would be "access denied" instead of "not found"
    new PolicyStatement({
      sid: 'RunsBucket',
      actions: ['s3:ListBucket'],
      resources: [r.buckets.state.bucketArn],
      conditions: { StringLike: { 's3:prefix': [`${BACKTEST_PREFIX}*`] } },
    }),
    ...keyThrough(r.key, 's3'),
  ],
  triage: (r) => [
    allow(
      'Findings',
      ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
      r.tables.finding.tableArn,
    ),
    allow('FindingsByUpdate', ['dynamodb:Query'], `${r.tables.finding.tableArn}/index/${UPDATED_INDEX}`),
    ...keyThrough(r.key, 'dynamodb'),
  ],
};

/**
 * Of a state machine's role where its executions are traced: step-functions/latest/dg/xray-iam.html. AWS knows no resource for traces.
 */
export const MACHINE_TRACES = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
];

/** Statements of one function's role, complete. `logGroup` is its own and nobody else's. */
export function statementsFor(
  name: FunctionName,
  resources: Resources,
  logGroup: ILogGroup,
  tracing: boolean,
): PolicyStatement[] {
  return [
    allow('Logs', ['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn),
    // AWS knows no resource for traces.
    ...(tracing ? [allow('Traces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*')] : []),
    ...STATEMENTS[name](resources),
  ];
}
