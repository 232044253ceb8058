import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulators, startEmulators } from '../../lib/emulator/services/emulators.ts';

/** A page in a browser on the machine on which a demo runs. */
const REFUSAL = 'programs on this machine only';
let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.close());

/** What a request is answered. */
function answerTo(url: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method: 'POST', path: '/', headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts).toString()));
    });
    sent.on('error', reject);
    sent.end('{}');
  });
}

describe('the emulators of a demo', () => {
  it('answer no page: neither one of another origin nor one whose name points at loopback', async () => {
    for (const url of Object.values(emulators.endpoints)) {
      const { host } = new URL(url);
      expect(await answerTo(url, { host, origin: 'https://evil.example' })).toContain(REFUSAL);
      expect(await answerTo(url, { host: `evil.example:${new URL(url).port}` })).toContain(REFUSAL);
      expect(await answerTo(url, { host })).not.toContain(REFUSAL);
    }
  });
});
