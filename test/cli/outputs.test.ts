import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runResolve } from '../../lib/cli/findings/resolve.ts';
import { checkKeyring, makeKeyring } from '../../lib/cli/keyring/keyring.ts';
import { planCommand } from '../../lib/cli/plan/plan.ts';
import { runRecord } from '../../lib/cli/record/record.ts';
import { anExchange } from '../telemetry/exchanges.ts';
import { capture } from './capture.ts';
import { holdToSchema } from './outputs.ts';

/** Verbs whose `--json` no other test prints; the others are held to their schemas where they are tested. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-outputs-'));
  writeFileSync(join(folder, 'names'), 'acct-1\n');
  writeFileSync(join(folder, 'exchanges.ndjson'), `${JSON.stringify(anExchange())}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('resolve, keyring, plan and record print what their schema says', async () => {
  const resolved = capture();
  const id = `a_${'b'.repeat(26)}`;
  await runResolve([id], { keySeed: 'seed', accounts: join(folder, 'names'), json: true }, resolved.terminal);
  expect(JSON.parse(resolved.out())).toMatchObject({ unresolved: [id], candidates: 1 });
  holdToSchema(['resolve', '--json'], resolved.out());

  const ring = capture();
  await makeKeyring(join(folder, 'ring.json'), Date.now(), ring.terminal);
  await checkKeyring(join(folder, 'ring.json'), { json: true }, Date.now(), ring.terminal);
  holdToSchema(['keyring', 'check', '--json'], ring.out());
  expect(ring.out()).not.toBe('');

  let planned = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    planned += String(text);
    return true;
  });
  await planCommand().parseAsync(['--events-per-second', '100', '--json'], { from: 'user' });
  write.mockRestore();
  holdToSchema(['plan', '--json'], planned);
  expect(planned).not.toBe('');

  const recorded = capture();
  const options = { from: 'exchange', plan: 'payg', product: 'api', keySeed: 'seed', json: true };
  await runRecord(
    [join(folder, 'exchanges.ndjson')],
    { ...options, out: join(folder, 'out.ndjson') },
    recorded.terminal,
  );
  holdToSchema(['record', '--json'], recorded.out());
  expect(recorded.out()).not.toBe('');
});
