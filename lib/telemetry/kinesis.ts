import { KinesisClient, type KinesisClientConfig, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import type { StreamEntry } from './partitions.ts';
import type { ProducerPort, StreamResult } from './producer.ts';

/** The Kinesis stream of usage events, from the producer's side. */
export interface EventStreamOptions {
  /** name or ARN of the stream */
  readonly stream: string;
  readonly region?: string | undefined;
  /**
   * an emulator's address, else AWS_ENDPOINT_URL_KINESIS or AWS_ENDPOINT_URL of the environment
   * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html); implies HTTP/1, which
   * `@smithy/node-http-handler` speaks, and on this machine needs no credentials
   */
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

/** Also what stops a call before it is sent: no region, or a module that an emulator needs and nobody installed. */
function isPermanent(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    PERMANENT.has(error.name) ||
    error.message === 'Region is missing' ||
    ('code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND'))
  );
}

/**
 * The producer's port onto a Kinesis stream: PutRecords, timers and randomness. Needs `@aws-sdk/client-kinesis`.
 *
 * @throws TypeError where no stream is named
 * @example
 * import { createProducer } from '@siphonwatch/recorder';
 * import { eventStream } from '@siphonwatch/recorder/kinesis';
 *
 * const port = eventStream({ stream: 'siphonwatch-events', region: 'eu-central-1' });
 * const producer = createProducer(port);
 * await producer.close();
 * port.destroy();
 */
export function eventStream(options: EventStreamOptions): ProducerPort & { destroy(): void } {
  if (typeof options.stream !== 'string' || options.stream === '')
    throw new TypeError("eventStream: stream: give the stream's name or ARN (the stack's output StreamName)");
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
          // a stream that takes a call and does not answer is asked again, as one that refuses it is
          { abortSignal: AbortSignal.timeout(ANSWER_WITHIN) },
        );
        return (answer.Records ?? []).map((record) =>
          record.ErrorCode === undefined || record.ErrorCode === null || record.ErrorCode === ''
            ? { accepted: true }
            : { accepted: false, error: `${record.ErrorCode}: ${record.ErrorMessage ?? ''}` },
        );
      } catch (error) {
        throw isPermanent(error) ? Object.assign(error, { permanent: true }) : error;
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

/** Longest time that a call of PutRecords (5 MiB at most) may take, ms. */
const ANSWER_WITHIN = 30_000;

function clientConfig(options: EventStreamOptions): KinesisClientConfig {
  // The producer retries what was refused, in order; the SDK's own retries would only hide it.
  const config: KinesisClientConfig = { maxAttempts: 1 };
  if (options.region !== undefined) config.region = options.region;
  const endpoint =
    options.endpoint ?? process.env.AWS_ENDPOINT_URL_KINESIS ?? process.env.AWS_ENDPOINT_URL ?? '';
  if (endpoint === '') return config;
  config.endpoint = endpoint;
  config.requestHandler = firstVersionOfHttp();
  const host = new URL(endpoint).hostname;
  if (
    (host === 'localhost' || host === '127.0.0.1' || host === '[::1]') &&
    process.env.AWS_ACCESS_KEY_ID === undefined
  ) {
    config.credentials = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };
    config.region ??= process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
  }
  return config;
}

type HttpSettings = Pick<NodeHttpHandler, 'updateHttpClientConfig' | 'httpHandlerConfigs'>;

/** The client of Kinesis speaks HTTP/2, emulators do not. Loaded when first used: a real stream needs none of it. */
function firstVersionOfHttp(): Pick<NodeHttpHandler, 'handle' | 'destroy'> & HttpSettings {
  let handler: Promise<NodeHttpHandler> | undefined;
  const load = () => {
    handler ??= import('@smithy/node-http-handler').then((module) => new module.NodeHttpHandler());
    return handler;
  };
  return {
    handle: async (request, options) => (await load()).handle(request, options),
    destroy: () => void handler?.then((loaded) => loaded.destroy()),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}
