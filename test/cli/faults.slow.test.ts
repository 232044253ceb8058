import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../lib/cli/shared/failure.ts';
import { OUTPUTS } from '../../lib/cli/shared/output-schemas.ts';
import { VERBS } from '../../lib/cli/verbs.ts';
import { ourFiles, textOf } from '../docs/documents.ts';

/** Every verb under what goes wrong around it: one line with a remedy, a documented exit code, never a stack of Node. */

const BIN = resolve('bin/siphonwatch.mjs');
const EVENTS = resolve('examples/data/events.ndjson.gz');
const AWS = {
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_REGION: 'eu-west-1',
  AWS_MAX_ATTEMPTS: '1',
};
const STACK = /\n\s+at .+:\d+:\d+\)?|node:internal|triggerUncaughtException/;

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-faults-'));
  const bytes = readFileSync(EVENTS);
  writeFileSync(at('garbage.bin'), bytes.subarray(1000, 9000));
  writeFileSync(at('empty.ndjson'), '');
  writeFileSync(at('cut.ndjson.gz'), bytes.subarray(0, 20_000));
  writeFileSync(at('labels.csv'), 'name;what\nx;y\n');
  writeFileSync(at('policy.yaml'), 'v: 1\nid: [\n');
  writeFileSync(at('ring.json'), '{"account":');
  writeFileSync(at('few.ndjson'), '{"no":"event"}\n');
  mkdirSync(at('damaged/.cache'), { recursive: true });
  writeFileSync(at('damaged/.cache/demo.json'), '{"region":');
  mkdirSync(at('stale/.cache'), { recursive: true });
  writeFileSync(
    at('stale/.cache/demo.json'),
    '{"region":"us-east-1","endpoints":{"dynamodb":"http://127.0.0.1:9"},"tables":{"finding":"f","profile":"p"}}',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly cwd?: string;
  /** file of a demo, below the folder of these tests */
  readonly demo?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
}

function run(args: readonly string[], { cwd = folder, env = {}, input }: Run = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    encoding: 'utf8',
    timeout: 120_000,
    ...(input === undefined ? {} : { input }),
  });
}

type Case = readonly [kind: string, args: readonly string[], code: number, words: RegExp, run?: Run];

