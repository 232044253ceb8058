import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { InputError } from '../../input/errors.ts';
import { S3, STDIN } from '../../input/lines.ts';
import type { Frame } from '../../profile/resumable.ts';

/**
 * A state on disk, as a run of frames: their length (32 bit, little endian) and the structured clone of each; a length of
 * zero, then SHA-256 of all before it. Written beside its place first, so that a run that dies while it writes leaves the
 * one before.
 */
const MAGIC = Buffer.from('siphonwatch checkpoint 1\n');

/** @param frames read one after another; memory is that of the largest */
export async function writeCheckpoint(file: string, frames: Iterable<Frame>): Promise<void> {
  const part = `${file}.part`;
  const sum = createHash('sha256');
  const handle = await open(part, 'w', 0o600);
  try {
    await put(handle, sum.update(MAGIC) && MAGIC);
    for (const frame of frames) {
      const bytes = framed(serialize(frame));
      sum.update(bytes);
      await put(handle, bytes);
    }
    const end = Buffer.alloc(4);
    sum.update(end);
    await put(handle, Buffer.concat([end, sum.digest()]));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, file);
}

async function put(handle: FileHandle, bytes: Buffer): Promise<void> {
  await handle.writeFile(bytes);
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Hands over the frames that were written. What was handed over is good only once this returns: a file that was cut or
 * changed is known by its end.
 * @throws InputError where the file is no checkpoint, cut or damaged
 */
export async function readCheckpoint(file: string, onFrame: (frame: Frame) => void): Promise<void> {
  const sum = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);
  let begun = false;
  let ended = false;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    held = held.length === 0 ? (chunk as Buffer) : Buffer.concat([held, chunk as Buffer]);
    if (!begun) {
      if (held.length < MAGIC.length) continue;
      if (!held.subarray(0, MAGIC.length).equals(MAGIC)) throw new InputError(`${file}: not a checkpoint`);
      begun = true;
      sum.update(MAGIC);
      held = held.subarray(MAGIC.length);
    }
    while (!ended && held.length >= 4) {
      const length = held.readUInt32LE(0);
      if (held.length < 4 + length) break;
      sum.update(held.subarray(0, 4 + length));
      if (length === 0) ended = true;
      else onFrame(frameOf(file, held.subarray(4, 4 + length)));
      held = held.subarray(4 + length);
    }
  }
  if (!ended || !held.equals(sum.digest()))
    throw new InputError(`${file}: this checkpoint is cut or damaged: remove it, and begin anew`);
}

function frameOf(file: string, bytes: Buffer): Frame {
  try {
    // What was written here; that it was is what the sum at the end says.
    return deserialize(bytes) as Frame;
  } catch (error) {
    throw new InputError(`${file}: this checkpoint is damaged: remove it, and begin anew`, { cause: error });
  }
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
