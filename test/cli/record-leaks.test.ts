import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runRecord } from '../../lib/cli/record/record.ts';
import { anExchange } from '../telemetry/exchanges.ts';
import { capture } from './capture.ts';

/** A customer's text in the wrong place: what a sidecar's standard error, and what it leaves on disk, say of it. */

const SECRET = 'MY SECRET PROMPT: patient John Doe';
const LINES = [
  { ...anExchange(), messages: SECRET },
  { ...anExchange(), messages: [{ role: 'user', content: { text: SECRET } }] },
  { ...anExchange(), messages: [{ role: 'user', content: [{ type: 'text', text: [SECRET] }] }] },
  { ...anExchange(), messages: [{ role: 'user', content: [SECRET] }] },
  { ...anExchange(), account: `${SECRET}${'x'.repeat(600)}` },
  { ...anExchange(), origin: { ip: `${SECRET}${'x'.repeat(300)}`, credential: 7, userAgent: SECRET } },
  { ...anExchange(), customer: { ...anExchange().customer, payment: { card: SECRET } } },
  { ...anExchange(), model: `${SECRET}${'x'.repeat(300)}`, usage: SECRET },
  SECRET,
];
let folder: string;
let input: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-leaks-'));
  input = join(folder, 'in.ndjson');
  const half = `{"v":1,"messages":[{"role":"user","content":"${SECRET}`;
  writeFileSync(input, `${LINES.map((line) => JSON.stringify(line)).join('\n')}\n${half}\n${SECRET}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { from: 'exchange', keySeed: 'test', plan: 'unknown', product: 'api' };

describe('what people wrote', () => {
  it.each(['exchange', 'litellm', 'openai', 'otel', 'bedrock'])(
    'reaches neither standard error nor the summary, read as %s',
    async (from) => {
      const { terminal, out, err } = capture();
      await runRecord(
        [input],
        { ...options, from, json: true, out: join(folder, `${from}.ndjson`) },
        terminal,
      );
      expect(err()).toContain('rejected');
      expect(err() + out()).not.toMatch(/SECRET|John Doe/);
    },
  );

  it('is kept in rejects for their owner only', async () => {
    const { terminal } = capture();
    const rejects = join(folder, 'rejects.ndjson');
    await runRecord([input], { ...options, rejects }, terminal);
    expect(readFileSync(rejects, 'utf8')).toContain('John Doe');
    expect(statSync(rejects).mode & 0o077).toBe(0);
  });

  it('is never put on a real stream under keys that anybody can derive', async () => {
    const { terminal, err } = capture();
    expect(await runRecord([input], { ...options, stream: 'events', region: 'eu-west-1' }, terminal)).toBe(2);
    expect(err()).toContain('a real stream takes no events under a development key');
  });
});
