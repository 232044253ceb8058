import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  type LifecycleRule,
  ObjectLockRetention,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { BACKTEST_DAYS, BACKTEST_PREFIX } from '../contract/backtest-steps.ts';
import { RUN_PREFIX } from '../contract/calibrate-steps.ts';
import { huntPrefix, MANIFEST_PREFIX } from '../contract/hunt-names.ts';
import { LINK_PREFIX } from '../contract/link-steps.ts';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import type { Settings } from './settings.ts';

export interface BucketsProps {
  readonly key: IKey;
  readonly removalPolicy: RemovalPolicy;
  readonly settings: Settings;
}

/** Parts of an upload that was never finished are billed and invisible. */
const ABORT_UPLOADS: LifecycleRule = {
  id: 'abort-uploads',
  abortIncompleteMultipartUploadAfter: Duration.days(1),
};
/** What steps of a calibration hand each other holds profiles: it goes with the run, and a run that was given up two days later. */
const RUNS: LifecycleRule = {
  id: 'expire-runs',
  prefix: RUN_PREFIX,
  expiration: Duration.days(2),
  noncurrentVersionExpiration: Duration.days(1),
};
/** Likewise of a run of link, which holds what accounts share. */
const LINK_RUNS: LifecycleRule = {
  id: 'expire-link-runs',
  prefix: LINK_PREFIX,
  expiration: Duration.days(2),
  noncurrentVersionExpiration: Duration.days(1),
};
/** Likewise of a backtest in shards, which holds archived events too. */
const BACKTESTS: LifecycleRule = {
  id: 'expire-backtests',
  prefix: BACKTEST_PREFIX,
  expiration: Duration.days(BACKTEST_DAYS),
  noncurrentVersionExpiration: Duration.days(1),
};
const ACCESS_LOG_DAYS = 90;
const OLD_CALIBRATION_DAYS = 365;

/** Quarantine, archive (unless switched off) and state, each private, TLS-only and under the deployment's key. */
export class Buckets extends Construct {
  readonly quarantine: Bucket;
  readonly archive: Bucket | undefined;
  readonly state: Bucket;
  readonly accessLogs: IBucket;

  constructor(scope: Construct, id: string, { key, removalPolicy, settings }: BucketsProps) {
    super(scope, id);
    const guarded = { blockPublicAccess: BlockPublicAccess.BLOCK_ALL, enforceSSL: true, removalPolicy };
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...guarded,
      // Server access logs cannot be delivered to a bucket whose default encryption is a KMS key.
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(ACCESS_LOG_DAYS) }, ABORT_UPLOADS],
    });
    // The CDK's class writes `policy: T | undefined` where its interface writes `policy?: T`; they are the same.
    this.accessLogs = accessLogs as IBucket;
    const own = (
      name: string,
      lifecycleRules: LifecycleRule[],
      versioned: boolean,
      more: Partial<BucketProps> = {},
    ): Bucket =>
      new Bucket(this, name, {
        ...more,
        ...guarded,
        encryption: BucketEncryption.KMS,
        encryptionKey: key,
        bucketKeyEnabled: true,
        versioned,
        objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
        serverAccessLogsBucket: this.accessLogs,
        serverAccessLogsPrefix: `${name.toLowerCase()}/`,
        lifecycleRules: [...lifecycleRules, ABORT_UPLOADS],
      });
    this.quarantine = own(
      'Quarantine',
      [{ id: 'expire', expiration: Duration.days(settings.quarantineDays) }],
      false,
    );
    this.archive = settings.archive
      ? own('Archive', archiveRules(settings), settings.archiveLockDays > 0, lockOf(settings))
      : undefined;
    this.state = own(
      'State',
      [
        { id: 'forget-old-versions', noncurrentVersionExpiration: Duration.days(OLD_CALIBRATION_DAYS) },
        // also where the setting was taken back: a run that was given up may have left profiles
        RUNS,
        LINK_RUNS,
        BACKTESTS,
      ],
      true,
    );
  }
}

/** A locked bucket is versioned: what expires leaves a version behind, which is deleted a day later. */
function archiveRules(settings: Settings): LifecycleRule[] {
  const { archiveDays, archiveLockDays, hunts, huntDays, huntInfrequentDays } = settings;
  const expire = (id: string, days: number, prefix?: string): LifecycleRule => ({
    id,
    ...(prefix === undefined ? {} : { prefix }),
    expiration: Duration.days(days),
    ...(archiveLockDays > 0 ? { noncurrentVersionExpiration: Duration.days(1) } : {}),
  });
  if (!hunts) return [expire('expire', archiveDays)];
  const infrequent = (days: number) =>
    huntInfrequentDays > 0 && huntInfrequentDays < days
      ? {
          transitions: [
            {
              storageClass: StorageClass.INFREQUENT_ACCESS,
              transitionAfter: Duration.days(huntInfrequentDays),
            },
          ],
        }
      : {};
  return [
    expire('expire', archiveDays, EVENTS_PREFIX),
    { ...expire('expire-prints', archiveDays, huntPrefix('prints')), ...infrequent(archiveDays) },
    { ...expire('expire-hunts', huntDays, huntPrefix('events')), ...infrequent(huntDays) },
    // as long as the longer of the two, so that no part is without what counts it
    expire('expire-manifests', Math.max(huntDays, archiveDays), MANIFEST_PREFIX),
  ];
}

/** Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
function lockOf({ archiveLockDays }: Settings): Partial<BucketProps> {
  if (archiveLockDays === 0) return {};
  return {
    objectLockEnabled: true,
    objectLockDefaultRetention: ObjectLockRetention.governance(Duration.days(archiveLockDays)),
  };
}
