import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS } from '../time.ts';
import { type AccountState, accountState } from './account/account-state.ts';
import { type ControlPlane, startControlPlane } from './account/control-plane.ts';
import { eventRules } from './account/json-operations.ts';
import type { Metric } from './functions/embedded-metrics.ts';
import { type Invocation, LocalFunction, type LogLine } from './functions/function.ts';
import { firesAt, parseSchedule, scheduledEvent } from './functions/schedule.ts';
import { type Clients, localClients } from './services/clients.ts';
import {
  type Emulators,
  type Endpoints,
  type Engine,
  endpointVariables,
  startEmulators,
} from './services/emulators.ts';
import { type Mail, readInbox } from './services/inbox.ts';
import type { GivenUp } from './streams/invocation-record.ts';
import { kinesisSource } from './streams/kinesis-source.ts';
import { MappingRunner } from './streams/mapping-runner.ts';
import { deliverFailure } from './streams/on-failure.ts';
import type { StreamSource } from './streams/stream-source.ts';
import type { TableMeter } from './tables/table-meter.ts';
import { tableStreamSource } from './tables/table-stream-source.ts';
import type { FunctionSpec, MappingSpec } from './template/resource-shapes.ts';
import { createResources } from './template/resources.ts';
import { type LocalTemplate, readAssembly } from './template/template.ts';

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
    const { endpoints } = emulators;
    const template =
      typeof options.stack === 'string'
        ? readAssembly(options.stack, endpoints.messages)
        : options.stack(endpoints.messages);
    const clients = localClients(endpoints);
    await createResources(template, clients, options.onDemandShards);
    const cloud = new Cloud({ template, emulators, clients }, options);
    await cloud.openAccount();
    return cloud;
  } catch (error) {
    await emulators.close();
    throw error;
  }
}

/** A stack on this machine: its resources in emulators, its functions in threads, its mappings and schedules. */
export class Cloud {
  readonly template: LocalTemplate;
  readonly endpoints: Endpoints;
  /** what the account knows of the stack; tests change it */
  readonly account: AccountState;
  readonly clients: Clients;
  readonly emulators: Emulators;
  readonly functions: readonly LocalFunction[];
  readonly mappings: readonly MappingRunner[];
  readonly #logs: LogLine[] = [];
  readonly #metrics: Metric[] = [];
  readonly #problems: unknown[] = [];
  readonly #givenUp: GivenUp[] = [];
  readonly #options: CloudOptions;
  /** batching windows are taken as over */
  #hurry = false;
  /** how many wait for the cloud to settle */
  #settling = 0;
  #timer: NodeJS.Timeout | undefined;
  #control: ControlPlane | undefined;

