import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, vi } from 'vitest';

const FOR_EVER = 'SELECT count(*) FROM range(100000000000) AS a, range(100000000000) AS b';

/** Seconds: the program itself is started and stopped, while Parquet is made and while the query runs. */
it.each([
  ['SIGINT', 130, 'made'],
  ['SIGINT', 130, 'spill'],
  ['SIGTERM', 143, 'spill'],
] as const)(
  'hunt leaves nothing in the temporary folder after %s (%i), once there is %s',
  async (signal, code, once) => {
    const tmp = mkdtempSync(join(tmpdir(), 'siphonwatch-stopped-'));
    const child = spawn(
      process.execPath,
      [resolve('bin/siphonwatch.mjs'), 'hunt', '--sql', FOR_EVER, 'examples/data/events.ndjson.gz'],
      { env: { ...process.env, TMPDIR: tmp }, stdio: 'ignore' },
    );
    const ended = new Promise((done) => child.once('exit', done));
    const left = () => readdirSync(tmp, { recursive: true }).map(String);
    await vi.waitFor(() => expect(left().join()).toContain(once), { timeout: 60_000, interval: 50 });
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(left().filter((path) => path.includes('siphonwatch-hunt-'))).toEqual([]);
    rmSync(tmp, { recursive: true });
  },
  70_000,
);
