import { createHash } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readObject } from '../../aws/archive-frames.ts';
import { HUNT_TABLES, type HuntTable, partName } from '../../contract/hunt-names.ts';
import { eventsOf } from '../../hunts/archived-record.ts';
import type { ArchivedEvent } from '../../hunts/columns.ts';
import { encodePart, tablesOf } from '../../hunts/parquet.ts';
import { fileTrouble, InputError } from '../../input/errors.ts';
import type { KeyOptions } from '../../input/keyring.ts';
import { Traffic, tellRejected } from '../../input/traffic.ts';
import { readableStart } from '../../telemetry/gzip.ts';
import { MADE_HERE } from './parts.ts';

/** Events that are held before they are written as a part. */
const HELD = 100_000;
const START_BYTES = 4096;

/** Writes events of other sources as parts, by the writer that the deployment uses. */
export class Converter {
  readonly #folder: string;
  readonly #files: string[] = [];
  /** of records of the archive that were read: one that lies in two objects counts once */
  readonly #seen = new Set<string>();
  #held: ArchivedEvent[] = [];
  #damaged = 0;
  #refused = 0;

  /** @param folder where the parts lie, a folder for each table and day */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What could not be read, in words. */
  get notes(): string[] {
    const notes: string[] = [];
    if (this.#damaged > 0)
      notes.push(`${this.#damaged} places of archived objects are damaged: what stood there is missing`);
    if (this.#refused > 0)
      notes.push(`${this.#refused} archived lines are no events to this version, and were left out`);
    return notes;
  }

  /** An object of the archive, as `score` wrote it. */
  async frames(file: string): Promise<void> {
    const { records, unreadable } = readObject(await readFile(file));
    this.#damaged += unreadable;
    for (const { frame, record } of records) {
      const place = `${frame.stream}/${frame.shard}/${frame.sequence}`;
      if (this.#seen.has(place)) continue;
      this.#seen.add(place);
      const { events, refused } = eventsOf(frame, record);
      this.#refused += refused;
      for (const event of events) this.#held.push(event);
    }
    if (this.#held.length >= HELD) await this.#write();
  }

  /**
   * Usage events or exchanges. They say no arrival: it is the running maximum of event time, as in a backtest. A row's place is
   * its number in its file, and the file is named by its first event: read again, packed otherwise, from another name or from
   * standard input, its rows have the same places, and are seen to be there twice.
   */
  async traffic(files: readonly string[], keys: KeyOptions): Promise<void> {
    const traffic = await Traffic.of(files, keys);
    let arrived = Number.NEGATIVE_INFINITY;
    let read = 0;
    let from = -1;
    let stream = '';
    let sequence = 0;
    const rejected = await traffic.feed({
      label: 'reading',
      counted: () => `${read} events`,
      onEvent: (event, file) => {
        if (file !== from) {
          from = file;
          stream = `files-${digestOf(JSON.stringify(event))}`;
          sequence = 0;
        }
        read++;
        arrived = Math.max(arrived, Date.parse(event.time));
        const place = { stream, shard: '', sequence: String(++sequence), line: 0 };
        this.#held.push({ ...place, event, arrived, redriven: false });
      },
      onPause: async () => {
        if (this.#held.length >= HELD) await this.#write();
        return false;
      },
    });
    tellRejected(rejected);
  }

  /** The files of all that was converted. */
  async finish(): Promise<readonly string[]> {
    await this.#write();
    return this.#files;
  }

  async #write(): Promise<void> {
    const days = new Map<string, ArchivedEvent[]>();
    for (const event of this.#held) {
      const day = new Date(event.arrived).toISOString().slice(0, 10);
      const held = days.get(day);
      if (held === undefined) days.set(day, [event]);
      else held.push(event);
    }
    this.#held = [];
    for (const [day, events] of days) {
      const tables = tablesOf(events);
      for (const table of HUNT_TABLES) await this.#put(table, day, encodePart(tables[table]));
    }
  }

  async #put(table: HuntTable, day: string, bytes: Uint8Array): Promise<void> {
    // of its content: another part has another name, wherever it is made, and the same part the same
    const name = partName(`${MADE_HERE}${digestOf(bytes)}`, 0);
    const file = join(this.#folder, table, `day=${day}`, name);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // prints are in it: for its owner only
    await writeFile(file, bytes, { mode: 0o600 });
    this.#files.push(file);
  }
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** Whether a file is an object of the archive: gzip that begins with the line before a record. */
export async function isFrames(file: string): Promise<boolean> {
  const handle = await open(file).catch((error: unknown) => {
    throw new InputError(`${file}: cannot be read: ${fileTrouble(error)}`, { cause: error });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    const { plain } = readableStart(buffer.subarray(0, bytesRead), START_BYTES * 16);
    return plain.toString('latin1', 0, 12).startsWith('{"archived":');
  } finally {
    await handle.close();
  }
}
