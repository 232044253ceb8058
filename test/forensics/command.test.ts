import { mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { forensicsCommand, level } from '../../lib/cli/forensics/forensics.ts';
import { controlsNeeded } from '../../lib/forensics/power.ts';
import type { ForensicsReport } from '../../lib/forensics/report.ts';
import { reportData, reportOfPage } from '../../lib/forensics/report-data.ts';
import { escapeHtml } from '../../lib/report/html.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { linesOf, makeExam, strangers, takeExam } from './synthetic-models.ts';

const folder = mkdtempSync(join(tmpdir(), 'forensics-'));
const random = seededRandom(2);
const exam = makeExam(600, random);
const ours = takeExam(exam, 0.6, random);
const file = (name: string, choices: number[]) => {
  const path = join(folder, `${name}.ndjson.gz`);
  writeFileSync(path, gzipSync(`${linesOf(exam, choices).join('\n')}\n`));
  return path;
};
const reference = file('ours', ours);
const hostile = file('<img src=x onerror=alert(1)>', takeExam(exam, 0.3, random, ours, 0.6));
const controls = strangers.slice(0, 13).map((m) => file(m, takeExam(exam, random(), random)));

async function run(...args: string[]) {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await new Command('siphonwatch')
    .addCommand(forensicsCommand())
    .parseAsync(['node', 'siphonwatch', 'forensics', ...args]);
  return {
    stdout: out.mock.calls.map((c) => String(c[0])).join(''),
    stderr: err.mock.calls.map((c) => String(c[0])).join(''),
  };
}

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

describe('the verb forensics', () => {
  it('prints one JSON document of the contract and writes a page that stands alone', async () => {
    const page = join(folder, 'r.html');
    const { stdout } = await run(
      '--reference',
      reference,
      '--suspect',
      hostile,
      '--controls',
      ...controls,
      '--json',
      '--report',
      page,
    );
    const report = JSON.parse(stdout) as { suspects: Record<string, unknown>[] };
    expect(Object.keys(report.suspects[0] ?? {})).toEqual(
      expect.arrayContaining([
        'suspect',
        'reference',
        'items',
        'coWrong',
        'kappa',
        'expected',
        'excess',
        'ci95',
        'z',
        'p',
        'pAdjusted',
        'teachers',
        'verdict',
        'caveats',
      ]),
    );
    expect(report.suspects[0]).toMatchObject({ verdict: 'consistent with', reference: 'ours' });
    expect(process.exitCode ?? 0).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html).not.toContain('<img');
    expect(html).not.toMatch(/<script|<link|<img|<iframe|href="http/i);
    expect(html).toContain('<svg');
    expect(html).toContain('A negative result does not clear the suspect');
  });

  it('ends with 2 and names file, field and value for bad input', async () => {
    const bad = join(folder, 'bad.ndjson');
    writeFileSync(bad, '{"item":"1","answer":"A","correct":"B","options":1}\n');
    const { stderr, stdout } = await run('--reference', reference, '--suspect', bad, '--json');
    expect(stderr).toMatch(/bad\.ndjson, line 1: field "options" is 1/);
    expect(stdout).toBe('');
    expect(process.exitCode).toBe(2);
  });

  it.each([
    [
      'a missing file',
      ['--reference', reference, '--suspect', '/nowhere.ndjson'],
      /nowhere\.ndjson: there is no such file/,
    ],
    ['no suspect', ['--reference', reference], /--suspect is missing/],
    [
      'a broken archive',
      [
        '--reference',
        reference,
        '--suspect',
        (() => {
          const p = join(folder, 'x.ndjson.gz');
          writeFileSync(p, 'no gzip');
          return p;
        })(),
      ],
      /x\.ndjson\.gz: not packed with gzip/,
    ],
    [
      'kin of one',
      ['--reference', reference, '--suspect', hostile, '--controls', ...controls, '--kin', 'amber'],
      /--kin is "amber"/,
    ],
    [
      'kin that no file has',
      ['--reference', reference, '--suspect', hostile, '--controls', ...controls, '--kin', 'amber,nobody'],
      /no file gives a model called "nobody"/,
    ],
    [
      'a name that spelling parts from its file',
      [
        '--reference',
        reference,
        '--suspect',
        hostile,
        '--models',
        (() => {
          const p = join(folder, 'spelt.json');
          writeFileSync(p, JSON.stringify({ Ours: { released: '2025-01-20' } }));
          return p;
        })(),
      ],
      /model "Ours": the file of answers is called "ours"/,
    ],
  ])('ends with 2 for %s', async (_, args, message) => {
    const { stderr } = await run(...args);
    expect(stderr).toMatch(message);
    expect(process.exitCode).toBe(2);
  });

  it('makes a report again from its files, and sees a file that changed', async () => {
    const models = join(folder, 'models.json');
    writeFileSync(models, JSON.stringify({ ours: { released: '2025-01-20', maker: 'us' } }));
    const suspect = file('suspect', takeExam(exam, 0.3, random, ours, 0.4));
    const args = ['--reference', reference, '--suspect', suspect, '--controls', ...controls.slice(0, 8)];
    const { stdout } = await run(...args, '--models', models, '--json');
    const saved = join(folder, 'saved.json');
    writeFileSync(saved, stdout);
    const inputs = (JSON.parse(stdout) as { run: { inputs: { file: string; sha256: string }[] } }).run.inputs;
    expect(inputs).toHaveLength(11);
    expect(inputs.every((x) => /^[0-9a-f]{64}$/.test(x.sha256))).toBe(true);
    vi.restoreAllMocks();
    expect((await run('--verify', saved)).stdout).toMatch(/every number is the same/);
    expect(process.exitCode ?? 0).toBe(0);
    file('suspect', takeExam(exam, 0.3, random));
    vi.restoreAllMocks();
    expect((await run('--verify', saved)).stdout).toMatch(/suspect\.ndjson\.gz is not the file/);
    expect(process.exitCode).toBe(1);
  });

  it('verifies a page to the last byte, and prints a command that a shell takes', async () => {
    const page = join(folder, 'page.html');
    const spaced = file('our $uspect\u2019s', takeExam(exam, 0.3, random));
    await run(
      '--reference',
      reference,
      '--suspect',
      spaced,
      '--controls',
      ...controls.slice(0, 8),
      '--report',
      page,
    );
    expect(readFileSync(page, 'utf8')).toContain(escapeHtml(`--suspect '${spaced}' --controls`));
    vi.restoreAllMocks();
    expect((await run('--verify', page)).stdout).toMatch(/every number is the same/);
    writeFileSync(page, readFileSync(page, 'utf8').replace(/no evidence|cannot tell/g, 'guilty'));
    vi.restoreAllMocks();
    expect((await run('--verify', page)).stdout).toMatch(/the page around them was altered/);
    expect(process.exitCode).toBe(1);
  });

  it('a document with a second text under the same key is not verified', async () => {
    const { stdout } = await run(
      '--reference',
      reference,
      '--suspect',
      hostile,
      '--controls',
      ...controls.slice(0, 7),
      '--json',
    );
    const forged = join(folder, 'forged.json');
    writeFileSync(forged, stdout.replace('{', '{"suspects":[{"verdict":"guilty"}],'));
    vi.restoreAllMocks();
    expect((await run('--verify', forged)).stderr).toMatch(/"suspects" is given twice in one object/);
    expect(process.exitCode).toBe(2);
  });

  it.each([
    [
      'few.ndjson',
      Buffer.from('{"id":"q1","answer":"A"}'),
      /few\.ndjson, line 1: no field "item": each line needs the id/,
    ],
    [
      'wide.ndjson',
      Buffer.from('{"item":"q1"}', 'utf16le'),
      /wide\.ndjson: not UTF-8 text: save it as UTF-8/,
    ],
    [
      'bare.ndjson.gz',
      Buffer.from('{"item":"q1"}'),
      /bare\.ndjson\.gz: not packed with gzip, .* pack it, or rename it/,
    ],
    [
      'cut.ndjson.gz',
      gzipSync('{"item":"q1","answer":"A"}').subarray(0, -9),
      /cut\.ndjson\.gz: its end is missing, .* copy it again/,
    ],
    [
      'real.ndjson',
      Buffer.from('{"item":1.5,"answer":"A"}'),
      /field "item" is 1\.5: a text of 1 to 512 characters or a whole number/,
    ],
  ])('says of %s what is wrong and what to do', async (name, bytes, message) => {
    const bad = join(folder, name);
    writeFileSync(bad, bytes);
    const { stderr } = await run('--reference', reference, '--suspect', bad, '--controls', ...controls);
    expect(stderr).toMatch(message);
    expect(process.exitCode).toBe(2);
  });

  it('ends with 2 for a model that the models file lists twice', async () => {
    const models = join(folder, 'twice.json');
    writeFileSync(models, '{"ours":{"released":"2025-01-20"},"ours":{"released":"2024-01-20"}}');
    const { stderr } = await run('--reference', reference, '--suspect', hostile, '--models', models);
    expect(stderr).toMatch(/"ours" is given twice/);
    expect(process.exitCode).toBe(2);
  });

  it('ends with 2 for dates that contradict each other, naming the model', async () => {
    const models = join(folder, 'bad-models.json');
    writeFileSync(models, JSON.stringify({ ours: { released: '2025-01-20', cutoff: '2025-06' } }));
    const { stderr } = await run('--reference', reference, '--suspect', hostile, '--models', models);
    expect(stderr).toMatch(/model "ours": "cutoff" 2025-06 lies after/);
    expect(process.exitCode).toBe(2);
  });

  it('verifies from any folder what lies beside the page, and no page with words for a date', async () => {
    const apart = mkdtempSync(join(tmpdir(), 'beside-'));
    const page = join(apart, 'page.html');
    await run(
      '--reference',
      reference,
      '--suspect',
      hostile,
      '--controls',
      ...controls.slice(0, 7),
      '--report',
      page,
    );
    const moved = [reference, hostile, ...controls.slice(0, 7)];
    for (const f of moved) renameSync(f, join(apart, basename(f)));
    vi.restoreAllMocks();
    const { stdout } = await run('--verify', page);
    for (const f of moved) renameSync(join(apart, basename(f)), f);
    expect(stdout).toMatch(/every number is the same\. When the page was made \(.*UTC\) is not verified/);
    const { report } = reportOfPage(readFileSync(page, 'utf8')) ?? { report: undefined };
    const forged = reportData(report as ForensicsReport, '2024-01-02 10:00 UTC, sworn');
    expect(reportOfPage(forged)).toBeUndefined();
  });

  it('refuses a level above .05', () => {
    expect(() => level('0.49')).toThrow(/a level from 0\.000001 to 0\.05/);
    expect(level('0.05')).toBe(0.05);
  });

  it('plans a collection, of any number of questions', async () => {
    const { stdout } = await run('collect-plan', '--questions', '2', '--json');
    const plan = JSON.parse(stdout) as { questions: number; controls: { pairs: number } };
    expect(plan.questions).toBe(2);
    expect(2 / (1 + plan.controls.pairs)).toBeLessThanOrEqual(0.01);
    expect(controlsNeeded(1e-15, 100_000)).toBeGreaterThanOrEqual(1e6);
    expect([0.05, 0.01, 0.001].map((a) => controlsNeeded(a, 1))).toEqual([5, 13, 44]);
  });
});
