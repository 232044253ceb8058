import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface IngestProps {
  readonly key: IKey;
  readonly settings: Settings;
}

/** The stream of usage events. Never retained: a restored or new stream starts a new bucketing epoch anyway. */
export class Ingest extends Construct {
  readonly stream: Stream;

  constructor(scope: Construct, id: string, { key, settings }: IngestProps) {
    super(scope, id);
    const capacity =
      settings.streamMode === 'provisioned'
        ? { streamMode: StreamMode.PROVISIONED, shardCount: settings.shards }
        : { streamMode: StreamMode.ON_DEMAND };
    this.stream = new Stream(this, 'Stream', {
      ...capacity,
      retentionPeriod: Duration.hours(settings.retentionHours),
      encryption: StreamEncryption.KMS,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    if (settings.producerAccounts.length > 0)
      this.stream.addToResourcePolicy(
        new PolicyStatement({
          // streams/latest/dev/controlling-access.html: the callers give the stream's ARN instead of its name
          sid: 'ProducersOfOtherAccounts',
          principals: settings.producerAccounts.map((account) => new AccountPrincipal(account)),
          actions: ['kinesis:PutRecords'],
          resources: [this.stream.streamArn],
        }),
      );
  }
}
