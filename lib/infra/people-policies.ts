import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import { UPDATED_INDEX } from '../contract/tables.ts';
import { allow, keyThrough, type Resources, readCalibrations } from './permissions.ts';

/**
 * Two policies for people, so that raw prints are read only where they are needed: whoever reads them and may also ask the
 * models needs no key (docs/telemetry.md). Neither holds anything of the stream or the quarantine.
 */
export class PeoplePolicies extends Construct {
  /** reads findings and gives verdicts: no raw prints */
  readonly analyst: ManagedPolicy;
  /** makes dossiers: profiles, campaigns and archived events, with raw prints */
  readonly evidence: ManagedPolicy;

  constructor(scope: Construct, id: string, resources: Resources) {
    super(scope, id);
    const { tables, buckets, key } = resources;
    this.analyst = new ManagedPolicy(this, 'Analyst', {
      description: 'Siphonwatch: read findings and give verdicts; no raw prints',
      statements: [
        allow(
          'Findings',
          ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
          tables.finding.tableArn,
        ),
        allow('FindingsByUpdate', ['dynamodb:Query'], `${tables.finding.tableArn}/index/${UPDATED_INDEX}`),
        ...keyThrough(key, 'dynamodb'),
      ],
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
