import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { profilesOf } from '../../lib/cli/replay/learning-replay.ts';
import { Traffic } from '../../lib/input/traffic.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { account, application, DAY, START } from '../events.ts';

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-late-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What learning from the files says on standard error. */
async function said(...files: string[]): Promise<string> {
  let err = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += String(chunk);
    return true;
  });
  await profilesOf(await Traffic.of(files, {}), { label: 'test', policy: defaultPolicy, accept: () => true });
  vi.restoreAllMocks();
  return err;
}

describe('files that are not in order of arrival', () => {
  it('are said to be: what came too long after newer events is left out of what is learnt', async () => {
    const recorded = (seed: number, from: number): string => {
      const file = join(folder, `week-${seed}.ndjson`);
      const events = application({ account: account(1), events: 30, from, seed });
      writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
      return file;
    };
    const newer = recorded(1, START + 10 * DAY);
    const older = recorded(2, START);
    expect(await said(older, newer)).not.toContain('order of arrival');
    expect(await said(newer, older)).toContain(
      'WARNING: 30 of 60 events came too long after newer ones of their accounts',
    );
  });
});
