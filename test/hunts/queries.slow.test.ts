import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';
import { describe, expect, it } from 'vitest';
import { HuntDatabase } from '../../lib/cli/hunt/duckdb.ts';
import { partsOf } from '../../lib/cli/hunt/sources.ts';
import { athenaSql, duckdbSql } from '../../lib/hunts/dialect.ts';
import { HUNT_QUERIES } from '../../lib/hunts/queries.ts';

const EXAMPLE = 'examples/data/events.ndjson.gz';
/** Of which the example has none. */
const NOTHING = ['probabilities', 'refusals'];

/** Seconds: the grammar is large, and so is the example traffic. */
describe('the queries of hunts', () => {
  it('find something in the example traffic, which has campaigns in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-queries-'));
    const { files } = await partsOf([EXAMPLE], folder, {});
    const db = await HuntDatabase.open(files, join(folder, 'spill'));
    const found = new Map<string, number>();
    for (const { id, sql } of HUNT_QUERIES) found.set(id, (await db.ask(duckdbSql(sql), 1000)).rows.length);
    db.close();
    rmSync(folder, { recursive: true });
    expect([...found].filter(([, rows]) => rows === 0).map(([id]) => id)).toEqual(NOTHING);
  });

  it('are SQL by the grammar of Trino, which Athena runs', () => {
    const trino = new TrinoSQL();
    for (const { id, sql } of HUNT_QUERIES) expect([id, trino.validate(athenaSql(sql))]).toEqual([id, []]);
    expect(trino.validate('SELECT account FROM WHERE')).not.toEqual([]);
  });
});