const CASES: readonly Case[] = [
  ['a file that is not there', ['backtest', 'none.ndjson'], EXIT.input, /none\.ndjson/],
  ['a folder where a file is meant', ['calibrate', '.'], EXIT.input, /\./],
  ['bytes that are nothing', ['backtest', 'garbage.bin'], EXIT.input, /nothing usable|no events/],
  [
    'a demo of lines that are no events, at once',
    ['demo', '--input', 'few.ndjson'],
    EXIT.input,
    /^(?!.*Synthesizing).*nothing usable/s,
  ],
  ['an empty input', ['backtest', 'empty.ndjson'], EXIT.input, /no events/],
  ['a cut gzip file', ['calibrate', 'cut.ndjson.gz'], EXIT.input, /truncated/],
  [
    'lines that are no events',
    ['backtest', 'few.ndjson', '--report', 'r.html'],
    EXIT.input,
    /nothing usable/,
  ],
  [
    'a report below a file',
    ['backtest', EVENTS, '--report', 'few.ndjson/r.html'],
    EXIT.input,
    /is a file, not a folder/,
  ],
  ['a report that is a folder', ['backtest', EVENTS, '--report', '.'], EXIT.input, /is a folder/],
  ['a policy that is damaged', ['policy', 'validate', 'policy.yaml'], EXIT.input, /policy\.yaml:/],
  [
    'labels without their columns',
    ['tune', EVENTS, '--labels', 'labels.csv', '--max-fpr', '0.1'],
    EXIT.input,
    /column/,
  ],
  [
    'a keyring that is damaged',
    ['resolve', `a_${'b'.repeat(26)}`, '--keyring', 'ring.json', '--accounts', '-'],
    EXIT.input,
    /not JSON/,
  ],
  ['no key at all', ['resolve', `a_${'b'.repeat(26)}`, '--accounts', 'few.ndjson'], EXIT.input, /no key/],
  [
    'a pipe that sends bytes',
    ['record', '-'],
    EXIT.input,
    /record/,
    { input: new Uint8Array(5000).fill(0xff) },
  ],
  [
    'a place that takes no file',
    ['keyring', 'new', '--out', '/sys/ring.json'],
    EXIT.machine,
    /permission denied/,
  ],
  ['a foreign outcome', ['console', 'few.ndjson'], EXIT.input, /backtest --save/],
  [
    'answers that are none',
    ['forensics', '--reference', 'garbage.bin', '--suspect', 'garbage.bin'],
    EXIT.input,
    /garbage/,
  ],
  ['a dossier that is none', ['dossier', 'verify', '.', '--public-key', 'ring.json'], EXIT.input, /key/],
  ['an option of nobody', ['findings', 'list', '--limt', '3'], EXIT.input, /unknown option/],
  [
    'no region',
    ['findings', '--table', 't'],
    EXIT.service,
    /which AWS region/,
    { env: { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' } },
  ],
  [
    'no credentials',
    ['findings', '--table', 't', '--region', 'eu-west-1'],
    EXIT.service,
    /no AWS credentials.*sign in/,
  ],
  [
    'nobody who answers',
    ['findings', '--table', 't', '--endpoint', 'http://127.0.0.1:9'],
    EXIT.service,
    /nothing answers/,
    { env: AWS },
  ],
  [
    'a host of no name',
    ['findings', '--table', 't', '--endpoint', 'http://siphonwatch.invalid'],
    EXIT.service,
    /address/,
    { env: AWS },
  ],
  [
    'a demo whose file is damaged',
    ['findings', 'list'],
    EXIT.input,
    /demo\.json/,
    { demo: 'damaged/.cache/demo.json' },
  ],
  [
    'a demo that is over',
    ['triage', 'f-1', '--undo'],
    EXIT.service,
    /nothing answers/,
    { demo: 'stale/.cache/demo.json' },
  ],
];

/** The verbs that CASES leaves out, each where what it needs does not answer or cannot be used. */
const OTHERS: readonly (readonly [args: readonly string[], code: number])[] = [
  [['collect', '--stream', 's', '--keyring', 'garbage.bin', '--listen', '0'], EXIT.input],
  [['keyring', 'check', 'garbage.bin'], EXIT.input],
  [['vectors', '--nope'], EXIT.input],
  [['demo', '--send', 'garbage.bin'], EXIT.input],
  [['drift', 'garbage.bin'], EXIT.input],
  [['learning', '--stack', 'S'], EXIT.service],
  [['recalibrate', '--stack', 'S'], EXIT.service],
  [['backtest', 's3://archive/events/', '--distributed', '--stack', 'S'], EXIT.service],
  [['hunt', 'no-such-question'], EXIT.input],
  [['triage', 'f-1', '--verdict', 'benign', '--stack', 'S'], EXIT.service],
  [['dossier', 'f-1', '--out', 'd', '--stack', 'S'], EXIT.service],
  [['plan', '--events-per-second', 'x'], EXIT.input],
  [['doctor', '--stack', 'S'], EXIT.service],
  [['teardown', '--stack', 'S'], EXIT.service],
  [['redrive', '--stack', 'S'], EXIT.service],
  [['rebuild', '--stack', 'S'], EXIT.service],
  [['forget', 'a_x', '--stack', 'S', '--key-seed', 'x'], EXIT.service],
  [['policy', 'validate', 'garbage.bin'], EXIT.input],
  [['policy', 'status', '--stack', 'S'], EXIT.service],
  [['tune', EVENTS, '--labels', 'garbage.bin', '--max-fpr', '0.1'], EXIT.input],
  [['console', '--stack', 'S'], EXIT.service],
  [['completion', 'tcsh'], EXIT.input],
];

describe('the command line', () => {
  it.each(OTHERS)('%j says in a few words what it lacks', (args, code) => {
    const { status, stderr, stdout } = run(args, { env: { ...AWS, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } });
    const said = `${stdout}\n${stderr}`;
    expect(said).not.toMatch(STACK);
    expect(said.trim()).not.toBe('');
    // bytes that are no text never reach the terminal
    expect(said).not.toContain('\ufffd');
    expect(status, said).toBe(code);
  });

  it('has every verb tried', () => {
    const tried = new Set([...CASES.map(([, [verb]]) => verb), ...OTHERS.map(([[verb]]) => verb)]);
    expect([...Object.keys(VERBS), 'completion'].filter((verb) => !tried.has(verb))).toEqual([]);
  });

  it.each(CASES.map((held) => [held[0], held] as const))(
    'under %s says what to do',
    (_, [, args, code, words, how]) => {
      const { status, stderr, stdout } = run(args, {
        ...how,
        ...(how?.cwd === undefined ? {} : { cwd: at(how.cwd) }),
        ...(how?.demo === undefined ? {} : { env: { SIPHONWATCH_DEMO: at(how.demo) } }),
      });
      expect(`${stdout}\n${stderr}`).not.toMatch(STACK);
      expect(`${stdout}\n${stderr}`).toMatch(words);
      expect(status).toBe(code);
    },
  );

  it('that writes to a full disk ends with a word, and leaves nothing of the file', () => {
    const before = readdirSync(folder).sort();
    const { status, stderr } = run(['vectors'], {});
    expect(status, stderr).toBe(0);
    const full = spawnSync('bash', ['-c', `"${process.execPath}" "${BIN}" vectors > /dev/full`], {
      encoding: 'utf8',
    });
    expect(full.stderr).toMatch(/the disk is full/);
    expect(full.stderr).not.toMatch(STACK);
    expect(full.status).toBe(EXIT.machine);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it('whose reader goes away ends quietly', () => {
    const piped = spawnSync(
      'bash',
      ['-c', `set -o pipefail; "${process.execPath}" "${BIN}" vectors | head -c 10 > /dev/null`],
      { encoding: 'utf8' },
    );
    expect(piped.stderr).toBe('');
    expect(piped.status).toBe(0);
  });

  it('that is answered by something else says so', async () => {
    const server = createServer((_, response) => response.end('<html>it works</html>'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [BIN, 'findings', '--table', 't', '--endpoint', endpoint], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...AWS },
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said += String(text);
    });
    const code = await new Promise((done) => child.once('exit', done));
    server.close();
    expect(said).not.toMatch(STACK);
    expect(said).toMatch(/answer/);
    expect(code).toBe(EXIT.service);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s at once, without a part of a file', async (signal) => {
    const child = spawn(process.execPath, [BIN, 'calibrate', EVENTS, '--out', 'made.json'], { cwd: folder });
    let said = '';
    child.stderr.on('data', (text) => {
      said += String(text);
    });
    await new Promise((done) => setTimeout(done, 4000));
    const asked = Date.now();
    child.kill(signal);
    await new Promise((done) => child.once('exit', done));
    expect(Date.now() - asked).toBeLessThan(3000);
    expect(said).not.toMatch(STACK);
    expect(readdirSync(folder).filter((name) => name.includes('made'))).toEqual([]);
  });
});

it('every verb with --json has a schema of what it prints', () => {
  const withJson = ourFiles('.ts')
    .filter((path) => path.startsWith('lib/cli/') && textOf(path).includes("'--json'"))
    .map((path) => path.split('/')[2] ?? '');
  const described = new Set(Object.keys(OUTPUTS).map((name) => name.split(' ')[0]));
  // forensics describes its report itself (docs/forensics.md)
  expect([...new Set(withJson)].filter((verb) => !described.has(verb) && verb !== 'forensics')).toEqual([]);
});
