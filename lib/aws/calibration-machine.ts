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
  /** see or measure */
  readonly map: string;
  readonly shards: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
}

export const RUN_STATES = [
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'ABORTED',
  'PENDING_REDRIVE',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** One calibration in shards. */
export interface CalibrationRun {
  readonly run: string;
  readonly state: RunState;
  /** ISO */
  readonly started: string;
  readonly ended?: string;
  /** why it failed, as the step said */
  readonly cause?: string;
  /** what it made: the calibration's id and its accounts; absent where too few accounts showed enough */
  readonly made?: { readonly id: string; readonly accounts: number };
  readonly maps: readonly MapProgress[];
}

/** The one owner of the state machine of the calibration in shards. */
export class CalibrationMachine {
  readonly #client: SFNClient;
  readonly #arn: string;

  constructor(client: SFNClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
  }

  /** The run that began last; undefined: none in the last 90 days (step-functions/latest/dg/service-quotas.html). */
  async latest(): Promise<CalibrationRun | undefined> {
    const { executions = [] } = await this.#client.send(
      new ListExecutionsCommand({ stateMachineArn: this.#arn, maxResults: 1 }),
    );
    const [newest] = executions;
    return newest?.executionArn === undefined ? undefined : this.describe(newest.executionArn);
  }

  async start(): Promise<CalibrationRun> {
    const { executionArn = '' } = await this.#client.send(
      new StartExecutionCommand({ stateMachineArn: this.#arn }),
    );
    return this.describe(executionArn);
  }

  async describe(executionArn: string): Promise<CalibrationRun> {
    const found = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
    const { mapRuns = [] } = await this.#client.send(new ListMapRunsCommand({ executionArn }));
    const maps = await Promise.all(mapRuns.map(({ mapRunArn = '' }) => this.#map(mapRunArn)));
    const made = madeBy(found.output);
    return {
      run: executionArn,
      state: RUN_STATES.find((state) => state === found.status) ?? 'RUNNING',
      started: found.startDate?.toISOString() ?? '',
      ...(found.stopDate === undefined ? {} : { ended: found.stopDate.toISOString() }),
      ...(found.cause === undefined ? {} : { cause: found.cause }),
      ...(made === undefined ? {} : { made }),
      // the map that began first comes first
      maps: maps.sort((a, b) => (a.map === b.map ? 0 : a.map === 'see' ? -1 : 1)),
    };
  }

  /** Ends a run. What its steps left stays for two days, and it may be resumed. */
  async cancel(executionArn: string): Promise<void> {
    await this.#client.send(
      new StopExecutionCommand({
        executionArn,
        error: 'Canceled',
        cause: 'canceled by siphonwatch recalibrate',
      }),
    );
  }

  /** Goes on with a run that failed or was cancelled: API_RedriveExecution. */
  async resume(executionArn: string): Promise<void> {
    await this.#client.send(new RedriveExecutionCommand({ executionArn }));
  }

  async #map(mapRunArn: string): Promise<MapProgress> {
    const { itemCounts } = await this.#client.send(new DescribeMapRunCommand({ mapRunArn }));
    const { total = 0, succeeded = 0, running = 0, failed = 0, timedOut = 0, aborted = 0 } = itemCounts ?? {};
    // arn:...:mapRun:MACHINE/LABEL:ID (step-functions/latest/dg/state-map-distributed.html, "Label")
    const [, map = 'map'] = /mapRun:[^/]+\/([^:]+):/.exec(mapRunArn) ?? [];
    return { map, shards: total, done: succeeded, running, failed: failed + timedOut + aborted };
  }
}

function madeBy(output: string | undefined): CalibrationRun['made'] {
  if (output === undefined) return undefined;
  const json: unknown = JSON.parse(output);
  if (typeof json !== 'object' || json === null || !('id' in json) || !('accounts' in json)) return undefined;
  return { id: String(json.id), accounts: Number(json.accounts) };
}
