import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionSpec } from '../template/resource-shapes.ts';
import { type Metric, metricsOf } from './embedded-metrics.ts';
import { Instance, type InvocationError, type Outcome, TIMED_OUT } from './instance.ts';

/** What came of one invocation. */
export type Invocation =
  | { readonly ok: true; readonly requestId: string; readonly response: unknown; readonly durationMs: number }
  | {
      readonly ok: false;
      readonly requestId: string;
      readonly error: InvocationError;
      readonly durationMs: number;
    };

export interface LogLine {
  readonly functionName: string;
  readonly text: string;
}

export interface FunctionStatistics {
  invocations: number;
  failures: number;
  timeouts: number;
  coldStarts: number;
  /** milliseconds inside the handler, all invocations together */
  busyMs: number;
}

export interface FunctionOptions {
  /** variables beside the template's: endpoints, region, credentials; nothing else of this process is passed on */
  readonly environment: Readonly<Record<string, string>>;
  /** instances at a time; more invocations wait */
  readonly concurrency: number;
  readonly onLog: (line: LogLine) => void;
  readonly onMetric: (metric: Metric) => void;
}

const EXTENSIONS = ['mjs', 'js', 'cjs'];
/** What a Lambda's code gets beside its own variables (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). */
const runtimeVariables = (spec: FunctionSpec): Record<string, string> => ({
  _HANDLER: spec.handler,
  LAMBDA_TASK_ROOT: spec.codePath,
  AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
  AWS_LAMBDA_FUNCTION_NAME: spec.name,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  TZ: ':UTC',
  // The bundle runs on this Node, not on the one that its runtime names; the SDK would say so at every cold start.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

/**
 * Runs a function's bundle as Lambda would: an instance takes one invocation at a time, and is replaced when it died.
 */
export class LocalFunction {
  readonly spec: FunctionSpec;
  readonly statistics: FunctionStatistics = {
    invocations: 0,
    failures: 0,
    timeouts: 0,
    coldStarts: 0,
    busyMs: 0,
  };
  readonly #options: FunctionOptions;
  readonly #code: ReturnType<typeof locate>;
  readonly #instances = new Set<Instance>();
  readonly #busy = new Set<Instance>();
  readonly #queue: ((instance: Instance) => void)[] = [];
  #closed = false;

  /** @throws {Error} the bundle has no file for the handler */
  constructor(spec: FunctionSpec, options: FunctionOptions) {
    this.spec = spec;
    this.#options = options;
    this.#code = locate(spec);
  }

  /** Runs the handler on an event (JSON text) in a free instance; waits for one if all are busy. */
  async invoke(payload: string): Promise<Invocation> {
    const requestId = randomUUID();
    const instance = await this.#acquire();
    try {
      this.statistics.invocations++;
      const { outcome, durationMs } = await timed(instance, requestId, payload);
      this.statistics.busyMs += durationMs;
      if ('payload' in outcome)
        return { ok: true, requestId, response: JSON.parse(outcome.payload) as unknown, durationMs };
      this.statistics.failures++;
      if (outcome.error.errorType === TIMED_OUT) this.statistics.timeouts++;
      return { ok: false, requestId, error: outcome.error, durationMs };
    } finally {
      this.#release(instance);
    }
  }

  /** Kills every instance at once, as when its host dies: what is in flight fails, without a last word. */
  async crash(): Promise<void> {
    await Promise.all([...this.#instances].map((instance) => instance.kill()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.crash();
  }

  #launch(): Instance {
    const { spec } = this;
    this.statistics.coldStarts++;
    const instance = new Instance({
      spec,
      ...this.#code,
      environment: { ...runtimeVariables(spec), ...spec.environment, ...this.#options.environment },
      onLine: (text) => this.#take(text),
      onDeath: (dead) => this.#instances.delete(dead),
    });
    this.#instances.add(instance);
    return instance;
  }

  #take(text: string): void {
    const { name } = this.spec;
    for (const metric of metricsOf(text)) this.#options.onMetric({ ...metric, functionName: name });
    this.#options.onLog({ functionName: name, text });
  }

  #acquire(): Promise<Instance> {
    if (this.#closed) throw new Error(`${this.spec.name} is closed`);
    const free = [...this.#instances].find((instance) => !this.#busy.has(instance));
    const instance = free ?? (this.#instances.size < this.#options.concurrency ? this.#launch() : undefined);
    if (instance) {
      this.#busy.add(instance);
      return Promise.resolve(instance);
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #release(instance: Instance): void {
    this.#busy.delete(instance);
    const waiting = this.#queue.shift();
    if (!waiting) return;
    const next = instance.dead ? this.#launch() : instance;
    this.#busy.add(next);
    waiting(next);
  }
}

/** The outcome, and how long the handler took, ms; loading the code is not part of it. */
async function timed(
  instance: Instance,
  requestId: string,
  payload: string,
): Promise<{ readonly outcome: Outcome; readonly durationMs: number }> {
  let began = performance.now();
  let outcome: Outcome;
  try {
    await instance.loaded();
    began = performance.now();
    outcome = await instance.run(requestId, payload);
  } catch (error) {
    outcome = { error: error as InvocationError }; // the instance failed to start
  }
  return { outcome, durationMs: performance.now() - began };
}

/** File and export of a handler such as `index.handler`. */
function locate(spec: FunctionSpec): { readonly entry: string; readonly exportName: string } {
  const dot = spec.handler.lastIndexOf('.');
  const [file, exportName] = [spec.handler.slice(0, dot), spec.handler.slice(dot + 1)];
  const entry = EXTENSIONS.map((extension) => join(spec.codePath, `${file}.${extension}`)).find(existsSync);
  if (!entry) throw new Error(`${spec.logicalId}: no ${file}.{${EXTENSIONS.join(',')}} in ${spec.codePath}`);
  return { entry, exportName };
}
