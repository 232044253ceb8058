import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { Label } from '../lib/backtest/labels.ts';
import { labelsReader } from '../lib/input/labels.ts';
import type { Exchange } from '../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { parseExchange } from '../lib/telemetry/parse-exchange.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';

/** Labelled traffic for benchmarks: DIR/exchanges-*.ndjson.gz in order of arrival, and DIR/labels.csv. */
export interface Traffic {
  readonly labels: readonly Label[];
  readonly byPseudonym: ReadonlyMap<string, Label>;
  /** exchange and usage event, in order of arrival; may be run more than once */
  events(): AsyncGenerator<{ exchange: Exchange; event: UsageEvent }>;
}

/** The folder named with --data; undefined, with a line that says so, where there is none. */
export function dataFolder(argv: readonly string[], name: string): string | undefined {
  const at = argv.indexOf('--data');
  const folder = at >= 0 ? argv[at + 1] : undefined;
  if (folder === undefined) process.stderr.write(`${name}: skipped, it needs labelled traffic: --data DIR\n`);
  return folder;
}

/** @param most only the first so many files */
export async function openTraffic(folder: string, most = Number.POSITIVE_INFINITY): Promise<Traffic> {
  const recorder = createRecorder({ keys: developmentKeyring('benchmark') });
  const labels = await labelsReader(join(folder, 'labels.csv'), recorder.pseudonym);
  const files = (await readdir(folder))
    .filter((name) => /^exchanges-.*\.ndjson\.gz$/.test(name))
    .sort()
    .slice(0, most);
  return {
    labels: labels.list,
    byPseudonym: labels.byPseudonym,
    async *events() {
      for (const name of files) {
        const lines = createInterface({ input: createReadStream(join(folder, name)).pipe(createGunzip()) });
        for await (const line of lines) {
          const parsed = parseExchange(JSON.parse(line));
          if (parsed.ok) yield { exchange: parsed.exchange, event: recorder.record(parsed.exchange) };
        }
      }
    },
  };
}

/**
 * Folds that keep siblings whole: accounts of one campaign, or one payment (a company, a course's sponsor), fall into
 * the same fold. By a hash of the sibling group's name, so that a fold does not depend on order.
 */
export function foldOf(label: Label, payment: string | undefined, folds: number): number {
  const family = label.campaign !== '' ? label.campaign : (payment ?? label.account);
  let hash = 7;
  for (let i = 0; i < family.length; i++) hash = Math.imul(hash ^ family.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % folds;
}
