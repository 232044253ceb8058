import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Metric } from './functions/embedded-metrics.ts';
import { type Invocation, type LocalFunction, type LogLine, startFunction } from './functions/function.ts';
import { firesAt, parseSchedule, scheduledEvent } from './functions/schedule.ts';
import { nameOfArn } from './names.ts';
import { type Clients, localClients } from './services/clients.ts';
import {
  type Emulators,
  type Endpoints,
  type Engine,
  endpointVariables,
  startEmulators,
} from './services/emulators.ts';
import { type Mail, readInbox } from './services/inbox.ts';
import { failureObjectKey, type GivenUp, invocationRecord } from './streams/invocation-record.ts';
import { kinesisSource } from './streams/kinesis-source.ts';
import { type MappingRunner, runMapping } from './streams/mapping-runner.ts';
import type { TableMeter } from './tables/table-proxy.ts';
import { tableStreamSource } from './tables/table-stream-source.ts';
import type { MappingSpec } from './template/resource-shapes.ts';
import { createResources } from './template/resources.ts';
import { type LocalTemplate, readAssembly } from './template/template.ts';

/** A stack on this machine: its resources in emulators, its functions in threads, its mappings and schedules. */
export interface Cloud {
  readonly template: LocalTemplate;
  readonly endpoints: Endpoints;
  /** variables that point an AWS SDK or the AWS command line here */
  readonly variables: Readonly<Record<string, string>>;
  readonly clients: Clients;
  readonly emulators: Emulators;
  readonly functions: readonly LocalFunction[];
  readonly mappings: readonly MappingRunner[];
  /** lines that functions logged, metrics among them, oldest first */
  readonly logs: readonly LogLine[];
  readonly metrics: readonly Metric[];
  /** what broke in the runner or an emulator; empty in a good run */
  readonly problems: readonly unknown[];
  /** what mappings gave up */
  readonly givenUp: readonly GivenUp[];
  /** The function whose name or logical id is, or contains, `name`. */
  function(name: string): LocalFunction;
  /** Invokes a function with an event of the caller. */
  invoke(name: string, event: unknown): Promise<Invocation>;
  /** Invokes a scheduled function as its schedule would at a moment, by default now (epoch milliseconds). */
  wake(name: string, at?: number): Promise<Invocation>;
  /** Mails that came to a topic since the last look; `topic` as in {@link function}. */
  inbox(topic: string): Promise<Mail[]>;
  /** Units and calls of every table so far. */
  meter(): Promise<Readonly<Record<string, TableMeter>>>;
  /**
   * Waits until everything that was put in so far went all the way: every mapping read to its tip with nothing left
   * over, through chains of them. `hurry`: batching windows are taken as over, since nothing more will come.
   * @throws {Error} after `timeoutMs`, saying which mapping still holds how much
   */
  settled(options?: { readonly timeoutMs?: number; readonly hurry?: boolean }): Promise<void>;
  /** Lets the schedules run on the clock, until the cloud is closed. */
  startSchedules(): void;
  close(): Promise<void>;
}

export interface CloudOptions {
  /** a synthesized assembly (`cdk.out`), or a template made from the queue endpoint that it gets */
  readonly stack: string | ((queueEndpoint: string) => LocalTemplate);
  readonly engine?: Engine;
  /** variables for functions, over the template's, by function name or logical id in part; `*` for all */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** instances a function may have at a time; default the number of cores */
  readonly concurrency?: number;
  /** shards of streams that are on demand; AWS begins with 4 */
  readonly onDemandShards?: number;
  readonly onLog?: (line: LogLine) => void;
  readonly onMetric?: (metric: Metric) => void;
}

const SETTLE_TIMEOUT_MS = 60_000;

