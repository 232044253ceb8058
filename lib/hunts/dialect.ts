/** What Athena (Trino) and DuckDB name differently: all of the difference between the two is in this file. */

/** Days that a hunt looks at, each inclusive, YYYY-MM-DD of UTC; without them all that is there, in Athena the last seven days. */
export interface Days {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Days of a stored query of Athena, which knows no parameters: yesterday is the last day that is whole. */
export const ATHENA_DAYS = 7;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** @throws RangeError for what is no day of the calendar */
export function checkedDay(text: string): string {
  const ms = DAY.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw new RangeError(`${JSON.stringify(text.slice(0, 40))} is not a day such as 2026-03-01`);
  return text;
}

/**
 * For Athena. `current_date` is of UTC there, and folded before partitions are chosen
 * (athena/latest/ug/partition-projection-supported-types.html).
 */
export function athenaSql(sql: string, days: Days = {}): string {
  return filled(sql, {
    since: literal(days.since) ?? `date_format(current_date - INTERVAL '${ATHENA_DAYS}' DAY, '%Y-%m-%d')`,
    until: literal(days.until) ?? "date_format(current_date, '%Y-%m-%d')",
  });
}

/** For DuckDB, which has all of its source at hand. */
export function duckdbSql(sql: string, days: Days = {}): string {
  return filled(sql, {
    since: literal(days.since) ?? "'0000-01-01'",
    until: literal(days.until) ?? "'9999-12-31'",
  });
}

/** Trino's functions that DuckDB calls otherwise: https://trino.io/docs/current/functions.html, https://duckdb.org/docs/sql/functions/overview. */
export const DUCKDB_MACROS = [
  'CREATE MACRO approx_distinct(x) AS approx_count_distinct(x)',
  'CREATE MACRO approx_percentile(x, share) AS approx_quantile(x, CAST(share AS FLOAT))',
  'CREATE MACRO to_unixtime(x) AS epoch(x)',
] as const;

function filled(sql: string, values: Readonly<Record<'since' | 'until', string>>): string {
  return sql.replaceAll('{since}', values.since).replaceAll('{until}', values.until);
}

function literal(day: string | undefined): string | undefined {
  return day === undefined ? undefined : `'${checkedDay(day)}'`;
}
