import { Writable } from 'node:stream';
import { runRecord } from '../../lib/cli/record/record.ts';
import { DEVELOPMENT_SEED } from '../../lib/input/keyring.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { parseExchange } from '../../lib/telemetry/parse-exchange.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';

/** A case: what a file of a gateway should come to. `events` are exchanges; the right event is what the recorder makes of each. */
export interface CaseFile {
  readonly from: string;
  readonly kind?: string;
  readonly expect: {
    readonly events?: readonly unknown[];
    readonly setAside?: number;
    readonly skipped?: number;
    /** patterns of standard error */
    readonly says?: string;
    readonly saysNot?: string;
    /** dotted paths of the event that do not matter */
    readonly ignore?: readonly string[];
    readonly uniqueIds?: boolean;
  };
}

const recorder = createRecorder({ keys: developmentKeyring(DEVELOPMENT_SEED) });

class Kept extends Writable {
  text = '';
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs `record` on a case's file as a user would; returns what is not as it should be. */
export async function checkCase(file: string, { from, expect }: CaseFile): Promise<string[]> {
  const stdout = new Kept();
  const stderr = new Kept();
  await runRecord(
    [file],
    { from, plan: 'unknown', product: 'api', keySeed: DEVELOPMENT_SEED },
    { stdout, stderr },
  );
  const events = stdout.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
  const wrong: string[] = [];
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(got))
      wrong.push(`${what}: expected ${JSON.stringify(wanted)} got ${JSON.stringify(got)}`);
  };
  const count = (pattern: RegExp) => Number(pattern.exec(stderr.text)?.[1] ?? 0);
  compare('setAside', expect.setAside, count(/(\d+) rejected/));
  compare('skipped', expect.skipped, count(/(\d+) entries that are no model calls/));
  compare('events', expect.events?.length, events.length);
  if (expect.says !== undefined && !new RegExp(expect.says, 'i').test(stderr.text))
    wrong.push(`does not say ${expect.says}`);
  if (expect.saysNot !== undefined && new RegExp(expect.saysNot, 'i').test(stderr.text))
    wrong.push(`says ${expect.saysNot}`);
  for (const [index, exchange] of (expect.events ?? []).entries()) {
    const parsed = parseExchange(exchange);
    const got = events[index];
    if (!parsed.ok || got === undefined) continue;
    const wanted = flat(JSON.parse(JSON.stringify(recorder.record(parsed.exchange))) as Json);
    const found = flat(got);
    for (const path of new Set([...wanted.keys(), ...found.keys()]))
      if (!(expect.ignore ?? []).some((ignored) => path === ignored || `${path}.`.includes(`${ignored}.`)))
        compare(`event ${index} ${path}`, wanted.get(path) ?? null, found.get(path) ?? null);
  }
  if (expect.uniqueIds === true)
    compare('different ids', events.length, new Set(events.map(({ id }) => id)).size);
  return wrong;
}

type Json = Readonly<Record<string, unknown>>;

function flat(value: Json, prefix = ''): Map<string, unknown> {
  const paths = new Map<string, unknown>();
  for (const [name, held] of Object.entries(value)) {
    const path = name === '0' && prefix.startsWith('prints') ? prefix : `${prefix}${name}`;
    if (typeof held === 'object' && held !== null)
      for (const [inner, leaf] of flat(held as Json, path.endsWith('.') ? path : `${path}.`))
        paths.set(inner, leaf);
    else paths.set(path, held);
  }
  return paths;
}
