import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { huntCommand } from '../../lib/cli/hunt/hunt.ts';
import { HUNT_QUERIES } from '../../lib/hunts/queries.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, DAY, harvest, MINUTE, print, START } from '../events.ts';
import { archived, EmulatedArchive } from '../hunts/archive-fixture.ts';
import { holdToSchema } from './outputs.ts';

/** Three accounts over three days, on one payment, one of which sends names that mean something to programs. */
const HOSTILE = '=cmd|"/c calc"!A1\u001b[31m\u202e\u2028\u{e0041}';
const events: UsageEvent[] = [1, 2, 3].flatMap((n) =>
  harvest({ account: account(n), events: 60, everyMs: 60 * MINUTE, seed: n }).map((event, i) => ({
    ...event,
    model: n === 3 ? HOSTILE : event.model,
    usage: { inputTokens: 20, outputTokens: 100 * n },
    prints: event.prints.map((held) => ({ ...held, payment: print(9), ...(i % 2 ? { tls: print(1) } : {}) })),
  })),
);

let archive: EmulatedArchive;
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  archive = await EmulatedArchive.open();
  const records = events.map((event, i) => ({
    sequence: 100 + i,
    arrived: Date.parse(event.time) + 1000,
    events: new Map([[0, event]]),
  }));
  for (let i = 0; i < records.length; i += 20)
    await archive.archive.put(records.slice(i, i + 20).map(archived));
  await archive.compact(START + 20 * DAY, { partBytes: 3000 });
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-hunts-'));
  for (const prefix of ['events/', 'hunts/'])
    for (const key of await archive.keys(prefix)) {
      mkdirSync(dirname(at(key)), { recursive: true });
      writeFileSync(at(key), await archive.bytes(key));
    }
  writeFileSync(at('usage.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await archive.close();
});
afterEach(() => {
  process.exitCode = undefined;
});

async function hunt(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const kept = { out: '', err: '' };
  const writes = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      kept.out += String(text);
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      kept.err += String(text);
      return true;
    }),
  ];
  try {
    await huntCommand().exitOverride().parseAsync(args, { from: 'user' });
  } finally {
    for (const write of writes) write.mockRestore();
  }
  holdToSchema(['hunt', ...args], kept.out);
  return { code: process.exitCode, ...kept };
}

const answerOf = (out: string) =>
  JSON.parse(out) as {
    source: { days: string[]; events: number; notes: string[] };
    columns: string[];
    rows: unknown[][];
    athena: { bytes: number; usd: number };
  };

