import { type Notice, notice } from '../findings/finding.ts';
import { LIMITS } from '../limits.ts';

/**
 * The notices that wait in an account's or a campaign's item. The score side appends to them under its own version;
 * delivery removes what is delivered and touches nothing else (docs/design/delivery.md).
 */
export interface Waiting {
  /** partition key of the item: pseudonym, or campaign */
  readonly key: string;
  /** JSON texts as stored, ascending by number */
  readonly texts: readonly string[];
  /** ISO time since when something waits */
  readonly since: string | undefined;
}

export interface Outbox {
  readonly name: string;
  /** What waits in an item now; undefined where nothing does. */
  read(key: string): Promise<Waiting | undefined>;
  /** Keys of items in which something waits since before `since` (ISO), oldest first within a shard. */
  overdue(since: string, limit: number): Promise<readonly { key: string; since: string }[]>;
  /** Removes the texts that were delivered from the item, however often it changes meanwhile. */
  remove(read: Waiting, delivered: ReadonlySet<string>): Promise<void>;
}

/**
 * The fresh notices that still fit beside those that wait, so that a delivery that is out for days never makes an item too
 * large to write. Least useful first: updates go first, then all but openings.
 */
export function fitting(waiting: readonly Notice[], fresh: readonly Notice[]): readonly Notice[] {
  const most = LIMITS.waitingNoticeBytes.most;
  let bytes = waiting.reduce((sum, held) => sum + sizeOf(held), 0);
  return fresh.filter((held) => {
    const size = sizeOf(held);
    const opens = held.transition === 'opened' || held.transition === 'reopened';
    const room = held.transition === 'updated' ? most : opens ? 2.5 * most : 2 * most;
    if (bytes + size > room) return false;
    bytes += size;
    return true;
  });
}

/** Bytes of a notice as it is stored. */
function sizeOf(held: Notice): number {
  return Buffer.byteLength(JSON.stringify(held));
}

/** A notice's text as a notice, or in words why it is none. */
export function readNotice(text: string): Notice | { readonly unreadable: string } {
  try {
    const result = notice.safeParse(JSON.parse(text));
    return result.success ? result.data : { unreadable: result.error.message };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

/** The twin in memory. */
export class MemoryOutbox implements Outbox {
  readonly name: string;
  readonly items = new Map<string, { texts: string[]; since: string }>();

  constructor(name: string) {
    this.name = name;
  }

  /** As the score side appends. */
  append(key: string, held: Notice, since: string): void {
    const item = this.items.get(key) ?? { texts: [], since };
    item.texts.push(JSON.stringify(held));
    this.items.set(key, item);
  }

  async read(key: string): Promise<Waiting | undefined> {
    const item = this.items.get(key);
    return item === undefined ? undefined : { key, texts: [...item.texts], since: item.since };
  }

  async overdue(since: string, limit: number): Promise<readonly { key: string; since: string }[]> {
    return [...this.items]
      .filter(([, item]) => item.since < since)
      .map(([key, item]) => ({ key, since: item.since }))
      .sort((a, b) => (a.since < b.since ? -1 : 1))
      .slice(0, limit);
  }

  async remove(read: Waiting, delivered: ReadonlySet<string>): Promise<void> {
    const item = this.items.get(read.key);
    if (item === undefined) return;
    item.texts = item.texts.filter((text) => !delivered.has(text));
    if (item.texts.length === 0) this.items.delete(read.key);
  }
}
