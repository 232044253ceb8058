import { createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Command } from 'commander';
import { runRecord } from '../lib/cli/record/record.ts';

/**
 * Lines of all source formats in turn, with broken ones between, in one run of `record --from auto`:
 * `npm run bench:mixed-lines -- --lines 1000000`. Everything good has to be kept, and nothing but the broken lines refused.
 */
const { lines, broken } = new Command('mixed-lines')
  .option('--lines <number>', 'how many', '1000000')
  .option('--broken <number>', 'one line in so many is broken', '1000')
  .parse()
  .opts<{ readonly lines: string; readonly broken: string }>();

/** Ways in which a line is no entry: cut off, no JSON, another kind of JSON, a name without a body. */
const BROKEN = [
  '{"request":{"model":"m-1","messa',
  'GET /v1/chat/completions 200',
  '42',
  '{"request":{"model":"m-1"}}',
];
const SHAPES = new URL('../test/telemetry/adapters/shapes.ndjson', import.meta.url);
// spans that are half told wait for their other half: they are written apart in practice
const entries = readFileSync(SHAPES, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.stringify((JSON.parse(line) as { readonly entry: unknown }).entry))
  .filter((entry) => !entry.includes('resourceSpans'));

const folder = await mkdtemp(join(tmpdir(), 'mixed-lines-'));
try {
  const file = join(folder, 'mixed.ndjson');
  const out = join(folder, 'events.ndjson');
  const total = Number(lines);
  const every = Number(broken);
  let bad = 0;
  const stream = createWriteStream(file);
  for (let i = 0; i < total; i++) {
    const isBad = i % every === every - 1;
    const line = isBad ? BROKEN[bad++ % BROKEN.length] : entries[i % entries.length];
    if (!stream.write(`${line}\n`))
      await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
  }
  stream.end();
  await finished(stream);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 200);
  const began = performance.now();
  let said = '';
  const stdout = new Writable({
    write(chunk, _, done) {
      said += String(chunk);
      done();
    },
  });
  const stderr = new Writable({ write: (_, __, done) => done() });
  const options = { from: 'auto', plan: 'unknown', product: 'api', keySeed: 'mixed-lines', out, json: true };
  await runRecord([file], options, { stdout, stderr });
  clearInterval(watch);
  const seconds = (performance.now() - began) / 1000;
  const { events, rejected } = JSON.parse(said) as { readonly events: number; readonly rejected: number };
  const { size } = await stat(file);
  process.stdout.write(
    `${total} lines (${(size / 1e6).toFixed(0)} MB) of ${entries.length} shapes, ${bad} broken: ${events} events, ${rejected} rejected, ${total - bad - events} good ones lost, ${seconds.toFixed(0)} s, peak ${(peak / 1e6).toFixed(0)} MB\n`,
  );
  process.exitCode = events === total - bad && rejected === bad ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
