import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';

/** How far a map is. */
export interface MapProgress {
  /** its label in the machine */
  readonly map: string;
  readonly shards: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
}

const RUN_STATES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'] as const;
type RunState = (typeof RUN_STATES)[number];

/** One execution of a state machine with maps. */
export interface MachineRun {
  readonly run: string;
  /** of the execution: what steps call the run */
  readonly name: string;
  readonly state: RunState;
  /** ISO */
  readonly started: string;
  readonly ended?: string;
  /** why it failed, as the step said */
  readonly cause?: string;
  /** JSON */
  readonly output?: string;
  readonly maps: readonly MapProgress[];
}

/** The one owner of a state machine that runs in shards. */
export class MapMachineRuns {
  readonly #client: SFNClient;
  readonly #arn: string;

  constructor(client: SFNClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
  }

  /** The run that began last; undefined: none in the last 90 days (step-functions/latest/dg/service-quotas.html). */
  async latest(): Promise<MachineRun | undefined> {
    const { executions = [] } = await this.#client.send(
      new ListExecutionsCommand({ stateMachineArn: this.#arn, maxResults: 1 }),
    );
    const [newest] = executions;
    return newest?.executionArn === undefined ? undefined : this.describe(newest.executionArn);
  }

  /** @param name of the execution; AWS gives one where there is none */
  async start(name?: string): Promise<MachineRun> {
    const { executionArn = '' } = await this.#client.send(
      new StartExecutionCommand({ stateMachineArn: this.#arn, ...(name === undefined ? {} : { name }) }),
    );
    return this.describe(executionArn);
  }

  async describe(executionArn: string): Promise<MachineRun> {
    const found = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
    const { mapRuns = [] } = await this.#client.send(new ListMapRunsCommand({ executionArn }));
    const maps = await Promise.all(mapRuns.map(({ mapRunArn = '' }) => this.#map(mapRunArn)));
    const failed = mapRuns
      .filter((_, i) => (maps[i]?.failed ?? 0) > 0)
      .map(({ mapRunArn = '' }) => mapRunArn);
    const cause = found.status === 'FAILED' ? ((await this.#shardCause(failed)) ?? found.cause) : found.cause;
    return {
      run: executionArn,
      // arn:...:execution:MACHINE:NAME (API_StartExecution)
      name: executionArn.slice(executionArn.lastIndexOf(':') + 1),
      state: RUN_STATES.find((state) => state === found.status) ?? 'RUNNING',
      started: found.startDate?.toISOString() ?? '',
      ...(found.stopDate === undefined ? {} : { ended: found.stopDate.toISOString() }),
      ...(cause === undefined ? {} : { cause }),
      ...(found.output === undefined ? {} : { output: found.output }),
      maps,
    };
  }

  /** Ends a run. What its steps left stays for some days, and it may be resumed. @param by the command */
  async cancel(executionArn: string, by: string): Promise<void> {
    await this.#client.send(
      new StopExecutionCommand({ executionArn, error: 'Canceled', cause: `canceled by ${by}` }),
    );
  }

  /** Goes on with a run that failed or was cancelled: API_RedriveExecution. */
  async resume(executionArn: string): Promise<void> {
    await this.#client.send(new RedriveExecutionCommand({ executionArn }));
  }

  /**
   * Why a shard failed: of the map the run says no more than that too many did. Children are listed by their map (API_ListExecutions,
   * "mapRunArn"). Whoever may not read them has what the run says.
   */
  async #shardCause(mapRunArns: readonly string[]): Promise<string | undefined> {
    for (const mapRunArn of mapRunArns)
      try {
        const { executions = [] } = await this.#client.send(
          new ListExecutionsCommand({ mapRunArn, statusFilter: 'FAILED', maxResults: 1 }),
        );
        const executionArn = executions[0]?.executionArn;
        if (executionArn === undefined) continue;
        const { cause } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
        if (cause !== undefined) return cause;
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error;
      }
    return undefined;
  }

  async #map(mapRunArn: string): Promise<MapProgress> {
    const { itemCounts } = await this.#client.send(new DescribeMapRunCommand({ mapRunArn }));
    const { total = 0, succeeded = 0, running = 0, failed = 0, timedOut = 0, aborted = 0 } = itemCounts ?? {};
    // arn:...:mapRun:MACHINE/LABEL:ID (step-functions/latest/dg/state-map-distributed.html, "Label")
    const [, map = 'map'] = /mapRun:[^/]+\/([^:]+):/.exec(mapRunArn) ?? [];
    return { map, shards: total, done: succeeded, running, failed: failed + timedOut + aborted };
  }
}
