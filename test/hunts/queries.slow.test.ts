import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';
import { describe, expect, it } from 'vitest';
import { athenaSql } from '../../lib/hunts/dialect.ts';
import { HUNT_QUERIES } from '../../lib/hunts/queries.ts';

/** Seconds: the grammar is large. */
describe('the queries of hunts', () => {
  it('are SQL by the grammar of Trino, which Athena runs', () => {
    const trino = new TrinoSQL();
    for (const { id, sql } of HUNT_QUERIES) expect([id, trino.validate(athenaSql(sql))]).toEqual([id, []]);
    expect(trino.validate('SELECT account FROM WHERE')).not.toEqual([]);
  });
});