describe('hunt', () => {
  it('answers the same from Parquet, from the archive and from recorded traffic', async () => {
    const asked = ['most-answers', '--json'];
    const parquet = answerOf((await hunt(...asked, at('hunts'))).out);
    expect(parquet.rows).toEqual([3, 2, 1].map((n) => [account(n), 'payg', 'api', 60, 6000 * n, 1, 0, 1]));
    expect(parquet.source).toEqual({
      days: ['2026-03-02', '2026-03-03', '2026-03-04'],
      events: 180,
      prints: 180,
      erased: 0,
      notes: [],
    });
    expect(parquet.athena.usd).toBeCloseTo(5e-5, 9);
    for (const source of ['events', 'usage.ndjson'])
      expect(answerOf((await hunt(...asked, at(source))).out)).toMatchObject({
        rows: parquet.rows,
        source: { events: 180 },
      });
  });

  it('reads Parquet and the archive from S3, and leaves nothing of them on the disk', async () => {
    for (const [name, value] of Object.entries({
      AWS_ENDPOINT_URL_S3: archive.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      TMPDIR: at('tmp'),
    }))
      vi.stubEnv(name, value);
    mkdirSync(at('tmp'));
    for (const prefix of ['hunts/', 'events/'])
      expect(
        answerOf((await hunt('most-answers', '--json', `s3://${archive.bucket}/${prefix}`)).out),
      ).toMatchObject({ rows: { length: 3 }, source: { events: 180, notes: [] } });
    expect(readdirSync(at('tmp'))).toEqual([]);
    expect(
      (await hunt('overview', '--csv', '--keep', at('kept'), `s3://${archive.bucket}/hunts/`)).code,
    ).toBe(0);
    expect(answerOf((await hunt('most-answers', '--json', at('kept'))).out).source.events).toBe(180);
    vi.unstubAllEnvs();
  });

  it('asks prints where they are, and says where they are not', async () => {
    const shared = answerOf((await hunt('shared-payment', '--json', at('hunts'))).out);
    expect(shared.rows).toEqual([['e1', print(9), 3, 180, account(1), account(3), 1]]);
    expect(await hunt('shared-payment', at('hunts/events'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('asks the table prints, of which there is nothing'),
    });
  });

  it('takes days of arrival, each inclusive', async () => {
    const of = async (...days: string[]) =>
      answerOf((await hunt('overview', '--json', ...days, at('hunts'))).out).rows.map(([day]) => day);
    expect([...new Set(await of('--since', '2026-03-03', '--until', '2026-03-03'))]).toEqual(['2026-03-03']);
    expect([...new Set(await of('--since', '2026-03-03'))]).toEqual(['2026-03-03', '2026-03-04']);
    expect(await hunt('overview', at('hunts'), '--since', '2027-01-01')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there are days from 2026-03-02 to 2026-03-04'),
    });
  });

  it('makes names inert in a terminal and in a spreadsheet', async () => {
    const sql = ['--sql', 'SELECT DISTINCT model FROM events ORDER BY model', at('hunts')];
    const { out } = await hunt(...sql);
    expect(out).not.toContain('\u001b');
    expect((await hunt(...sql, '--csv')).out).toContain(`"'=cmd|""/c calc""!A1`);
    const { out: json } = await hunt(...sql, '--json');
    expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(answerOf(json).rows).toContainEqual([HOSTILE]);
  });

  it('leaves numbers in CSV as they are', async () => {
    const { out } = await hunt('--sql', "SELECT -5 AS a, -0.5 AS b, '-5' AS c", '--csv', at('hunts'));
    expect(out).toBe('"a","b","c"\r\n-5,-0.5,"\'-5"\r\n');
  });

  it('takes one SELECT: it reaches no other file of the machine, and writes none, not even what it reads', async () => {
    writeFileSync(at('secret.csv'), 'a\n1\n');
    const day = 'hunts/events/day=2026-03-02';
    const [name = ''] = readdirSync(at(day));
    const part = join(at(day), name);
    const held = readFileSync(part);
    const files = readdirSync(folder, { recursive: true }).length;
    for (const sql of [
      `SELECT * FROM read_csv('${at('secret.csv')}')`,
      `COPY (SELECT 1) TO '${at('made.csv')}'`,
      `COPY (SELECT 1 AS a) TO '${part}'`,
      `SELECT 1; COPY (SELECT 1 AS a) TO '${part}'`,
      `EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '${part}'`,
      `SELECT * FROM query('COPY (SELECT 1 AS a) TO ''${part}''')`,
      `SELECT (SELECT count(*) FROM system.main.enable_logging(storage = 'file', storage_path = '${part}'))`,
      `ATTACH '${join(at(day), 'made.db')}' AS made`,
      'CREATE TABLE made AS SELECT 1',
      'PRAGMA enable_profiling',
      'INSTALL httpfs',
      'SET enable_external_access = true',
    ])
      expect([sql, (await hunt('--sql', sql, at('hunts'))).code]).toEqual([sql, 2]);
    expect(readdirSync(folder, { recursive: true })).toHaveLength(files);
    expect(readFileSync(part).equals(held)).toBe(true);
    const more = 'WITH a AS (FROM events SELECT account) SELECT * FROM a, range(2), unnest([1, 2]);';
    expect(answerOf((await hunt('--sql', more, '--json', at('hunts'))).out).rows).toHaveLength(720);
  });

  it.each(['', ' -- nothing', '/* nothing\n */'])('says what SQL to give for %j', async (sql) => {
    const said = { code: 2, err: expect.stringContaining('--sql is empty: give a SELECT') };
    expect(await hunt('--sql', sql, at('hunts'))).toMatchObject(said);
  });
});

