import type { MergedRun } from '../../../backtest/shards/merged-run.ts';
import type { FlushReport, ShardStandings, ShardTotals } from '../../../backtest/shards/messages.ts';
import type { Frame } from '../../../profile/resumable.ts';
import { readFrames } from '../../replay/frame-file.ts';

/** The frames of one shard's report, one after another. */
class ReportReader {
  head: Frame | undefined;
  readonly #chunks: AsyncGenerator<readonly Frame[]>;
  #frames: readonly Frame[] = [];
  #at = 0;

  constructor(file: string, grows: () => boolean) {
    this.#chunks = readFrames(file, grows);
  }

  /** Goes on to the next frame; without head there is none. */
  async next(): Promise<void> {
    while (this.#at >= this.#frames.length) {
      const chunk = await this.#chunks.next();
      if (chunk.done === true) {
        this.head = undefined;
        return;
      }
      this.#frames = chunk.value;
      this.#at = 0;
    }
    this.head = this.#frames[this.#at++];
  }

  /** Flush of the report at its head; beyond all others where its reports have ended. */
  get flush(): number {
    const [name, value] = this.head ?? ['', undefined];
    return name.endsWith('/report') ? (value as FlushReport).flush : Number.POSITIVE_INFINITY;
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

/**
 * Puts together what all shards reported, flush by flush, as far as they have come.
 * @param grows whether a file of them is still being written, or will be
 * @throws InputError where one is missing, cut or damaged
 */
export async function mergeReports(
  files: readonly string[],
  merged: readonly MergedRun[],
  grows: (file: string) => boolean,
): Promise<void> {
  const readers = files.map((file) => new ReportReader(file, () => grows(file)));
  try {
    for (const reader of readers) await reader.next();
    for (;;) {
      const flush = Math.min(...readers.map((reader) => reader.flush));
      if (flush === Number.POSITIVE_INFINITY) break;
      const reports: FlushReport[][] = merged.map(() => []);
      for (const reader of readers)
        while (reader.flush === flush) {
          const [name, value] = reader.head ?? ['', undefined];
          reports[trackOf(name)]?.push(value as FlushReport);
          await reader.next();
        }
      for (const [track, run] of merged.entries()) run.take(reports[track] ?? []);
    }
    for (const reader of readers)
      for (; reader.head !== undefined; await reader.next()) {
        const [name, value] = reader.head;
        if (name.endsWith('/totals')) merged[trackOf(name)]?.add(value as ShardTotals);
        else merged[trackOf(name)]?.stand(value as ShardStandings);
      }
  } finally {
    for (const reader of readers) await reader.close();
  }
  for (const run of merged) run.finish();
}

const trackOf = (name: string): number => Number(name.slice(0, name.indexOf('/')));
