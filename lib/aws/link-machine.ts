import {
  ExecutionAlreadyExists,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';

/** What came of asking for a run. */
export type Started = 'started' | 'under way';

/** The one owner of the state machine of runs of `link` in shards. */
export class LinkMachine {
  readonly #client: Pick<SFNClient, 'send'>;
  readonly #arn: string;

  constructor(arn: string, client: Pick<SFNClient, 'send'> = new SFNClient({ maxAttempts: 5 })) {
    this.#client = client;
    this.#arn = arn;
  }

  /**
   * Starts a run, unless one is under way: it may take longer than changes ask for the next, and what is asked meanwhile is asked again.
   * The list may be behind, so two may run (step-functions/latest/apireference/API_ListExecutions.html); of one name there is one, where
   * the same call comes twice (API_StartExecution.html, "ExecutionAlreadyExists").
   */
  async start(name: string): Promise<Started> {
    const stateMachineArn = this.#arn;
    const { executions = [] } = await this.#client.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 }),
    );
    if (executions.length > 0) return 'under way';
    try {
      await this.#client.send(new StartExecutionCommand({ stateMachineArn, name, input: '{}' }));
      return 'started';
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return 'under way';
      throw error;
    }
  }
}
