import { writeFile } from 'node:fs/promises';
import { VECTORS_FILE, vectorsText } from '../lib/telemetry/vectors/make.ts';

/** `npm run vectors`: the test vectors of docs/wire-format.md, written anew from the recorder. */
await writeFile(VECTORS_FILE, vectorsText());
