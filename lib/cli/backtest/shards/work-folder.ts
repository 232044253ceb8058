import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Division } from '../../../backtest/shards/divider.ts';
import type { Rules } from '../../../detection/judge.ts';
import { InputError } from '../../../input/errors.ts';
import type { Frame } from '../../../profile/resumable.ts';
import { type RunIdentity, readCheckpoint, sameRun, writeCheckpoint } from '../../replay/checkpoint.ts';

/** What a shard's process needs beside its events. */
export interface ShardRules {
  readonly tracks: readonly Pick<Rules, 'policy' | 'calibration'>[];
  /** accounts that are labelled with a campaign */
  readonly labelled: readonly string[];
}

/** What dividing the events came to. */
export interface Divided {
  readonly division: Division;
  /** lines that were no events */
  readonly rejected: number;
  readonly seconds: number;
}

const RUN = 'run';
const RULES = 'rules';
const DIVIDED = 'divided';
/** Names of the files that a run makes, whole or not. */
const OWN = /^(?:run|rules|divided|(?:events|report)-\d+)(?:\.part)?$/;

/**
 * The files of a backtest in shards: the events of each shard, and what it reported of them. A file that is there is whole;
 * a run that is continued makes those that are missing.
 */
export class WorkFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The shard's part of all events. */
  events(shard: number): string {
    return join(this.path, `events-${shard}`);
  }

  /** What the shard reported. */
  report(shard: number): string {
    return join(this.path, `report-${shard}`);
  }

  /**
   * Begins a run in the folder, or continues one.
   * @throws InputError where it is of another run, or not a folder of a run
   */
  async open(identity: RunIdentity, rules: ShardRules): Promise<void> {
    const found = await stat(this.path).catch(() => undefined);
    if (found !== undefined && !found.isDirectory())
      throw new InputError(
        `--checkpoint: ${this.path} is a file; with --shards it names a folder: name a new one`,
      );
    if (found === undefined) await mkdir(this.path, { recursive: true, mode: 0o700 });
    const names = await readdir(this.path);
    const stranger = names.find((name) => !OWN.test(name));
    if (stranger !== undefined)
      throw new InputError(
        `--checkpoint: ${this.path} holds ${stranger}, which is of no such run: name a new folder`,
      );
    if (names.includes(RUN)) sameRun(this.path, await this.#read<RunIdentity>(RUN), identity);
    // what was being written when a run ended is written anew
    for (const name of names) if (name.endsWith('.part')) await rm(join(this.path, name), { force: true });
    await this.#write(RULES, rules);
    await this.#write(RUN, identity);
  }

  rules(): Promise<ShardRules> {
    return this.#read<ShardRules>(RULES);
  }

  /** What dividing came to; undefined where it is to be done. */
  async divided(): Promise<Divided | undefined> {
    return (await this.#has(DIVIDED)) ? this.#read<Divided>(DIVIDED) : undefined;
  }

  keepDivided(divided: Divided): Promise<void> {
    return this.#write(DIVIDED, divided);
  }

  /** Whether the shard is done. */
  isReported(shard: number): Promise<boolean> {
    return this.#has(`report-${shard}`);
  }

  /** Takes away all that a run made, and the folder where nothing else is in it. */
  async remove(): Promise<void> {
    for (const name of await readdir(this.path).catch(() => []))
      if (OWN.test(name)) await rm(join(this.path, name), { force: true });
    await rmdir(this.path).catch(() => undefined);
  }

  async #has(name: string): Promise<boolean> {
    return (await stat(join(this.path, name)).catch(() => undefined)) !== undefined;
  }

  #write(name: string, value: unknown): Promise<void> {
    return writeCheckpoint(join(this.path, name), [[name, value]]);
  }

  async #read<T>(name: string): Promise<T> {
    const frames: Frame[] = [];
    await readCheckpoint(join(this.path, name), (frame) => frames.push(frame));
    // what was written here; that it was is what the sum at its end says
    return frames[0]?.[1] as T;
  }
}
