import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import type { HuntTable } from '../contract/hunt-names.ts';
import {
  type ArchivedEvent,
  type Column,
  type ColumnType,
  columnsOf,
  EVENT_COLUMNS,
  PRINT_COLUMNS,
  printsOf,
  type Value,
} from './columns.ts';
import { DIGEST_KEY, digestIn, isWhole, NO_DIGEST, type PartDigest, withDigest } from './part-digest.ts';
import { byText } from './text-order.ts';

/** A row as it lies in an object; what the event does not say is undefined. */
export type Row = Readonly<Record<string, Value | undefined>>;

/** Values of a table, a list for each of its columns, in the order of the columns. */
export interface TableColumns {
  readonly table: HuntTable;
  readonly count: number;
  readonly columns: readonly (readonly (Value | undefined)[])[];
}

/** An object of a table, unpacked. */
export interface PartContent {
  readonly table: HuntTable;
  readonly rows: readonly Row[];
  /** rows that `forget` took out since the object was made */
  readonly erased: number;
}

/** An object is no part of a table that this version knows: damaged, cut, or of somebody else. */
export class DamagedParquet extends Error {
  override readonly name = 'DamagedParquet';
}

/**
 * Parquet's types: https://parquet.apache.org/docs/file-format/types/. Athena reads a timestamp of milliseconds as its own
 * (athena/latest/ug/data-types.html), DuckDB without a time zone, so that no clock of the reader moves it.
 */
const PARQUET: Readonly<Record<ColumnType, BasicType>> = {
  string: 'STRING',
  int: 'INT32',
  bigint: 'INT64',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
};

/** Rows that a reader takes or leaves together, by the smallest and largest account in them. */
const ROW_GROUP = 20_000;
const META = { table: 'siphonwatch.table', erased: 'siphonwatch.erased' } as const;

/**
 * Both tables of some archived events. In order of account, time and place: the same events give the same rows, whatever order
 * they came in.
 */
export function tablesOf(archived: readonly ArchivedEvent[]): Readonly<Record<HuntTable, TableColumns>> {
  const sorted = [...archived].sort(inOrder);
  const printed = sorted.flatMap(printsOf);
  return {
    events: { table: 'events', count: sorted.length, columns: valuesOf(EVENT_COLUMNS, sorted) },
    prints: { table: 'prints', count: printed.length, columns: valuesOf(PRINT_COLUMNS, printed) },
  };
}

function valuesOf<R>(columns: readonly Column<R>[], rows: readonly R[]): (Value | undefined)[][] {
  return columns.map(({ of }) => rows.map(of));
}

function inOrder(a: ArchivedEvent, b: ArchivedEvent): number {
  return (
    byText(a.event.account, b.event.account) ||
    byText(a.event.time, b.event.time) ||
    byText(a.shard, b.shard) ||
    a.sequence.length - b.sequence.length ||
    byText(a.sequence, b.sequence) ||
    a.line - b.line
  );
}

/** The same rows give the same bytes. @param erased rows that `forget` took out of it */
export function encodePart({ table, columns }: Omit<TableColumns, 'count'>, erased = 0): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: columnsOf(table).map(({ name, type }, i) => ({
      name,
      type: PARQUET[type],
      data: [...(columns[i] ?? [])],
    })),
    rowGroupSize: ROW_GROUP,
    // bounds of a pseudonym that are cut are bounds all the same
    statisticsTruncateLength: 32,
    createdBy: 'siphonwatch',
    kvMetadata: [
      { key: META.table, value: table },
      { key: META.erased, value: String(erased) },
      { key: DIGEST_KEY, value: NO_DIGEST },
    ],
  });
  return withDigest(new Uint8Array(buffer));
}

/** What is said of a part that is not as it was written. */
export const OTHER_BYTES = 'damaged: its bytes are not those that were written';

/** What the footer of an object says. */
export interface PartFooter {
  readonly table: HuntTable;
  readonly rows: number;
  readonly erased: number;
  /** bytes of each column as they lie in the object, by name */
  readonly bytes: ReadonlyMap<string, number>;
  /** of all bytes of the object; undefined: of a version that wrote none */
  readonly digest: PartDigest | undefined;
}

/** Bytes from the end of an object in which its footer usually is. */
export const FOOTER_BYTES = 1024 * 1024;

/** Where a footer begins, in bytes from the end of an object: https://parquet.apache.org/docs/file-format/. @param end its last eight bytes */
export function footerLength(end: Uint8Array): number {
  return new DataView(end.buffer, end.byteOffset, end.byteLength).getUint32(end.byteLength - 8, true) + 8;
}

/** @param bytes the object, or as much of its end as holds the footer. @throws DamagedParquet */
export function readFooter(bytes: Uint8Array): PartFooter {
  try {
    const { num_rows, key_value_metadata = [], row_groups } = parquetMetadata(arrayBufferOf(bytes));
    const said = (key: string) => key_value_metadata.find((held) => held.key === key)?.value;
    const table = said(META.table);
    const erased = Number(said(META.erased));
    if ((table !== 'events' && table !== 'prints') || !Number.isSafeInteger(erased))
      throw new DamagedParquet('Parquet, but no part of the archive');
    const sizes = new Map<string, number>();
    for (const { columns } of row_groups)
      for (const { meta_data: held } of columns) {
        const [name = ''] = held?.path_in_schema ?? [];
        sizes.set(name, (sizes.get(name) ?? 0) + Number(held?.total_compressed_size ?? 0));
      }
    const digest = digestIn(bytes, said(DIGEST_KEY));
    return { table, rows: Number(num_rows), erased, bytes: sizes, digest };
  } catch (error) {
    if (error instanceof DamagedParquet) throw error;
    throw new DamagedParquet('no Parquet, or damaged', { cause: error });
  }
}

/** @throws DamagedParquet */
export async function decodePart(bytes: Uint8Array): Promise<PartContent> {
  const { table, rows: counted, erased, digest } = readFooter(bytes);
  const whole =
    digest === undefined || (await isWhole(digest, bytes.length, (a, b) => [bytes.subarray(a, b)]));
  if (!whole) throw new DamagedParquet(OTHER_BYTES);
  let read: Record<string, Value | null | undefined>[];
  try {
    read = await parquetReadObjects({ file: arrayBufferOf(bytes) });
  } catch (error) {
    throw new DamagedParquet('damaged Parquet', { cause: error });
  }
  if (read.length !== counted) throw new DamagedParquet(`${read.length} rows where ${counted} were counted`);
  const names = columnsOf(table).map(({ name }) => name);
  return {
    table,
    erased,
    rows: read.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? undefined]))),
  };
}

/** The object without an account's rows, and how many there were. @throws DamagedParquet */
export async function partWithout(
  bytes: Uint8Array,
  account: string,
): Promise<{ readonly left: Uint8Array; readonly removed: number }> {
  const { table, rows, erased } = await decodePart(bytes);
  const left = rows.filter((row) => row.account !== account);
  const removed = rows.length - left.length;
  if (removed === 0) return { left: bytes, removed };
  const columns = columnsOf(table).map(({ name }) => left.map((row) => row[name]));
  return { left: encodePart({ table, columns }, erased + removed), removed };
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
