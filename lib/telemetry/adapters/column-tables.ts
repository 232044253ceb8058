import { at, type Json, listOf, textAt } from './fields.ts';

/**
 * Answers of databases that say the names of columns once and then rows of values: each row here is one of their forms.
 * Read as one entry a row, by the names of its columns.
 */
interface ColumnTable {
  readonly name: string;
  readonly source: string;
  /** where the columns stand */
  readonly columns: readonly string[];
  /** where the rows stand */
  readonly rows: readonly string[];
  /** the cells of a row, where it is no plain list of them */
  readonly cells?: (row: unknown) => readonly unknown[];
  /** the first row repeats the names of columns */
  readonly isHeaded?: true;
}

const TABLES: readonly ColumnTable[] = [
  {
    name: 'ClickHouse (JSONCompact)',
    source: 'https://clickhouse.com/docs/interfaces/formats/JSONCompact',
    columns: ['meta'],
    rows: ['data'],
  },
  {
    name: 'Log Analytics, one table; Elasticsearch SQL; Splunk',
    source:
      'https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format, https://www.elastic.co/docs/explore-analyze/query-filter/languages/sql-rest-format',
    columns: ['columns'],
    rows: ['rows'],
  },
  {
    name: 'Trino, Presto; pandas (orient=split)',
    source:
      'https://trino.io/docs/current/develop/client-protocol.html, https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html',
    columns: ['columns'],
    rows: ['data'],
  },
  {
    name: 'Elasticsearch ES|QL',
    source: 'https://www.elastic.co/docs/reference/query-languages/esql/esql-rest',
    columns: ['columns'],
    rows: ['values'],
  },
  {
    name: 'Splunk (json_rows)',
    source:
      'https://help.splunk.com/en/splunk-enterprise/rest-api-reference (search/jobs/export, output_mode)',
    columns: ['fields'],
    rows: ['rows'],
  },
  {
    name: 'Snowflake',
    source: 'https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses',
    columns: ['resultSetMetaData', 'rowType'],
    rows: ['data'],
  },
  {
    name: 'Databricks',
    source: 'https://docs.databricks.com/api/workspace/statementexecution/getstatement',
    columns: ['manifest', 'schema', 'columns'],
    rows: ['result', 'data_array'],
  },
  {
    name: 'BigQuery',
    source: 'https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults',
    columns: ['schema', 'fields'],
    rows: ['rows'],
    cells: (row) => listOf(at(row, 'f')).map((cell) => at(cell, 'v')),
  },
  {
    name: 'Athena',
    source: 'https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html',
    columns: ['ResultSet', 'ResultSetMetadata', 'ColumnInfo'],
    rows: ['ResultSet', 'Rows'],
    cells: (row) => listOf(at(row, 'Data')).map((cell) => at(cell, 'VarCharValue')),
    isHeaded: true,
  },
];

/** Columns that hold their own values: Logfire's query API, https://logfire.pydantic.dev/docs/how-to-guides/query-api/ */
function rowsOfColumns(value: unknown): readonly Json[] | undefined {
  const columns = listOf(at(value, 'columns'));
  const values = columns.map((column) => at(column, 'values'));
  const height = listOf(values[0]).length;
  const isTable =
    columns.length > 1 &&
    height > 0 &&
    columns.every((column) => nameOf(column) !== '') &&
    values.every((held) => Array.isArray(held) && held.length === height);
  if (!isTable) return undefined;
  return Array.from({ length: height }, (_, row) =>
    Object.fromEntries(columns.map((column, i) => [nameOf(column), listOf(values[i])[row]])),
  );
}

/** The rows of a table as entries by the names of their columns; undefined where a value is no such table. */
export function tableRows(value: unknown): readonly Json[] | undefined {
  for (const { columns, rows, cells = listOf, isHeaded } of TABLES) {
    const names = listOf(at(value, ...columns)).map(nameOf);
    const held = listOf(at(value, ...rows)).map(cells);
    const isTable = names.length > 0 && names.every((name) => name !== '');
    if (!isTable || held.length === 0 || held.some((row) => row.length === 0)) continue;
    const isHeader = isHeaded === true && names.every((name, i) => held[0]?.[i] === name);
    return held
      .slice(isHeader ? 1 : 0)
      .map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  }
  return rowsOfColumns(value);
}

function nameOf(column: unknown): string {
  return typeof column === 'string' ? column : (textAt(column, 'name') ?? textAt(column, 'Name') ?? '');
}
