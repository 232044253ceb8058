import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  bucketArn,
  functionArn,
  LOCAL_ACCOUNT,
  otherArn,
  queueArn,
  roleArn,
  streamArn,
  tableArn,
  tableStreamArn,
  topicArn,
} from '../names.ts';
import type { ControlSpec } from '../services/app-config-control.ts';
import { type Intrinsics, isTrue, resolveValue, type TemplateValue } from './intrinsics.ts';
import {
  configurationShape,
  type FunctionSpec,
  functionShape,
  functionSpec,
  type MappingSpec,
  mappingShape,
  mappingSpec,
  ofApplication,
  type QueueSpec,
  queueAttributes,
  queueShape,
  ruleSchedules,
  ruleShape,
  type ScheduleSpec,
  type StreamSpec,
  type SubscriptionSpec,
  schedulerSchedule,
  schedulerShape,
  strategyShape,
  streamShape,
  subscriptionShape,
  subscriptionSpec,
  type TableSpec,
  type TemplateContext,
  tableShape,
  tableSpec,
} from './resource-shapes.ts';

/**
 * Reads what is to be made and run from a synthesized CDK assembly, so that there is no second list of resources:
 * the template's intrinsics are resolved to the names and ARNs of the embedded cloud.
 */
export interface LocalTemplate {
  readonly stackName: string;
  readonly streams: readonly StreamSpec[];
  readonly tables: readonly TableSpec[];
  readonly buckets: readonly string[];
  readonly topics: readonly string[];
  readonly queues: readonly QueueSpec[];
  readonly subscriptions: readonly SubscriptionSpec[];
  readonly functions: readonly FunctionSpec[];
  readonly mappings: readonly MappingSpec[];
  readonly schedules: readonly ScheduleSpec[];
  readonly appConfig: ControlSpec;
  readonly outputs: Readonly<Record<string, string>>;
  /** physical name of every resource, by logical id */
  readonly names: Readonly<Record<string, string>>;
  /** resource types that have no counterpart here and were left out */
  readonly ignored: readonly string[];
}

const resource = z.looseObject({
  Type: z.string(),
  Condition: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});

const template = z.looseObject({
  Resources: z.record(z.string(), resource),
  Parameters: z.record(z.string(), z.looseObject({ Default: z.unknown() })).default({}),
  Mappings: z.record(z.string(), z.unknown()).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Outputs: z
    .record(
      z.string(),
      z.looseObject({ Value: z.unknown(), Export: z.looseObject({ Name: z.unknown() }).optional() }),
    )
    .default({}),
});

/**
 * Reads the first stack of an assembly folder (`cdk.out`).
 * @throws {Error} naming the file, resource and property that cannot be understood
 */
export function readAssembly(folder: string, queueEndpoint?: string): LocalTemplate {
  const manifest = z
    .looseObject({
      artifacts: z.record(
        z.string(),
        z.looseObject({ type: z.string(), properties: z.looseObject({}).optional() }),
      ),
    })
    .parse(readJson(join(folder, 'manifest.json')));
  const stacks = Object.entries(manifest.artifacts).filter(
    ([, artifact]) => artifact.type === 'aws:cloudformation:stack',
  );
  const [first] = stacks;
  if (!first || stacks.length > 1) {
    throw new Error(`${folder} must hold one stack for the local runner (holds ${stacks.length})`);
  }
  const [stackName, artifact] = first;
  const file = String(artifact.properties?.templateFile ?? `${stackName}.template.json`);
  return resolveTemplate(readJson(join(folder, file)), {
    stackName,
    assetPath: assetPaths(folder, join(folder, `${stackName}.assets.json`)),
    ...(queueEndpoint !== undefined && { queueEndpoint }),
  });
}

