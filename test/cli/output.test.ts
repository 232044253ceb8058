import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../lib/cli/shared/command.ts';
import { failureOf } from '../../lib/cli/shared/failure.ts';
import { fittedTable } from '../../lib/cli/shared/fitted-table.ts';
import { makeFolder, removeMade, writable, writeAside } from '../../lib/cli/shared/output.ts';
import { InputError } from '../../lib/input/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-output-'));

describe('a file to write', () => {
  it('is refused before the work where its folder does not exist, naming the option', async () => {
    const file = join(folder, 'absent', 'report.html');
    await expect(writable({ '--save': join(folder, 'ok.json'), '--report': file })).rejects.toThrow(
      `--report: ${file}: the folder ${join(folder, 'absent')} does not exist`,
    );
    await expect(writable({ '--report': folder })).rejects.toThrow(`--report: ${folder} is a folder`);
  });

  it('is tried before the work: below /proc no file and no folder can be made, and that is said at once', async () => {
    await expect(writable({ '--report': '/proc/x.html' })).rejects.toThrow(
      '--report: /proc/x.html: the folder /proc cannot be written to',
    );
    await expect(makeFolder('--out', '/proc/x/y')).rejects.toThrow(
      '--out: /proc/x: cannot be made: no folder can be made there',
    );
    const failed: unknown = await writeAside('/proc/x.yaml', 'x').catch((error: unknown) => error);
    expect(failureOf(failed).message).toContain('/proc/x.yaml: ');
    expect(failureOf(failed).message).not.toContain('.part');
  });

  it('takes back folders that it made for a run that failed, and none that has something', async () => {
    const deep = join(folder, 'a', 'b');
    const made = await makeFolder('--out', deep);
    expect(made).toEqual([join(folder, 'a'), deep]);
    expect(await makeFolder('--out', deep)).toEqual([]);
    await removeMade(made);
    expect(readdirSync(folder)).toEqual([]);
    const again = await makeFolder('--out', deep);
    writeFileSync(join(folder, 'a', 'mine.txt'), 'x');
    await removeMade(again);
    expect(readdirSync(join(folder, 'a'))).toEqual(['mine.txt']);
    rmSync(join(folder, 'a'), { recursive: true });
  });

  it('is not made by looking, and need not be given', async () => {
    await writable({ '--report': join(folder, 'report.html'), '--save': undefined });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a verb that is given bad input', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  it('ends with 2 and its lines, in which no control character reaches the terminal', async () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    await runCommand('triage', async () => {
      throw new InputError('no finding \u001b[31mevil\u007f\u009b\r\nsecond line');
    });
    expect(process.exitCode).toBe(2);
    expect(written.join('')).toBe('triage: no finding \\u001b[31mevil\\u007f\\u009b\\u000d\nsecond line\n');
  });
});

describe('a table in a narrow terminal', () => {
  const columns = [
    { head: 'finding' },
    { head: 'verdict', sparse: true },
    { head: 'tokens', optional: 1 },
    { head: 'reason', min: 30, below: true },
  ];
  const rows = [
    ['f-zoqan4twfq5qobo6-20260306t093931.shadow-x', '', '43,564', 'different addresses in one slice'],
  ];

  it('keeps every id whole, and puts what explains a row below it before it leaves a column out', () => {
    expect(fittedTable(columns, rows, 120)).toMatch(/shadow-x +43,564 +different addresses/);
    const narrow = fittedTable(columns, rows, 60);
    expect(narrow).toContain('f-zoqan4twfq5qobo6-20260306t093931.shadow-x');
    expect(narrow).toMatch(/43,564\n {4}different addresses in one slice/);
    expect(fittedTable(columns, rows, 45)).toMatch(/too narrow for: tokens/);
  });
});
