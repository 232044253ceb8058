import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideOn } from '../../lib/cli/shared/decide.ts';
import { asInputError } from '../../lib/cli/shared/deployment.ts';
import { EXIT, failureOf } from '../../lib/cli/shared/failure.ts';
import { fittedTable } from '../../lib/cli/shared/fitted-table.ts';
import { writable, writeAside } from '../../lib/cli/shared/output.ts';
import { outputJsonSchema } from '../../lib/cli/shared/output-schemas.ts';
import { fileTrouble, InputError } from '../../lib/input/errors.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { textOf } from '../docs/documents.ts';
import { evidenceOf } from '../findings/evidence.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siphonwatch-output-'));
});
afterAll(() => rm(folder, { recursive: true }));

const named = (name: string, message: string) => Object.assign(new Error(message), { name });
const coded = (code: string, extra = {}) => Object.assign(new Error(`${code}: x`), { code, ...extra });

it('an error says what happened and what to do, whoever raised it', () => {
  const told = [
    [coded('ENOSPC', { path: 'r.html' }), EXIT.machine, 'r.html: the disk is full: free some space'],
    [coded('EACCES', { path: '/root/x' }), EXIT.machine, '/root/x: permission denied'],
    [new Error('Region is missing'), EXIT.service, 'which AWS region?: give --region'],
    [
      named('CredentialsProviderError', 'Could not load'),
      EXIT.service,
      'there are no AWS credentials: sign in',
    ],
    [
      named('AccessDeniedException', 'u is not allowed dynamodb:Query'),
      EXIT.service,
      'dynamodb:Query: AWS does not allow',
    ],
    [coded('ECONNREFUSED', { address: '127.0.0.1', port: 1 }), EXIT.service, '127.0.0.1:1: nothing answers'],
    [new AggregateError([coded('ECONNREFUSED')], ''), EXIT.service, 'nothing answers'],
    [new Error('outer', { cause: coded('ENOTFOUND', { hostname: 'x.invalid' }) }), EXIT.service, 'x.invalid'],
    [new InputError('--limit: must be whole'), EXIT.input, '--limit: must be whole'],
    [
      new TypeError('x is not a function'),
      EXIT.fault,
      'a fault of the program (TypeError: x is not a function)',
    ],
    ['thrown text', EXIT.fault, 'thrown text'],
  ] as const;
  for (const [error, code, words] of told) {
    const failure = failureOf(error);
    expect(failure.message).toContain(words);
    expect(failure).toMatchObject({ code });
    expect(failure.message).not.toMatch(/\n|\bat .*:\d+:\d+/);
  }
});

it('a full disk here is not told as one of the deployment that was read', () => {
  const full = asInputError(coded('ENOSPC'), 'the demo (.cache/demo.json)');
  expect(failureOf(full)).toMatchObject({
    code: EXIT.machine,
    message: expect.stringMatching(/^the disk is full/),
  });
  const refused = asInputError(coded('ECONNREFUSED'), 'table findings');
  expect(failureOf(refused).message).toMatch(/^table findings: nothing answers/);
});

it('the documented table has every exit code', () => {
  const documented = [...textOf('docs/command-line.md').matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  );
  expect(documented).toEqual([...new Set(Object.values(EXIT))].sort((a, b) => a - b));
});

it('a file that cannot be written whole leaves the old one and nothing beside it', async () => {
  const file = join(folder, 'report.html');
  await writeFile(file, 'old');
  await writeAside(file, 'new');
  expect(await readFile(file, 'utf8')).toBe('new');
  await expect(writeAside(join(folder, 'none', 'x'), 'new')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(writeAside('/dev/full', 'new')).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(folder)).toEqual(['report.html']);
});

it('a path through a file is refused before the work begins', async () => {
  const file = join(folder, 'report.html');
  await writeFile(file, 'old');
  await expect(writable({ '--report': join(file, 'x') })).rejects.toThrow('is a file, not a folder');
});

it('a table is never wider than the terminal, and keeps its first column whole', () => {
  const columns = [
    { head: 'id' },
    { head: 'n', right: true },
    { head: 'who', min: 4, optional: 1 },
    { head: 'why', min: 8, optional: 2 },
  ];
  const cell = fc.string({ maxLength: 60 }).map((text) => text.replace(/[^ -~]/g, '').trim());
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constant('f-0123456789'), fc.nat().map(String), cell, cell), { maxLength: 5 }),
      fc.integer({ min: 40, max: 160 }),
      (rows, width) => {
        const lines = stripVTControlCharacters(fittedTable(columns, rows, width)).split('\n');
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        expect(lines.filter((line) => line.startsWith('f-0123456789'))).toHaveLength(rows.length);
      },
    ),
    { numRuns: 50 },
  );
});

it('a cell that goes on in a further line keeps its distance from the next one', () => {
  const columns = ['grows', 'limit'].map((head) => ({ head, min: 20, wrap: true }));
  const words = 'whole kilobytes fewer and larger ones with longer waits';
  const lines = fittedTable(columns, [[words, words.toUpperCase()]], 46).split('\n');
  for (const line of lines.slice(1)) expect(line.slice(0, 46)).not.toMatch(/[a-z][A-Z]/);
  expect(lines.join(' ').split(/\s+/).sort()).toEqual(
    ['grows', 'limit', ...words.split(' '), ...words.toUpperCase().split(' ')].sort(),
  );
});

it('a table names the columns that it has no room for, where they say something', () => {
  const columns = [{ head: 'id' }, { head: 'why', optional: 1 }, { head: 'verdict', optional: 2 }];
  const long = 'x'.repeat(36);
  expect(fittedTable(columns, [[long, 'because of this', '']], 40)).toContain('(too narrow for: why;');
  expect(fittedTable(columns, [[long, 'because of this', '']], 80)).not.toContain('too narrow');
});

it('a file that cannot be read is told in words', () => {
  expect(fileTrouble(coded('ENOENT'))).toBe('there is no such file or folder');
  expect(fileTrouble(coded('EISDIR'))).toBe('that is a folder');
});

it('the JSON Schema of what --json prints is current', () => {
  // the formatter has its own idea of white space
  expect(JSON.parse(textOf('lib/cli/shared/output.schema.json')), 'npm run schema').toEqual(
    JSON.parse(outputJsonSchema()),
  );
});

it('a verdict that the credentials may not write says that it goes through the triage API', async () => {
  class Closed extends MemoryFindingStore {
    override write(): Promise<boolean> {
      return Promise.reject(named('AccessDeniedException', 'no dynamodb:PutItem'));
    }
  }
  const { finding } = evidenceOf(50, (notices) => notices.at(-1));
  const store = new Closed();
  store.find = () => Promise.resolve({ finding, version: 1 });
  const decide = decideOn({ dynamodb: new DynamoDBClient() }, store, async () => ({
    name: 'ada',
    principal: 'ada',
  }));
  const refused = await decide(finding.id, { action: 'triage', verdict: 'unsure' }, 'd-1').catch(failureOf);
  expect(refused).toMatchObject({ code: EXIT.service, message: expect.stringContaining('--stack NAME') });
});
