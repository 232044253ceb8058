import type { DuckDBConnection } from '@duckdb/node-api';
import { InputError } from '../../input/errors.ts';

/** What SQL that somebody types may be. */
const SELECT_ONLY = 'give one SELECT over the tables events and prints, and nothing else';

/**
 * Functions that a FROM may call. All others of DuckDB are refused: some write (`enable_logging`), some run text as SQL
 * (`query`, `json_execute_serialized_sql`), some read files.
 */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'generate_series',
  'json_each',
  'json_tree',
  'range',
  'repeat',
  'unnest',
]);

/** What `json_serialize_sql` says: duckdb.org/docs/data/json/sql_to_and_from_json. */
interface Serialized {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly statements?: readonly unknown[];
}

/**
 * By DuckDB's own parser, before anything of it runs: a setting that lets a path be read lets it be written too.
 * @throws InputError where the SQL is not exactly one SELECT, or calls a function that does more than select
 */
export async function checkedStatement(db: DuckDBConnection, sql: string): Promise<void> {
  const reader = await db.runAndReadAll('SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)', [
    sql,
  ]);
  const said = JSON.parse(String(reader.getRowsJS()[0]?.[0])) as Serialized;
  if (said.error) {
    if (said.error_type === 'not implemented') throw new InputError(`the SQL is no SELECT: ${SELECT_ONLY}`);
    throw new InputError(`DuckDB: ${said.error_message}`);
  }
  const count = said.statements?.length ?? 0;
  if (count !== 1) throw new InputError(`the SQL has ${count} statements: ${SELECT_ONLY}`);
  for (const name of calledInFrom(said.statements))
    if (!TABLE_FUNCTIONS.has(name))
      throw new InputError(
        `FROM ${name}(...) is not taken: ask the tables events and prints, or ${[...TABLE_FUNCTIONS].join(', ')}`,
      );
}

/** Names of the table functions anywhere in a statement. */
function calledInFrom(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(calledInFrom);
  if (typeof node !== 'object' || node === null) return [];
  const below = Object.values(node).flatMap(calledInFrom);
  if (!('type' in node) || node.type !== 'TABLE_FUNCTION' || !('function' in node)) return below;
  const called = node.function;
  const name = typeof called === 'object' && called !== null && 'function_name' in called;
  return [name ? String(called.function_name).toLowerCase() : '?', ...below];
}
