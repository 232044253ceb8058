import type { Rules } from '../../detection/judge.ts';
import type { Frame, Resumable } from '../../profile/resumable.ts';
import type { FlushPart } from './messages.ts';
import { ShardRun } from './shard-run.ts';

/** All policies' replays of one shard; what it reports are frames that name the policy by its place. */
export class ShardTracks implements Resumable {
  readonly #runs: readonly ShardRun[];

  /** @param labelled accounts that are labelled with a campaign */
  constructor(tracks: readonly Pick<Rules, 'policy' | 'calibration'>[], labelled: ReadonlySet<string>) {
    this.#runs = tracks.map((rules) => new ShardRun(rules, labelled));
  }

  /** Replays a part of a flush. */
  *take(part: FlushPart): Generator<Frame> {
    for (const [track, run] of this.#runs.entries()) {
      const report = run.take(part);
      if (report !== undefined) yield [`${track}/report`, report];
    }
  }

  /** What it comes to, behind its last report. */
  *end(): Generator<Frame> {
    for (const [track, run] of this.#runs.entries()) {
      yield [`${track}/totals`, run.totals()];
      for (const chunk of run.standings()) yield [`${track}/standings`, chunk];
    }
  }

  *frames(): Generator<Frame> {
    for (const [track, run] of this.#runs.entries())
      for (const [part, value] of run.frames()) yield [`${track}/${part}`, value];
  }

  restore(part: string, value: unknown): void {
    const at = part.indexOf('/');
    this.#runs[Number(part.slice(0, at))]?.restore(part.slice(at + 1), value);
  }
}
