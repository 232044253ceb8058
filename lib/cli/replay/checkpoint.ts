import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { InputError } from '../../input/errors.ts';
import { S3, STDIN } from '../../input/lines.ts';
import type { Frame } from '../../profile/resumable.ts';
import { FrameWriter, readFrames } from './frame-file.ts';

/** @param frames read one after another; memory is that of the largest */
export async function writeCheckpoint(file: string, frames: Iterable<Frame>): Promise<void> {
  const writer = await FrameWriter.open(file);
  try {
    for (const frame of frames) await writer.put(frame);
    await writer.end();
  } finally {
    await writer.close();
  }
}

/**
 * Hands over the frames that were written. What was handed over is good only once this returns: a file that was cut or
 * changed is known by its end.
 * @throws InputError where the file is no checkpoint, cut or damaged
 */
export async function readCheckpoint(file: string, onFrame: (frame: Frame) => void): Promise<void> {
  for await (const frames of readFrames(file)) for (const frame of frames) onFrame(frame);
}

/** What a run rests on, by name: a checkpoint of another run must not be continued. */
export type RunIdentity = Readonly<Record<string, string>>;

export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/**
 * Names and sizes of input files.
 * @throws InputError for standard input, which cannot be read a second time
 */
export async function filesIdentity(files: readonly string[]): Promise<string> {
  const list: string[] = [];
  for (const file of files) {
    if (file === STDIN)
      throw new InputError('--checkpoint: standard input cannot be taken up again; name files');
    list.push(file.startsWith(S3) ? file : `${file} ${(await stat(file)).size}`);
  }
  return digestOf(list);
}

/** @throws InputError naming what differs */
export function sameRun(file: string, held: RunIdentity, now: RunIdentity): void {
  const changed = Object.keys({ ...held, ...now }).filter((name) => held[name] !== now[name]);
  if (changed.length > 0)
    throw new InputError(
      `${file}: this checkpoint is of another run (${changed.join(', ')} changed since): remove it to begin anew, or run what it is of`,
    );
}

/** Whether there is a checkpoint to go on from. */
export async function hasCheckpoint(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

export async function dropCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
}
