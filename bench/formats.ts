import { readdirSync, statSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { inputFiles, readBatches } from '../lib/input/lines.ts';
import { ADAPTER_DEFAULTS } from '../lib/telemetry/adapters/adapter.ts';
import { EntryReader } from '../lib/telemetry/adapters/reader.ts';
import type { Exchange } from '../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { parseExchange } from '../lib/telemetry/parse-exchange.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';
import { FORMATS, type LoggedFormat, turns } from './formats/as-logged.ts';
import { tellFound } from './formats/found.ts';

/**
 * `npm run bench:formats [-- --data FILE...]`: one traffic, written as each source would log it, and how many of its events are
 * the same as those of the exchanges themselves in everything that detection reads (prints, shape, behaviours, outcome, tokens).
 * Equal events are judged alike, so that an account is caught in every format or in none. The last row hides each prompt in a
 * tool's result under a message that stays the same, and says how many are still taken as what is asked.
 * With `--labels FILE` the same traffic of 60 extraction and 350 benign accounts is recorded and backtested in each format, and
 * twice with the prompts of the extraction accounts hidden in results of tools: how many are found, and how many benign ones are flagged.
 */
const { values, positionals } = parseArgs({
  options: {
    data: { type: 'string' },
    limit: { type: 'string', default: '20000' },
    labels: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
});

const recorder = createRecorder({ keys: developmentKeyring('formats') });
const exchanges: Exchange[] = [];
const limit = Number(values.limit);
const files = (values.data === undefined ? positionals : [values.data, ...positionals]).flatMap(exchangesIn);
if (files.length === 0) process.stdout.write('formats: skipped, --data FILE names recorded exchanges\n');
else if (values.labels !== undefined) await tellFound(await inputFiles(files), values.labels, values.only);
else {
  for await (const { lines } of readBatches(await inputFiles(files)))
    for (const line of lines) {
      if (line === '' || exchanges.length >= limit) continue;
      const parsed = parseExchange(JSON.parse(line));
      if (parsed.ok) exchanges.push(parsed.exchange);
    }
  const wanted = exchanges.map((exchange) => recorder.record(exchange));
  for (const format of FORMATS) tell(format, wanted);
  tellHidden();
}

/** A folder of labelled traffic stands for its recorded exchanges. */
function exchangesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /^exchanges-.*\.ndjson\.gz$/.test(name))
    .sort()
    .map((name) => `${path}/${name}`);
}

function comparable(event: UsageEvent): object {
  const { seeded: _, ...params } = event.params;
  return { ...event, params, behaviours: event.behaviours.filter((behaviour) => behaviour !== 'logprobs') };
}

function tell({ name, from, trust, write }: LoggedFormat, wanted: readonly UsageEvent[]): void {
  const trusted = new Set(trust === undefined ? [] : [trust]);
  const reader = new EntryReader(from, { ...ADAPTER_DEFAULTS, clients: { trusted, strict: false } });
  let same = 0;
  let first: string | undefined;
  for (const [i, exchange] of exchanges.entries()) {
    const read = reader.read(JSON.parse(JSON.stringify(write(exchange))));
    const event = read.exchanges[0] === undefined ? undefined : recorder.record(read.exchanges[0]);
    const right = wanted[i];
    if (event !== undefined && right !== undefined && isDeepStrictEqual(comparable(event), comparable(right)))
      same++;
    else first ??= event === undefined ? JSON.stringify(read.reasons[0] ?? read) : difference(event, right);
  }
  process.stdout.write(
    `${name.padEnd(40)} ${same} of ${exchanges.length} events the same${first === undefined ? '' : `; first other: ${first}`}\n`,
  );
}

function difference(event: UsageEvent, right: UsageEvent | undefined): string {
  const [got, wanted] = [comparable(event), comparable(right ?? event)] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  return Object.keys(wanted)
    .filter((key) => !isDeepStrictEqual(got[key], wanted[key]))
    .map((key) => `${key} ${JSON.stringify(got[key])} for ${JSON.stringify(wanted[key])}`)
    .join(', ')
    .slice(0, 300);
}

function tellHidden(): void {
  let asked = 0;
  for (const exchange of exchanges) {
    const text = turns(exchange).at(-1)?.text ?? '';
    const messages = [
      { role: 'user', content: 'Go on.' },
      { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text }] }] },
    ];
    if (recorder.record({ ...exchange, messages }).shape.askedByTool === true) asked++;
  }
  process.stdout.write(
    `${'hidden in results of tools'.padEnd(40)} ${asked} of ${exchanges.length} prompts still taken as what is asked\n`,
  );
}
