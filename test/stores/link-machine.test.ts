import { ExecutionAlreadyExists, type SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { LinkMachine } from '../../lib/aws/link-machine.ts';

/** Step Functions as far as it is asked here: executions by name, of which so many run. */
class Executions {
  readonly names = new Set<string>();
  running = 0;

  async send(command: { input: { name?: string; statusFilter?: string } }): Promise<object> {
    const { name, statusFilter } = command.input;
    if (name === undefined) {
      expect(statusFilter).toBe('RUNNING');
      return { executions: Array.from({ length: Math.min(1, this.running) }, () => ({})) };
    }
    // as API_StartExecution documents: a name is taken for 90 days, whatever became of the execution
    if (this.names.has(name)) throw new ExecutionAlreadyExists({ message: name, $metadata: {} });
    this.names.add(name);
    this.running++;
    return { executionArn: name };
  }
}

describe('a run of link in shards', () => {
  it('is started once, and not while another is under way', async () => {
    const executions = new Executions();
    const machine = new LinkMachine('arn', executions as unknown as SFNClient);
    expect(await machine.start('link-1')).toBe('started');
    expect(await machine.start('link-2')).toBe('under way');
    executions.running = 0;
    expect(await machine.start('link-1')).toBe('under way');
    expect(await machine.start('link-2')).toBe('started');
    expect([...executions.names]).toEqual(['link-1', 'link-2']);
  });
});