/** Starts everything; what had started is closed again when something cannot. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const emulators = await startEmulators(options.engine);
  try {
    return await startStack(emulators, options);
  } catch (error) {
    await emulators.close();
    throw error;
  }
}

async function startStack(emulators: Emulators, options: CloudOptions): Promise<Cloud> {
  const { endpoints } = emulators;
  const clients = localClients(endpoints);
  const template =
    typeof options.stack === 'string'
      ? readAssembly(options.stack, endpoints.messages)
      : options.stack(endpoints.messages);
  await createResources(template, clients, options.onDemandShards);

  const logs: LogLine[] = [];
  const metrics: Metric[] = [];
  const problems: unknown[] = [];
  const givenUp: GivenUp[] = [];
  const variables = endpointVariables(endpoints);
  let hurry = false;
  let settling = 0;
  let timer: NodeJS.Timeout | undefined;

  const functions = template.functions.map((spec) =>
    startFunction(spec, {
      environment: {
        ...variables,
        ...Object.entries(options.overrides ?? {})
          .filter(([name]) => name === '*' || matches(spec, name))
          .reduce<Record<string, string>>((all, [, values]) => Object.assign(all, values), {}),
      },
      concurrency: options.concurrency ?? availableParallelism(),
      onLog(line) {
        logs.push(line);
        options.onLog?.(line);
      },
      onMetric(metric) {
        metrics.push(metric);
        options.onMetric?.(metric);
      },
    }),
  );

  const find = (name: string): LocalFunction =>
    pick(
      functions,
      (fn) => fn.spec.name === name || fn.spec.logicalId === name,
      (fn) => matches(fn.spec, name),
      `function "${name}"`,
      functions.map((fn) => fn.spec.logicalId),
    );

  emulators.appConfig.declare(template.appConfig, async (functionArn, payload) => {
    const invocation = await find(functionArn.split(':').at(-1) ?? '').invoke(payload);
    return invocation.ok ? undefined : invocation.error.errorMessage;
  });

  const mappings = template.mappings
    .filter((spec) => spec.enabled)
    .map((spec) => {
      const fn = find(spec.functionName);
      return runMapping(spec, {
        source: sourceOf(spec, clients, endpoints),
        functionArn: fn.spec.arn,
        invoke: (payload) => fn.invoke(payload),
        async giveUp(given) {
          givenUp.push(given);
          if (spec.destination) await deliver(given, spec, spec.destination, clients);
        },
        onProblem: (error) => problems.push(error),
        hurry: () => hurry,
        urgent: () => settling > 0,
      });
    });

  const wake = async (name: string, at: number = Date.now()): Promise<Invocation> => {
    const fn = find(name);
    const schedule = template.schedules.find((spec) => spec.functionName === fn.spec.name);
    if (!schedule) throw new Error(`no schedule wakes ${fn.spec.logicalId}`);
    return fn.invoke(scheduledEvent(schedule, at));
  };

  return {
    template,
    endpoints,
    variables,
    clients,
    emulators,
    functions,
    mappings,
    logs,
    metrics,
    problems,
    givenUp,
    function: find,
    invoke: async (name, event) => find(name).invoke(JSON.stringify(event)),
    wake,
    inbox(topic) {
      const name = pick(
        template.topics,
        (candidate) => candidate === topic,
        (candidate) => candidate.toLowerCase().includes(topic.toLowerCase()),
        `topic "${topic}"`,
        template.topics,
      );
      return readInbox(clients.sqs, name);
    },
    async meter() {
      const response = await fetch(`${endpoints.dynamodb}/_meter`);
      return (await response.json()) as Record<string, TableMeter>;
    },
    async settled({ timeoutMs = SETTLE_TIMEOUT_MS, hurry: hurried = false } = {}) {
      const deadline = Date.now() + timeoutMs;
      hurry = hurried;
      settling++;
      try {
        // A pass in which no mapping invoked anything, each having looked after the pass began, is the end.
        for (let before = -1; ; ) {
          const since = Date.now();
          while (!mappings.every((mapping) => mapping.isCaughtUp(since))) {
            if (problems.length > 0) throw new Error('the embedded cloud broke', { cause: problems[0] });
            if (Date.now() > deadline)
              throw new Error(`not settled in ${timeoutMs} ms: ${describe(mappings)}`);
            await sleep(10);
          }
          const after = mappings.reduce((sum, mapping) => sum + mapping.statistics.invocations, 0);
          if (after === before) return;
          before = after;
        }
      } finally {
        settling--;
        hurry = false;
      }
    },
    startSchedules() {
      const began = Date.now();
      const schedules = template.schedules
        .filter((spec) => spec.enabled)
        .map((spec) => ({ spec, schedule: parseSchedule(spec.expression) }));
      let minute = Math.floor(began / 60_000);
      timer ??= setInterval(() => {
        const now = Date.now();
        if (Math.floor(now / 60_000) === minute) return;
        minute = Math.floor(now / 60_000);
        for (const { spec, schedule } of schedules) {
          if (!firesAt(schedule, now, began)) continue;
          find(spec.functionName)
            .invoke(scheduledEvent(spec, now))
            .catch((error: unknown) => problems.push(error));
        }
      }, 1000);
    },
    async close() {
      clearInterval(timer);
      await Promise.all(mappings.map((mapping) => mapping.stop()));
      await Promise.all(functions.map((fn) => fn.close()));
      clients.close();
      await emulators.close();
    },
  };
}

function matches(spec: { readonly name: string; readonly logicalId: string }, name: string): boolean {
  return spec.logicalId.toLowerCase().includes(name.toLowerCase());
}

/** The one that is called so, else the only one that fits. */
function pick<T>(
  all: readonly T[],
  exact: (candidate: T) => boolean,
  fits: (candidate: T) => boolean,
  what: string,
  names: readonly string[],
): T {
  const found = all.find(exact);
  if (found) return found;
  const fitting = all.filter(fits);
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) {
    throw new Error(`${fitting.length} matches for ${what} among ${names.join(', ')}`);
  }
  return only;
}

