import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** Where Lambda itself writes batches that it gave up on, below the quarantine bucket; the prefix is Lambda's. */
export const FAILED_BATCH_PREFIX = 'aws/lambda/';
/** Where events are kept, set aside in the quarantine bucket and accepted in the archive; the rest is by day. */
export const EVENTS_PREFIX = 'events/';
/** Where calibrations live in the state bucket. */
export const CALIBRATION_PREFIX = 'calibrations/';

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
    const own = (name: string, lifecycleRules: LifecycleRule[], versioned: boolean): Bucket =>
      new Bucket(this, name, {
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
      ? own('Archive', [{ id: 'expire', expiration: Duration.days(settings.archiveDays) }], false)
      : undefined;
    this.state = own(
      'State',
      [{ id: 'forget-old-versions', noncurrentVersionExpiration: Duration.days(OLD_CALIBRATION_DAYS) }],
      true,
    );
  }
}
