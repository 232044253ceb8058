import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runResolve } from '../../lib/cli/findings/resolve.ts';
import { runRecord } from '../../lib/cli/record/record.ts';
import { parseUsageEvent } from '../../lib/telemetry/parse-usage-event.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { anExchange } from '../telemetry/exchanges.ts';
import { capture } from './capture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-record-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const options = { from: 'exchange', keySeed: 'test', plan: 'unknown', product: 'api' };
const exchanges = (...accounts: string[]) =>
  accounts.map((account, i) => JSON.stringify(anExchange({ account, id: `x-${i}` }))).join('\n');

describe('record', () => {
  it('writes usage events to standard output and what it did to standard error', async () => {
    const { terminal, out, err } = capture();
    expect(await runRecord([file('in.ndjson', exchanges('acct-1', 'acct-2'))], options, terminal)).toBe(0);
    const events = out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as UsageEvent);
    expect(events.map((event) => parseUsageEvent(event).ok)).toEqual([true, true]);
    expect(err()).toContain('WARNING: development key');
    expect(err()).toContain('2 lines read, 2 events');
  });

  it('sets bad lines aside whole, names file, line, field and value, and goes on', async () => {
    const input = file(
      'mixed.ndjson',
      `${exchanges('acct-1')}\n{"v":1,"id":7}\n\nnot json \u001b[31m\n${exchanges('acct-2')}`,
    );
    const rejects = join(folder, 'rejects.ndjson');
    const { terminal, out, err } = capture();
    expect(await runRecord([input], { ...options, rejects }, terminal)).toBe(0);
    expect(out().trim().split('\n')).toHaveLength(2);
    expect(err()).toMatch(/mixed\.ndjson:2: id: .*expected string.*\(got a number\)/);
    expect(err()).toContain('mixed.ndjson:4: (line): not JSON');
    expect(err()).not.toContain('\u001b');
    const kept = readFileSync(rejects, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; raw: string });
    expect(kept.map((each) => each.line)).toEqual([2, 4]);
    expect(kept[1]?.raw).toBe('not json \u001b[31m');
  });

  it('stopped by Ctrl-C keeps what was read under a preliminary name, and an earlier file as it was', async () => {
    const out = file('kept.ndjson', 'earlier');
    const shown = capture();
    const before = process.listenerCount('SIGINT');
    const run = runRecord(
      [file('long.ndjson', exchanges('acct-1', 'acct-2'))],
      { ...options, out },
      shown.terminal,
    );
    while (process.listenerCount('SIGINT') === before) await new Promise(setImmediate);
    process.emit('SIGINT');
    expect(await run).toBe(130);
    expect(readFileSync(out, 'utf8')).toBe('earlier');
    for (const line of readFileSync(`${out}.partial`, 'utf8').trim().split('\n'))
      expect(parseUsageEvent(JSON.parse(line)).ok).toBe(true);
    expect(shown.err()).toContain('kept.ndjson.partial');
  });

  it('prints one document with --json, events in a file that appears when it is complete', async () => {
    const out = join(folder, 'events.ndjson.gz');
    const shown = capture();
    expect(
      await runRecord(
        [file('in.gz', gzipSync(exchanges('acct-1', 'acct-2', 'acct-3')))],
        { ...options, out, json: true },
        shown.terminal,
      ),
    ).toBe(0);
    expect(JSON.parse(shown.out())).toMatchObject({
      lines: 3,
      events: 3,
      rejected: 0,
      development: true,
      out,
    });
    expect(gunzipSync(readFileSync(out)).toString().trim().split('\n')).toHaveLength(3);
    expect(existsSync(`${out}.partial`)).toBe(false);
    const none = capture();
    expect(
      await runRecord([file('in.ndjson', exchanges('a'))], { ...options, json: true }, none.terminal),
    ).toBe(2);
    expect(none.err()).toContain('--out FILE or --stream NAME');
  });

  it.each([
    ['nothing usable', () => [file('bad.ndjson', 'x\ny')], {}, 'nothing usable'],
    ['no such file', () => [join(folder, 'absent')], {}, 'no such file'],
    [
      'truncated gzip',
      () => [file('cut.gz', gzipSync(exchanges('acct-1')).subarray(0, 100))],
      {},
      'truncated',
    ],
    [
      'no key for a real stream',
      () => [file('in.ndjson', exchanges('a'))],
      { keySeed: undefined, stream: 'events' },
      'no key',
    ],
    [
      'a bad keyring',
      () => [file('in.ndjson', exchanges('a'))],
      { keySeed: undefined, keyring: () => file('ring.json', '{"account":{"secret":"hunter2"}}') },
      'account.secret',
    ],
    [
      'an unwritable file',
      () => [file('in.ndjson', exchanges('a'))],
      { out: () => join(folder, 'no', 'such', 'folder') },
      'cannot be written',
    ],
  ])('ends with 2: %s', async (_, input, changes, message) => {
    const { terminal, err } = capture();
    const resolved = Object.fromEntries(
      Object.entries(changes).map(([key, value]) => [key, typeof value === 'function' ? value() : value]),
    );
    expect(await runRecord(input(), { ...options, ...resolved }, terminal)).toBe(2);
    expect(err()).toContain(message);
    expect(err()).not.toContain('hunter2');
  });
});

describe('resolve', () => {
  it('finds accounts among candidates of any form, and says which it did not find', async () => {
    const recorded = capture();
    await runRecord([file('in.ndjson', exchanges('acct-1'))], options, recorded.terminal);
    const id = (JSON.parse(recorded.out()) as UsageEvent).account;
    for (const candidates of [
      'acct-0\nacct-1\n',
      'label,account\nx,acct-1\n',
      exchanges('acct-0', 'acct-1'),
    ]) {
      const { terminal, out } = capture();
      expect(
        await runResolve([id], { keySeed: 'test', accounts: file('candidates', candidates) }, terminal),
      ).toBe(0);
      expect(out()).toBe(`${id}\tacct-1\n`);
    }
    const other = capture();
    expect(
      await runResolve(
        [id],
        { keySeed: 'another', accounts: file('candidates', 'acct-1'), json: true },
        other.terminal,
      ),
    ).toBe(1);
    expect(JSON.parse(other.out())).toEqual({ resolved: [], unresolved: [id], candidates: 1 });
    const hostile = 'acct\u202e\u{e0041}';
    const named = capture();
    await runRecord([file('in.ndjson', exchanges(hostile))], options, named.terminal);
    const { account } = JSON.parse(named.out()) as UsageEvent;
    const shown = capture();
    const candidates = file('candidates', exchanges(hostile));
    await runResolve([account], { keySeed: 'test', accounts: candidates, json: true }, shown.terminal);
    expect(shown.out()).not.toMatch(/\p{Cf}/u);
    expect(JSON.parse(shown.out())).toMatchObject({ resolved: [{ id: account, account: hostile }] });
    const wrong = capture();
    expect(
      await runResolve(
        ['acct-1'],
        { keySeed: 'test', accounts: file('candidates', 'acct-1') },
        wrong.terminal,
      ),
    ).toBe(2);
  });
});