function sourceOf(
  spec: MappingSpec,
  clients: Clients,
  endpoints: Endpoints,
): Parameters<typeof runMapping>[1]['source'] {
  const [, , service] = spec.sourceArn.split(':');
  switch (service) {
    case 'kinesis':
      return kinesisSource(clients.kinesis, spec.sourceArn, spec.filters.length > 0);
    case 'dynamodb':
      return tableStreamSource(endpoints.dynamodb, spec.sourceArn);
    default:
      throw new Error(
        `${spec.logicalId}: the local runner polls Kinesis and table streams, not ${spec.sourceArn}`,
      );
  }
}

/** S3 gets the whole event, SQS and SNS the metadata. */
async function deliver(
  given: GivenUp,
  spec: MappingSpec,
  destination: string,
  clients: Clients,
): Promise<void> {
  const [, , service] = destination.split(':');
  switch (service) {
    case 's3':
      await clients.s3.send(
        new PutObjectCommand({
          Bucket: nameOfArn(destination),
          Key: failureObjectKey(spec.logicalId, given.shardId, given.at, randomUUID()),
          Body: invocationRecord(given, true),
          ContentType: 'application/json',
        }),
      );
      return;
    case 'sqs': {
      const { QueueUrl } = await clients.sqs.send(
        new GetQueueUrlCommand({ QueueName: nameOfArn(destination) }),
      );
      await clients.sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: invocationRecord(given, false) }),
      );
      return;
    }
    case 'sns':
      await clients.sns.send(
        new PublishCommand({ TopicArn: destination, Message: invocationRecord(given, false) }),
      );
      return;
    default:
      throw new Error(`${spec.logicalId}: no on-failure destination at ${destination}`);
  }
}

function describe(mappings: readonly MappingRunner[]): string {
  return mappings
    .map(
      ({ spec, backlog, statistics }) =>
        `${spec.logicalId}: ${backlog} held, ${statistics.failures} failures`,
    )
    .join('; ');
}
