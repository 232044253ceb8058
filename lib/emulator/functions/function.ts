import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { FunctionSpec } from '../template/resource-shapes.ts';
import { type Metric, metricsOf } from './embedded-metrics.ts';

/** What came of one invocation. */
export type Invocation =
  | { readonly ok: true; readonly requestId: string; readonly response: unknown; readonly durationMs: number }
  | {
      readonly ok: false;
      readonly requestId: string;
      readonly error: InvocationError;
      readonly durationMs: number;
    };

export interface InvocationError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: string;
}

export interface LogLine {
  readonly functionName: string;
  readonly text: string;
}

export interface LocalFunction {
  readonly spec: FunctionSpec;
  /** Runs the handler on an event (JSON text) in a free instance; waits for one if all are busy. */
  invoke(payload: string): Promise<Invocation>;
  /** Kills every instance at once, as when its host dies: what is in flight fails, without a last word. */
  crash(): Promise<void>;
  readonly statistics: FunctionStatistics;
  close(): Promise<void>;
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

interface Instance {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  current: { readonly requestId: string; settle(outcome: Outcome): void } | undefined;
  dead: boolean;
}

type Outcome = { readonly payload: string } | { readonly error: InvocationError };

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
 * Runs a function's bundle as Lambda would: an instance takes one invocation at a time, keeps its module state
 * between them, is killed when the timeout passes, and is replaced when it died.
 * @throws {Error} the bundle has no file for the handler
 */
export function startFunction(spec: FunctionSpec, options: FunctionOptions): LocalFunction {
  const { entry, exportName } = locate(spec);
  const instances = new Set<Instance>();
  const queue: ((instance: Instance) => void)[] = [];
  const statistics: FunctionStatistics = {
    invocations: 0,
    failures: 0,
    timeouts: 0,
    coldStarts: 0,
    busyMs: 0,
  };
  let closed = false;

  const launch = (): Instance => {
    statistics.coldStarts++;
    const worker = new Worker(new URL('./function-worker.mjs', import.meta.url), {
      workerData: { entry, exportName, name: spec.name, arn: spec.arn, memoryMb: spec.memoryMb },
      env: { ...runtimeVariables(spec), ...spec.environment, ...options.environment },
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb },
    });
    let begun: () => void = () => undefined;
    let failed: (error: unknown) => void = () => undefined;
    const ready = new Promise<void>((resolve, reject) => {
      begun = resolve;
      failed = reject;
    });
    // Who invokes sees the rejection; an instance that dies unused is only replaced.
    ready.catch(() => undefined);
    const instance: Instance = { worker, ready, current: undefined, dead: false };
    const die = (error: InvocationError): void => {
      instance.dead = true;
      instances.delete(instance);
      failed(error);
      instance.current?.settle({ error });
    };
    worker.on('message', (message: { ready?: true; requestId?: string } & Partial<Outcome>) => {
      if (message.ready) begun();
      else if (instance.current?.requestId === message.requestId)
        instance.current?.settle(message as Outcome);
    });
    worker.on('error', (error: unknown) => {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      die({ errorType: name, errorMessage: message, ...(stack !== undefined && { trace: stack }) });
    });
    worker.on('exit', (code) =>
      die({ errorType: 'Runtime.ExitError', errorMessage: `the instance exited with code ${code}` }),
    );
    forward(worker.stdout);
    forward(worker.stderr);
    instances.add(instance);
    return instance;
  };

  const forward = (stream: Readable): void => {
    let rest = '';
    stream.setEncoding('utf8');
    const emit = (text: string): void => {
      if (text === '') return;
      for (const metric of metricsOf(text)) options.onMetric({ ...metric, functionName: spec.name });
      options.onLog({ functionName: spec.name, text });
    };
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(emit);
    });
    stream.on('end', () => emit(rest));
  };

  const busy = new Set<Instance>();

  const acquire = (): Promise<Instance> => {
    if (closed) throw new Error(`${spec.name} is closed`);
    const free = [...instances].find((instance) => !busy.has(instance));
    const instance = free ?? (instances.size < options.concurrency ? launch() : undefined);
    if (instance) {
      busy.add(instance);
      return Promise.resolve(instance);
    }
    return new Promise((resolve) => queue.push(resolve));
  };

  const release = (instance: Instance): void => {
    busy.delete(instance);
    const waiting = queue.shift();
    if (!waiting) return;
    const next = instance.dead ? launch() : instance;
    busy.add(next);
    waiting(next);
  };

  const run = (instance: Instance, requestId: string, payload: string): Promise<Outcome> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        statistics.timeouts++;
        void instance.worker.terminate();
        settle({
          error: {
            errorType: 'Sandbox.Timedout',
            errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(spec.timeoutMs / 1000).toFixed(2)} seconds`,
          },
        });
        instance.dead = true;
        instances.delete(instance);
      }, spec.timeoutMs);
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        instance.current = undefined;
        resolve(outcome);
      };
      instance.current = { requestId, settle };
      if (instance.dead)
        settle({ error: { errorType: 'Runtime.ExitError', errorMessage: 'the instance is dead' } });
      else instance.worker.postMessage({ requestId, payload, deadline: Date.now() + spec.timeoutMs });
    });

  return {
    spec,
    statistics,
    async invoke(payload) {
      const requestId = randomUUID();
      const instance = await acquire();
      try {
        statistics.invocations++;
        let outcome: Outcome;
        let began = performance.now();
        try {
          await instance.ready;
          began = performance.now();
          outcome = await run(instance, requestId, payload);
        } catch (error) {
          outcome = { error: error as InvocationError }; // the instance failed to start
        }
        const durationMs = performance.now() - began;
        statistics.busyMs += durationMs;
        if ('error' in outcome) {
          statistics.failures++;
          return { ok: false, requestId, error: outcome.error, durationMs };
        }
        return { ok: true, requestId, response: JSON.parse(outcome.payload) as unknown, durationMs };
      } finally {
        release(instance);
      }
    },
    async crash() {
      await Promise.all([...instances].map(({ worker }) => worker.terminate()));
    },
    async close() {
      closed = true;
      await Promise.all([...instances].map(({ worker }) => worker.terminate()));
    },
  };
}

/** File and export of a handler such as `index.handler`. */
function locate(spec: FunctionSpec): { readonly entry: string; readonly exportName: string } {
  const dot = spec.handler.lastIndexOf('.');
  const [file, exportName] = [spec.handler.slice(0, dot), spec.handler.slice(dot + 1)];
  const entry = EXTENSIONS.map((extension) => join(spec.codePath, `${file}.${extension}`)).find(existsSync);
  if (!entry) throw new Error(`${spec.logicalId}: no ${file}.{${EXTENSIONS.join(',')}} in ${spec.codePath}`);
  return { entry, exportName };
}