describe('hunt, given what is not whole,', () => {
  it('says which part is missing, and of which days there is nothing', async () => {
    cpSync(at('hunts'), at('holes'), { recursive: true });
    const [part = ''] = readdirSync(at('holes/events/day=2026-03-02'));
    rmSync(at(`holes/events/day=2026-03-02/${part}`));
    for (const table of ['events', 'prints'])
      rmSync(at(`holes/${table}/day=2026-03-03`), { recursive: true });
    const { out } = await hunt('overview', '--json', at('holes'));
    const { notes } = answerOf(out).source;
    expect(notes).toContainEqual(
      expect.stringMatching(`events of 2026-03-02: part ${part} with \\d+ rows is missing`),
    );
    expect(notes).toContain('nothing of 2026-03-03: no events then, or not here');
    const bare = answerOf((await hunt('overview', '--json', at('hunts/events'))).out);
    expect(bare.source.notes).toEqual([
      'no manifests beside the Parquet: whether its days are whole is not known',
    ]);
  });

  it('gives no answer over a part that is there twice, under whatever name', async () => {
    expect(await hunt('overview', at('hunts'), at('hunts'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('given twice'),
    });
    cpSync(at('hunts'), at('again'), { recursive: true });
    expect(await hunt('overview', at('hunts'), at('again'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('the same part as'),
    });
    const day = at('again/events/day=2026-03-02');
    const [part = ''] = readdirSync(day);
    cpSync(join(day, part), join(day, 'copy-0000.parquet'));
    for (const sources of [[at('again')], [at('hunts'), at('events')]])
      expect(await hunt('overview', ...sources)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/\d+ rows of events are there twice/),
      });
  });

  it('gives no answer over recorded traffic that is there twice, however it was named, packed or kept', async () => {
    const plain = at('usage.ndjson');
    symlinkSync(plain, at('link.ndjson'));
    writeFileSync(at('packed.ndjson.gz'), gzipSync(readFileSync(plain)));
    for (const again of [join(folder, '.', 'hunts', '..', 'usage.ndjson'), at('link.ndjson')])
      expect(await hunt('overview', plain, again)).toMatchObject({
        code: 2,
        err: expect.stringContaining('given twice'),
      });
    const keep = (name: string, ...files: string[]) =>
      hunt('overview', '--csv', '--keep', at(name), ...files);
    expect((await keep('one', plain)).code).toBe(0);
    const kept = readdirSync(at('one/made/events/day=2026-03-02'));
    cpSync(at('one'), at('copied'), { recursive: true });
    const day = at('copied/made/events/day=2026-03-02');
    cpSync(join(day, kept[0] ?? ''), join(day, 'here-0000.parquet'));
    for (const sources of [
      [plain, at('packed.ndjson.gz')],
      [at('one'), at('packed.ndjson.gz')],
      [at('copied')],
    ])
      expect(await hunt('overview', ...sources)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/\d+ rows of events are there twice|the same part as/),
      });
    expect(await keep('one', plain)).toMatchObject({ code: 2, err: expect.stringContaining('not empty') });
    // what an interrupted run leaves is not taken for the whole
    writeFileSync(at('cut.gz'), gzipSync(readFileSync(plain)).subarray(0, 3000));
    expect((await keep('cut', at('events'), at('cut.gz'))).code).toBe(2);
    process.exitCode = undefined;
    mkdirSync(at('cut/unfinished-hunt/made'), { recursive: true });
    cpSync(at('one/made'), at('cut/unfinished-hunt/made'), { recursive: true });
    expect(await hunt('overview', at('cut'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('left by a hunt that was interrupted'),
    });
    // other traffic of the same days is other rows
    const others = harvest({ account: account(4), events: 60, everyMs: 60 * MINUTE, seed: 4 });
    writeFileSync(at('others.ndjson'), others.map((event) => `${JSON.stringify(event)}\n`).join(''));
    expect((await keep('two', at('others.ndjson'))).code).toBe(0);
    expect(answerOf((await hunt('overview', '--json', at('one'), at('two'))).out).source.events).toBe(240);
  });

  it('gives no other answer for any bit of a part that is not as it was written, without a manifest too', async () => {
    const day = at('flipped/hunts/events/day=2026-03-02');
    mkdirSync(day, { recursive: true });
    const [part = ''] = readdirSync(at('hunts/events/day=2026-03-02'));
    const bytes = readFileSync(at(`hunts/events/day=2026-03-02/${part}`));
    const whole = join(day, part);
    writeFileSync(whole, bytes);
    const right = (await hunt('overview', '--csv', whole)).out;
    process.exitCode = undefined;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (place, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
        writeFileSync(whole, flipped);
        const said = await hunt('overview', '--csv', whole);
        // where it is the name of the digest that is hit, the answer is the same
        if (said.code !== 2) expect(said.out).toBe(right);
      }),
      { numRuns: 25 },
    );
    // a page of values: its footer is as it was
    const flipped = Buffer.from(bytes);
    flipped[90] = (flipped[90] ?? 0) ^ 1;
    writeFileSync(whole, flipped);
    expect(await hunt('overview', '--csv', whole)).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        `${part}: damaged: its bytes are not those that were written: copy it again`,
      ),
    });
  });

  it('says of which groups there is no manifest, where others have theirs', async () => {
    cpSync(at('hunts'), at('unmade'), { recursive: true });
    const day = at('unmade/manifests/day=2026-03-02');
    const [manifest = ''] = readdirSync(day);
    rmSync(join(day, manifest));
    const { notes } = answerOf((await hunt('overview', '--json', at('unmade'))).out).source;
    expect(notes).toEqual([
      expect.stringContaining(`2026-03-02, group ${manifest.slice(0, -5)}: no manifest`),
    ]);
  });

  it('names a part that is damaged or lies below no day', async () => {
    const day = 'broken/day=2026-03-02';
    mkdirSync(at(day), { recursive: true });
    writeFileSync(at(`${day}/00-0000.parquet`), 'PAR1 not any more');
    expect(await hunt('overview', at('broken'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/00-0000\.parquet: no Parquet, or damaged: copy it again/),
    });
    const [part = ''] = readdirSync(at('hunts/events/day=2026-03-02'));
    cpSync(at(`hunts/events/day=2026-03-02/${part}`), at('loose.parquet'));
    expect(await hunt('overview', at('loose.parquet'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('lies in no folder such as day=2026-03-01'),
    });
    const bytes = readFileSync(at(`hunts/events/day=2026-03-02/${part}`));
    bytes.fill(0xff, 40, 400);
    writeFileSync(at(`${day}/00-0000.parquet`), bytes);
    expect((await hunt('overview', at('broken'))).code).toBe(2);
  });
});

