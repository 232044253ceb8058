import type { MergedRun } from '../../../backtest/shards/merged-run.ts';
import { ReportMerger, type ReportSource } from '../../../backtest/shards/report-merger.ts';
import type { Frame } from '../../../profile/resumable.ts';
import { readFrames } from '../../replay/frame-file.ts';

/** The frames of one shard's report in a file. */
class ReportReader implements ReportSource {
  head: Frame | undefined;
  readonly #chunks: AsyncGenerator<readonly Frame[]>;
  #frames: readonly Frame[] = [];
  #at = 0;

  constructor(file: string, grows: () => boolean) {
    this.#chunks = readFrames(file, grows);
  }

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
  const merger = new ReportMerger(readers, merged);
  try {
    for (const reader of readers) await reader.next();
    while (await merger.step());
  } finally {
    for (const reader of readers) await reader.close();
  }
  for (const run of merged) run.finish();
}
