import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
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
  type AlarmSpec,
  alarmShape,
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
  /** every resource that is declared, with the name that it has here */
  readonly resources: readonly ResourceName[];
  readonly alarms: readonly AlarmSpec[];
  /** physical name of every resource, by logical id */
  readonly names: Readonly<Record<string, string>>;
  /** resource types that have no counterpart here and were left out */
  readonly ignored: readonly string[];
}

/** A resource by its two names, as CloudFormation lists them. */
export interface ResourceName {
  readonly logicalId: string;
  readonly name: string;
  readonly type: string;
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
  return new TemplateResolver(template.parse(source), context).resolve();
}

type ParsedTemplate = z.infer<typeof template>;
type Resource = z.infer<typeof resource>;
type Growing<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K];
};
/** A template that is being put together. */
type Draft = Growing<Omit<LocalTemplate, 'appConfig'>> & { readonly appConfig: Growing<ControlSpec> };

/** What the readers of a resource need of it. */
interface Declared {
  readonly logicalId: string;
  readonly name: string;
  readonly context: TemplateContext;
  /** its properties, resolved. @throws {Error} naming resource and property that do not fit */
  readonly read: <T>(shape: z.ZodType<T>) => T;
}

/** Where each type of resource goes. A type that is not here has no counterpart in the embedded cloud. */
const READERS: Readonly<Record<string, (into: Draft, declared: Declared) => void>> = {
  'AWS::Kinesis::Stream': (into, { logicalId, name, read }) => {
    const { ShardCount, RetentionPeriodHours } = read(streamShape);
    into.streams.push({ logicalId, name, shards: ShardCount, retentionHours: RetentionPeriodHours });
  },
  'AWS::DynamoDB::Table': (into, { logicalId, name, read }) =>
    into.tables.push(tableSpec(logicalId, name, read(tableShape))),
  'AWS::S3::Bucket': (into, { name }) => into.buckets.push(name),
  'AWS::SNS::Topic': (into, { name }) => into.topics.push(name),
  'AWS::SQS::Queue': (into, { logicalId, name, read }) =>
    into.queues.push({ logicalId, name, attributes: queueAttributes(read(queueShape)) }),
  'AWS::SNS::Subscription': (into, { read }) =>
    into.subscriptions.push(subscriptionSpec(read(subscriptionShape))),
  'AWS::Lambda::Function': (into, { logicalId, name, context, read }) =>
    into.functions.push(functionSpec(logicalId, name, read(functionShape), context)),
  'AWS::Lambda::EventSourceMapping': (into, { logicalId, read }) =>
    into.mappings.push(mappingSpec(logicalId, read(mappingShape))),
  'AWS::Events::Rule': (into, { logicalId, read }) =>
    into.schedules.push(...ruleSchedules(logicalId, read(ruleShape))),
  'AWS::Scheduler::Schedule': (into, { logicalId, read }) =>
    into.schedules.push(schedulerSchedule(logicalId, read(schedulerShape))),
  'AWS::CloudWatch::Alarm': (into, { read }) => {
    const { AlarmName, AlarmDescription, Threshold } = read(alarmShape);
    into.alarms.push({ name: AlarmName, description: AlarmDescription, threshold: Threshold });
  },
  'AWS::AppConfig::Application': () => undefined,
  'AWS::AppConfig::Environment': ({ appConfig }, { name, read }) =>
    appConfig.environments.push({ application: read(ofApplication).ApplicationId, name }),
  'AWS::AppConfig::ConfigurationProfile': ({ appConfig }, { name, read }) => {
    const { ApplicationId, Validators } = read(configurationShape);
    appConfig.configurations.push({
      application: ApplicationId,
      profile: name,
      validators: Validators.filter(({ Type }) => Type === 'LAMBDA').map(({ Content }) => Content),
    });
  },
  'AWS::AppConfig::DeploymentStrategy': ({ appConfig }, { name, read }) =>
    appConfig.strategies.push({ name, bakeMinutes: read(strategyShape).FinalBakeTimeInMinutes }),
};

