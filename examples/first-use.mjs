import { readFileSync } from 'node:fs';
import { createProducer, createRecorder, parseKeyring } from '@siphonwatch/recorder';
import { eventStream } from '@siphonwatch/recorder/kinesis';

const recorder = createRecorder({ keys: parseKeyring(JSON.parse(readFileSync('keyring.json', 'utf8'))) });
const stream = process.env.SIPHONWATCH_STREAM ?? ''; // the stack's output StreamName
export const producer = createProducer(eventStream({ stream }));
/** After each answer, off the request's path: it never throws, need not be awaited, and the prompt's text does not leave this process. */
export const watch = async (exchange) => {
  try {
    await producer.put(recorder.record(exchange));
  } catch (problem) {
    console.error('not watched:', problem instanceof Error ? problem.message : problem);
  }
};
/** On shutdown: sends what is pending, and throws if the stream could not be reached. */
export const stop = () => producer.close();
