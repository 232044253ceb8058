import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { backtestCommand } from '../../lib/cli/backtest/backtest.ts';
import { calibrateCommand } from '../../lib/cli/calibrate/calibrate.ts';
import { saved } from '../../lib/cli/console/saved-source.ts';
import { policyCommand } from '../../lib/cli/policy/policy.ts';
import { tuneCommand } from '../../lib/cli/tune/tune.ts';
import { account, application, harvest, MINUTE, START } from '../events.ts';
import { smallLibrary } from '../small-library.ts';
import { holdToSchema } from './outputs.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-tuning-'));
  const events = [
    ...harvest({ account: account(1), events: 120, seed: 1 }),
    // clocks of their own: who works in the very same minutes all week is taken for one dispatcher
    ...application({
      account: account(2),
      events: 150,
      seed: 2,
      everyMs: 17 * MINUTE,
      from: START + 7 * MINUTE,
    }),
    ...application({
      account: account(3),
      events: 80,
      seed: 3,
      everyMs: 31 * MINUTE,
      from: START + 11 * MINUTE,
    }),
  ].sort((a, b) => (a.time < b.time ? -1 : 1));
  const text = `${events.map((event) => JSON.stringify(event)).join('\n')}\n`;
  writeFileSync(at('events.ndjson'), text);
  writeFileSync(at('cut.ndjson.gz'), gzipSync(text).subarray(0, 2000));
  writeFileSync(
    at('labels.csv'),
    `account,label,kind,campaign\n${account(1)},extraction,harvest,c1\n${account(2)},benign,app,\n${account(3)},benign,app,\n${account(9)},benign,app,\n`,
  );
  writeFileSync(at('others.csv'), `account,label,kind,campaign\n${account(8)},benign,app,\n`);
  writeFileSync(
    at('strict.yaml'),
    // a window that the calibration does not know: nobody is scored
    'v: 1\nid: strict\nwindows: [48]\nbudget: {watch: 1e-8, suspect: 1e-8, critical: 1e-8}\n',
  );
  writeFileSync(at('bad.yaml'), 'v: 1\nid: bad\nwindows: [-6]\nextra: 1\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function run(
  command: Command,
  ...words: string[]
): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += String(chunk);
    return true;
  });
  process.exitCode = undefined;
  await command.parseAsync(words, { from: 'user' });
  const code = Number(process.exitCode ?? 0);
  vi.restoreAllMocks();
  holdToSchema([command.name(), ...words], out);
  return { code, out, err };
}

describe('policy', () => {
  it('validate tells each fault with its place and ends with 2; a good file ends with 0', async () => {
    const bad = await run(policyCommand(), 'validate', at('bad.yaml'));
    expect(bad.code).toBe(2);
    expect(bad.out).toContain('bad.yaml:3:11: windows.0:');
    expect(bad.out).toContain('bad.yaml:4:1: extra: is not a field of a policy (got 1)');
    const good = await run(policyCommand(), 'validate', 'examples/policy.yaml');
    expect(good.code).toBe(0);
    expect(good.out).not.toContain('--calibration FILE');
    writeFileSync(at('named.yaml'), 'v: 1\nid: named\ncalibration: cal-of-ours\n');
    const named = await run(policyCommand(), 'validate', at('named.yaml'));
    expect(named.out).toContain('it names calibration cal-of-ours, and what is said here is of default');
  });

  it('diff says in words, and on traffic in numbers, what changes', async () => {
    const words = await run(policyCommand(), 'diff', 'default', at('strict.yaml'));
    expect(words.out).toContain('budget.suspect: 0.001 -> 1e-8');
    expect(words.out).toContain('critical does not exist');
    // what holds of both policies is no difference
    expect(words.out).not.toContain('traffic of somebody else');
    const numbers = await run(
      policyCommand(),
      'diff',
      'default',
      at('strict.yaml'),
      '--events',
      at('events.ndjson'),
      '--labels',
      at('labels.csv'),
      '--json',
    );
    expect(JSON.parse(numbers.out)).toMatchObject({
      traffic: { noLongerCaught: 1, noLongerWronged: 0, newlyCaught: 0, newlyWronged: 0, lost: [account(1)] },
    });
  });

  it('push refuses a bad file before anybody is asked', async () => {
    const pushed = await run(policyCommand(), 'push', at('bad.yaml'));
    expect(pushed.code).toBe(2);
    expect(pushed.err).toContain('bad.yaml:3:11: windows.0:');
  });
});

