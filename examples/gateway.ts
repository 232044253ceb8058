import { readFileSync } from 'node:fs';
import { createProducer, createRecorder, type Exchange, parseKeyring } from '../lib/telemetry/index.ts';
import { eventStream } from '../lib/telemetry/kinesis.ts';

/** Siphonwatch inside a model gateway: five lines, and what they are called with. */

const keys = parseKeyring(
  JSON.parse(readFileSync(process.env.SIPHONWATCH_KEYRING ?? 'keyring.json', 'utf8')),
);
const recorder = createRecorder({ keys });
const producer = createProducer(
  eventStream({ stream: process.env.SIPHONWATCH_STREAM ?? 'siphonwatch-events' }),
);
/** After each answer, off the request's path: the prompt's text ends here. */
export const watch = (exchange: Exchange) => producer.put(recorder.record(exchange));
process.once('SIGTERM', () => producer.close().catch((error: unknown) => console.error(error)));
