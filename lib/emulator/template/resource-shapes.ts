import * as z from 'zod';
import { functionArn } from '../names.ts';
import { DEFAULT_SETTINGS, type MappingSettings } from '../streams/event-source-mapping.ts';

export interface StreamSpec {
  readonly logicalId: string;
  readonly name: string;
  /** undefined: on demand */
  readonly shards: number | undefined;
  readonly retentionHours: number;
}

export interface TableSpec {
  readonly logicalId: string;
  readonly name: string;
  /** the CreateTable request that makes it */
  readonly request: Readonly<Record<string, unknown>>;
  readonly timeToLive: string | undefined;
}

export interface QueueSpec {
  readonly logicalId: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SubscriptionSpec {
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface FunctionSpec {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** folder of the bundle in the assembly */
  readonly codePath: string;
  /** `file.export` */
  readonly handler: string;
  readonly runtime: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface MappingSpec {
  readonly logicalId: string;
  readonly functionName: string;
  readonly sourceArn: string;
  readonly enabled: boolean;
  readonly settings: MappingSettings;
  readonly start: StartingPosition;
  readonly filters: readonly string[];
  /** ARN of the on-failure destination */
  readonly destination: string | undefined;
}

export interface AlarmSpec {
  readonly name: string;
  readonly description: string;
  readonly threshold: number;
}

export type StartingPosition =
  | { readonly kind: 'TRIM_HORIZON' }
  | { readonly kind: 'LATEST' }
  /** epoch milliseconds */
  | { readonly kind: 'AT_TIMESTAMP'; readonly at: number };
export interface ScheduleSpec {
  readonly logicalId: string;
  readonly functionName: string;
  /** `rate(...)` or `cron(...)` */
  readonly expression: string;
  readonly enabled: boolean;
  /** constant event for the function; undefined: the scheduled event of EventBridge */
  readonly input: string | undefined;
}

export interface TemplateContext {
  readonly stackName: string;
  /** folder of an asset by the object key that the template names */
  readonly assetPath: (objectKey: string) => string;
  /** values that other stacks export */
  readonly imports?: Readonly<Record<string, string>>;
  /** where the queues are served, for what refers to a queue's URL */
  readonly queueEndpoint?: string;
}

export const ofApplication = z.looseObject({ ApplicationId: z.string() });
export const configurationShape = z.looseObject({
  ApplicationId: z.string(),
  Validators: z.array(z.looseObject({ Type: z.string(), Content: z.string() })).default([]),
});
export const alarmShape = z.looseObject({
  AlarmName: z.string(),
  AlarmDescription: z.string().default(''),
  Threshold: z.number(),
});
export const strategyShape = z.looseObject({ FinalBakeTimeInMinutes: z.coerce.number().default(0) });
export const streamShape = z.looseObject({
  ShardCount: z.coerce.number().int().positive().optional(),
  RetentionPeriodHours: z.coerce.number().int().min(24).default(24),
});
export const tableShape = z.looseObject({
  AttributeDefinitions: z.array(z.unknown()),
  KeySchema: z.array(z.unknown()),
  GlobalSecondaryIndexes: z.array(z.looseObject({})).optional(),
  LocalSecondaryIndexes: z.array(z.looseObject({})).optional(),
  StreamSpecification: z.looseObject({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z
    .looseObject({ AttributeName: z.string().optional(), Enabled: z.coerce.boolean() })
    .optional(),
});
export function tableSpec(logicalId: string, name: string, table: z.infer<typeof tableShape>): TableSpec {
  const indexes = (
    list: readonly Record<string, unknown>[] | undefined,
  ): Record<string, unknown>[] | undefined =>
    list?.map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));
  const global = indexes(table.GlobalSecondaryIndexes);
  const local = indexes(table.LocalSecondaryIndexes);
  const ttl = table.TimeToLiveSpecification;
  return {
    logicalId,
    name,
    request: {
      TableName: name,
      AttributeDefinitions: table.AttributeDefinitions,
      KeySchema: table.KeySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(global && { GlobalSecondaryIndexes: global }),
      ...(local && { LocalSecondaryIndexes: local }),
      ...(table.StreamSpecification && {
        StreamSpecification: {
          StreamEnabled: true,
          StreamViewType: table.StreamSpecification.StreamViewType,
        },
      }),
    },
    timeToLive: ttl?.Enabled ? ttl.AttributeName : undefined,
  };
}

export const queueShape = z.looseObject({});
export const QUEUE_ATTRIBUTES = [
  'VisibilityTimeout',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'FifoQueue',
  'ContentBasedDeduplication',
];
export function queueAttributes(queue: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    QUEUE_ATTRIBUTES.filter((name) => queue[name] !== undefined).map((name) => {
      const value = queue[name];
      return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
    }),
  );
}

export const subscriptionShape = z.looseObject({
  TopicArn: z.string(),
  Protocol: z.string(),
  Endpoint: z.string(),
  FilterPolicy: z.unknown().optional(),
  FilterPolicyScope: z.string().optional(),
  RawMessageDelivery: z.coerce.boolean().optional(),
});
export function subscriptionSpec(subscription: z.infer<typeof subscriptionShape>): SubscriptionSpec {
  return {
    topicArn: subscription.TopicArn,
    protocol: subscription.Protocol,
    endpoint: subscription.Endpoint,
    attributes: {
      ...(subscription.FilterPolicy !== undefined && {
        FilterPolicy: JSON.stringify(subscription.FilterPolicy),
      }),
      ...(subscription.FilterPolicyScope && { FilterPolicyScope: subscription.FilterPolicyScope }),
      ...(subscription.RawMessageDelivery && { RawMessageDelivery: 'true' }),
    },
  };
}

export const functionShape = z.looseObject({
  Code: z.looseObject({ S3Key: z.string().optional() }),
  Handler: z.string().optional(),
  Runtime: z.string().default('nodejs'),
  Timeout: z.coerce.number().positive().default(3),
  MemorySize: z.coerce.number().positive().default(128),
  Environment: z.looseObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
});
export function functionSpec(
  logicalId: string,
  name: string,
  fn: z.infer<typeof functionShape>,
  context: TemplateContext,
): FunctionSpec {
  if (!fn.Code.S3Key || !fn.Handler || !fn.Runtime.startsWith('nodejs')) {
    throw new Error(
      `${logicalId}: the local runner runs Node.js bundles from assets (runtime ${fn.Runtime})`,
    );
  }
  return {
    logicalId,
    name,
    arn: functionArn(name),
    codePath: context.assetPath(fn.Code.S3Key),
    handler: fn.Handler,
    runtime: fn.Runtime,
    timeoutMs: fn.Timeout * 1000,
    memoryMb: fn.MemorySize,
    environment: fn.Environment?.Variables ?? {},
  };
}

export const mappingShape = z.looseObject({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  Enabled: z.coerce.boolean().default(true),
  BatchSize: z.coerce.number().int().min(1).max(10000).default(DEFAULT_SETTINGS.batchSize),
  MaximumBatchingWindowInSeconds: z.coerce.number().min(0).max(300).default(0),
  ParallelizationFactor: z.coerce.number().int().min(1).max(10).default(1),
  MaximumRetryAttempts: z.coerce.number().int().min(-1).max(10000).default(-1),
  MaximumRecordAgeInSeconds: z.coerce.number().int().min(-1).max(604800).default(-1),
  BisectBatchOnFunctionError: z.coerce.boolean().default(false),
  FunctionResponseTypes: z.array(z.string()).default([]),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']).default('LATEST'),
  StartingPositionTimestamp: z.coerce.number().optional(),
  TumblingWindowInSeconds: z.coerce.number().default(0),
  FilterCriteria: z.looseObject({ Filters: z.array(z.looseObject({ Pattern: z.string() })) }).optional(),
  DestinationConfig: z
    .looseObject({ OnFailure: z.looseObject({ Destination: z.string() }).optional() })
    .optional(),
});
export const unlimited = (value: number): number => (value === -1 ? Number.POSITIVE_INFINITY : value);
export function mappingSpec(logicalId: string, mapping: z.infer<typeof mappingShape>): MappingSpec {
  if (mapping.TumblingWindowInSeconds > 0) {
    throw new Error(`${logicalId}: the local runner has no tumbling windows`);
  }
  return {
    logicalId,
    functionName: mapping.FunctionName.split(':').at(-1) ?? mapping.FunctionName,
    sourceArn: mapping.EventSourceArn,
    enabled: mapping.Enabled,
    settings: {
      ...DEFAULT_SETTINGS,
      batchSize: mapping.BatchSize,
      maximumBatchingWindowMs: mapping.MaximumBatchingWindowInSeconds * 1000,
      parallelizationFactor: mapping.ParallelizationFactor,
      maximumRetryAttempts: unlimited(mapping.MaximumRetryAttempts),
      maximumRecordAgeMs: unlimited(mapping.MaximumRecordAgeInSeconds) * 1000,
      bisectBatchOnFunctionError: mapping.BisectBatchOnFunctionError,
      reportBatchItemFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    },
    start:
      mapping.StartingPosition === 'AT_TIMESTAMP'
        ? { kind: 'AT_TIMESTAMP', at: (mapping.StartingPositionTimestamp ?? 0) * 1000 }
        : { kind: mapping.StartingPosition },
    filters: mapping.FilterCriteria?.Filters.map((filter) => filter.Pattern) ?? [],
    destination: mapping.DestinationConfig?.OnFailure?.Destination,
  };
}

export const isFunctionArn = (value: string): boolean =>
  /^arn:[^:]*:lambda:[^:]*:[^:]*:function:/.test(value);
export const ruleShape = z.looseObject({
  ScheduleExpression: z.string().optional(),
  State: z.string().default('ENABLED'),
  Targets: z.array(z.looseObject({ Arn: z.string(), Input: z.string().optional() })).default([]),
});
/** Rules with an event pattern are not schedules and have nothing to run on here. */
export function ruleSchedules(logicalId: string, rule: z.infer<typeof ruleShape>): ScheduleSpec[] {
  const { ScheduleExpression: expression } = rule;
  if (!expression) return [];
  return rule.Targets.filter((target) => isFunctionArn(target.Arn)).map((target) => ({
    logicalId,
    functionName: target.Arn.split(':').at(-1) ?? target.Arn,
    expression,
    enabled: rule.State !== 'DISABLED',
    input: target.Input,
  }));
}

export const schedulerShape = z.looseObject({
  ScheduleExpression: z.string(),
  State: z.string().default('ENABLED'),
  Target: z.looseObject({ Arn: z.string(), Input: z.string().optional() }),
});
export function schedulerSchedule(logicalId: string, schedule: z.infer<typeof schedulerShape>): ScheduleSpec {
  if (!isFunctionArn(schedule.Target.Arn)) {
    throw new Error(
      `${logicalId}: the local runner schedules functions only (target ${schedule.Target.Arn})`,
    );
  }
  return {
    logicalId,
    functionName: schedule.Target.Arn.split(':').at(-1) ?? schedule.Target.Arn,
    expression: schedule.ScheduleExpression,
    enabled: schedule.State !== 'DISABLED',
    input: schedule.Target.Input,
  };
}
