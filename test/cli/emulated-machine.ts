import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../infra/synthesized.ts';
import { Execution } from '../lambdas/play-states.ts';

interface Run {
  readonly arn: string;
  readonly execution: Execution;
  status: string;
  looks: number;
  /** when it began, and ended last, by the machine's clock */
  readonly started: number;
  ended?: number | undefined;
  /** looks that are still told how it was before it was started or taken up */
  behind: number;
  before?: { readonly status: string; readonly stopDate: number | undefined };
  cause?: string;
  /** why a shard failed: the run itself says only that one did */
  shardCause?: string;
}

/**
 * Step Functions and CloudFormation over HTTP, as far as runs in shards ask them: one state machine whose executions are played by
 * play-states.ts, and one stack with its outputs. A look at a run that is under way plays it to its end the second time. Refuses to begin two runs
 * of a name (API_StartExecution: ExecutionAlreadyExists), and to redrive what runs or succeeded (API_RedriveExecution:
 * ExecutionNotRedrivable).
 */
export class EmulatedMachine {
  readonly #definition: Json;
  readonly #invoke: (functionArn: Json, payload: Json) => Promise<unknown>;
  readonly #outputs: () => Readonly<Record<string, string>>;
  readonly #runs: Run[] = [];
  readonly #server: Server;
  #inMap = false;
  endpoint = '';
  /** a run that is looked at goes on */
  goesOn = true;
  /** looks at a run that are behind, once it was started or taken up: API_DescribeExecution, "eventually consistent" */
  behind = 0;
  /** s since 1970 */
  #clock = 1_772_427_600;

  static readonly arn = 'arn:aws:states:us-east-1:111122223333:stateMachine:Siphonwatch-backtest';

  constructor(
    definition: object,
    invoke: (functionArn: Json, payload: Json) => Promise<unknown>,
    outputs: () => Readonly<Record<string, string>>,
  ) {
    this.#definition = definition as Json;
    this.#invoke = invoke;
    this.#outputs = outputs;
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        const target = String(request.headers['x-amz-target'] ?? '');
        const answered = target === '' ? Promise.resolve(this.#stack()) : this.#answer(target, body);
        answered.then(
          (answer) => response.end(answer),
          (error: unknown) => {
            const { name, message } = error as Error;
            response.statusCode = 400;
            response.end(JSON.stringify({ __type: name, message }));
          },
        );
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get names(): string[] {
    return this.#runs.map(({ arn }) => arn.slice(arn.lastIndexOf(':') + 1));
  }

  /** Takes up a run as somebody does in the console. @param name of the execution */
  redrive(name: string): void {
    const run = this.#runs.find(({ arn }) => arn.endsWith(`:${name}`));
    if (run !== undefined) this.#redriven(run);
  }

  #redriven(run: Run): string {
    if (run.status === 'RUNNING' || run.status === 'SUCCEEDED') throw refusal('ExecutionNotRedrivable');
    const before = { status: run.status, stopDate: run.ended };
    Object.assign(run, { status: 'RUNNING', looks: 0, cause: undefined, shardCause: undefined });
    Object.assign(run, { ended: undefined, before, behind: this.behind });
    return JSON.stringify({ redriveDate: this.#clock++ });
  }

  #stack(): string {
    const outputs = Object.entries(this.#outputs())
      .map(
        ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
      )
      .join('');
    return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>S</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  }

  async #answer(target: string, body: string): Promise<string> {
    const action = target.slice(target.indexOf('.') + 1);
    const input = JSON.parse(body) as {
      executionArn?: string;
      name?: string;
      mapRunArn?: string;
      statusFilter?: string;
      maxResults?: number;
    };
    if (action === 'ListExecutions' && input.mapRunArn !== undefined)
      return JSON.stringify({
        executions: this.#runs.slice(0, 1).map(({ arn }) => ({ executionArn: `${arn}/shard` })),
      });
    if (action === 'ListExecutions')
      return JSON.stringify({
        executions: this.#runs
          .filter(({ status }) => status === (input.statusFilter ?? status))
          .slice(0, input.maxResults)
          .map(({ arn: executionArn }) => ({ executionArn })),
      });
    if (action === 'StartExecution') {
      const name = input.name ?? 'unnamed';
      if (this.names.includes(name)) throw refusal('ExecutionAlreadyExists');
      const arn = `${EmulatedMachine.arn.replace('stateMachine', 'execution')}:${name}`;
      const execution = new Execution(this.#definition, name, async (fn, payload) => {
        // children go on beside one that fails: the one that did was the last to be asked before
        const asked = JSON.stringify(payload).includes('"step":"replay"');
        try {
          return await this.#invoke(fn, payload);
        } catch (error) {
          this.#inMap = asked;
          throw error;
        }
      });
      const started = this.#clock++;
      this.#runs.unshift({ arn, execution, status: 'RUNNING', looks: 0, started, behind: this.behind });
      return JSON.stringify({ executionArn: arn, startDate: started });
    }
    if (action === 'DescribeMapRun')
      return JSON.stringify({
        itemCounts: {
          ...{ total: 2, succeeded: 1, running: 1 },
          failed: this.#runs[0]?.shardCause === undefined ? 0 : 1,
        },
      });
    const [newest] = this.#runs;
    if (action === 'DescribeExecution' && input.executionArn === `${newest?.arn}/shard`)
      return JSON.stringify({
        executionArn: input.executionArn,
        status: 'FAILED',
        cause: newest?.shardCause,
      });
    const run = this.#runs.find(({ arn }) => arn === input.executionArn);
    if (run === undefined) throw refusal('ExecutionDoesNotExist');
    if (action === 'ListMapRuns')
      return JSON.stringify({
        mapRuns: [{ mapRunArn: `${EmulatedMachine.arn.replace('stateMachine', 'mapRun')}/replay:1` }],
      });
    if (action === 'StopExecution') {
      // one that has ended stays as it is
      if (run.status === 'RUNNING') Object.assign(run, { status: 'ABORTED', ended: this.#clock++ });
      return JSON.stringify({ stopDate: run.ended });
    }
    if (action === 'RedriveExecution') return this.#redriven(run);
    if (action !== 'DescribeExecution') throw new Error(`${action} is not modelled`);
    const { started: startDate } = run;
    if (run.behind-- > 0) {
      if (run.before === undefined) throw refusal('ExecutionDoesNotExist');
      return JSON.stringify({ executionArn: run.arn, ...run.before, startDate });
    }
    if (run.status === 'RUNNING' && this.goesOn && ++run.looks > 1) {
      try {
        await run.execution.run();
        run.status = 'SUCCEEDED';
      } catch (error) {
        run.status = 'FAILED';
        const said = JSON.stringify({ errorMessage: (error as Error).message });
        // States.ExceedToleratedFailureThreshold: step-functions/latest/dg/state-map-distributed.html
        if (this.#inMap) run.shardCause = said;
        run.cause = this.#inMap ? 'The specified tolerated failure threshold was exceeded' : said;
      }
      run.ended = this.#clock += 60;
    }
    const { arn: executionArn, status, cause, ended: stopDate } = run;
    return JSON.stringify({ executionArn, status, cause, startDate, stopDate });
  }
}

function refusal(name: string): Error {
  return Object.assign(new Error(name), { name });
}
