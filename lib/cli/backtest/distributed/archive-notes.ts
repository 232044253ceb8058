import { DAY_MS } from '../../../time.ts';

/** The archive's objects: day, and shard and first record of what is in them (lib/aws/archive.ts). */
const NAME = /\/day=(\d{4}-\d{2}-\d{2})\/.*\/([^/]+-\d+)-\d+\.ndjson\.gz$/;
/** Days that are named. */
const NAMED = 5;

/** Days of which there are archived objects. @param files addresses of objects */
export function archivedDays(files: readonly string[]): number {
  const days = new Set<string>();
  for (const file of files) {
    const [, day] = NAME.exec(file) ?? [];
    if (day !== undefined) days.add(day);
  }
  return days.size;
}

/**
 * What the names of archived objects say of the archive: days between others of which nothing is there, and objects that begin with the
 * same record as another. Of a missing hour, or object, they say nothing: it looks like one without traffic.
 * @param files addresses of objects
 */
export function archiveNotes(files: readonly string[]): string[] {
  const days = new Set<string>();
  const firsts = new Set<string>();
  let again = 0;
  for (const file of files) {
    const [, day, first] = NAME.exec(file) ?? [];
    if (day === undefined || first === undefined) continue;
    days.add(day);
    if (firsts.has(first)) again++;
    firsts.add(first);
  }
  const [oldest = '', newest = ''] = [[...days].sort()[0], [...days].sort().at(-1)];
  const missing: string[] = [];
  for (let at = Date.parse(oldest) + DAY_MS; at < Date.parse(newest); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    if (!days.has(day)) missing.push(day);
  }
  const notes: string[] = [];
  if (missing.length > 0)
    notes.push(
      `WARNING: nothing is there of ${missing.length} of the days between ${oldest} and ${newest}: ${missing.slice(0, NAMED).join(', ')}${missing.length > NAMED ? ', ...' : ''}`,
    );
  if (again > 0)
    notes.push(
      `note: of ${again} of the objects the first record is that of another one too: batches that were retried, or a partition that is there twice. Their events count as repeated within the hour in which ids are known, and later count again`,
    );
  return notes;
}