/** One template on its way to names and ARNs of the embedded cloud. */
class TemplateResolver {
  readonly #parsed: ParsedTemplate;
  readonly #context: TemplateContext;
  readonly #intrinsics: Intrinsics;
  readonly #names: Record<string, string> = {};

  constructor(parsed: ParsedTemplate, context: TemplateContext) {
    this.#parsed = parsed;
    this.#context = context;
    const kind = (id: string): string | undefined => parsed.Resources[id]?.Type;
    const queueUrl = (name: string): string =>
      `${context.queueEndpoint ?? 'http://127.0.0.1'}/${LOCAL_ACCOUNT}/${name}`;
    this.#intrinsics = {
      stackName: context.stackName,
      parameters: Object.fromEntries(
        Object.entries(parsed.Parameters).map(([id, { Default: value }]) => [id, String(value ?? '')]),
      ),
      mappings: parsed.Mappings as Intrinsics['mappings'],
      conditions: parsed.Conditions as Intrinsics['conditions'],
      imports: context.imports ?? {},
      ref: (id) => reference(kind(id), this.#nameOf(id), queueUrl),
      attribute: (id, attribute) => attributeOf(kind(id), this.#nameOf(id), attribute, id, queueUrl),
    };
  }

  resolve(): LocalTemplate {
    const found: Draft = {
      stackName: this.#context.stackName,
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
      outputs: this.#outputs(),
      resources: [],
      alarms: [],
      names: this.#names,
      ignored: [],
    };
    const ignored = new Set<string>();
    for (const [logicalId, entry] of Object.entries(this.#parsed.Resources)) {
      if (entry.Condition && !isTrue(entry.Condition, this.#intrinsics)) continue;
      const declared = { logicalId, name: this.#nameOf(logicalId), context: this.#context };
      found.resources.push({ logicalId, name: declared.name, type: entry.Type });
      const reader = READERS[entry.Type];
      if (reader) reader(found, { ...declared, read: (shape) => this.#read(logicalId, entry, shape) });
      else ignored.add(entry.Type);
    }
    return { ...found, ignored: [...ignored].sort() };
  }

  #read<T>(logicalId: string, { Type, Properties }: Resource, shape: z.ZodType<T>): T {
    const result = shape.safeParse(resolveValue(Properties as TemplateValue, this.#intrinsics));
    if (!result.success) throw new Error(`${logicalId} (${Type}): ${z.prettifyError(result.error)}`);
    return result.data;
  }

  #outputs(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#parsed.Outputs).flatMap(([id, output]) => {
        const value = resolveValue(output.Value as TemplateValue, this.#intrinsics);
        return typeof value === 'string' ? [[id, value]] : [];
      }),
    );
  }

  #nameOf(id: string): string {
    const entry = this.#parsed.Resources[id];
    if (entry === undefined) throw new Error(`the template refers to ${id}, which it does not declare`);
    this.#names[id] ??= physicalName(id, entry, this.#context.stackName, this.#intrinsics);
    return this.#names[id];
  }
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
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::AppConfig::Application': 'Name',
  'AWS::AppConfig::Environment': 'Name',
  'AWS::AppConfig::ConfigurationProfile': 'Name',
  'AWS::AppConfig::DeploymentStrategy': 'Name',
};

/** The declared name, or stack and logical id as CloudFormation would begin it. */
function physicalName(id: string, entry: Resource, stackName: string, intrinsics: Intrinsics): string {
  const property = NAME_PROPERTY[entry.Type];
  const declared = property && entry.Properties[property];
  if (declared) return String(resolveValue(declared as TemplateValue, intrinsics));
  if (entry.Type === 'AWS::S3::Bucket') return `${stackName}-${id}`.toLowerCase().slice(0, 63);
  const fifo = entry.Properties.FifoTopic || entry.Properties.FifoQueue ? '.fifo' : '';
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
