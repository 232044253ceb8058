import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelsReader } from '../../lib/input/labels.ts';
import { accountPseudonym, developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from '../telemetry/exchanges.ts';

const keys = developmentKeyring('test');
const pseudonymOf = (account: string) => accountPseudonym(keys, account);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-labels-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function csv(content: string): string {
  const path = join(folder, 'labels.csv');
  writeFileSync(path, content);
  return path;
}

describe('labels', () => {
  it('join usage events by pseudonym and keep their own id', async () => {
    const labels = await labelsReader(
      csv(
        'account,label,kind,campaign\r\nacct-1,extraction,hydra,c1\r\n"odd, ""name""",benign,organic-chat,\r\n',
      ),
      pseudonymOf,
    );
    const event = createRecorder({ keys }).record(anExchange({ account: 'acct-1' }));
    expect(labels.byPseudonym.get(event.account)).toEqual({
      account: 'acct-1',
      pseudonym: event.account,
      label: 'extraction',
      kind: 'hydra',
      campaign: 'c1',
    });
    expect(labels.list[1]?.account).toBe('odd, "name"');
  });

  it('may name pseudonyms, then no key is needed; columns in any order', async () => {
    const pseudonym = pseudonymOf('acct-1');
    const labels = await labelsReader(csv(`label,account,campaign,kind\ngrey,${pseudonym},,x\n`));
    expect(labels.list).toEqual([{ account: pseudonym, pseudonym, label: 'grey', kind: 'x', campaign: '' }]);
    await expect(labelsReader(csv('account,label,kind,campaign\nacct-1,grey,,\n'))).rejects.toThrow(
      'give the key',
    );
  });

  it.each([
    ['account,label,kind\na,benign,x', ':1: header: column campaign is missing'],
    ['account,label,kind,campaign\na,bening,x,', ':2: label: bening is not one of benign, extraction, grey'],
    ['account,label,kind,campaign\na,benign,x,\nb,grey,x,\na,grey,x,', ':4: account: a is labelled twice'],
    ['account,label,kind,campaign\n,benign,x,', ':2: account: empty'],
    ['account,label,kind,campaign\n"a,benign,x,', ':2: quotes are not closed'],
    ['account,label,kind,campaign\n', 'no labels below the header'],
    ['', 'empty'],
  ])('name line, field and value of what is wrong: %j', async (content, message) => {
    await expect(labelsReader(csv(content), pseudonymOf)).rejects.toThrow(message);
  });
});
