import type { HuntTable } from '../../contract/hunt-names.ts';
import { csvCell, plain } from '../../findings/sanitize.ts';
import type { HuntQuery } from '../../hunts/queries.ts';
import { PRICES } from '../../infra/cost/prices.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';
import type { Answer } from './duckdb.ts';
import type { PartFile } from './parts.ts';

/** What a query would cost in Athena, over the same days. */
export interface AthenaCost {
  /** of the columns that it names, as they lie in the parts */
  readonly bytes: number;
  readonly usd: number;
}

const TB = 1e12;

/** Athena bills the bytes of columns that a query reads: athena.aws/pricing, "Price per query". */
export function athenaCost(
  { table, reads }: Pick<HuntQuery, 'table' | 'reads'>,
  parts: readonly PartFile[],
): AthenaCost {
  let bytes = 0;
  for (const part of parts)
    if (part.table === table) for (const name of reads) bytes += part.bytes.get(name) ?? 0;
  const billed = Math.max(bytes, PRICES.athena.leastMb * 1e6);
  return { bytes, usd: (billed / TB) * PRICES.athena.readTb };
}

/** How many rows of a table there are. */
export function rowsOf(table: HuntTable, parts: readonly PartFile[]): number {
  return parts.reduce((sum, part) => sum + (part.table === table ? part.rows : 0), 0);
}

/** A value as JSON has it: times of UTC, whole numbers as numbers as long as they are exact. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, jsonValue(held)]));
  return value;
}

function textOf(value: unknown): string {
  const json = jsonValue(value);
  if (json === null || json === undefined) return '';
  return typeof json === 'object' ? JSON.stringify(json) : String(json);
}

/** A table for people. Every text in it may be a customer's. */
export function answerTable({ columns, rows }: Answer): string {
  const cells = rows.map((row) => row.map((value) => plain(textOf(value), 60)));
  const heads = columns.map((name, at): Column => {
    const numbers = rows.every((row) => ['number', 'bigint'].includes(typeof row[at]));
    return { head: plain(name, 40), right: numbers && rows.length > 0, min: 8, optional: at };
  });
  return `${fittedTable(heads, cells)}\n`;
}

export function answerCsv({ columns, rows }: Answer): string {
  const lines = [columns.map((name) => csvCell(name)), ...rows.map((row) => row.map(csvValue))];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** A number is no formula, whatever its sign. */
function csvValue(value: unknown): string {
  const number = typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
  return number ? String(value) : csvCell(textOf(value));
}
