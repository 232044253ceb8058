import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { exchange } from '../lib/telemetry/exchange.ts';
import { keyring } from '../lib/telemetry/keys.ts';
import { usageEvent } from '../lib/telemetry/usage-event.ts';

/**
 * JSON Schemas of the telemetry contracts, generated from zod, for validators in other languages.
 * `tsx scripts/telemetry-schemas.ts` writes them; `--check` fails where a file is not current.
 */
const SOURCES = {
  exchange: { schema: exchange, title: 'Siphonwatch exchange, version 1' },
  'usage-event': { schema: usageEvent, title: 'Siphonwatch usage event, version 1' },
  keyring: { schema: keyring, title: 'Siphonwatch keyring' },
} as const;

export type SchemaName = keyof typeof SOURCES;
export const SCHEMA_NAMES = Object.keys(SOURCES) as SchemaName[];

/** Where a schema lies. */
export function schemaFile(name: SchemaName): URL {
  return new URL(`../lib/telemetry/schema/${name}.schema.json`, import.meta.url);
}

/** A schema's file content as it should be. */
export function schemaText(name: SchemaName): string {
  const { schema, title } = SOURCES[name];
  // Input: what a writer may send; a usage event has no transforms, so both are the same.
  const generated = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return `${JSON.stringify({ $schema: generated.$schema, title, ...generated }, null, 2)}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  for (const name of SCHEMA_NAMES) {
    const current = await readFile(schemaFile(name), 'utf8').catch(() => '');
    if (current === schemaText(name)) continue;
    if (process.argv.includes('--check')) {
      process.stderr.write(`${name}.schema.json is not current: run the generator\n`);
      process.exitCode = 1;
    } else {
      await writeFile(schemaFile(name), schemaText(name));
      process.stderr.write(`wrote ${name}.schema.json\n`);
    }
  }
}
