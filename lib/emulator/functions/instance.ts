import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { FunctionSpec } from '../template/resource-shapes.ts';

/** How an invocation failed, as a Lambda reports it. */
export interface InvocationError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: string;
}

/** What an instance answers: the response as JSON text, or what went wrong. */
export type Outcome = { readonly payload: string } | { readonly error: InvocationError };

export interface InstanceOptions {
  readonly spec: FunctionSpec;
  /** file of the handler, and the name that exports it */
  readonly entry: string;
  readonly exportName: string;
  /** all variables that the code sees */
  readonly environment: Readonly<Record<string, string>>;
  /** everything that the code writes, line by line */
  readonly onLine: (text: string) => void;
  readonly onDeath: (instance: Instance) => void;
}

/**
 * One execution environment of a function: a thread that takes one invocation at a time, keeps its module state between
 * them, and is killed when the timeout passes.
 */
export class Instance {
  readonly #options: InstanceOptions;
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  #dead = false;
  #current: { readonly requestId: string; settle(outcome: Outcome): void } | undefined;
  #begun: () => void = () => undefined;
  #failed: (error: unknown) => void = () => undefined;

  constructor(options: InstanceOptions) {
    const { spec, entry, exportName, environment } = options;
    this.#options = options;
    this.#worker = new Worker(new URL('./function-worker.mjs', import.meta.url), {
      workerData: { entry, exportName, name: spec.name, arn: spec.arn, memoryMb: spec.memoryMb },
      env: { ...environment },
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb },
    });
    this.#ready = new Promise<void>((resolve, reject) => {
      this.#begun = resolve;
      this.#failed = reject;
    });
    // who invokes sees the rejection; an instance that dies unused is only replaced
    this.#ready.catch(() => undefined);
    this.#listen();
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Resolves when the code is loaded. @throws InvocationError where it cannot be */
  loaded(): Promise<void> {
    return this.#ready;
  }

  /** Runs the handler on an event (JSON text). An instance that dies meanwhile gives an error, it throws none. */
  run(requestId: string, payload: string): Promise<Outcome> {
    const { timeoutMs } = this.#options.spec;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.#current = undefined;
        resolve(outcome);
      };
      const timer = setTimeout(() => this.#timeOut(requestId), timeoutMs);
      this.#current = { requestId, settle };
      if (this.#dead)
        settle({ error: { errorType: 'Runtime.ExitError', errorMessage: 'the instance is dead' } });
      else this.#worker.postMessage({ requestId, payload, deadline: Date.now() + timeoutMs });
    });
  }

  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #timeOut(requestId: string): void {
    const seconds = (this.#options.spec.timeoutMs / 1000).toFixed(2);
    void this.#worker.terminate();
    this.#current?.settle({
      error: {
        errorType: TIMED_OUT,
        errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
      },
    });
    this.#dead = true;
    this.#options.onDeath(this);
  }

  #listen(): void {
    const worker = this.#worker;
    worker.on('message', (message: { ready?: true; requestId?: string } & Partial<Outcome>) => {
      if (message.ready) this.#begun();
      else if (this.#current?.requestId === message.requestId) this.#current?.settle(message as Outcome);
    });
    worker.on('error', (error: unknown) => {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      this.#die({ errorType: name, errorMessage: message, ...(stack !== undefined && { trace: stack }) });
    });
    worker.on('exit', (code) =>
      this.#die({ errorType: 'Runtime.ExitError', errorMessage: `the instance exited with code ${code}` }),
    );
    forLines(worker.stdout, this.#options.onLine);
    forLines(worker.stderr, this.#options.onLine);
  }

  #die(error: InvocationError): void {
    this.#dead = true;
    this.#options.onDeath(this);
    this.#failed(error);
    this.#current?.settle({ error });
  }
}

/** The error type of an invocation that was cut off. */
export const TIMED_OUT = 'Sandbox.Timedout';

function forLines(stream: Readable, take: (text: string) => void): void {
  let rest = '';
  const emit = (text: string): void => {
    if (text !== '') take(text);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(emit);
  });
  stream.on('end', () => emit(rest));
}