/** Object key to source folder, from the assembly's asset manifest. */
function assetPaths(folder: string, manifestFile: string): (objectKey: string) => string {
  const manifest = z
    .looseObject({
      files: z.record(
        z.string(),
        z.looseObject({
          source: z.looseObject({ path: z.string().optional() }),
          destinations: z.record(z.string(), z.looseObject({ objectKey: z.string() })),
        }),
      ),
    })
    .parse(readJson(manifestFile));
  const paths = new Map<string, string>();
  for (const { source, destinations } of Object.values(manifest.files)) {
    for (const { objectKey } of Object.values(destinations)) {
      if (source.path) paths.set(objectKey, join(folder, source.path));
    }
  }
  return (objectKey) => {
    const path = paths.get(objectKey);
    if (!path) throw new Error(`${manifestFile} has no asset ${objectKey}`);
    return path;
  };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`cannot read ${file}: synthesize the app first`, { cause: error });
  }
}

/** Resolves a template that was read already; see {@link readAssembly}. */
export function resolveTemplate(source: unknown, context: TemplateContext): LocalTemplate {
  const parsed = template.parse(source);
  const kinds = new Map(Object.entries(parsed.Resources).map(([id, entry]) => [id, entry.Type]));
  const names: Record<string, string> = {};
  const intrinsics: Intrinsics = {
    stackName: context.stackName,
    parameters: Object.fromEntries(
      Object.entries(parsed.Parameters).map(([id, { Default: value }]) => [id, String(value ?? '')]),
    ),
    mappings: parsed.Mappings as Intrinsics['mappings'],
    conditions: parsed.Conditions as Intrinsics['conditions'],
    imports: context.imports ?? {},
    ref: (id) => reference(kinds.get(id), nameOf(id), queueUrl),
    attribute: (id, attribute) => attributeOf(kinds.get(id), nameOf(id), attribute, id, queueUrl),
  };
  const queueUrl = (name: string): string =>
    `${context.queueEndpoint ?? 'http://127.0.0.1'}/${LOCAL_ACCOUNT}/${name}`;
  const nameOf = (id: string): string => {
    if (!kinds.has(id)) throw new Error(`the template refers to ${id}, which it does not declare`);
    names[id] ??= physicalName(id, parsed.Resources[id], context.stackName, intrinsics);
    return names[id];
  };

  const found: {
    -readonly [K in keyof LocalTemplate]: LocalTemplate[K] extends readonly (infer T)[]
      ? T[]
      : LocalTemplate[K];
  } = {
    stackName: context.stackName,
    streams: [],
    tables: [],
    buckets: [],
    topics: [],
    queues: [],
    subscriptions: [],
    functions: [],
    mappings: [],
    schedules: [],
    appConfig: { configurations: [], environments: [], strategies: [] },
    outputs: {},
    names,
    ignored: [],
  };
  const ignored = new Set<string>();
  const appConfig: { [K in keyof ControlSpec]: ControlSpec[K][number][] } = {
    configurations: [],
    environments: [],
    strategies: [],
  };

  for (const [logicalId, entry] of Object.entries(parsed.Resources)) {
    if (entry.Condition && !isTrue(entry.Condition, intrinsics)) continue;
    const read = <T>(shape: z.ZodType<T>): T => {
      const resolved = resolveValue(entry.Properties as TemplateValue, intrinsics);
      const result = shape.safeParse(resolved);
      if (!result.success) {
        throw new Error(`${logicalId} (${entry.Type}): ${z.prettifyError(result.error)}`);
      }
      return result.data;
    };
    const name = nameOf(logicalId);
    switch (entry.Type) {
      case 'AWS::Kinesis::Stream':
        found.streams.push({ logicalId, name, shards: read(streamShape).ShardCount });
        break;
      case 'AWS::DynamoDB::Table':
        found.tables.push(tableSpec(logicalId, name, read(tableShape)));
        break;
      case 'AWS::S3::Bucket':
        found.buckets.push(name);
        break;
      case 'AWS::SNS::Topic':
        found.topics.push(name);
        break;
      case 'AWS::SQS::Queue':
        found.queues.push({ logicalId, name, attributes: queueAttributes(read(queueShape)) });
        break;
      case 'AWS::SNS::Subscription':
        found.subscriptions.push(subscriptionSpec(read(subscriptionShape)));
        break;
      case 'AWS::Lambda::Function':
        found.functions.push(functionSpec(logicalId, name, read(functionShape), context));
        break;
      case 'AWS::Lambda::EventSourceMapping':
        found.mappings.push(mappingSpec(logicalId, read(mappingShape)));
        break;
      case 'AWS::Events::Rule':
        found.schedules.push(...ruleSchedules(logicalId, read(ruleShape)));
        break;
      case 'AWS::Scheduler::Schedule':
        found.schedules.push(schedulerSchedule(logicalId, read(schedulerShape)));
        break;
      case 'AWS::AppConfig::Application':
        break;
      case 'AWS::AppConfig::Environment':
        appConfig.environments.push({ application: read(ofApplication).ApplicationId, name });
        break;
      case 'AWS::AppConfig::ConfigurationProfile': {
        const { ApplicationId, Validators } = read(configurationShape);
        appConfig.configurations.push({
          application: ApplicationId,
          profile: name,
          validators: Validators.filter(({ Type }) => Type === 'LAMBDA').map(({ Content }) => Content),
        });
        break;
      }
      case 'AWS::AppConfig::DeploymentStrategy':
        appConfig.strategies.push({ name, bakeMinutes: read(strategyShape).FinalBakeTimeInMinutes });
        break;
      default:
        ignored.add(entry.Type);
    }
  }
  found.appConfig = appConfig;
  found.ignored = [...ignored].sort();
  found.outputs = Object.fromEntries(
    Object.entries(parsed.Outputs).flatMap(([id, output]) => {
      const value = resolveValue(output.Value as TemplateValue, intrinsics);
      return typeof value === 'string' ? [[id, value]] : [];
    }),
  );
  return found;
}

