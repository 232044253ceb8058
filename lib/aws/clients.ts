import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';

/**
 * AWS clients with endpoints from the environment (AWS_ENDPOINT_URL_<SERVICE>, read by the SDK itself). An emulator on
 * loopback knows no bucket host names: told by the scheme of its endpoint.
 */
const isLocal = (service: string): boolean =>
  (process.env[`AWS_ENDPOINT_URL_${service}`] ?? process.env.AWS_ENDPOINT_URL ?? '').startsWith('http://');

/** Retries of the SDK itself; what still fails comes back through the stream. */
const attempts = { maxAttempts: 5 };

export const dynamoDb = (): DynamoDBClient => new DynamoDBClient(attempts);
export const s3 = (): S3Client => new S3Client({ ...attempts, forcePathStyle: isLocal('S3') });
export const sns = (): SNSClient => new SNSClient(attempts);
export const eventBridge = (): EventBridgeClient => new EventBridgeClient(attempts);
