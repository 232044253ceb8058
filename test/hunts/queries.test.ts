import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HUNT_TABLES } from '../../lib/contract/hunt-names.ts';
import { type ColumnType, columnsOf, DAY_COLUMN } from '../../lib/hunts/columns.ts';
import { athenaSql, checkedDay, DUCKDB_MACROS, duckdbSql } from '../../lib/hunts/dialect.ts';
import { HUNT_QUERIES } from '../../lib/hunts/queries.ts';

const DUCKDB: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
};

describe('the queries of hunts', () => {
  it('ask days only, and name just the columns that they say they read', () => {
    for (const { id, sql, table, reads } of HUNT_QUERIES) {
      expect([id, sql]).toEqual([
        id,
        expect.stringContaining(`FROM ${table}\n`) &&
          expect.stringMatching(/WHERE day BETWEEN \{since\} AND \{until\}/),
      ]);
      const names = columnsOf(table)
        .map(({ name }) => name)
        .filter((name) => new RegExp(`\\b${name}\\b`).test(sql));
      expect([id, names.sort()]).toEqual([id, [...reads].sort()]);
      expect(reads).not.toContain(DAY_COLUMN);
    }
  });

  it('run in DuckDB as they are, but for the names of three functions', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const db = await (await DuckDBInstance.create(':memory:')).connect();
    for (const macro of DUCKDB_MACROS) await db.run(macro);
    for (const table of HUNT_TABLES) {
      const columns = columnsOf(table).map(({ name, type }) => `"${name}" ${DUCKDB[type]}`);
      await db.run(`CREATE TABLE ${table} (${[...columns, 'day VARCHAR'].join(', ')})`);
    }
    for (const { id, sql } of HUNT_QUERIES) {
      const { currentRowCount } = await db.runAndReadAll(duckdbSql(sql));
      expect([id, currentRowCount]).toEqual([id, 0]);
    }
    db.closeSync();
  });

  it('stand in docs/hunting.md, each with its question and table', () => {
    const manual = readFileSync(new URL('../../docs/hunting.md', import.meta.url), 'utf8');
    for (const { id, question, table } of HUNT_QUERIES)
      expect(manual).toContain(`| \`${id}\` | ${question} | \`${table}\` |`);
  });

  it('take days of the calendar and nothing else', () => {
    expect(athenaSql('{since} {until}', { since: '2026-02-28', until: '2026-03-29' })).toBe(
      "'2026-02-28' '2026-03-29'",
    );
    expect(duckdbSql('{since}', {})).toBe("'0000-01-01'");
    for (const wrong of ['2026-02-30', '26-03-01', "2026-03-01' OR 1=1", '2026-03-01T00:00:00Z', ''])
      expect(() => checkedDay(wrong)).toThrow(RangeError);
  });
});
