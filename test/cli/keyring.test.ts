import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkKeyring, makeKeyring, rotateKeyring } from '../../lib/cli/keyring/keyring.ts';
import { parseKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from '../telemetry/exchanges.ts';
import { capture } from './capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyring-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (time: string) => Date.parse(time);
const ring = (file: string) => parseKeyring(JSON.parse(readFileSync(join(folder, file), 'utf8')));

describe('keyring', () => {
  it('makes keys for their owner alone, rotates them with an overlap, and never shows a secret', async () => {
    const { terminal, out, err } = capture();
    const first = join(folder, 'first.json');
    await makeKeyring(first, at('2026-03-01T08:00:30Z'), terminal);
    expect(statSync(first).mode & 0o777).toBe(0o600);
    await expect(makeKeyring(first, 0, terminal)).rejects.toThrow('not replaced');
    const options = { out: join(folder, 'second.json'), overlapDays: 35 };
    await rotateKeyring(first, options, at('2026-06-01T08:00:00Z'), terminal);
    expect(ring('second.json').account).toEqual(ring('first.json').account);
    const event = (time: string) =>
      createRecorder({ keys: ring('second.json') }).record(anExchange({ time }));
    expect(
      ['2026-05-01', '2026-06-10', '2026-08-01'].map((day) =>
        event(`${day}T08:00:00.000Z`).prints.map(({ epoch }) => epoch),
      ),
    ).toEqual([['2026-03'], ['2026-06', '2026-03'], ['2026-06']]);
    await checkKeyring(options.out, {}, at('2026-06-10T08:00:00Z'), terminal);
    expect(out()).toMatch(/2026-03 .*serves now\n2026-06 .*open {2}serves now/);
    for (const secret of [
      ring('second.json').account.secret,
      ...ring('second.json').epochs.map((epoch) => epoch.secret),
    ])
      expect(out() + err()).not.toContain(secret);
  });

  it('refuses a rotation while two epochs serve', async () => {
    const { terminal } = capture();
    const options = { out: join(folder, 'third.json'), overlapDays: 35 };
    await expect(
      rotateKeyring(join(folder, 'second.json'), options, at('2026-06-20T08:00:00Z'), terminal),
    ).rejects.toThrow('two epochs serve already');
  });

  it('refuses a rotation in the minute in which an epoch began, in words', async () => {
    const { terminal } = capture();
    const made = join(folder, 'made-now.json');
    await makeKeyring(made, at('2026-06-01T08:00:10Z'), terminal);
    const options = { out: join(folder, 'too-soon.json'), overlapDays: 35 };
    await expect(rotateKeyring(made, options, at('2026-06-01T08:00:50Z'), terminal)).rejects.toThrow(
      'an epoch begins in this minute or later',
    );
  });
});
