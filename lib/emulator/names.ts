/**
 * Where the embedded cloud pretends to be. The emulators name their resources by these, so every ARN that the
 * template's intrinsics resolve to is the one that an emulator answers to.
 */
export const LOCAL_REGION = 'us-east-1';
export const LOCAL_ACCOUNT = '000000000000';

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;

export const streamArn = (name: string): string => arn('kinesis', `stream/${name}`);
export const tableArn = (name: string): string => arn('dynamodb', `table/${name}`);
/** A table has one stream here, enabled when the table is made: its label need not tell several apart. */
export const tableStreamArn = (name: string): string => `${tableArn(name)}/stream/${TABLE_STREAM_LABEL}`;
export const topicArn = (name: string): string => arn('sns', name);
export const queueArn = (name: string): string => arn('sqs', name);
export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;
export const functionArn = (name: string): string => arn('lambda', `function:${name}`);
export const roleArn = (name: string): string => `arn:aws:iam::${LOCAL_ACCOUNT}:role/${name}`;
export const otherArn = (service: string, resource: string): string => arn(service, resource);

export const TABLE_STREAM_LABEL = '2026-01-01T00:00:00.000';

/** The last part of an ARN: the resource's own name. */
export function nameOfArn(value: string): string {
  const resource = value.split(':').slice(5).join(':');
  return resource.split('/').at(-1) ?? resource;
}
