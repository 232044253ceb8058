import * as z from 'zod';

const count = z.number().int().min(0);

/** What was counted while a part was made. */
export const partCounts = z.object({
  /** records of the stream */
  records: count,
  /** rows of `events`: accepted events */
  events: count,
  /** rows of `prints`: events times their key epochs */
  prints: count,
  /** archived lines that this version does not read as events: they are in no row */
  refused: count,
  /** places of archived objects that are damaged: what stood there is in no row; in two parts where an object lies in two */
  damaged: count,
});
export type PartCounts = z.infer<typeof partCounts>;

/**
 * What was made of a group of buckets of a day. Holds no clock: the same archive gives the same manifest. Rows that `forget`
 * took out later are counted in the objects themselves, so that rows and erased rows of a part add up to what stands here.
 */
export const manifest = z.object({
  v: z.literal(1),
  day: z.iso.date(),
  group: z.string().min(1).max(80),
  /** objects of the archive that it was made of, and the digest of their listing */
  objects: count,
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  parts: z.array(partCounts).max(10_000),
});
export type Manifest = z.infer<typeof manifest>;

/** An object that should be a manifest is none: it is made anew when its group's day is looked at. */
export class DamagedManifest extends Error {
  override readonly name = 'DamagedManifest';
}

/** @throws DamagedManifest naming its place */
export function parseManifest(key: string, text: string): Manifest {
  try {
    return manifest.parse(JSON.parse(text));
  } catch (error) {
    throw new DamagedManifest(`${key}: not a manifest of this version`, { cause: error });
  }
}

export const NO_COUNTS: PartCounts = { records: 0, events: 0, prints: 0, refused: 0, damaged: 0 };

export function sumOf(parts: readonly PartCounts[]): PartCounts {
  return parts.reduce(
    (sum, part) => ({
      records: sum.records + part.records,
      events: sum.events + part.events,
      prints: sum.prints + part.prints,
      refused: sum.refused + part.refused,
      damaged: sum.damaged + part.damaged,
    }),
    NO_COUNTS,
  );
}
