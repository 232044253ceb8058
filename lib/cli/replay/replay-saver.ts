import type { BacktestRun } from '../../backtest/backtest-run.ts';
import { say } from '../../input/say.ts';
import type { ReadPosition } from '../../input/usage-events.ts';
import type { Frame } from '../../profile/resumable.ts';
import { hasCheckpoint, type RunIdentity, readCheckpoint, sameRun, writeCheckpoint } from './checkpoint.ts';

/** How far a replay has come. */
export interface ReplayProgress {
  /** where reading goes on */
  readonly next: ReadPosition;
  /** lines set aside so far */
  readonly rejected: number;
  readonly seconds: number;
}

const NOTHING: ReplayProgress = { next: { file: 0, line: 1 }, rejected: 0, seconds: 0 };

/** A checkpoint is due after so long, ms, ... */
const EVERY_MS = 30_000;
/** ... but never takes more than this share of the time: a large state is saved less often. */
const SHARE = 0.05;

/** Keeps the state of a replay in a file, and takes it up again from there. */
export class ReplaySaver {
  /** where the run that is going on began */
  readonly progress: ReplayProgress;
  readonly #file: string;
  readonly #tracks: readonly BacktestRun[];
  readonly #identity: RunIdentity;
  #dueAt = performance.now() + EVERY_MS;

  private constructor(
    file: string,
    tracks: readonly BacktestRun[],
    identity: RunIdentity,
    progress: ReplayProgress,
  ) {
    this.#file = file;
    this.#tracks = tracks;
    this.#identity = identity;
    this.progress = progress;
  }

  /**
   * Where the file is there, the tracks (new ones) are set to what it holds.
   * @throws InputError where it is of another run, cut or damaged
   */
  static async open(
    file: string,
    tracks: readonly BacktestRun[],
    identity: RunIdentity,
  ): Promise<ReplaySaver> {
    let progress = NOTHING;
    if (await hasCheckpoint(file)) {
      await readCheckpoint(file, ([part, value]) => {
        if (part === 'run') {
          const held = value as { identity: RunIdentity; progress: ReplayProgress };
          sameRun(file, held.identity, identity);
          progress = held.progress;
          return;
        }
        const at = part.indexOf('/');
        tracks[Number(part.slice(0, at))]?.restore(part.slice(at + 1), value);
      });
      say(`continues from ${file}: ${tracks[0]?.read ?? 0} events were replayed before`);
    }
    return new ReplaySaver(file, tracks, identity, progress);
  }

  due(): boolean {
    return performance.now() >= this.#dueAt;
  }

  async save(progress: ReplayProgress): Promise<void> {
    const began = performance.now();
    await writeCheckpoint(this.#file, this.#frames(progress));
    const now = performance.now();
    this.#dueAt = now + Math.max(EVERY_MS, (now - began) / SHARE);
  }

  *#frames(progress: ReplayProgress): Generator<Frame> {
    yield ['run', { identity: this.#identity, progress }];
    for (const [i, track] of this.#tracks.entries())
      for (const [part, value] of track.frames()) yield [`${i}/${part}`, value];
  }
}
