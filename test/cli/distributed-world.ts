import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { vi } from 'vitest';
import { BacktestRuns } from '../../lib/aws/backtest-runs.ts';
import { backtestCommand } from '../../lib/cli/backtest/backtest.ts';
import { backtestMachine } from '../../lib/infra/backtest-machine.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { eventsOf, WORKERS } from '../backtest/shard-worlds.ts';
import type { Json } from '../infra/synthesized.ts';
import { ARCHIVE, archived, emulatedBacktest, invoker, place } from '../lambdas/emulated-backtest.ts';
import { EmulatedMachine } from './emulated-machine.ts';

/** The command, over HTTP, against a stack whose state machine is played and whose function is the function's own code. */

const STATE = 'state-of-runs';
type Invoke = (functionArn: Json, payload: Json) => Promise<unknown>;

export interface Ended {
  readonly code: number | string | undefined;
  readonly out: string;
  readonly err: string;
}

export class DistributedWorld {
  /** what the machine asks */
  invoke: Invoke = async () => undefined;
  /** of the stack */
  outputs: Readonly<Record<string, string>> = {};
  readonly #running = new Set<{ out: string; err: string }>();
  readonly #spies: readonly { mockRestore(): void }[];
  #machine: EmulatedMachine | undefined;
  readonly #emulated: Awaited<ReturnType<typeof emulatedBacktest>>;

  private constructor(emulated: Awaited<ReturnType<typeof emulatedBacktest>>) {
    this.#emulated = emulated;
    this.#spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation(this.#keep('out')),
      vi.spyOn(process.stderr, 'write').mockImplementation(this.#keep('err')),
    ];
  }

  /** @param events of WORKERS that are archived, and a line that is none */
  static async begin(events: number): Promise<DistributedWorld> {
    const emulated = await emulatedBacktest();
    await emulated.client.send(new CreateBucketCommand({ Bucket: STATE }));
    await archived(emulated.client, [...eventsOf(WORKERS).slice(0, events), '{"half": an eve']);
    return new DistributedWorld(emulated);
  }

  /** A machine that has run nothing yet. */
  async deploy(): Promise<void> {
    this.invoke = invoker(new BacktestRuns(this.#emulated.client, STATE));
    const invoke: Invoke = (fn, payload) => this.invoke(fn, payload);
    this.outputs = {
      BacktestMachineArn: EmulatedMachine.arn,
      BacktestShards: '2',
      BacktestMemoryMb: '2048',
      StateBucketName: STATE,
      ArchiveBucketName: ARCHIVE,
      CodeVersion: CODE_VERSION,
    };
    const machine = new EmulatedMachine(backtestMachine('backtest', 2), invoke, () => this.outputs);
    this.#machine = await machine.listen();
    vi.stubEnv('AWS_ENDPOINT_URL_SFN', this.machine.endpoint);
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', this.machine.endpoint);
  }

  get machine(): EmulatedMachine {
    if (this.#machine === undefined) throw new Error('nothing is deployed');
    return this.#machine;
  }

  close(): Promise<void> {
    for (const spy of this.#spies) spy.mockRestore();
    return this.#emulated.close();
  }

  /** Names of what runs have left. */
  async parts(): Promise<string[]> {
    const { Contents = [] } = await this.#emulated.client.send(new ListObjectsV2Command({ Bucket: STATE }));
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  distributed(...words: string[]): Promise<Ended> {
    return this.backtest(place, '--distributed', '--stack', 'S', ...words);
  }

  /** What is written meanwhile by another run is in it too. */
  async backtest(...words: string[]): Promise<Ended> {
    const said = { out: '', err: '' };
    this.#running.add(said);
    try {
      await backtestCommand().exitOverride().parseAsync(words, { from: 'user' });
      return { code: process.exitCode, ...said };
    } finally {
      process.exitCode = undefined;
      this.#running.delete(said);
    }
  }

  #keep(name: 'out' | 'err'): (text: unknown) => boolean {
    return (text) => {
      for (const said of this.#running) said[name] += String(text);
      return true;
    };
  }
}
