import { KinesisClient, type KinesisClientConfig, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { ProducerPort, StreamEntry, StreamResult } from './producer.ts';

/** The Kinesis stream of usage events, from the producer's side. */
export interface EventStreamOptions {
  /** name or ARN of the stream */
  readonly stream: string;
  readonly region?: string | undefined;
  /** an emulator's address; implies HTTP/1 and, on this machine, needs no credentials */
  readonly endpoint?: string | undefined;
  /** an existing client instead */
  readonly client?: KinesisClient | undefined;
}

/** Errors that no retry heals: they end the producer, which hands its events back. */
const PERMANENT = new Set([
  'ResourceNotFoundException',
  'ValidationException',
  'InvalidArgumentException',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'CredentialsProviderError',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  'KMSInvalidStateException',
  'KMSNotFoundException',
  'KMSOptInRequired',
]);

/** The producer's port onto a Kinesis stream: PutRecords, timers and randomness. */
export function eventStream(options: EventStreamOptions): ProducerPort & { destroy(): void } {
  const client = options.client ?? new KinesisClient(clientConfig(options));
  const target = options.stream.startsWith('arn:')
    ? { StreamARN: options.stream }
    : { StreamName: options.stream };
  return {
    async putRecords(entries: readonly StreamEntry[]): Promise<readonly StreamResult[]> {
      try {
        const answer = await client.send(
          new PutRecordsCommand({
            ...target,
            Records: entries.map((entry) => ({ PartitionKey: entry.partitionKey, Data: entry.data })),
          }),
        );
        return (answer.Records ?? []).map((record) =>
          record.ErrorCode === undefined || record.ErrorCode === null || record.ErrorCode === ''
            ? { accepted: true }
            : { accepted: false, error: `${record.ErrorCode}: ${record.ErrorMessage ?? ''}` },
        );
      } catch (error) {
        if (error instanceof Error && PERMANENT.has(error.name))
          throw Object.assign(error, { permanent: true });
        throw error;
      }
    },
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    destroy() {
      if (options.client === undefined) client.destroy();
    },
  };
}

function clientConfig(options: EventStreamOptions): KinesisClientConfig {
  // The producer retries what was refused, in order; the SDK's own retries would only hide it.
  const config: KinesisClientConfig = { maxAttempts: 1 };
  if (options.region !== undefined) config.region = options.region;
  if (options.endpoint === undefined) return config;
  config.endpoint = options.endpoint;
  config.requestHandler = new NodeHttpHandler();
  const host = new URL(options.endpoint).hostname;
  if (
    (host === 'localhost' || host === '127.0.0.1' || host === '[::1]') &&
    process.env.AWS_ACCESS_KEY_ID === undefined
  ) {
    config.credentials = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };
    config.region ??= process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
  }
  return config;
}
