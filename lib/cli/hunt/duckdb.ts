import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HUNT_TABLES, type HuntTable } from '../../contract/hunt-names.ts';
import { type ColumnType, columnsOf, DAY_COLUMN } from '../../hunts/columns.ts';
import { DUCKDB_MACROS } from '../../hunts/dialect.ts';
import { InputError } from '../../input/errors.ts';
import type { PartFile } from './parts.ts';
import { checkedStatement } from './statement.ts';

/** What DuckDB answered; dates are of UTC. */
export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** there are more rows than were asked for */
  readonly cut: boolean;
}

type Library = typeof import('@duckdb/node-api');
type Connection = Awaited<ReturnType<Awaited<ReturnType<Library['DuckDBInstance']['create']>>['connect']>>;

const TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
};

async function library(): Promise<Library> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new InputError(
      'hunt needs DuckDB, which is an optional dependency and is not installed here: npm install --include=optional (no compiler is needed), or ask in Athena with --athena',
      { cause: error },
    );
  }
}

/** The tables `events` and `prints` over parts, and nothing else of this machine. */
export class HuntDatabase {
  readonly #db: Connection;

  private constructor(db: Connection) {
    this.#db = db;
  }

  /**
   * SQL that somebody types reaches the parts and no other file, loads nothing and cannot change that:
   * duckdb.org/docs/operations_manual/securing_duckdb/overview. What is allowed may be written too, so that `ask` takes
   * nothing but a SELECT.
   * @param scratch a folder of its own for what does not fit into memory, made where it is missing
   */
  static async open(parts: readonly PartFile[], scratch: string): Promise<HuntDatabase> {
    const { DuckDBInstance } = await library();
    const db = await (await DuckDBInstance.create(':memory:')).connect();
    for (const macro of DUCKDB_MACROS) await db.run(macro);
    for (const table of HUNT_TABLES) await db.run(tableOf(table, parts));
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    for (const setting of [
      `temp_directory = ${quoted(scratch)}`,
      'autoinstall_known_extensions = false',
      'autoload_known_extensions = false',
      `allowed_paths = [${parts.map(({ file }) => quoted(resolve(file))).join(', ')}]`,
      'enable_external_access = false',
      'lock_configuration = true',
    ])
      await db.run(`SET ${setting}`);
    return new HuntDatabase(db);
  }

  /**
   * @param sql one SELECT
   * @param most rows
   * @throws InputError where it is anything else, or with what DuckDB says of the SQL, or of a file that is damaged
   */
  async ask(sql: string, most: number): Promise<Answer> {
    try {
      await checkedStatement(this.#db, sql);
      const reader = await this.#db.streamAndReadUntil(sql, most + 1);
      const rows = reader.getRowsJS();
      return {
        columns: reader.deduplicatedColumnNames(),
        rows: rows.slice(0, most),
        cut: rows.length > most,
      };
    } catch (error) {
      if (error instanceof InputError) throw error;
      const said = error instanceof Error ? error.message : String(error);
      throw new InputError(`DuckDB: ${said}`, { cause: error });
    }
  }

  /** Rows of a table that stand for a place in the stream that another row stands for too. */
  async doubled(table: HuntTable): Promise<number> {
    const place = table === 'events' ? PLACE : `${PLACE}, epoch`;
    const { rows } = await this.ask(`SELECT count(*) - count(DISTINCT (${place})) FROM ${table}`, 1);
    return Number(rows[0]?.[0] ?? 0);
  }

  /** Ends the query that runs. */
  interrupt(): void {
    this.#db.interrupt();
  }

  close(): void {
    this.#db.closeSync();
  }
}

const PLACE = 'stream, shard, sequence, line';

/** Without parts a table is empty, so that a query says so and not that it does not exist. */
function tableOf(table: HuntTable, parts: readonly PartFile[]): string {
  const files = parts.filter((part) => part.table === table).map(({ file }) => quoted(resolve(file)));
  if (files.length > 0)
    return `CREATE VIEW ${table} AS SELECT * FROM read_parquet([${files.join(', ')}], union_by_name = true, hive_partitioning = true, hive_types = {'${DAY_COLUMN}': VARCHAR})`;
  const columns = columnsOf(table).map(({ name, type }) => `"${name}" ${TYPES[type]}`);
  return `CREATE TABLE ${table} (${[...columns, `${DAY_COLUMN} VARCHAR`].join(', ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