describe('backtest', () => {
  it('says that a gzip is truncated, where, and stops', async () => {
    const cut = await run(backtestCommand(), at('cut.ndjson.gz'));
    expect(cut.code).toBe(2);
    expect(cut.err).toMatch(
      /cut\.ndjson\.gz: the gzip file ends too early: it is truncated \(after line \d+\)/,
    );
  });

  it('says of an empty input only that it is empty, and warns of rates only where there are events', async () => {
    writeFileSync(at('empty.ndjson'), '');
    const { code, err } = await run(backtestCommand(), at('empty.ndjson'), '--report', at('none.html'));
    expect(code).toBe(2);
    expect(err).toBe('backtest: no events: the input is empty\n');
    const full = await run(backtestCommand(), at('events.ndjson'), '--json');
    expect(full.err).toContain('learnt from the traffic of somebody else');
  });

  it('refuses where the report cannot be written before it reads anything', async () => {
    const report = at('absent/report.html');
    const { code, err } = await run(backtestCommand(), at('events.ndjson'), '--report', report);
    expect(code).toBe(2);
    expect(err).toBe(`backtest: --report: ${report}: the folder ${at('absent')} does not exist\n`);
  });

  it('says when two policies that are compared go by one name', async () => {
    writeFileSync(at('same.yaml'), 'v: 1\nid: default-1\ncalmHours: 6\n');
    const { err } = await run(backtestCommand(), at('events.ndjson'), '--compare', at('same.yaml'));
    expect(err).toContain('both policies call themselves default-1');
  });

  it('says which labels have no events, and why when none has', async () => {
    const some = await run(backtestCommand(), at('events.ndjson'), '--labels', at('labels.csv'), '--json');
    expect(some.code).toBe(0);
    expect(some.err).toContain(`1 of 4 labelled accounts have no events here (the first is ${account(9)})`);
    expect(JSON.parse(some.out)).toMatchObject({
      accounts: { benign: 2, benignFlagged: 0, extraction: 1, extractionFlagged: 1 },
    });
    const none = await run(backtestCommand(), at('events.ndjson'), '--labels', at('others.csv'));
    expect(none.err).toContain('Probably the events were recorded under another key');
  });

  it('writes a report that stands alone, beside a second policy, and an outcome that the console opens', async () => {
    const made = await run(
      backtestCommand(),
      at('events.ndjson'),
      '--labels',
      at('labels.csv'),
      '--compare',
      at('strict.yaml'),
      '--report',
      at('report.html'),
      '--save',
      at('outcome.json.gz'),
    );
    expect(made.code).toBe(0);
    expect(made.out).toContain('only default-1 flags 1');
    const html = readFileSync(at('report.html'), 'utf8');
    for (const part of [
      'In short',
      'Scores by peer group',
      'What a threshold costs',
      'How long it took',
      'Who was flagged',
      'What it costs to run',
      'default-1 beside strict',
    ])
      expect(html).toContain(part);
    expect(html).not.toMatch(/<script|<link|src=|@import|url\(http/i);
    const source = await saved(at('outcome.json.gz'), {});
    expect(source.accounts).toHaveLength(3);
    expect(source.policy.id).toBe('default-1');
    const second = await saved(at('outcome.json.gz'), { compared: true });
    expect(second.policy.id).toBe('strict');
  });

  it('an outcome that is none is refused by the console with what it is not', async () => {
    writeFileSync(at('half.json.gz'), readFileSync(at('outcome.json.gz')).subarray(0, 200));
    await expect(saved(at('half.json.gz'), {})).rejects.toThrow(/truncated or damaged gzip/);
    await expect(saved(at('labels.csv'), {})).rejects.toThrow(/not JSON; make it with backtest --save/);
    writeFileSync(at('other.json'), '{"v":1}');
    await expect(saved(at('other.json'), {})).rejects.toThrow(/not what backtest --save writes/);
  });
});

describe('calibrate', () => {
  it('prints no escape that a plan or product is named after, and says which answers are of accounts that it does not see', async () => {
    const events = readFileSync(at('events.ndjson'), 'utf8').replaceAll('"payg"', '"\\u001b[2Jpayg"');
    writeFileSync(at('hostile.ndjson'), events);
    const words = [at('hostile.ndjson'), '--labels', at('labels.csv')];
    const { code, out, err } = await run(calibrateCommand(smallLibrary), ...words);
    expect(code).toBe(0);
    expect(err).toContain('1 of 4 labelled accounts have no events here');
    expect(err).toContain('they teach nothing');
    expect(out).toContain('\\u001b[2Jpayg');
    expect(out).not.toContain('\u001b[2J');
  });
});

describe('tune', () => {
  it('refuses what two benign accounts cannot support, ends with 1 and writes nothing', async () => {
    const words = [
      at('events.ndjson'),
      '--labels',
      at('labels.csv'),
      '--max-fpr',
      '0.001',
      '--out',
      at('tuned.yaml'),
    ];
    const refused = await run(tuneCommand(), ...words);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('2 benign accounts cannot support a false-positive rate of 0.001');
    expect(() => readFileSync(at('tuned.yaml'))).toThrow();
    expect(refused.err).toContain('1 of 4 labelled accounts have no events here');
  });

  it('says so when the labels are of other accounts altogether', async () => {
    const none = await run(
      tuneCommand(),
      at('events.ndjson'),
      '--labels',
      at('others.csv'),
      '--max-fpr',
      '0.01',
    );
    expect(none.code).toBe(2);
    expect(none.err).toContain('none of its accounts has events here');
  });
});