/** Property that holds a resource's own name, where it has one. */
const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::Kinesis::Stream': 'Name',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Events::EventBus': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::AppConfig::Application': 'Name',
  'AWS::AppConfig::Environment': 'Name',
  'AWS::AppConfig::ConfigurationProfile': 'Name',
  'AWS::AppConfig::DeploymentStrategy': 'Name',
};

/** The declared name, or stack and logical id as CloudFormation would begin it. */
function physicalName(
  id: string,
  entry: z.infer<typeof resource> | undefined,
  stackName: string,
  intrinsics: Intrinsics,
): string {
  const property = NAME_PROPERTY[entry?.Type ?? ''];
  const declared = property && entry?.Properties[property];
  if (declared) return String(resolveValue(declared as TemplateValue, intrinsics));
  if (entry?.Type === 'AWS::S3::Bucket') return `${stackName}-${id}`.toLowerCase().slice(0, 63);
  const fifo = entry?.Properties.FifoTopic || entry?.Properties.FifoQueue ? '.fifo' : '';
  return `${stackName}-${id}`.slice(0, 64 - fifo.length) + fifo;
}

type QueueUrl = (name: string) => string;

/** `Ref` gives the name, but for a topic its ARN and for a queue its URL. */
function reference(type: string | undefined, name: string, queueUrl: QueueUrl): string {
  if (type === 'AWS::SNS::Topic') return topicArn(name);
  if (type === 'AWS::SQS::Queue') return queueUrl(name);
  return name;
}

const ARNS: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Kinesis::Stream': streamArn,
  'AWS::DynamoDB::Table': tableArn,
  'AWS::S3::Bucket': bucketArn,
  'AWS::SNS::Topic': topicArn,
  'AWS::SQS::Queue': queueArn,
  'AWS::Lambda::Function': functionArn,
  'AWS::IAM::Role': roleArn,
};

function attributeOf(
  type: string | undefined,
  name: string,
  attribute: string,
  id: string,
  queueUrl: QueueUrl,
): string {
  switch (attribute) {
    case 'Arn':
    case 'TopicArn':
      return (ARNS[type ?? ''] ?? ((other) => otherArn('local', other)))(name);
    case 'StreamArn':
      return tableStreamArn(name);
    case 'TopicName':
    case 'QueueName':
    case 'Name':
      return name;
    case 'QueueUrl':
      return queueUrl(name);
    default:
      // Left readable: something that only AWS gives (a domain name, a key id) is not needed to run locally.
      return `local-${id}-${attribute}`;
  }
}
