import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { labelsReader } from '../lib/input/labels.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { parseExchange } from '../lib/telemetry/parse-exchange.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';

/**
 * Makes the example that ships (examples/data): usage events of some hundred accounts, derived with our recorder from
 * labelled traffic. No text goes in, and the keys are thrown away. Usage: tsx examples/make-example.ts --data DIR
 */

/** Accounts of each kind, first come first served; a week of them. */
const WANTED: Readonly<Record<string, number>> = {
  'organic-chat': 110,
  'api-app': 34,
  'cron-app': 12,
  'api-human': 14,
  'api-broad': 8,
  'coding-tool': 16,
  course: 24,
  'eval-run': 6,
  'rag-backfill': 2,
  'reasoning-audit': 2,
  gateway: 1,
  hydra: 24,
  'hydra-cot': 14,
  'hydra-rubric': 12,
  'hydra-diluted': 14,
  'hydra-stealth': 12,
  'solo-burst': 2,
  'solo-paced': 4,
};
/** Larger accounts would make the file large. */
const MOST_EVENTS = 320;
const UNTIL = Date.parse('2026-03-09T00:00:00Z');

const data = process.argv[process.argv.indexOf('--data') + 1];
if (!process.argv.includes('--data') || data === undefined) {
  process.stderr.write(
    'usage: tsx examples/make-example.ts --data DIR (exchanges-*.ndjson.gz and labels.csv)\n',
  );
  process.exit(2);
}
const folder = data;
const recorder = createRecorder({ keys: developmentKeyring(randomBytes(32).toString('hex')) });
const labels = await labelsReader(join(folder, 'labels.csv'), recorder.pseudonym);
const files = (await readdir(folder)).filter((name) => /^exchanges-.*\.ndjson\.gz$/.test(name)).sort();

async function* exchanges() {
  for (const name of files) {
    const lines = createInterface({ input: createReadStream(join(folder, name)).pipe(createGunzip()) });
    for await (const line of lines) {
      const parsed = parseExchange(JSON.parse(line));
      if (parsed.ok && Date.parse(parsed.exchange.time) < UNTIL) yield parsed.exchange;
    }
  }
}

const byAccount = new Map(labels.list.map((label) => [label.account, label]));
const sizes = new Map<string, number>();
for await (const { account } of exchanges()) sizes.set(account, (sizes.get(account) ?? 0) + 1);
const chosen = new Set<string>();
const left = new Map(Object.entries(WANTED));
// campaigns of one kind come one after the other in the labels, so that a campaign's accounts stay together
for (const [account, size] of sizes) {
  const kind = byAccount.get(account)?.kind ?? '';
  const room = left.get(kind) ?? 0;
  if (room === 0 || size > MOST_EVENTS || (kind.startsWith('hydra') && size < 12)) continue;
  left.set(kind, room - 1);
  chosen.add(account);
}
const seen = new Set<string>();
async function* lines() {
  for await (const exchange of exchanges()) {
    if (!chosen.has(exchange.account)) continue;
    const event = recorder.record(exchange);
    seen.add(event.account);
    yield `${JSON.stringify(event)}\n`;
  }
}
await pipeline(
  lines,
  createGzip({ level: 9 }),
  createWriteStream(new URL('data/events.ndjson.gz', import.meta.url)),
);
const rows = labels.list
  .filter((label) => seen.has(label.pseudonym))
  .map((label) => [label.pseudonym, label.label, label.kind, label.campaign].join(','));
await writeFile(
  new URL('data/labels.csv', import.meta.url),
  `account,label,kind,campaign\n${rows.join('\n')}\n`,
);
process.stderr.write(`${seen.size} accounts\n`);