  /** @param parts emulators in which all of the template's resources exist */
  constructor(
    parts: { readonly template: LocalTemplate; readonly emulators: Emulators; readonly clients: Clients },
    options: CloudOptions,
  ) {
    this.template = parts.template;
    this.emulators = parts.emulators;
    this.clients = parts.clients;
    this.endpoints = parts.emulators.endpoints;
    this.account = accountState(this.template);
    this.#options = options;
    this.functions = this.template.functions.map((spec) => this.#startFunction(spec));
    this.emulators.appConfig.declare(this.template.appConfig, async (functionArn, payload) => {
      const invocation = await this.function(functionArn.split(':').at(-1) ?? '').invoke(payload);
      return invocation.ok ? undefined : invocation.error.errorMessage;
    });
    this.mappings = this.template.mappings
      .filter((spec) => spec.enabled)
      .map((spec) => this.#startMapping(spec));
  }

  /** Variables that point an AWS SDK or the AWS command line here. */
  get variables(): Readonly<Record<string, string>> {
    return { ...endpointVariables(this.endpoints), ...this.#control?.variables };
  }

  /** Starts what answers for the account: the stack, its alarms, quotas, rules. */
  async openAccount(): Promise<void> {
    const { account } = this;
    this.emulators.bus.answer((operation, input) => eventRules(operation, input, account));
    this.#control = await startControlPlane({
      account,
      messages: this.endpoints.messages,
      lines: () => this.#logs,
      invoke: async (functionName, payload) => {
        const invocation = await this.function(functionName).invoke(payload);
        return invocation.ok
          ? { response: invocation.response }
          : { response: undefined, error: invocation.error.errorMessage };
      },
    });
  }

  /** lines that functions logged, metrics among them, oldest first */
  get logs(): readonly LogLine[] {
    return this.#logs;
  }

  get metrics(): readonly Metric[] {
    return this.#metrics;
  }

  /** what broke in the runner or an emulator; empty in a good run */
  get problems(): readonly unknown[] {
    return this.#problems;
  }

  /** what mappings gave up */
  get givenUp(): readonly GivenUp[] {
    return this.#givenUp;
  }

  /** The function whose name or logical id is, or contains, `name`. */
  function(name: string): LocalFunction {
    return pick(this.functions, {
      exact: ({ spec }) => spec.name === name || spec.logicalId === name,
      fits: ({ spec }) => matches(spec, name),
      what: `function "${name}"`,
      names: this.functions.map(({ spec }) => spec.logicalId),
    });
  }

  /** Invokes a function with an event of the caller. */
  async invoke(name: string, event: unknown): Promise<Invocation> {
    return this.function(name).invoke(JSON.stringify(event));
  }

  /** Invokes a scheduled function as its schedule would at a moment, by default now (epoch milliseconds). */
  async wake(name: string, at: number = Date.now()): Promise<Invocation> {
    const fn = this.function(name);
    const schedule = this.template.schedules.find((spec) => spec.functionName === fn.spec.name);
    if (!schedule) throw new Error(`no schedule wakes ${fn.spec.logicalId}`);
    return fn.invoke(scheduledEvent(schedule, at));
  }

  /** Mails that came to a topic since the last look; `topic` as in {@link function}. */
  inbox(topic: string): Promise<Mail[]> {
    const { topics } = this.template;
    const name = pick(topics, {
      exact: (candidate) => candidate === topic,
      fits: (candidate) => candidate.toLowerCase().includes(topic.toLowerCase()),
      what: `topic "${topic}"`,
      names: topics,
    });
    return readInbox(this.clients.sqs, name);
  }

  /** Units and calls of every table so far. */
  async meter(): Promise<Readonly<Record<string, TableMeter>>> {
    const response = await fetch(`${this.endpoints.dynamodb}/_meter`);
    return (await response.json()) as Record<string, TableMeter>;
  }

  /**
   * Waits until everything that was put in so far went all the way: every mapping read to its tip with nothing left
   * over, through chains of them. `hurry`: batching windows are taken as over, since nothing more will come.
   * @throws {Error} after `timeoutMs`, saying which mapping still holds how much
   */
  async settled(options: { readonly timeoutMs?: number; readonly hurry?: boolean } = {}): Promise<void> {
    const { timeoutMs = SETTLE_TIMEOUT_MS, hurry = false } = options;
    const deadline = Date.now() + timeoutMs;
    this.#hurry = hurry;
    this.#settling++;
    try {
      // a pass in which no mapping invoked anything, each having looked after the pass began, is the end
      for (let before = -1; ; ) {
        const since = Date.now();
        while (!this.mappings.every((mapping) => mapping.isCaughtUp(since))) {
          if (this.#problems.length > 0)
            throw new Error('the embedded cloud broke', { cause: this.#problems[0] });
          if (Date.now() > deadline)
            throw new Error(`not settled in ${timeoutMs} ms: ${describe(this.mappings)}`);
          await sleep(10);
        }
        const after = this.mappings.reduce((sum, mapping) => sum + mapping.statistics.invocations, 0);
        if (after === before) return;
        before = after;
      }
    } finally {
      this.#settling--;
      this.#hurry = false;
    }
  }

  /**
   * Lets the schedules run on the clock, until the cloud is closed.
   * @param told what time the functions are told, ms, for replays of old traffic
   */
  startSchedules(told: (now: number) => number = (now) => now): void {
    const began = Date.now();
    const schedules = this.template.schedules
      .filter((spec) => spec.enabled)
      .map((spec) => ({ spec, schedule: parseSchedule(spec.expression) }));
    let minute = Math.floor(began / MINUTE_MS);
    this.#timer ??= setInterval(() => {
      const now = Date.now();
      if (Math.floor(now / MINUTE_MS) === minute) return;
      minute = Math.floor(now / MINUTE_MS);
      for (const { spec, schedule } of schedules) {
        if (!firesAt(schedule, now, began)) continue;
        this.function(spec.functionName)
          .invoke(scheduledEvent(spec, told(now)))
          .catch((error: unknown) => this.#problems.push(error));
      }
    }, 1000);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.mappings.map((mapping) => mapping.stop()));
    await Promise.all(this.functions.map((fn) => fn.close()));
    this.clients.close();
    await this.#control?.close();
    await this.emulators.close();
  }

  #startFunction(spec: FunctionSpec): LocalFunction {
    const { overrides = {}, concurrency = availableParallelism(), onLog, onMetric } = this.#options;
    const own = Object.entries(overrides).filter(([name]) => name === '*' || matches(spec, name));
    return new LocalFunction(spec, {
      environment: Object.assign(endpointVariables(this.endpoints), ...own.map(([, values]) => values)),
      concurrency,
      onLog: (line) => {
        this.#logs.push(line);
        onLog?.(line);
      },
      onMetric: (metric) => {
        this.#metrics.push(metric);
        onMetric?.(metric);
      },
    });
  }

  #startMapping(spec: MappingSpec): MappingRunner {
    const fn = this.function(spec.functionName);
    return MappingRunner.start(spec, {
      source: sourceOf(spec, this.clients, this.endpoints),
      functionArn: fn.spec.arn,
      invoke: (payload) => fn.invoke(payload),
      giveUp: async (given) => {
        this.#givenUp.push(given);
        await deliverFailure(given, spec, this.clients);
      },
      onProblem: (error) => this.#problems.push(error),
      hurry: () => this.#hurry,
      urgent: () => this.#settling > 0,
    });
  }
}

function matches(spec: { readonly name: string; readonly logicalId: string }, name: string): boolean {
  return spec.logicalId.toLowerCase().includes(name.toLowerCase());
}

/** How one of several is found by a name. */
interface Search<T> {
  readonly exact: (candidate: T) => boolean;
  readonly fits: (candidate: T) => boolean;
  /** what was looked for, and what there is, for the error */
  readonly what: string;
  readonly names: readonly string[];
}

/** The one that is called so, else the only one that fits. */
function pick<T>(all: readonly T[], { exact, fits, what, names }: Search<T>): T {
  const found = all.find(exact);
  if (found) return found;
  const fitting = all.filter(fits);
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) {
    throw new Error(`${fitting.length} matches for ${what} among ${names.join(', ')}`);
  }
  return only;
}

function sourceOf(spec: MappingSpec, clients: Clients, endpoints: Endpoints): StreamSource {
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

function describe(mappings: readonly MappingRunner[]): string {
  return mappings
    .map(
      ({ spec, backlog, statistics }) =>
        `${spec.logicalId}: ${backlog} held, ${statistics.failures} failures`,
    )
    .join('; ');
}
