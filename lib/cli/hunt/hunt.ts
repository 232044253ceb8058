import { join } from 'node:path';
import { Command } from 'commander';
import { HUNT_TABLES } from '../../contract/hunt-names.ts';
import { wrap } from '../../findings/format.ts';
import { checkedDay, type Days, duckdbSql } from '../../hunts/dialect.ts';
import { HUNT_QUERIES, type HuntQuery, huntQuery } from '../../hunts/queries.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { outputsOf } from '../shared/deployment.ts';
import { terminalWidth } from '../shared/fitted-table.ts';
import { emptyFolder, removeMade } from '../shared/output.ts';
import { type AthenaCost, answerCsv, answerTable, athenaCost, jsonValue, rowsOf } from './answer-text.ts';
import { athenaCommands, athenaPlace } from './athena.ts';
import { type Answer, HuntDatabase } from './duckdb.ts';
import { checkBytes, type PartFile, type Parts } from './parts.ts';
import { Scratch } from './scratch.ts';
import { partsOf } from './sources.ts';

interface HuntOptions extends KeyOptions {
  readonly list?: boolean;
  readonly sql?: string;
  readonly since?: string;
  readonly until?: string;
  readonly keep?: string;
  readonly athena?: boolean;
  readonly stack?: string;
  readonly region?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** Rows of an answer at most: a query of ours has a limit of its own, SQL that somebody types may have none. */
const MOST_ROWS = 100_000;
/** Rows that a terminal gets. */
const SHOWN = 200;

/** `hunt [QUERY] SOURCE...`: asks the archive with SQL, on this machine or by commands for Athena. */
export function huntCommand(): Command {
  const command = new Command('hunt')
    .description(
      'ask the archive a question in SQL: over Parquet, objects of the archive, or recorded traffic',
    )
    .argument(
      '[query-and-sources...]',
      'a query of --list (not with --sql), then folders, files, or s3:// prefixes: of Parquet, of the archive, of usage events or exchanges',
    )
    .option('--list', 'what there is to ask')
    .option('--sql <text>', 'SQL of your own instead of a query, over the tables events and prints')
    .option('--since <day>', 'first day of arrival, such as 2026-03-01')
    .option('--until <day>', 'last day of arrival')
    .option('--keep <folder>', 'leave the Parquet that is fetched or made there, to ask it again')
    .option('--athena', 'print the commands that ask the deployment instead')
    .option(
      '--stack <name>',
      'with --athena: the deployed stack (SIPHONWATCH_STACK) whose outputs name the workgroup',
    )
    .option('--region <region>', 'AWS region')
    .option('--csv', 'print CSV')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((names: string[], options: HuntOptions) =>
    runCommand('hunt', () => hunt(names, options)),
  );
}

/** What is asked. */
interface Question {
  readonly query: HuntQuery | undefined;
  readonly sql: string;
  readonly days: Days;
  readonly sources: readonly string[];
}

async function hunt(names: readonly string[], options: HuntOptions): Promise<number> {
  if (options.list === true) return list(options.json === true);
  if (options.json === true && options.csv === true) throw new InputError('--json or --csv, not both');
  const question = questionOf(names, options);
  if (options.athena === true) return printAthena(question, options);
  const { sources } = question;
  if (sources.length === 0)
    throw new InputError(
      'name what to ask: a folder of Parquet (aws s3 sync), objects of the archive, usage events, or s3://BUCKET/hunts/',
    );
  const made = options.keep === undefined ? [] : await emptyFolder('--keep', options.keep);
  const scratch = await Scratch.make();
  try {
    const parts = await partsOf(sources, options.keep ?? scratch.folder, options);
    await ask(question, parts, scratch, options);
  } catch (error) {
    await removeMade(made);
    throw error;
  } finally {
    scratch.remove();
  }
  return 0;
}

/** @throws InputError saying what is wrong with what was typed */
function questionOf(names: readonly string[], { sql, since, until }: HuntOptions): Question {
  const days = { since: dayOf('--since', since), until: dayOf('--until', until) };
  if (days.since !== undefined && days.until !== undefined && days.since > days.until)
    throw new InputError(`--since ${days.since} is after --until ${days.until}`);
  if (sql !== undefined) return { query: undefined, sql: typed(sql), days, sources: names };
  const [id, ...sources] = names;
  if (id === undefined) throw new InputError('name a query of --list, or give --sql TEXT');
  const query = huntQuery(id);
  if (query === undefined)
    throw new InputError(
      `there is no query ${JSON.stringify(id.slice(0, 60))}: ${HUNT_QUERIES.map((held) => held.id).join(', ')}`,
    );
  return { query, sql: query.sql, days, sources };
}

/** SQL with something in it beside comments. */
function typed(sql: string): string {
  if (sql.replaceAll(/--[^\n]*|\/\*.*?\*\//gs, '').trim() === '')
    throw new InputError(
      '--sql is empty: give a SELECT, such as "SELECT day, count(*) FROM events GROUP BY day"',
    );
  return sql;
}

function dayOf(option: string, day: string | undefined): string | undefined {
  try {
    return day === undefined ? undefined : checkedDay(day);
  } catch (error) {
    throw new InputError(`${option}: ${(error as Error).message}`, { cause: error });
  }
}

async function ask(question: Question, parts: Parts, scratch: Scratch, options: HuntOptions): Promise<void> {
  const { query, sql, days } = question;
  const files = parts.files.filter(
    ({ day }) => (days.since ?? '') <= day && day <= (days.until ?? '9999-12-31'),
  );
  refuseNothing(parts.files, files, query);
  for (const note of parts.notes) say(`note: ${note}`);
  await checkBytes(files);
  const db = await HuntDatabase.open(files, join(scratch.folder, 'spill'));
  scratch.onStop(() => db.interrupt());
  try {
    await refuseDoubled(db);
    const answer = await db.ask(duckdbSql(sql, days), MOST_ROWS);
    const cost = query === undefined ? undefined : athenaCost(query, files);
    if (options.json === true) printJson(document(question, { answer, files, parts, cost }));
    else if (options.csv === true) process.stdout.write(answerCsv(answer));
    else process.stdout.write(words(question, answer, files, cost));
    if (answer.cut)
      say(`more than ${MOST_ROWS} rows: the first are here; give the SQL a LIMIT or a narrower question`);
  } finally {
    scratch.onStop(undefined);
    db.close();
  }
}

/** An answer of nothing is none. */
function refuseNothing(
  all: readonly PartFile[],
  within: readonly PartFile[],
  query: HuntQuery | undefined,
): void {
  if (all.length === 0) throw new InputError('no rows: what was given holds no events');
  if (within.length === 0) {
    const days = all.map(({ day }) => day).sort();
    throw new InputError(
      `no rows between --since and --until: there are days from ${days[0]} to ${days.at(-1)}`,
    );
  }
  if (query !== undefined && !within.some(({ table }) => table === query.table))
    throw new InputError(
      `${query.id} asks the table ${query.table}, of which there is nothing: it lies below hunts/${query.table}/`,
    );
}

/** Rows that count twice make every answer wrong, so there is none. */
async function refuseDoubled(db: HuntDatabase): Promise<void> {
  for (const table of HUNT_TABLES) {
    const doubled = await db.doubled(table);
    if (doubled > 0)
      throw new InputError(
        `${doubled} rows of ${table} are there twice: the same part under two names, or Parquet and the archive that it was made of; give each once`,
      );
  }
}

interface Asked {
  readonly answer: Answer;
  readonly files: readonly PartFile[];
  readonly parts: Parts;
  readonly cost: AthenaCost | undefined;
}

function document({ query, days }: Question, { answer, files, parts, cost }: Asked) {
  return {
    ...(query === undefined ? {} : { query: query.id, table: query.table }),
    ...(days.since === undefined ? {} : { since: days.since }),
    ...(days.until === undefined ? {} : { until: days.until }),
    source: {
      days: [...new Set(files.map(({ day }) => day))].sort(),
      events: rowsOf('events', files),
      prints: rowsOf('prints', files),
      erased: files.reduce((sum, { erased }) => sum + erased, 0),
      notes: parts.notes,
    },
    columns: answer.columns,
    rows: answer.rows.map((row) => row.map(jsonValue)),
    cut: answer.cut,
    ...(cost === undefined ? {} : { athena: cost }),
  };
}

function words(
  { query }: Question,
  answer: Answer,
  files: readonly PartFile[],
  cost: AthenaCost | undefined,
): string {
  const width = terminalWidth();
  const lines = query === undefined ? [] : [wrap(`${query.question} ${query.explanation}`, width), ''];
  const days = [...new Set(files.map(({ day }) => day))].sort();
  if (answer.rows.length === 0) lines.push('no rows');
  else lines.push(answerTable({ ...answer, rows: answer.rows.slice(0, SHOWN) }).trimEnd());
  if (answer.rows.length > SHOWN)
    lines.push(`... and ${answer.rows.length - SHOWN} more rows: --csv and --json have them`);
  const within =
    days.length === 1 ? `on ${days[0]}` : `on ${days.length} days from ${days[0]} to ${days.at(-1)}`;
  lines.push('', `${answer.rows.length} rows, of ${rowsOf('events', files)} events ${within}`);
  if (cost !== undefined)
    lines.push(
      `in Athena: ${(cost.bytes / 1e6).toFixed(1)} MB, USD ${cost.usd.toFixed(5)} (10 MB are billed at least)`,
    );
  return `${lines.join('\n')}\n`;
}

/** Athena bills what is read: days that a query does not ask for must not look as if they did something. */
function refuseIgnoredDays(sql: string, days: Days): void {
  for (const name of ['since', 'until'] as const)
    if (days[name] !== undefined && !sql.includes(`{${name}}`))
      throw new InputError(
        `--${name} with --athena and --sql needs {${name}} in the SQL, or it would read all days: WHERE day BETWEEN {since} AND {until}`,
      );
}

async function printAthena({ query, sql, days }: Question, options: HuntOptions): Promise<number> {
  if (query === undefined) refuseIgnoredDays(sql, days);
  const stack = options.stack ?? (process.env.SIPHONWATCH_STACK || undefined);
  const outputs = stack === undefined ? undefined : await outputsOf(stack, options);
  const region = options.region ?? (process.env.AWS_REGION || undefined);
  const table = query?.table ?? (/\bprints\b/i.test(sql) ? 'prints' : 'events');
  const place = athenaPlace(query?.id, { table, stack, region, outputs });
  process.stdout.write(athenaCommands({ query, sql }, days, place));
  return 0;
}

function list(json: boolean): number {
  if (json) {
    printJson({ queries: HUNT_QUERIES });
    return 0;
  }
  const width = terminalWidth();
  for (const { id, title, question, table, reads } of HUNT_QUERIES)
    process.stdout.write(
      `${id}: ${title}\n${wrap(question, width, '  ', '  ')}\n  table ${table}, ${reads.length} columns\n`,
    );
  return 0;
}
