import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { fileTrouble, InputError } from '../../input/errors.ts';
import type { Frame } from '../../profile/resumable.ts';

/**
 * A file of frames: their length (32 bit, little endian) and the structured clone of each; a length of zero, then SHA-256 of
 * all before it. Written beside its place first, so that a run that dies while it writes leaves what was there before. The number is
 * raised where what a run keeps is laid out in another way.
 */
const MAGIC = Buffer.from('siphonwatch checkpoint 2\n');
/** Bytes that are gathered before they are written. */
const GATHERED = 256 * 1024;
/** Bytes that are read at once. */
const READ = 1024 * 1024;
const DIGEST_BYTES = 32;
/** How long a reader waits for more of a file that is being written, ms. */
const WAIT_MS = 20;

/** Where a file is written until it is whole. */
const partOf = (file: string): string => `${file}.part`;

/** Writes frames one after another. */
export class FrameWriter {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #sum = createHash('sha256').update(MAGIC);
  #held: Buffer[] = [MAGIC];
  #bytes = MAGIC.length;

  private constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  static async open(file: string): Promise<FrameWriter> {
    return new FrameWriter(file, await open(partOf(file), 'w', 0o600));
  }

  /** Takes a frame; what is gathered is written by `flush` and, for callers that may wait, here. */
  async put(frame: Frame): Promise<void> {
    this.add(frame);
    if (this.#bytes >= GATHERED) await this.flush();
  }

  /** Takes a frame without writing it yet. */
  add(frame: Frame): void {
    const bytes = serialize(frame);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.#gather(length);
    this.#gather(bytes);
  }

  async flush(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#bytes = 0;
    if (held.length > 0) await this.#handle.writeFile(Buffer.concat(held));
  }

  /** Ends the file and puts it into its place. */
  async end(): Promise<void> {
    this.#gather(Buffer.alloc(4));
    this.#held.push(this.#sum.digest());
    await this.flush();
    await this.#handle.sync();
    await rename(partOf(this.#file), this.#file);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #gather(bytes: Buffer): void {
    this.#sum.update(bytes);
    this.#held.push(bytes);
    this.#bytes += bytes.length;
  }
}

/**
 * The frames of a file, some at a time. They are good only once all were read: a file that was cut or changed is known by
 * its end.
 * @param grows whether the file is still being written, or not begun: then more of it is waited for
 * @throws InputError where it is no such file, cut or damaged
 */
export async function* readFrames(file: string, grows?: () => boolean): AsyncGenerator<readonly Frame[]> {
  const handle = await opened(file, grows);
  const sum = createHash('sha256');
  const buffer = Buffer.alloc(READ);
  let held: Buffer = Buffer.alloc(0);
  let begun = false;
  let ended = false;
  try {
    for (;;) {
      // asked before reading: what was written until then is read now
      const more = grows?.() === true;
      const { bytesRead } = await handle.read(buffer, 0, READ);
      if (bytesRead === 0) {
        if (!more || (ended && held.length >= DIGEST_BYTES)) break;
        await pause(WAIT_MS);
        continue;
      }
      held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
      if (!begun) {
        if (held.length < MAGIC.length) continue;
        if (!held.subarray(0, MAGIC.length).equals(MAGIC))
          throw new InputError(`${file}: not a checkpoint of this version: name another file to begin anew`);
        begun = true;
        sum.update(MAGIC);
        held = held.subarray(MAGIC.length);
      }
      const frames: Frame[] = [];
      while (!ended && held.length >= 4) {
        const length = held.readUInt32LE(0);
        if (held.length < 4 + length) break;
        sum.update(held.subarray(0, 4 + length));
        if (length === 0) ended = true;
        else frames.push(frameOf(file, held.subarray(4, 4 + length)));
        held = held.subarray(4 + length);
      }
      if (frames.length > 0) yield frames;
    }
  } finally {
    await handle.close();
  }
  if (!ended || !held.equals(sum.digest()))
    throw new InputError(`${file}: this checkpoint is cut or damaged: remove it, and begin anew`);
}

/** The file in its place, else where it is being written. */
async function opened(file: string, grows: (() => boolean) | undefined): Promise<FileHandle> {
  for (;;) {
    // asked before opening: what is done by then lies in its place
    const more = grows?.() === true;
    const found = (await openedIfThere(file)) ?? (more ? await openedIfThere(partOf(file)) : undefined);
    if (found !== undefined) return found;
    if (!more) throw new InputError(`${file}: it is not there`);
    await pause(WAIT_MS);
  }
}

async function openedIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InputError(`${file}: ${fileTrouble(error)}`, { cause: error });
  }
}

function frameOf(file: string, bytes: Buffer): Frame {
  try {
    // What was written here; that it was is what the sum at the end says.
    return deserialize(bytes) as Frame;
  } catch (error) {
    throw new InputError(`${file}: this checkpoint is damaged: remove it, and begin anew`, { cause: error });
  }
}
