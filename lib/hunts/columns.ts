import type { HuntTable } from '../contract/hunt-names.ts';
import { eventHash } from '../profile/recent-ids.ts';
import { BEHAVIOURS, type Behaviour, type Prints, type UsageEvent } from '../telemetry/usage-event.ts';

/** One accepted event with what the archive knows of it. */
export interface ArchivedEvent {
  readonly event: UsageEvent;
  /** ms since 1970, by the stream's clock */
  readonly arrived: number;
  readonly stream: string;
  readonly shard: string;
  /** of its record, in digits */
  readonly sequence: string;
  /** index of its line within the record, after the header */
  readonly line: number;
  readonly gateway?: string | undefined;
  readonly redriven: boolean;
}

/** A row of `prints`: an event under one of its key epochs. */
export interface PrintedEvent {
  readonly archived: ArchivedEvent;
  readonly prints: Prints;
  /** it is the newest epoch that the event carries */
  readonly newest: boolean;
}

/** Types that Parquet, Athena and DuckDB have alike. `timestamp` is milliseconds of UTC. */
export type ColumnType = 'string' | 'int' | 'bigint' | 'double' | 'boolean' | 'timestamp';
export type Value = string | number | bigint | boolean | Date;

export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  /** shown in Glue and in docs/hunting.md */
  readonly what: string;
  /** undefined: the event does not say (NULL) */
  readonly of: (row: Row) => Value | undefined;
}

const asked: Readonly<Record<Behaviour, string>> = {
  reasoning: 'asks for the reasoning',
  grading: 'asks to judge given answers',
  'thinking-language': 'fixes the language of the thinking',
  'multi-sample': 'asks for several answers',
  logprobs: 'asks for token probabilities',
  format: 'demands a machine-readable answer',
  persona: 'gives the model a role',
};

/** Who, when, and where the record stands: the same in both tables, so that they can be joined. */
const COMMON: readonly Column<ArchivedEvent>[] = [
  { name: 'time', type: 'timestamp', what: 'event time, UTC', of: ({ event }) => new Date(event.time) },
  { name: 'account', type: 'string', what: 'pseudonym', of: ({ event }) => event.account },
  { name: 'plan', type: 'string', what: "customer's plan", of: ({ event }) => event.customer.plan },
  { name: 'product', type: 'string', what: "customer's product", of: ({ event }) => event.customer.product },
  { name: 'model', type: 'string', what: 'model as requested', of: ({ event }) => event.model },
  {
    name: 'redriven',
    type: 'boolean',
    what: 'put back by redrive: the same event may stand where it was first, with the same event_hash',
    of: ({ redriven }) => redriven,
  },
  {
    name: 'event_hash',
    type: 'bigint',
    what: 'what makes an event the same: a repeat has the same',
    of: ({ event }) => BigInt(eventHash(event)),
  },
  { name: 'stream', type: 'string', what: 'stream that it came by', of: ({ stream }) => stream },
  { name: 'shard', type: 'string', what: 'shard of the stream', of: ({ shard }) => shard },
  { name: 'sequence', type: 'string', what: 'sequence number of its record', of: ({ sequence }) => sequence },
  { name: 'line', type: 'int', what: 'its line within the record, from 0', of: ({ line }) => line },
];

/**
 * `events`: what an analyst may read. No print is in it, and no id of an exchange, which may end in one
 * (docs/wire-format.md); the opening date is cut to its month.
 */
