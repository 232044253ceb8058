import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CalibrationMachine } from '../../lib/aws/calibration-machine.ts';
import { recalibrateWith } from '../../lib/cli/recalibrate/recalibrate.ts';
import { recalibrationCost } from '../../lib/infra/cost/recalibration.ts';
import { holdToSchema } from './outputs.ts';

const MACHINE = 'arn:aws:states:eu-west-1:111122223333:stateMachine:Siphonwatch-calibrate';
const SHARDS = 3;

/**
 * A state machine whose runs go on by a shard with each look. Refuses to redrive what runs or succeeded, as RedriveExecution
 * does (ExecutionNotRedrivable): step-functions/latest/apireference/API_RedriveExecution.html.
 */
class Machine {
  #runs: { arn: string; status: string; done: number; output?: string; cause?: string }[] = [];
  /** shard, of both maps counted on, at which a run fails once */
  failsAt = Number.POSITIVE_INFINITY;
  output: string = JSON.stringify({ id: 'cal-2026-03-08-9-abcd', accounts: 9 });

  client(): SFNClient {
    return Object.create(SFNClient.prototype, {
      send: { value: async (command: object) => this.#answer(command) },
      config: { value: {} },
    });
  }

  #answer(command: object): object {
    const [newest] = this.#runs;
    if (command instanceof ListExecutionsCommand)
      return {
        executions: this.#runs
          .filter(({ status }) => status === (command.input.statusFilter ?? status))
          .slice(0, command.input.maxResults)
          .map(({ arn }) => ({ executionArn: arn })),
      };
    if (command instanceof StartExecutionCommand) {
      const arn = `${MACHINE.replace('stateMachine', 'execution')}:run-${this.#runs.length + 1}`;
      this.#runs.unshift({ arn, status: 'RUNNING', done: 0 });
      return { executionArn: arn };
    }
    if (newest === undefined) throw Object.assign(new Error('none'), { name: 'ExecutionDoesNotExist' });
    if (command instanceof StopExecutionCommand) {
      newest.status = 'ABORTED';
      newest.cause = command.input.cause ?? '';
      return {};
    }
    if (command instanceof RedriveExecutionCommand) {
      if (newest.status === 'RUNNING' || newest.status === 'SUCCEEDED')
        throw Object.assign(new Error('not redrivable'), { name: 'ExecutionNotRedrivable' });
      newest.status = 'RUNNING';
      return {};
    }
    const map = (label: string) => `${MACHINE.replace('stateMachine', 'mapRun')}/${label}:1`;
    if (command instanceof ListMapRunsCommand)
      return {
        mapRuns: [...(newest.done > SHARDS ? ['measure'] : []), ...(newest.done > 0 ? ['see'] : [])].map(
          (label) => ({ mapRunArn: map(label) }),
        ),
      };
    if (command instanceof DescribeMapRunCommand) {
      const second = command.input.mapRunArn === map('measure');
      const succeeded = Math.max(0, Math.min(SHARDS, newest.done - (second ? SHARDS : 0)));
      const failed = newest.status === 'FAILED' && second ? 1 : 0;
      return { itemCounts: { total: SHARDS, succeeded, running: 0, failed } };
    }
    if (!(command instanceof DescribeExecutionCommand))
      throw new Error(`${command.constructor.name} is not modelled`);
    if (newest.status === 'RUNNING' && ++newest.done >= this.failsAt) {
      Object.assign(newest, { status: 'FAILED', cause: 'shard 1 \u001b[31mtimed out' });
      this.failsAt = Number.POSITIVE_INFINITY;
    } else if (newest.done > 2 * SHARDS) Object.assign(newest, { status: 'SUCCEEDED', output: this.output });
    return { ...newest, startDate: new Date('2026-03-08T03:00:00Z') };
  }
}

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});

async function recalibrate(options: object = {}): Promise<{ code: number | string; out: string }> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const quiet = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const of = { accounts: 1_000_000, tableBytes: 2e9, shards: SHARDS, memoryMb: 2048 };
  const shards = {
    machine: new CalibrationMachine(machine.client(), MACHINE),
    cost: async () => ({ ...of, ...recalibrationCost(of) }),
  };
  try {
    const code = await recalibrateWith(shards, { wait: true, ...options }, 0);
    holdToSchema(['recalibrate', '--json'], 'json' in options ? out : '');
    return { code, out };
  } catch (error) {
    return { code: (error as Error).name, out: (error as Error).message };
  } finally {
    write.mockRestore();
    quiet.mockRestore();
  }
}

describe('recalibrate', () => {
  it('says what it would cost, and starts nothing', async () => {
    expect(await recalibrate()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/USD 0\.2\d[\s\S]*--yes/),
    });
    expect((await recalibrate({ status: true })).out).toContain('no run of the last 90 days');
    expect(JSON.parse((await recalibrate({ json: true })).out)).toMatchObject({ cost: { shards: SHARDS } });
  });

  it('watches a run to its end, and says what was learnt', async () => {
    const { code, out } = await recalibrate({ yes: true });
    expect(code).toBe(0);
    expect(out).toContain('learning from 3 of 3 shards; measuring 3 of 3 shards');
    expect(out).toContain('cal-2026-03-08-9-abcd of 9 accounts');
    machine.output = 'null';
    expect((await recalibrate({ yes: true })).out).toContain('too few accounts');
  });

  it('starts none beside one that runs, cancels it, and resumes it', async () => {
    expect(await recalibrate({ yes: true, wait: false })).toMatchObject({ code: 0 });
    expect(await recalibrate({ yes: true })).toMatchObject({ code: 'NotYetError' });
    expect((await recalibrate({ resume: true })).out).toContain('nothing to resume: the last run is running');
    expect(await recalibrate({ cancel: true })).toMatchObject({ code: 1 });
    expect((await recalibrate({ cancel: true })).out).toContain('nothing to cancel: the last run is aborted');
    expect(await recalibrate({ resume: true })).toMatchObject({ code: 0 });
  });

  it('ends with 1 where a shard fails, says why without its colours, and how to go on', async () => {
    machine.failsAt = 5;
    const { code, out } = await recalibrate({ yes: true });
    expect(code).toBe(1);
    expect(out).toContain('measuring 2 of 3 shards, 1 failed');
    expect(out).not.toContain('\u001b');
    expect(out).toContain('--resume');
    expect(await recalibrate({ resume: true, json: true })).toMatchObject({
      code: 0,
      out: expect.stringContaining('"accounts": 9'),
    });
  });
});

it('ten million accounts are reckoned below an hour and USD 20 in forty shards', () => {
  const { minutes, usd } = recalibrationCost({
    accounts: 1e7,
    tableBytes: 2e10,
    shards: 40,
    memoryMb: 4096,
  });
  expect(minutes).toBeLessThan(60);
  expect(usd).toBeLessThan(20);
});
