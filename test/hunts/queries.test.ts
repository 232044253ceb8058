import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { HUNT_TABLES } from '../../lib/contract/hunt-names.ts';
import { type ColumnType, columnsOf, DAY_COLUMN } from '../../lib/hunts/columns.ts';
import { athenaSql, checkedDay, DUCKDB_MACROS, duckdbSql } from '../../lib/hunts/dialect.ts';
import { HUNT_QUERIES, huntQuery } from '../../lib/hunts/queries.ts';

const DUCKDB: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
};

async function emptyTables(): Promise<DuckDBConnection> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  for (const macro of DUCKDB_MACROS) await db.run(macro);
  for (const table of HUNT_TABLES) {
    const columns = columnsOf(table).map(({ name, type }) => `"${name}" ${DUCKDB[type]}`);
    await db.run(`CREATE TABLE ${table} (${[...columns, 'day VARCHAR'].join(', ')})`);
  }
  return db;
}

async function answers(db: DuckDBConnection, id: string) {
  return (await db.runAndReadAll(duckdbSql(huntQuery(id)?.sql ?? ''))).getRowsJS();
}

describe('the queries of hunts', () => {
  it('ask days only, and name just the columns that they say they read', () => {
    for (const { id, sql, table, reads } of HUNT_QUERIES) {
      expect([id, sql]).toEqual([id, expect.stringContaining('WHERE day BETWEEN {since} AND {until}')]);
      const asked = [...sql.matchAll(/\bFROM (\w+)/g)].map(([, name]) => name);
      expect([id, new Set(asked)]).toEqual([id, new Set([table])]);
      const names = columnsOf(table)
        .map(({ name }) => name)
        .filter((name) => new RegExp(`\\b${name}\\b`).test(sql));
      expect([id, names.sort()]).toEqual([id, [...reads].sort()]);
      expect(reads).not.toContain(DAY_COLUMN);
    }
  });

  it('run in DuckDB as they are, but for the names of three functions', async () => {
    const db = await emptyTables();
    for (const { id, sql } of HUNT_QUERIES) {
      const { currentRowCount } = await db.runAndReadAll(duckdbSql(sql));
      expect([id, currentRowCount]).toEqual([id, 0]);
    }
    db.closeSync();
  });

  it('count hours within a day, repeats over midnight, and templates on either side', async () => {
    const db = await emptyTables();
    // awake works 20 hours on each of two days; spread has 30 hours active, over ten days
    await db.run(`INSERT INTO events (account, day, time) SELECT 'awake', '2026-03-01',
      TIMESTAMP '2026-03-01' + to_hours(d * 24 + h) FROM range(2) AS a(d), range(20) AS b(h)`);
    await db.run(`INSERT INTO events (account, day, time) SELECT 'spread', '2026-03-01',
      TIMESTAMP '2026-03-01' + to_hours(d * 24 + h) FROM range(10) AS a(d), range(3) AS b(h)`);
    expect(await answers(db, 'around-the-clock')).toEqual([['awake', null, null, 2n, 20n, 20n, 40n, 1]]);
    await db.run(`DELETE FROM events`);
    await db.run(`INSERT INTO events (account, event_hash, day, arrived, gateway, redriven) VALUES
      ('a', 1, '2026-03-01', TIMESTAMP '2026-03-01 23:59:59', 'one', false),
      ('a', 1, '2026-03-02', TIMESTAMP '2026-03-02 00:00:01', 'two', true),
      ('b', 1, '2026-03-02', TIMESTAMP '2026-03-02 00:00:01', 'two', false)`);
    expect(await answers(db, 'repeats')).toEqual([
      ['2026-03-02', 'two', 2n, 1n, 1n],
      ['2026-03-01', 'one', 1n, 0n, 0n],
    ]);
    await db.run(`INSERT INTO prints (account, epoch, newest, day, prompt, opening, closing)
      SELECT who, 'e1', true, '2026-03-01', CAST(i AS VARCHAR),
        CASE WHEN who = 'begins' THEN 'o' ELSE CAST(i AS VARCHAR) END, CASE WHEN who = 'ends' THEN 'c' END
      FROM range(100) AS a(i), (VALUES ('begins'), ('ends')) AS b(who)`);
    expect(await answers(db, 'one-template')).toEqual([
      ['begins', null, null, 'e1', 'begin', 'o', 100n, 100n],
      ['ends', null, null, 'e1', 'end', 'c', 100n, 100n],
    ]);
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
