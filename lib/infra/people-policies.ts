import { Aws } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { HUNT_TABLES, type HuntTable, huntPrefix } from '../contract/hunt-names.ts';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import { UPDATED_INDEX } from '../contract/tables.ts';
import type { Buckets } from './buckets.ts';
import type { Hunts } from './hunts.ts';
import { allow, keyThrough, type Resources, readCalibrations } from './permissions.ts';

/** Partitions of the findings table that a verdict of the commands writes (lib/aws/finding-table.ts). */
const WRITTEN_BY_VERDICTS = ['f-*', 'fc-*', 'exception#*', 'list#*', 'import#*', 'answers'];

/**
 * Policies for people, so that raw prints are read only where they are needed: whoever reads them and may also ask the
 * models needs no key (docs/telemetry.md). None holds anything of the stream or the quarantine.
 */
export class PeoplePolicies extends Construct {
  /** reads findings and gives verdicts, through the triage API where there is one: no raw prints */
  readonly analyst: ManagedPolicy;
  /** gives verdicts through the triage API alone, which holds its callers to the rules; undefined without the API */
  readonly caller: ManagedPolicy | undefined;
  /** makes dossiers: profiles, campaigns and archived events, with raw prints */
  readonly evidence: ManagedPolicy;

  /** asks the Parquet without prints through Athena; undefined without hunts. Those with evidence's policy may ask both tables */
  readonly hunter: ManagedPolicy | undefined;

  /** @param optional the function behind the triage API and the hunts, where there are any */
  constructor(
    scope: Construct,
    id: string,
    resources: Resources,
    optional: { readonly triage: IFunction | undefined; readonly hunts: Hunts | undefined },
  ) {
    super(scope, id);
    const { tables, buckets, key } = resources;
    const { triage, hunts } = optional;
    this.analyst = new ManagedPolicy(this, 'Analyst', {
      description: 'Siphonwatch: read findings and give verdicts; no raw prints',
      statements: [
        allow('Findings', ['dynamodb:GetItem', 'dynamodb:Query'], tables.finding.tableArn),
        ...(triage === undefined ? writesVerdicts(tables.finding.tableArn) : asksFor(triage)),
        allow('FindingsByUpdate', ['dynamodb:Query'], `${tables.finding.tableArn}/index/${UPDATED_INDEX}`),
        ...keyThrough(key, 'dynamodb'),
      ],
    });
    this.caller =
      triage === undefined
        ? undefined
        : new ManagedPolicy(this, 'Caller', {
            description: 'Siphonwatch: findings and verdicts through the triage API alone',
            statements: asksFor(triage),
          });
    this.evidence = new ManagedPolicy(this, 'Evidence', {
      description: 'Siphonwatch: read what dossiers are made of, raw prints among it',
      statements: [
        allow(
          'Evidence',
          ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:Scan'],
          tables.finding.tableArn,
          tables.profile.tableArn,
          tables.campaign.tableArn,
        ),
        ...readCalibrations(buckets),
        ...(hunts === undefined ? [] : asking(hunts, buckets, key, HUNT_TABLES)),
        ...(buckets.archive === undefined
          ? []
          : [
              allow('Events', ['s3:GetObject'], buckets.archive.arnForObjects(`${EVENTS_PREFIX}*`)),
              allow('EventsBucket', ['s3:ListBucket'], buckets.archive.bucketArn),
            ]),
        ...keyThrough(key, 'dynamodb', 'readS3'),
      ],
    });
    this.hunter =
      hunts === undefined
        ? undefined
        : new ManagedPolicy(this, 'Hunter', {
            description: 'Siphonwatch: hunt in the archive; no raw prints',
            statements: [...asking(hunts, buckets, key, ['events']), ...keyThrough(key, 'readS3')],
          });
  }
}

