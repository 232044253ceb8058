import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** The one owner of the state machine of runs of `link` in shards. */
export class LinkMachine {
  readonly #client: SFNClient;
  readonly #arn: string;

  constructor(arn: string, client = new SFNClient({ maxAttempts: 5 })) {
    this.#client = client;
    this.#arn = arn;
  }

  /**
   * Starts a run. One of that name is there already where the same call comes twice: then nothing is to be done
   * (step-functions/latest/apireference/API_StartExecution.html, "ExecutionAlreadyExists").
   */
  async start(name: string): Promise<void> {
    try {
      await this.#client.send(new StartExecutionCommand({ stateMachineArn: this.#arn, name, input: '{}' }));
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }
}
