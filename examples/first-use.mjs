import { readFileSync } from 'node:fs';
import { createProducer, createRecorder, parseKeyring } from '@siphonwatch/recorder';
import { eventStream } from '@siphonwatch/recorder/kinesis';

const recorder = createRecorder({ keys: parseKeyring(JSON.parse(readFileSync('keyring.json', 'utf8'))) });
const producer = createProducer(eventStream({ stream: 'siphonwatch-events' }));
/** After each answer, off the request's path: the prompt's text ends here. */
export const watch = (exchange) => producer.put(recorder.record(exchange));
/** On shutdown: sends what is pending. */
export const stop = () => producer.close();