export const EVENT_COLUMNS: readonly Column<ArchivedEvent>[] = [
  ...COMMON,
  {
    name: 'arrived',
    type: 'timestamp',
    what: "arrival at the stream, UTC; the partition's day is of it",
    of: ({ arrived }) => new Date(arrived),
  },
  { name: 'gateway', type: 'string', what: 'gateway that put it', of: ({ gateway }) => gateway },
  {
    name: 'opened_month',
    type: 'string',
    what: 'month in which the account was opened, such as 2026-03',
    of: ({ event }) => event.customer.createdAt.slice(0, 7),
  },
  {
    name: 'outcome',
    type: 'string',
    what: 'ok, refused, truncated or error',
    of: ({ event }) => event.outcome,
  },
  {
    name: 'input_tokens',
    type: 'int',
    what: 'tokens, to one significant digit',
    of: ({ event }) => event.usage.inputTokens,
  },
  {
    name: 'output_tokens',
    type: 'int',
    what: 'tokens, to two significant digits',
    of: ({ event }) => event.usage.outputTokens,
  },
  { name: 'temperature', type: 'double', what: 'as sent', of: ({ event }) => event.params.temperature },
  { name: 'top_p', type: 'double', what: 'as sent', of: ({ event }) => event.params.topP },
  { name: 'max_tokens', type: 'int', what: 'as sent', of: ({ event }) => event.params.maxTokens },
  { name: 'n', type: 'int', what: 'answers asked for, as sent', of: ({ event }) => event.params.n },
  { name: 'seeded', type: 'boolean', what: 'a seed was given', of: ({ event }) => event.params.seeded },
  { name: 'turns', type: 'int', what: 'user messages', of: ({ event }) => event.shape.turns },
  {
    name: 'has_system',
    type: 'boolean',
    what: 'carries a system prompt',
    of: ({ event }) => event.shape.system,
  },
  {
    name: 'words',
    type: 'int',
    what: 'length class of the prompt: round(2 * log2(1 + words))',
    of: ({ event }) => event.shape.words,
  },
  {
    name: 'head',
    type: 'int',
    what: 'length class of its first line, same scale',
    of: ({ event }) => event.shape.head,
  },
  {
    name: 'lines',
    type: 'int',
    what: 'length class in lines: round(2 * log2(lines))',
    of: ({ event }) => event.shape.lines,
  },
  {
    name: 'script',
    type: 'string',
    what: 'coarse script class of the prompt',
    of: ({ event }) => event.shape.script,
  },
  {
    name: 'is_instruction',
    type: 'boolean',
    what: 'phrased as a task',
    of: ({ event }) => event.shape.instruction,
  },
  {
    name: 'is_question',
    type: 'boolean',
    what: 'ends in a question mark',
    of: ({ event }) => event.shape.question,
  },
  { name: 'has_code', type: 'boolean', what: 'contains program code', of: ({ event }) => event.shape.code },
  {
    name: 'has_input',
    type: 'boolean',
    what: 'an instruction followed by separate input',
    of: ({ event }) => event.shape.input,
  },
  {
    name: 'steps',
    type: 'int',
    what: 'results of tools since the last user message',
    of: ({ event }) => event.shape.steps,
  },
  {
    name: 'from_tools',
    type: 'int',
    what: 'tenths of the text that came from tools',
    of: ({ event }) => event.shape.fromTools,
  },
  {
    name: 'asked_by_tool',
    type: 'boolean',
    what: "the prompt is a tool's result",
    of: ({ event }) => event.shape.askedByTool,
  },
  ...BEHAVIOURS.map(
    (behaviour): Column<ArchivedEvent> => ({
      name: `asks_${behaviour.replaceAll('-', '_')}`,
      type: 'boolean',
      what: asked[behaviour],
      of: ({ event }) => event.behaviours.includes(behaviour),
    }),
  ),
];

/** Prints that `prints` holds, by column. The sketch is left out: it answers guesses of single word pairs (docs/telemetry.md). */
const PRINT_NAMES = {
  prompt: 'prompt',
  opening: 'opening',
  closing: 'closing',
  layout: 'layout',
  system: 'system_prompt',
  address: 'address',
  network: 'network',
  asn: 'asn',
  tls: 'tls',
  agent: 'agent',
  credential: 'credential',
  payment: 'payment',
} as const satisfies Partial<Record<keyof Prints, string>>;

/** `prints`: keyed fingerprints, a row for each event and key epoch. For people who may read raw prints. */
export const PRINT_COLUMNS: readonly Column<PrintedEvent>[] = [
  ...COMMON.map(({ of, ...said }): Column<PrintedEvent> => ({ ...said, of: ({ archived }) => of(archived) })),
  {
    name: 'exchange',
    type: 'string',
    what: "the exchange's id at the gateway",
    of: ({ archived }) => archived.event.id,
  },
  { name: 'epoch', type: 'string', what: 'id of the key epoch', of: ({ prints }) => prints.epoch },
  {
    name: 'newest',
    type: 'boolean',
    what: 'the newest epoch that the event carries: one row an event',
    of: ({ newest }) => newest,
  },
  ...Object.entries(PRINT_NAMES).map(
    ([field, name]): Column<PrintedEvent> => ({
      name,
      type: 'string',
      what: 'print; equal ones are of equal values within an epoch',
      of: ({ prints }) => prints[field as keyof typeof PRINT_NAMES],
    }),
  ),
];

/** The rows of `prints` that an event has. */
export function printsOf(archived: ArchivedEvent): PrintedEvent[] {
  return archived.event.prints.map((prints, i) => ({ archived, prints, newest: i === 0 }));
}

/** Name, type and meaning of the columns of a table, without how they are made. */
export function columnsOf(table: HuntTable): readonly Omit<Column<never>, 'of'>[] {
  return table === 'events' ? EVENT_COLUMNS : PRINT_COLUMNS;
}

/** Partition of both tables: the day (UTC) of arrival, as text. */
export const DAY_COLUMN = 'day';
