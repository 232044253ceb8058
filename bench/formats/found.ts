import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { BacktestResult } from '../../lib/backtest/outcome.ts';
import { readBatches } from '../../lib/input/lines.ts';
import { seeded } from '../../lib/statistics/random.ts';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { parseExchange } from '../../lib/telemetry/parse-exchange.ts';
import { labelRows, siphonwatch } from '../strangers/product.ts';
import { FORMATS, type LoggedFormat, turns } from './as-logged.ts';

/** How many of so many extraction accounts are found, and of so many benign ones flagged. */
const EXTRACTION = 60;
const BENIGN = 350;
const KEY = ['--key-seed', 'formats'] as const;

interface Written extends Pick<LoggedFormat, 'name' | 'from' | 'trust'> {
  readonly write: (exchange: Exchange, isExtraction: boolean) => object;
}

/** The prompts of extraction accounts in results of tools, under a message of the user that stays the same. */
const hidden = (role: string, type: string) => (exchange: Exchange, isExtraction: boolean) =>
  isExtraction
    ? {
        ...exchange,
        messages: [
          { role: 'user', content: 'Go on.' },
          {
            role,
            content: [{ type, content: [{ type: 'text', text: turns(exchange).at(-1)?.text ?? '' }] }],
          },
        ],
      }
    : exchange;

const ROWS: readonly Written[] = [
  { name: 'exchanges', from: 'exchange', write: (exchange) => exchange },
  ...FORMATS,
  { name: 'hidden in tool results of the user', from: 'exchange', write: hidden('user', 'tool_result') },
  { name: 'hidden in messages of a tool', from: 'exchange', write: hidden('tool', 'text') },
];

/**
 * Writes one sample of labelled traffic in each format, records and backtests it as a user would, and prints what was found.
 * @param only names of rows to run; all where it is empty
 */
export async function tellFound(
  files: readonly string[],
  labels: string,
  only: readonly string[],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'formats-'));
  try {
    const chosen = await sample(labels);
    for (const row of ROWS.filter(({ name }) => only.length === 0 || only.includes(name))) {
      const input = join(folder, 'input.ndjson');
      const events = join(folder, 'events.ndjson');
      const lines = await write(files, chosen, row, input);
      const trust = row.trust === undefined ? [] : ['--trust-client-fields', row.trust];
      await siphonwatch('record', input, '--from', row.from, ...trust, ...KEY, '--out', events);
      const asked = ['backtest', events, ...KEY, '--labels', labels, '--json'];
      const { flags } = JSON.parse(await siphonwatch(...asked)) as BacktestResult;
      const of = (extraction: boolean) =>
        new Set(flags.map(({ account }) => account).filter((name) => chosen.get(name) === extraction)).size;
      process.stdout.write(
        `${row.name.padEnd(40)} ${of(true)} of ${EXTRACTION} found, ${of(false)} of ${BENIGN} benign ones flagged (${lines} calls)\n`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Accounts by whether they are extraction, drawn once. */
async function sample(file: string): Promise<ReadonlyMap<string, boolean>> {
  const uniform = seeded(14);
  const chosen = new Map<string, boolean>();
  const labels = [...(await labelRows(file)).rows]
    .map(([account, row]) => ({ account, label: row.split(',')[1], order: uniform() }))
    .sort((a, b) => a.order - b.order);
  const most = { extraction: EXTRACTION, benign: BENIGN } as const;
  for (const kind of ['extraction', 'benign'] as const)
    for (const { account } of labels.filter(({ label }) => label === kind).slice(0, most[kind]))
      chosen.set(account, kind === 'extraction');
  return chosen;
}

async function write(
  files: readonly string[],
  chosen: ReadonlyMap<string, boolean>,
  row: Written,
  to: string,
): Promise<number> {
  const out = createWriteStream(to);
  let lines = 0;
  for await (const batch of readBatches(files)) {
    let text = '';
    for (const line of batch.lines) {
      const parsed = line === '' ? undefined : parseExchange(JSON.parse(line));
      if (parsed?.ok !== true) continue;
      const isExtraction = chosen.get(parsed.exchange.account);
      if (isExtraction === undefined) continue;
      text += `${JSON.stringify(row.write(parsed.exchange, isExtraction))}\n`;
      lines++;
    }
    if (!out.write(text)) await new Promise<void>((drained) => out.once('drain', () => drained()));
  }
  out.end();
  await finished(out);
  return lines;
}
