import type { Frame, Resumable } from '../../profile/resumable.ts';
import type { MergedRun } from './merged-run.ts';
import type { FlushReport, ShardStandings, ShardTotals } from './messages.ts';

/** The frames of one shard's report (ShardTracks makes them), one after another. */
export interface ReportSource {
  /** undefined where there is none left */
  readonly head: Frame | undefined;
  /** Goes on to the next frame. */
  next(): Promise<void>;
}

/** Puts together what all shards reported, flush by flush, one run a policy. */
export class ReportMerger implements Resumable {
  readonly #sources: readonly ReportSource[];
  readonly #merged: readonly MergedRun[];

  /** @param sources each at its first frame, or where it stood when the frames of this were taken */
  constructor(sources: readonly ReportSource[], merged: readonly MergedRun[]) {
    this.#sources = sources;
    this.#merged = merged;
  }

  /**
   * Takes one flush of all shards, or behind the last of them what one shard came to. It is whole afterwards: frames may be
   * taken between two of them.
   * @returns false where nothing was left
   */
  async step(): Promise<boolean> {
    const flush = Math.min(...this.#sources.map(flushOf));
    if (flush < Number.POSITIVE_INFINITY) {
      await this.#flush(flush);
      return true;
    }
    const source = this.#sources.find(({ head }) => head !== undefined);
    if (source?.head === undefined) return false;
    const [name, value] = source.head;
    const run = this.#merged[trackOf(name)];
    if (name.endsWith('/totals')) run?.add(value as ShardTotals);
    else run?.stand(value as ShardStandings);
    await source.next();
    return true;
  }

  *frames(): Generator<Frame> {
    for (const [track, run] of this.#merged.entries())
      for (const [part, value] of run.frames()) yield [`${track}/${part}`, value];
  }

  restore(part: string, value: unknown): void {
    this.#merged[trackOf(part)]?.restore(part.slice(part.indexOf('/') + 1), value);
  }

  async #flush(flush: number): Promise<void> {
    const reports: FlushReport[][] = this.#merged.map(() => []);
    for (const source of this.#sources)
      while (flushOf(source) === flush) {
        const [name, value] = source.head ?? ['', undefined];
        reports[trackOf(name)]?.push(value as FlushReport);
        await source.next();
      }
    for (const [track, run] of this.#merged.entries()) run.take(reports[track] ?? []);
  }
}

/** Flush of the report at its head; beyond all others where its reports have ended. */
function flushOf({ head }: ReportSource): number {
  const [name, value] = head ?? ['', undefined];
  return name.endsWith('/report') ? (value as FlushReport).flush : Number.POSITIVE_INFINITY;
}

const trackOf = (name: string): number => Number(name.slice(0, name.indexOf('/')));
