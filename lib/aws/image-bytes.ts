import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * Bytes of an attribute that the table answered with, or of an image in an event of Lambda, where they are base64
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html). Undefined where it holds none.
 */
export function imageBytes(value: AttributeValue | undefined): Uint8Array | undefined {
  const held: Uint8Array | string | undefined = value?.B;
  return typeof held === 'string' ? Buffer.from(held, 'base64') : held;
}