describe('hunt --athena', () => {
  /** Runs printed commands with a stand-in for the command line of AWS, whose answers are given by subcommand. */
  function pasted(commands: string, answers: Readonly<Record<string, string>>) {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const cases = Object.entries(answers).map(([name, answer]) => `${name}) ${answer};;`);
    writeFileSync(
      join(bin, 'aws'),
      `#!/bin/sh\nprintf '%s\\n' "$@" >> ${join(bin, 'asked')}\ncase "$2" in ${cases.join(' ')} esac\n`,
      { mode: 0o755 },
    );
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const { status, stdout } = spawnSync('bash', ['-c', commands], {
      env,
      timeout: 10_000,
      encoding: 'utf8',
    });
    return { status, stdout, asked: readFileSync(join(bin, 'asked'), 'utf8') };
  }

  it('prints commands that a shell runs as they are, with the days as they were given', async () => {
    const { out } = await hunt('reasoning', '--athena', '--since', '2026-03-01', '--region', 'eu-west-1');
    const { status, asked } = pasted(out, {
      'start-query-execution': 'echo the-id',
      'get-query-execution': 'echo SUCCEEDED',
    });
    expect(status).toBe(0);
    expect(asked).toContain("WHERE day BETWEEN '2026-03-01' AND date_format(current_date, '%Y-%m-%d')");
    for (const said of ['Siphonwatch-hunts', 'Database=siphonwatch_hunts', 'eu-west-1', 'the-id'])
      expect(asked).toContain(said);
    expect(asked).toContain('get-query-results');
    expect(out).toContain('Saved queries, reasoning');
  });

  it('asks for prints in the workgroup of those who may read them', async () => {
    const query = HUNT_QUERIES.find(({ table }) => table === 'prints')?.id ?? '';
    for (const asked of [[query], ['--sql', 'SELECT 1 FROM prints']]) {
      const { out } = await hunt(...asked, '--athena');
      expect(out).toContain('--work-group Siphonwatch-hunts-prints');
    }
  });

  it('prints commands that end where aws fails, or the query does', async () => {
    const { out } = await hunt('reasoning', '--athena');
    const started = { 'start-query-execution': 'echo the-id' };
    for (const [answers, state] of [
      [{ 'start-query-execution': 'exit 254' }, 'not known'],
      [{ ...started, 'get-query-execution': 'exit 254' }, 'not known'],
      [{ ...started, 'get-query-execution': 'echo FAILED' }, 'FAILED'],
    ] as const) {
      const ended = pasted(out, answers);
      expect(ended).toMatchObject({ status: 1, stdout: expect.stringContaining(`state: ${state}`) });
      expect(ended.asked).not.toContain('get-query-results');
    }
  });

  it('refuses days that SQL of your own does not ask for, and days in the wrong order', async () => {
    const since = ['--athena', '--since', '2026-03-01', '--sql'];
    expect(await hunt(...since, 'SELECT 1 FROM events')).toMatchObject({
      code: 2,
      err: expect.stringContaining('needs {since} in the SQL'),
    });
    expect((await hunt(...since, 'SELECT 1 FROM events WHERE day >= {since}')).out).toContain(
      "day >= '2026-03-01'",
    );
    expect(
      await hunt('overview', '--since', '2026-03-02', '--until', '2026-03-01', at('hunts')),
    ).toMatchObject({
      code: 2,
      err: expect.stringContaining('is after --until'),
    });
  });
});
