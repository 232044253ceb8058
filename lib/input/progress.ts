import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import { totalBytes } from './lines.ts';

export interface Progress {
  bytes(read: number): void;
  stop(): void;
}

/** A bar over the bytes of the files, on a terminal only; where nobody knows how many there are, bytes read so far. */
export async function fileProgress(
  files: readonly string[],
  stream: Writable & { isTTY?: boolean },
  label: string,
  counted: () => string = () => '',
): Promise<Progress> {
  if (stream.isTTY !== true) return { bytes() {}, stop() {} };
  const total = await totalBytes(files);
  const bar = new SingleBar({
    format:
      total === undefined
        ? `${label} {megabytes} MB read {counted} {duration_formatted}`
        : `${label} {bar} {percentage} % {counted} eta {eta_formatted}`,
    stream: stream as NodeJS.WritableStream,
    hideCursor: true,
    etaBuffer: 50,
  });
  let all = 0;
  bar.start(total ?? 1, 0, { counted: '', megabytes: '0' });
  return {
    bytes(read) {
      all += read;
      const said = { counted: counted(), megabytes: (all / 1e6).toFixed(0) };
      if (total === undefined) bar.update(0, said);
      else bar.increment(read, said);
    },
    stop: () => bar.stop(),
  };
}
