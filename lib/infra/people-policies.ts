import { ManagedPolicy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import { UPDATED_INDEX } from '../contract/tables.ts';
import { allow, keyThrough, type Resources, readCalibrations } from './permissions.ts';

/** Partitions of the findings table that a verdict of the commands writes (lib/aws/finding-table.ts). */
const WRITTEN_BY_VERDICTS = ['f-*', 'fc-*', 'exception#*', 'list#*', 'import#*'];

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

  /** @param triage the function behind the triage API, where there is one */
  constructor(scope: Construct, id: string, resources: Resources, triage: IFunction | undefined) {
    super(scope, id);
    const { tables, buckets, key } = resources;
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
        ...(buckets.archive === undefined
          ? []
          : [
              allow('Events', ['s3:GetObject'], buckets.archive.arnForObjects(`${EVENTS_PREFIX}*`)),
              allow('EventsBucket', ['s3:ListBucket'], buckets.archive.bucketArn),
            ]),
        ...keyThrough(key, 'dynamodb', 'readS3'),
      ],
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
