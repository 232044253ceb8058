import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import { totalBytes } from './input.ts';

export interface Progress {
  bytes(read: number): void;
  stop(): void;
}

/** A bar over the bytes of the files, on a terminal only; with a rate of `unit`, if a counter is given. */
export async function fileProgress(
  files: readonly string[],
  stream: Writable & { isTTY?: boolean },
  label: string,
  counted: () => string = () => '',
): Promise<Progress> {
  const total = stream.isTTY === true ? await totalBytes(files) : undefined;
  if (total === undefined) return { bytes() {}, stop() {} };
  const bar = new SingleBar({
    format: `${label} {bar} {percentage} % {counted} eta {eta_formatted}`,
    stream: stream as NodeJS.WritableStream,
    hideCursor: true,
    etaBuffer: 50,
  });
  bar.start(total, 0, { counted: '' });
  return {
    bytes(read) {
      bar.increment(read, { counted: counted() });
    },
    stop: () => bar.stop(),
  };
}
