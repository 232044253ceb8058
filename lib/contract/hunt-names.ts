/** Names of the archive in Parquet: the stack, the function that writes it and the commands use the same. */

/** Parquet and its manifests, in the archive bucket; `forget` looks below it as below the frames. */
export const HUNT_PREFIX = 'hunts/';

/** Tables of the archive in Parquet. `events` holds no print; `prints` is for those only who may read raw prints. */
export const HUNT_TABLES = ['events', 'prints'] as const;
export type HuntTable = (typeof HUNT_TABLES)[number];

/** Where the objects of a table lie, of a day (UTC, of arrival) where one is given. */
export function huntPrefix(table: HuntTable, day?: string): string {
  return `${HUNT_PREFIX}${table}/${day === undefined ? '' : `day=${day}/`}`;
}

export const MANIFEST_PREFIX = `${HUNT_PREFIX}manifests/`;

/** What was made of one group of buckets of one day. */
export function manifestKey(day: string, group: string): string {
  return `${MANIFEST_PREFIX}day=${day}/${group}.json`;
}

/** Marks of groups that were made of a damaged archive; they expire with the manifests. */
export const DAMAGE_PREFIX = `${MANIFEST_PREFIX}damaged/`;

/** There while what was made of a group lacks what was damaged. */
export function damageKey(day: string, group: string): string {
  return `${DAMAGE_PREFIX}day=${day}/${group}`;
}

/** Day and group of a manifest's key; undefined for any other key. */
export function manifestOf(key: string): { readonly day: string; readonly group: string } | undefined {
  const [, day, group] = /^hunts\/manifests\/day=([^/]+)\/(.+)\.json$/.exec(key) ?? [];
  return day === undefined || group === undefined ? undefined : { day, group };
}

/** A part's name within its day. */
export function partName(group: string, part: number): string {
  return `${group}-${String(part).padStart(4, '0')}.parquet`;
}

/** A part of a table's day: of one group of buckets, numbered from 0. */
export function partKey(table: HuntTable, day: string, group: string, part: number): string {
  return `${huntPrefix(table, day)}${partName(group, part)}`;
}

/** Day and group of a part's key; undefined for any other key. */
export function partOf(
  key: string,
): { readonly table: HuntTable; readonly day: string; readonly group: string } | undefined {
  const [, table, day, group] =
    /^hunts\/(events|prints)\/day=(\d{4}-\d{2}-\d{2})\/(.+)-\d{4,}\.parquet$/.exec(key) ?? [];
  return table === undefined || day === undefined || group === undefined
    ? undefined
    : { table: table as HuntTable, day, group };
}

/**
 * Glue takes lower-case letters, digits and underscores in what Athena reads (athena/latest/ug/tables-databases-columns-names.html).
 * Of two stacks whose names differ in case alone the second one's deployment fails, as its database exists.
 */
export function databaseName(stackName: string): string {
  return `${stackName.toLowerCase().replaceAll('-', '_')}_hunts`;
}

/** Workgroups by the table that is asked in them: whoever may ask in one may read what others asked there. */
export function workGroupName(stackName: string, table: HuntTable): string {
  return table === 'prints' ? `${stackName}-hunts-prints` : `${stackName}-hunts`;
}
