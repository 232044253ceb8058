import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ExecutionDoesNotExist,
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

/** What was asked of a run here, while looks at it may be behind: API_DescribeExecution, "eventually consistent". */
interface AskedFor {
  /** ms since 1970: from then on looks are trusted */
  readonly until: number;
  /** of a run that was started here */
  readonly run?: MachineRun;
  /** by the clock of AWS, ms since 1970: what ended before is taken up again */
  readonly redriven?: number;
}

/** AWS names no bound of how far looks are behind; this is assumed. */
const BEHIND_MS = 60_000;
/** Runs that are looked at for one that is under way. */
const MOST_RUNNING = 10;

/** arn:...:execution:MACHINE:NAME (API_StartExecution) */
const nameOf = (executionArn: string): string => executionArn.slice(executionArn.lastIndexOf(':') + 1);

/** A run of which no more is known than that it began. */
const underWay = (run: string, startDate: Date | undefined): MachineRun => ({
  ...{ run, name: nameOf(run), started: startDate?.toISOString() ?? '' },
  ...{ state: 'RUNNING', maps: [] },
});

/** The one owner of a state machine that runs in shards. */
export class MapMachineRuns {
  readonly #client: SFNClient;
  readonly #arn: string;
  readonly #now: () => number;
  readonly #asked = new Map<string, AskedFor>();

  /** @param now the clock, ms since 1970 */
  constructor(client: SFNClient, arn: string, now: () => number = Date.now) {
    this.#client = client;
    this.#arn = arn;
    this.#now = now;
  }

  /** Runs that are under way, the newest first: two may have been started at once, or an older one taken up again by hand. */
  async running(): Promise<MachineRun[]> {
    const { executions = [] } = await this.#client.send(
      new ListExecutionsCommand({
        stateMachineArn: this.#arn,
        statusFilter: 'RUNNING',
        maxResults: MOST_RUNNING,
      }),
    );
    const runs = await Promise.all(
      executions.map(({ executionArn: run = '', startDate }) =>
        this.describe(run).catch((error: unknown) => {
          if (!(error instanceof ExecutionDoesNotExist)) throw error;
          return underWay(run, startDate);
        }),
      ),
    );
    // either the list or the look may be behind (API_ListExecutions, API_DescribeExecution)
    return runs.filter(({ state }) => state === 'RUNNING');
  }

  /**
   * The newest run that is under way, or else the one that began last; undefined: none in the last 90 days
   * (step-functions/latest/dg/service-quotas.html).
   */
  async latest(): Promise<MachineRun | undefined> {
    const [running] = await this.running();
    if (running !== undefined) return running;
    const { executions = [] } = await this.#client.send(
      new ListExecutionsCommand({ stateMachineArn: this.#arn, maxResults: 1 }),
    );
    const [newest] = executions;
    return newest?.executionArn === undefined ? undefined : this.describe(newest.executionArn);
  }

  /** @param name of the execution; AWS gives one where there is none */
  async start(name?: string): Promise<MachineRun> {
    const { executionArn = '', startDate } = await this.#client.send(
      new StartExecutionCommand({ stateMachineArn: this.#arn, ...(name === undefined ? {} : { name }) }),
    );
    const run = underWay(executionArn, startDate);
    this.#asked.set(executionArn, { until: this.#now() + BEHIND_MS, run });
    return this.describe(executionArn);
  }

  /** How a run is. For a minute after it was started or taken up here, an answer of before that counts as none. */
  async describe(executionArn: string): Promise<MachineRun> {
    const asked = this.#asked.get(executionArn);
    if (asked === undefined || this.#now() >= asked.until) return this.#described(executionArn);
    try {
      const { ended, cause, ...run } = await this.#described(executionArn);
      if (asked.redriven !== undefined && ended !== undefined && Date.parse(ended) <= asked.redriven)
        return { ...run, state: 'RUNNING' };
      return { ...run, ...(ended === undefined ? {} : { ended }), ...(cause === undefined ? {} : { cause }) };
    } catch (error) {
      if (asked.run === undefined || !(error instanceof ExecutionDoesNotExist)) throw error;
      return asked.run;
    }
  }

  async #described(executionArn: string): Promise<MachineRun> {
    const found = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
    const { mapRuns = [] } = await this.#client.send(new ListMapRunsCommand({ executionArn }));
    const maps = await Promise.all(mapRuns.map(({ mapRunArn = '' }) => this.#map(mapRunArn)));
    const failed = mapRuns
      .filter((_, i) => (maps[i]?.failed ?? 0) > 0)
      .map(({ mapRunArn = '' }) => mapRunArn);
    const cause = found.status === 'FAILED' ? ((await this.#shardCause(failed)) ?? found.cause) : found.cause;
    return {
      run: executionArn,
      name: nameOf(executionArn),
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
    const { redriveDate } = await this.#client.send(new RedriveExecutionCommand({ executionArn }));
    if (redriveDate !== undefined)
      this.#asked.set(executionArn, { until: this.#now() + BEHIND_MS, redriven: redriveDate.getTime() });
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
