import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../../input/errors.ts';
import type { ShardNews } from './shard-process.ts';
import type { WorkFolder } from './work-folder.ts';

const WORKER = fileURLToPath(new URL('./shard-worker.mjs', import.meta.url));

/** Runs the processes of shards, so many at once. */
export class ShardPool {
  /** the first failure, or that it was stopped */
  failure: Error | undefined;
  readonly #folder: WorkFolder;
  readonly #running = new Set<ChildProcess>();
  readonly #events = new Map<number, number>();

  constructor(folder: WorkFolder) {
    this.#folder = folder;
  }

  /** Events replayed by all shards so far. */
  get events(): number {
    let sum = 0;
    for (const events of this.#events.values()) sum += events;
    return sum;
  }

  /**
   * Runs each shard to its end.
   * @param onDone told of each shard that ended
   * @throws Error where one fails: the others are ended too
   */
  async run(shards: readonly number[], atOnce: number, onDone: (shard: number) => void): Promise<void> {
    const left = [...shards];
    const lane = async (): Promise<void> => {
      for (let shard = left.shift(); shard !== undefined; shard = left.shift()) {
        if (this.failure !== undefined) return;
        await this.#one(shard);
        onDone(shard);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, lane));
    } catch (error) {
      this.stop(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** Ends all that run. */
  stop(why: Error): void {
    this.failure ??= why;
    for (const child of this.#running) child.kill('SIGKILL');
  }

  #one(shard: number): Promise<void> {
    const child = spawn(
      process.execPath,
      // as the command itself is started: replays make much short-lived garbage
      ['--max-semi-space-size=64', WORKER, this.#folder.path, String(shard)],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    this.#running.add(child);
    child.on('message', (news) => this.#events.set(shard, (news as ShardNews).events));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        this.#running.delete(child);
        if (code === 0) resolve();
        else
          reject(
            new InputError(
              `shard ${shard + 1}: its process ended before it was done (${signal ?? `exit code ${code}`}): with --checkpoint the same command continues, and shards that are done are not done again`,
              signal === null
                ? {}
                : { cause: Object.assign(new Error(signal), { code: 'ERR_SHARD_KILLED' }) },
            ),
          );
      });
    });
  }
}
