import type { ArchiveReader } from '../../lib/aws/archive-reader.ts';
import type { HuntObjects } from '../../lib/aws/hunt-objects.ts';
import { eventsOf } from '../../lib/hunts/archived-record.ts';
import type { ArchivedEvent } from '../../lib/hunts/columns.ts';
import { DamagedManifest, type Manifest, type PartCounts, sumOf } from '../../lib/hunts/manifest.ts';
import { encodePart, tablesOf } from '../../lib/hunts/parquet.ts';
import { listingDigest, PART_BYTES, type PlannedPart, planParts } from '../../lib/hunts/plan-parts.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { DAY_MS } from '../../lib/time.ts';

/** What compaction reads and writes, and when it has to end. */
export interface CompactPorts {
  readonly reader: Pick<ArchiveReader, 'days' | 'groups' | 'records'>;
  readonly objects: HuntObjects;
  /** ms */
  readonly now: () => number;
  /** whether there is time for another part */
  readonly timeLeft: () => boolean;
  /** days after its end in which a day is looked at again: a batch may be archived so late */
  readonly recheckDays: number;
  /** bytes of frames for a part; a test makes small ones */
  readonly partBytes?: number;
}

/** A group of buckets of a day. */
interface GroupOfDay {
  readonly day: string;
  readonly group: string;
}

/** What a run did. */
export interface Compacted {
  /** of groups of days that were made, or made anew */
  readonly made: readonly Manifest[];
  /** groups of days that wait for the next run */
  readonly waiting: number;
}

/** After midnight (UTC) a day is left alone for so long, ms: batches of its last minutes are still under way. */
const GRACE_MS = 15 * 60_000;
/** So long after the time for late batches a day is looked at once more; frames may begin to expire later. */
const LATEST_LOOK_MS = 7 * DAY_MS;
/** A group whose frames change while it is made is made again, so often at once. */
const ATTEMPTS = 3;

/**
 * Writes closed days of the archive as Parquet: days that have no manifest yet, and those of the last days again where their
 * frames have changed, by late batches or by `forget`. A group's day is whole when its manifest is there, which counts
 * every row; it is taken away before a part is made anew. What is interrupted goes on at the next run with the first part that is missing.
 */
export async function compact(ports: CompactPorts): Promise<Compacted> {
  const due = await dueGroups(ports);
  const made: Manifest[] = [];
  for (const [i, of] of due.entries()) {
    if (!ports.timeLeft()) return { made, waiting: due.length - i };
    const outcome = await compactGroup(ports, of);
    if (outcome === 'unfinished') return { made, waiting: due.length - i };
    if (outcome !== 'unchanged') made.push(outcome);
  }
  return { made, waiting: 0 };
}

/**
 * Oldest first: what is oldest expires first. A day's manifest of before the end of the time for late batches is not the last word:
 * the group is looked at once more after it, whenever the function gets to it.
 */
async function dueGroups({ reader, objects, now, recheckDays }: CompactPorts): Promise<GroupOfDay[]> {
  const closed = (await reader.days()).filter((day) => Date.parse(day) + DAY_MS + GRACE_MS <= now());
  const known = await objects.manifests();
  const due: GroupOfDay[] = [];
  for (const day of closed) {
    const settles = settlesAt(day, recheckDays);
    for (const group of await reader.groups([day])) {
      const written = known.get(day)?.get(group);
      const unsettled = now() < settles || (now() < settles + LATEST_LOOK_MS && (written ?? 0) < settles);
      if (written === undefined || unsettled) due.push({ day, group });
    }
  }
  return due;
}

/** When no batch of a day is expected any more, ms since 1970. */
function settlesAt(day: string, recheckDays: number): number {
  return Date.parse(day) + DAY_MS * (1 + recheckDays);
}

/** One group of a day. Frames that change meanwhile are seen, and it is made again. */
async function compactGroup(
  ports: CompactPorts,
  { day, group }: GroupOfDay,
): Promise<Manifest | 'unchanged' | 'unfinished'> {
  const { objects } = ports;
  let frames = await objects.frames(day, group);
  let digest = listingDigest(frames);
  const before = await manifestOf(objects, day, group);
  const settled = ports.now() >= settlesAt(day, ports.recheckDays);
  if (before !== 'damaged' && before !== undefined) {
    // fewer frames, so late: they expire, or `forget` took some, and has been through the parts itself
    const same = before.digest === digest || (settled && frames.length < before.objects);
    // when it was written says that it was looked at
    if (same && settled) await objects.putManifest(before);
    if (same) return 'unchanged';
  }
  // before anything of it is overwritten: whatever ends this run, the group is due, and nobody takes it for whole
  if (before !== undefined && frames.length > 0) await objects.dropManifest(day, group);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // they expired since they were listed: what was made of them stays
    if (frames.length === 0) return 'unchanged';
    const plan = planParts(frames, ports.partBytes ?? PART_BYTES);
    const parts: PartCounts[] = [];
    for (const [part, planned] of plan.entries()) {
      const held = await objects.madeOf(day, group, part, planned.digest);
      if (held === undefined && !ports.timeLeft()) return 'unfinished';
      parts.push(held ?? (await makePart(ports, { day, group, part }, planned)));
    }
    await objects.dropFrom(day, group, plan.length);
    const after = await objects.frames(day, group);
    if (listingDigest(after) === digest) {
      const made: Manifest = { v: 1, day, group, objects: frames.length, digest, parts };
      await objects.putManifest(made);
      return made;
    }
    frames = after;
    digest = listingDigest(after);
  }
  return 'unfinished';
}

/** One that is damaged is made anew. */
async function manifestOf(
  objects: HuntObjects,
  day: string,
  group: string,
): Promise<Manifest | 'damaged' | undefined> {
  try {
    return await objects.manifest(day, group);
  } catch (error) {
    if (error instanceof DamagedManifest) return 'damaged';
    throw error;
  }
}

async function makePart(
  { reader, objects }: CompactPorts,
  place: GroupOfDay & { readonly part: number },
  { from, to, keys, digest }: PlannedPart,
): Promise<PartCounts> {
  const found: ArchivedEvent[] = [];
  const counts = { records: 0, refused: 0, damaged: 0 };
  const onUnreadable = (places: number): void => {
    counts.damaged += places;
  };
  for await (const { frame, record } of reader.records(keys, {}, onUnreadable)) {
    const at = padSequence(frame.sequence);
    if (at < from || (to !== undefined && at >= to)) continue;
    const { events, refused } = eventsOf(frame, record);
    counts.records++;
    counts.refused += refused;
    for (const event of events) found.push(event);
  }
  const { events, prints } = tablesOf(found);
  const made = { ...counts, events: events.count, prints: prints.count };
  await objects.putPart(
    place,
    { events: encodePart(events), prints: encodePart(prints), counts: made },
    digest,
  );
  return made;
}

/** Sums of a run, for its log and its metrics. */
export function totals(made: readonly Manifest[]): PartCounts {
  return sumOf(made.flatMap(({ parts }) => parts));
}
