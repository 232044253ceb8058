import type { Labels } from '../backtest/labels.ts';
import { TelemetryHealth } from '../telemetry/health.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { createRecorder } from '../telemetry/recorder.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring } from './keyring.ts';
import { labelsReader } from './labels.ts';
import { inputFiles } from './lines.ts';
import { fileProgress } from './progress.ts';
import { readFacts } from './recorded.ts';
import { say } from './say.ts';
import { type ReadPosition, readUsageEvents } from './usage-events.ts';

export interface ReplayFeed {
  /** shown before the bar */
  readonly label: string;
  /** shown behind it */
  readonly counted: () => string;
  /** @param file index in the list of the file that it was read from */
  readonly onEvent: (event: UsageEvent, file: number) => void;
  /** told of the bytes just read, as they lie on disk */
  readonly onBytes?: (bytes: number) => void;
  /** where to begin; default: at the first line of the first file */
  readonly from?: ReadPosition | undefined;
  /** between runs of lines: `next` is where reading goes on. True ends the reading */
  readonly onPause?: (next: ReadPosition, rejected: number) => Promise<boolean>;
}

/** Recorded traffic that a verb is given: usage events or exchanges, and the key that names their accounts. */
export class Traffic {
  readonly files: readonly string[];
  readonly #keys: KeyOptions;
  #recorder: Recorder | undefined;

  private constructor(files: readonly string[], keys: KeyOptions) {
    this.files = files;
    this.#keys = keys;
  }

  /** @throws InputError naming what does not exist */
  static async of(names: readonly string[], keys: KeyOptions): Promise<Traffic> {
    return new Traffic(await inputFiles(names), keys);
  }

  /** The recorder, made when the first exchange or the first label asks for it. */
  readonly recorder = async (): Promise<Recorder> => {
    this.#recorder ??= createRecorder({ keys: await loadKeyring(this.#keys, say, DEVELOPMENT_SEED) });
    return this.#recorder;
  };

  /** @throws InputError naming line, field and value */
  async labels(file: string): Promise<Labels> {
    return labelsReader(file, async (account) => (await this.recorder()).pseudonym(account));
  }

  /** Hands over every usable event in order of arrival, with a bar on a terminal. Returns the lines set aside. */
  async feed(feed: ReplayFeed): Promise<number> {
    const left = this.files.slice(feed.from?.file ?? 0);
    const bar = await fileProgress(left, process.stderr, feed.label, feed.counted);
    let rejected = 0;
    const health = new TelemetryHealth(Date.now);
    try {
      for await (const batch of readUsageEvents(this.files, {
        format: 'auto',
        recorder: this.recorder,
        onBytes(bytes) {
          bar.bytes(bytes);
          feed.onBytes?.(bytes);
        },
        from: feed.from,
      })) {
        rejected += batch.rejects.length;
        for (const event of batch.events) {
          health.event(event, readFacts(event));
          feed.onEvent(event, batch.next.file);
        }
        health.unused(
          { rejected: batch.rejects.length, skipped: batch.skipped },
          batch.rejects.map(({ reason }) => reason),
        );
        if ((await feed.onPause?.(batch.next, rejected)) === true) break;
      }
    } finally {
      bar.stop();
    }
    for (const { severe, text } of health.warnings())
      say(`${severe ? 'WARNING: BLIND, this traffic cannot be judged: ' : 'warning: '}${text}`);
    return rejected;
  }
}

/** Lines that could not be used are counted, and said once. */
export function tellRejected(rejected: number): void {
  if (rejected > 0)
    say(
      `${rejected === 1 ? '1 line is no usage event and no exchange, and was' : `${rejected} lines are no usage events and no exchanges, and were`} left out: record the same file with --rejects FILE to see which and why`,
    );
}

/** A larger share of late events is no gateway's delay: the files are in another order. */
const MOST_LATE = 1 / 50;

/** Says of events that were too late to count how many they are, where they are many: whoever learns from the others would not know. */
export function tellLate({ read, late }: { readonly read: number; readonly late: number }): void {
  if (late > read * MOST_LATE)
    say(
      `WARNING: ${late} of ${read} events came too long after newer ones of their accounts and were left out, as production would: files must be in order of arrival, and logs of several gateways that see the same accounts merged.`,
    );
}
