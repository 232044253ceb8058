// What `siphonwatch vectors --check` asks of a recorder, here with the package itself: a keyring, then exchanges, a line each.
import { createInterface } from 'node:readline';
import { createRecorder, parseKeyring } from '@siphonwatch/recorder';

let recorder;
for await (const line of createInterface({ input: process.stdin })) {
  const held = JSON.parse(line);
  if (recorder === undefined) recorder = createRecorder({ keys: parseKeyring(held.keyring) });
  else console.log(JSON.stringify(recorder.record(held)));
}