/** No trail is deleted, no erasure's record or state of delivery written. What a verdict says is the writer's word all the same. */
function writesVerdicts(findingTable: string): PolicyStatement[] {
  return [
    onPartitions(allow('Verdicts', ['dynamodb:PutItem'], findingTable), WRITTEN_BY_VERDICTS),
    onPartitions(allow('Lifted', ['dynamodb:DeleteItem'], findingTable), ['exception#*']),
  ];
}

/** Requests to the function, signed and by its URL: it writes, in the name of whom IAM knows. */
function asksFor(triage: IFunction): PolicyStatement[] {
  return [
    signed(allow('Url', ['lambda:InvokeFunctionUrl'], triage.functionArn)),
    viaUrl(allow('ViaUrl', ['lambda:InvokeFunction'], triage.functionArn)),
  ];
}

/**
 * Asking tables of the archive through Athena: a workgroup, the definitions in Glue, the objects, and the key of the results
 * (athena/latest/ug/example-policies-workgroup.html, fine-grained-access-to-glue-resources.html, managed-results.html). A result is read by
 * whoever may ask in its workgroup: those who may read prints ask in one of their own.
 */
function asking(
  hunts: Hunts,
  buckets: Buckets,
  key: IKey,
  tables: readonly HuntTable[],
): readonly PolicyStatement[] {
  const { archive } = buckets;
  const arn = (service: string, name: string) =>
    `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${name}`;
  const workGroup = hunts.workGroups[tables.includes('prints') ? 'prints' : 'events'];
  return [
    allow(
      'Ask',
      [
        'athena:GetWorkGroup',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
        'athena:ListQueryExecutions',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:GetQueryResultsStream',
        'athena:ListNamedQueries',
        'athena:GetNamedQuery',
        'athena:BatchGetNamedQuery',
      ],
      arn('athena', `workgroup/${workGroup.name}`),
    ),
    allow(
      'Definitions',
      ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:GetPartitions'],
      arn('glue', 'catalog'),
      arn('glue', `database/${hunts.database}`),
      ...tables.map((table) => arn('glue', `table/${hunts.database}/${table}`)),
    ),
    ...(archive === undefined
      ? []
      : [
          allow(
            'Parquet',
            ['s3:GetObject'],
            ...tables.map((table) => archive.arnForObjects(`${huntPrefix(table)}*`)),
          ),
          ...listing(archive, tables),
        ]),
    new PolicyStatement({
      sid: 'KeyResults',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `athena.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
    }),
  ];
}

/**
 * Names of objects below the tables' own prefixes, and no others: a name of a frame says when which shard was busy. Without IfExists, by
 * which a request that names no prefix would list all (IAM user guide, "IAM JSON policy elements: Condition operators"); what never
 * names one stands apart.
 */
function listing(archive: Bucket, tables: readonly HuntTable[]): PolicyStatement[] {
  const names = allow('ParquetNames', ['s3:ListBucket'], archive.bucketArn);
  names.addCondition('StringLike', { 's3:prefix': tables.map((table) => `${huntPrefix(table)}*`) });
  return [names, allow('ParquetBucket', ['s3:GetBucketLocation'], archive.bucketArn)];
}

/**
 * Only on items whose partition is named so: amazondynamodb/latest/developerguide/specifying-conditions.html
 * (dynamodb:LeadingKeys).
 */
function onPartitions(statement: PolicyStatement, names: readonly string[]): PolicyStatement {
  statement.addCondition('ForAllValues:StringLike', { 'dynamodb:LeadingKeys': names });
  return statement;
}

function signed(statement: PolicyStatement): PolicyStatement {
  statement.addCondition('StringEquals', { 'lambda:FunctionUrlAuthType': 'AWS_IAM' });
  return statement;
}

/**
 * A function behind a URL asks for both permissions (lambda/latest/dg/urls-auth.html). Whoever could invoke it without the URL
 * would write the event, and the caller's name in it.
 */
function viaUrl(statement: PolicyStatement): PolicyStatement {
  statement.addCondition('Bool', { 'lambda:InvokedViaFunctionUrl': 'true' });
  return statement;
}
