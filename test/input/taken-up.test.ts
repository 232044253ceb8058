import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReadPosition, readUsageEvents } from '../../lib/input/usage-events.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';

const CASES = join(import.meta.dirname, '../telemetry/cases');
const recorder = createRecorder({ keys: developmentKeyring('test') });

let folder: string;
let files: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-taken-up-'));
  files = [];
  const write = (text: string): void => {
    const file = join(folder, `${files.length}.json`);
    writeFileSync(file, text);
    files.push(file);
  };
  // halves of one call in files of their own
  const spans = readFileSync(join(CASES, 'O08-event-mode-span-and-log', 'input.ndjson'), 'utf8');
  for (const line of spans.trim().split('\n')) write(line);
  const request = {
    custom_id: 'one',
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', messages: [{ role: 'user', content: 'Name the seas of Europe.' }], user: 'c-1' },
  };
  const answer = {
    custom_id: 'one',
    response: { status_code: 200, body: { id: 'r-1', created: 1_772_000_000, model: 'm', choices: [] } },
  };
  write(JSON.stringify(request));
  write(JSON.stringify(answer));
  // rows of a table, and events of one call, read apart
  write(
    `time,account,model,prompt\n2026-03-01T08:00:00Z,c-3,m,${'Name the seas. '.repeat(30_000)}\n2026-03-01T08:00:00Z,c-3,m,Why?\n`,
  );
  write('{"eventType":"LlmChatCompletionMessage","completion_id":"s","role":"user","content":"Why?"}');
  write(
    '{"eventType":"LlmChatCompletionSummary","id":"s","timestamp":1772352000123,"request.model":"m","llm.user_id":"c-4"}',
  );
  // a document that begins in one read of the file and ends in the next
  const exchange = {
    v: 1,
    id: 'x-1',
    time: '2026-03-01T08:00:00.000Z',
    account: 'c-2',
    model: 'm',
    usage: { inputTokens: 9, outputTokens: 9 },
    outcome: 'ok',
    customer: { plan: 'p', product: 'api', createdAt: '2026-01-01T00:00:00.000Z' },
    messages: Array.from({ length: 4_000 }, (_, n) => ({
      role: 'user',
      content: `line ${n} ${'x'.repeat(60)}`,
    })),
  };
  write(JSON.stringify(exchange, null, 2));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Read {
  readonly events: UsageEvent[];
  readonly rejects: string[];
  stops: number;
}

/** @param stopping ends at every pause and begins anew from what is stored of it, as a checkpoint does */
async function read(stopping: boolean): Promise<Read> {
  const found: Read = { events: [], rejects: [], stops: 0 };
  let from: ReadPosition | undefined;
  for (let ended = false; !ended; ) {
    ended = true;
    for await (const batch of readUsageEvents(files, { format: 'auto', recorder: () => recorder, from })) {
      found.events.push(...batch.events);
      found.rejects.push(...batch.rejects.map(({ reason }) => `${reason.field}: ${reason.message}`));
      if (!stopping) continue;
      from = deserialize(serialize(batch.next)) as ReadPosition;
      found.stops++;
      ended = false;
      break;
    }
  }
  return found;
}

describe('reading that is taken up again', () => {
  it('gives what it gives in one go, though documents and calls are half told where it stops', async () => {
    const whole = await read(false);
    const taken = await read(true);
    expect(taken.stops).toBeGreaterThan(files.length);
    expect(whole.rejects).toEqual([]);
    expect(taken.events).toEqual(whole.events);
    expect(taken.rejects).toEqual(whole.rejects);
    expect(whole.events.length).toBe(6);
  });

  it('looks at each name of a long list of files a few times, however long the list is', async () => {
    const [small = ''] = files;
    let looks = 0;
    const many = new Proxy(
      Array.from({ length: 60 }, () => small),
      {
        get(names, key, self) {
          if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
          return Reflect.get(names, key, self);
        },
      },
    );
    let lines = 0;
    for await (const batch of readUsageEvents(many, { format: 'auto', recorder: () => recorder }))
      lines += batch.lines;
    expect(lines).toBe(many.length);
    expect(looks).toBeLessThan(4 * many.length);
  });
});
