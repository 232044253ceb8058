import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { SCHEMA_NAMES, schemaFile, schemaText } from '../../scripts/telemetry-schemas.ts';
import { anExchange } from './exchanges.ts';

describe.each(SCHEMA_NAMES)('%s.schema.json', (name) => {
  it('is current: run `tsx scripts/telemetry-schemas.ts` when this fails', () => {
    expect(readFileSync(schemaFile(name), 'utf8')).toBe(schemaText(name));
  });
});

it('the usage-event schema accepts what the recorder makes and refuses text', () => {
  const ajv = new Ajv2020.Ajv2020({ strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(schemaFile('usage-event'), 'utf8')) as object);
  const event = createRecorder({ keys: developmentKeyring('test') }).record(
    anExchange({ system: 'Be brief.' }),
  );
  expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...event, prompt: 'text' })).toBe(false);
});
