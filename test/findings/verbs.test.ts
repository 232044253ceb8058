import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { AppConfigRollout } from '../../lib/aws/policy-rollout.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { dossierCommand } from '../../lib/cli/dossier/dossier.ts';
import { findingsCommand } from '../../lib/cli/findings/findings.ts';
import { triageCommand } from '../../lib/cli/findings/triage.ts';
import { reviewCommand } from '../../lib/cli/review/review.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { type Emulators, endpointVariables, startEmulators } from '../../lib/emulator/services/emulators.ts';
import { applyNotice, type Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { keepReview } from '../../lib/stores/reviews.ts';
import { verdictsByAccount } from '../../lib/stores/verdicts.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { testCalibration } from '../calibration.ts';
import { holdToSchema } from '../cli/outputs.ts';
import { account, harvest } from '../events.ts';
import { createTable } from '../tables.ts';
import { campaignEvidenceOf } from './evidence.ts';
import { functionUrl } from './function-url.ts';
import { aReview } from './reviews.ts';

/** The verbs of the security team, on tables and an archive as the pipeline leaves them. */
let emulators: Emulators;
let clients: Clients;
let folder: string;
let notice: Notice;
const ACCOUNT = account(1);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-verbs-'));
  emulators = await startEmulators();
  clients = localClients(emulators.endpoints);
  for (const [name, value] of Object.entries(endpointVariables(emulators.endpoints))) vi.stubEnv(name, value);
  vi.stubEnv('FINDING_TABLE', 'findings');
  vi.stubEnv('PROFILE_TABLE', 'profiles');
  vi.stubEnv('CAMPAIGN_TABLE', 'campaigns');
  vi.stubEnv('ARCHIVE_BUCKET', 'archive');
  await createTable(clients.dynamodb, 'finding', 'findings');
  await createTable(clients.dynamodb, 'profile', 'profiles');
  await createTable(clients.dynamodb, 'campaign', 'campaigns');
  await clients.s3.send(new CreateBucketCommand({ Bucket: 'archive' }));

  const events = harvest({ account: ACCOUNT, events: 220 });
  const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 });
  const archive = new ArchiveBucket(clients.s3, 'archive');
  const rules = { policy: defaultPolicy, calibration: testCalibration, code: '0.1.0', shadow: false };
  let stored = newAccount(ACCOUNT);
  for (let i = 0; i < events.length; i += 20) {
    const batch = events.slice(i, i + 20);
    const sequence = String(1000 + i);
    const bucket = bucketOf(ACCOUNT);
    const data = encodeRecord({ bucket }, batch);
    const record = {
      stream: 's',
      size: gunzipSync(data).length,
      shard: 'shardId-000000000000',
      sequence,
      partitionKey: partitionKey(bucket),
      arrived: Date.parse(batch.at(-1)?.time ?? ''),
      data,
    };
    await archive.put([record]);
    // cut in half and retried: the same record again, in another object
    if (i === 40) await archive.put([record, { ...record, sequence: '1041', data: gzipSync(''), size: 0 }]);
    const arrivals = batch.map((event, index) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(sequence), index },
    }));
    const step = processBatch(stored, arrivals, rules);
    await profiles.save(stored, step.state, step.seal);
    stored = step.state;
    notice = step.notices.find(({ transition }) => transition === 'opened') ?? notice;
  }
  const store = new DynamoFindingStore(clients.dynamodb, 'findings');
  await store.write(applyNotice(undefined, notice, 'told'), undefined);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  clients.close();
  await emulators.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  process.exitCode = 0;
});

async function run(
  command: Command,
  ...words: string[]
): Promise<{ out: string; err: string; code: number }> {
  let out = '';
  let err = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  process.exitCode = 0;
  try {
    await command.parseAsync(words, { from: 'user' });
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
  holdToSchema([command.name(), ...words], out);
  return { out, err, code: Number(process.exitCode) };
}

describe('findings', () => {
  it('lists what is open, for people, machines and spreadsheets', async () => {
    const { out, code } = await run(findingsCommand(), 'list', '--state', 'all');
    expect(code).toBe(0);
    expect(out).toContain(notice.finding);
    const json = JSON.parse((await run(findingsCommand(), 'list', '--state', 'all', '--json')).out);
    expect(json).toMatchObject({ findings: [{ id: notice.finding }], more: false });
    const csv = (await run(findingsCommand(), 'list', '--state', 'all', '--csv')).out.trim().split('\n');
    expect(csv).toHaveLength(2);
    expect(csv[1]).toContain(`"${ACCOUNT}"`);
  });

  it('shows one, and says what is wrong with a name or a number', async () => {
    const { out } = await run(findingsCommand(), 'show', notice.finding);
    expect(out).toContain('HOW SURE');
    expect(out).toContain('notified at once');
    expect(await run(findingsCommand(), 'show', 'f-nobody-1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no finding f-nobody-1'),
    });
    // the beginning of an id, and the account instead of its finding, by every verb that wants one
    for (const typed of [notice.finding.slice(0, 9), ACCOUNT])
      for (const [command, ...words] of [
        [findingsCommand(), 'show', typed],
        [triageCommand(), typed, '--verdict', 'benign'],
        [dossierCommand(), typed, '--out', join(folder, 'meant')],
      ] as const)
        expect((await run(command, ...words)).err).toContain(
          `there is no finding ${typed}: did you mean ${notice.finding}`,
        );
    for (const [command, ...words] of [
      [findingsCommand(), 'show', ''],
      [triageCommand(), '', '--verdict', 'benign'],
    ] as const)
      expect(await run(command, ...words)).toMatchObject({
        code: 2,
        err: expect.stringContaining('no finding'),
      });
    expect(await run(findingsCommand(), 'list', '--limit', 'many')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--limit: must be a whole number from 1 (got many)'),
    });
  });
});

describe('triage', () => {
  it('records a verdict with its trail, and takes it back', async () => {
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    const said = await run(
      triageCommand(),
      notice.finding,
      ...['--verdict', 'benign', '--until', until, '--note', 'red\u001b[31m team', '--by', 'ada'],
    );
    expect(said).toMatchObject({
      code: 0,
      out: expect.stringContaining(`notifications on ${ACCOUNT} are suppressed until ${until}`),
      err: '',
    });
    const { out } = await run(findingsCommand(), 'show', notice.finding);
    expect(out).toMatch(/ada: open -> benign until .* \(closed\): red \[31m team/);
    await run(triageCommand(), notice.finding, '--undo', '--by', 'grace', '--json');
    const json = JSON.parse((await run(findingsCommand(), 'show', notice.finding, '--json')).out);
    expect(json.finding.state).toBe('open');
    expect(json.audit).toHaveLength(2);
    expect(json.exception).toBeNull();
  });

  it.each([
    [['--verdict', 'benign', '--until', '2020-01-01'], 'has passed'],
    [['--verdict', 'benign', '--until', '2027-02-30'], '--until: must be a date'],
    [['--verdict', 'confirmed', '--until', '2099-01-01'], 'has no date'],
    [['--undo', '--verdict', 'benign'], 'give no --verdict'],
    [[], 'give --verdict'],
  ])('refuses %j', async (words, message) => {
    expect(await run(triageCommand(), notice.finding, ...words)).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
  });
});

describe('the triage API', () => {
  const ANALYSTS = 'arn:aws:sts::111122223333:assumed-role/Analysts';
  const ANALYST = `${ANALYSTS}/ada`;
  let handler: (event: unknown) => Promise<{ statusCode: number; body: string }>;
  beforeAll(async () => {
    vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'triage');
    vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', 'test');
    vi.stubEnv('LOG_LEVEL', 'SILENT');
    handler = (await import('../../lambdas/triage/handler.ts')).handler;
  });

  /** A request as a function URL hands it on, after IAM checked its signature. */
  async function ask(
    method: string,
    rawPath: string,
    more: { query?: Record<string, string>; body?: unknown } = {},
  ) {
    const { statusCode, body } = await handler({
      version: '2.0',
      rawPath,
      ...(more.query === undefined ? {} : { queryStringParameters: more.query }),
      ...(more.body === undefined
        ? {}
        : { body: typeof more.body === 'string' ? more.body : JSON.stringify(more.body) }),
      requestContext: { http: { method }, authorizer: { iam: { userArn: ANALYST } } },
    });
    return { status: statusCode, ...JSON.parse(body) };
  }

  it('lists and shows what the verbs do, and changes it by the same code, in the name of the caller', async () => {
    const listed = await ask('GET', '/findings', { query: { state: 'all', limit: '5' } });
    expect(listed).toMatchObject({ status: 200, findings: [{ id: notice.finding }], more: false });
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString();
    const path = `/findings/${notice.finding}`;
    const made = await ask('POST', `${path}/verdict`, {
      body: { verdict: 'benign', until, note: 'red team' },
    });
    expect(made).toMatchObject({
      status: 200,
      finding: notice.finding,
      entry: {
        by: ANALYSTS,
        claimed: 'ada',
        action: 'triage',
        after: { state: 'closed', verdict: { verdict: 'benign', until } },
      },
      exception: { subject: ACCOUNT, until, by: ANALYSTS },
    });
    const { out } = await run(findingsCommand(), 'show', notice.finding);
    expect(out).toContain('assumed-role/Analysts, who says: ada');
    expect(await ask('POST', `${path}/undo`, { body: { note: 'too early' } })).toMatchObject({
      status: 200,
      entry: { action: 'undo', after: { state: 'open' } },
      exception: null,
    });
    const json = JSON.parse((await run(findingsCommand(), 'show', notice.finding, '--json')).out);
    expect(await ask('GET', path)).toEqual({ status: 200, ...json, view: expect.anything() });
  });

  it('takes what the command line asks for, in the name that the signature has, where the deployment has one', async () => {
    const analyst = { accessKeyId: 'AKIDADA', secretAccessKey: 'ada', arn: ANALYST };
    const served = await functionUrl(handler, [analyst]);
    const state = async () =>
      (await new DynamoFindingStore(clients.dynamodb, 'findings').find(notice.finding))?.finding;
    vi.stubEnv('TRIAGE_API_URL', served.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', analyst.accessKeyId);
    try {
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'guessed');
      await run(triageCommand(), notice.finding, '--verdict', 'confirmed');
      expect(process.exitCode).toBe(5);
      expect((await state())?.state).toBe('open');

      vi.stubEnv('AWS_SECRET_ACCESS_KEY', analyst.secretAccessKey);
      const given = JSON.parse(
        (await run(triageCommand(), notice.finding, '--verdict', 'confirmed', '--by', 'eve', '--json')).out,
      );
      expect(given).toMatchObject({
        finding: notice.finding,
        entry: { by: ANALYSTS, claimed: 'ada', after: { state: 'closed' } },
      });
      const words = ['--decision', 'd-1', '--assign', 'grace'];
      expect((await run(triageCommand(), notice.finding, ...words)).out).toContain('grace looks after it');
      await run(triageCommand(), notice.finding, ...words);
      await run(triageCommand(), notice.finding, '--note', 'seen before');
      // answers to the review go the same way, and a decision's id that was used otherwise is refused
      const answer = [account(73), '--verdict', 'confirmed', '--by', 'eve', '--decision', 'd-3'];
      const kept = JSON.parse((await run(reviewCommand(), ...answer, '--json')).out);
      expect(kept).toMatchObject({ answers: [{ account: account(73), by: ANALYSTS, claimed: 'ada' }] });
      answer[2] = 'benign';
      expect((await run(reviewCommand(), ...answer)).err).toContain('--decision: another answer has that id');
      // a request that was signed is for Lambda alone
      for (const address of [
        'https://collector.example/',
        'http://x.lambda-url.eu-central-1.on.aws/',
        'mailto:x',
        `${served.url}base`,
      ]) {
        vi.stubEnv('TRIAGE_API_URL', address);
        expect((await run(triageCommand(), notice.finding, '--note', 'x')).err).toContain(
          'TRIAGE_API_URL: must',
        );
      }
      vi.stubEnv('TRIAGE_API_URL', served.url);
      const late = await run(triageCommand(), notice.finding, '--verdict', 'benign', '--until', '2020-01-01');
      expect(late.err).toContain('--until');
      await run(triageCommand(), notice.finding, '--undo');
      const held = await state();
      expect(held).toMatchObject({ state: 'open', owner: 'grace' });
      expect(held?.audit?.slice(-4).map(({ action, by }) => [action, by])).toEqual(
        ['triage', 'assign', 'note', 'undo'].map((action) => [action, ANALYSTS]),
      );
    } finally {
      for (const name of ['TRIAGE_API_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        vi.stubEnv(name, undefined);
      for (const [name, value] of Object.entries(endpointVariables(emulators.endpoints)))
        vi.stubEnv(name, value);
      await served.close();
    }
  });

  it('takes no decision for one that has its id and is by somebody else, or of something else', async () => {
    const path = `/findings/${notice.finding}`;
    const said = { note: 'mine', decision: 'case-42' };
    expect((await ask('POST', `${path}/note`, { body: said })).status).toBe(200);
    expect((await ask('POST', `${path}/note`, { body: said })).entry.note).toBe('mine');
    for (const [action, body] of [
      ['verdict', { verdict: 'confirmed', decision: 'case-42' }],
      ['note', { note: 'another', decision: 'case-42' }],
    ] as const)
      expect(await ask('POST', `${path}/${action}`, { body })).toMatchObject({
        status: 409,
        error: { message: expect.stringContaining('choose another id') },
      });
    expect((await ask('POST', `${path}/note`, { body: { note: 'x', decision: '12' } })).status).toBe(400);
  });

  it.each([
    ['GET', '/findings', { query: { state: 'shut' } }, 400, 'state', 'shut'],
    ['GET', '/findings', { query: { limit: '0' } }, 400, 'limit', '0'],
    ['GET', '/findings', { query: { colour: 'red' } }, 400, 'colour', 'red'],
    ['GET', '/findings/f-nobody-1', {}, 404, 'id', 'f-nobody-1'],
    ['GET', '/findings/..%2f', {}, 400, 'id', '..%2f'],
    ['GET', '/somewhere', {}, 404, 'path', '/somewhere'],
    ['DELETE', '/findings/ID', {}, 405, 'method', 'DELETE'],
    ['POST', '/findings/ID/verdict', { body: '{' }, 400, 'body', '{'],
    ['POST', '/findings/ID/verdict', { body: {} }, 400, 'verdict', 'nothing'],
    ['POST', '/findings/ID/verdict', { body: { verdict: 'maybe' } }, 400, 'verdict', 'maybe'],
    ['POST', '/findings/ID/verdict', { body: { verdict: 'benign', by: 'me' } }, 400, 'by', 'me'],
    [
      'POST',
      '/findings/ID/verdict',
      { body: { verdict: 'benign', until: '2027-02-30' } },
      400,
      'until',
      '2027-02-30',
    ],
    [
      'POST',
      '/findings/ID/verdict',
      { body: { verdict: 'benign', until: '2020-01-01' } },
      400,
      'until',
      undefined,
    ],
    ['POST', '/findings/ID/undo', { body: 'x'.repeat(30_000) }, 413, 'body', '30000'],
    ['POST', '/findings/ID/note', { body: {} }, 400, 'note', 'nothing'],
    ['POST', '/findings/ID/undo', { body: { action: 'triage' } }, 400, 'action', 'triage'],
  ])('%s %s with %j is refused: %i %s', async (method, path, more, status, field, value) => {
    const refused = await ask(method, path.replace('ID', notice.finding), more);
    expect(refused).toMatchObject({ status, error: { field, message: expect.any(String) } });
    expect(refused.error.value).toBe(value);
  });

  it('says what the review asks, and keeps an answer on an account without a finding once, in the name of the caller', async () => {
    const store = new DynamoFindingStore(clients.dynamodb, 'findings');
    expect(await ask('GET', '/review')).toEqual({ status: 200, review: null });
    const [asked, other] = [account(71), account(72)];
    const review = aReview([asked, other]);
    await keepReview(store, review);
    expect(await ask('GET', '/review')).toMatchObject({ status: 200, review: { entries: review.entries } });
    expect((await run(reviewCommand())).out).toContain('up to 60 % with answers to the first question');
    const body = { verdict: 'confirmed', note: 'a script', decision: 'd-1' };
    const made = await ask('POST', `/review/${asked}`, { body });
    expect(made).toMatchObject({ status: 200, answer: { account: asked, by: ANALYSTS, claimed: 'ada' } });
    expect(await ask('POST', `/review/${asked}`, { body })).toEqual(made);
    const otherwise = await ask('POST', `/review/${asked}`, { body: { ...body, verdict: 'benign' } });
    expect(otherwise).toMatchObject({ status: 409 });
    expect((await verdictsByAccount(store)).get(asked)).toBe('confirmed');
    // what was answered is not asked again; the newest answer counts
    expect(await ask('GET', '/review')).toMatchObject({ review: { entries: [{ accounts: [other] }] } });
    const again = await run(reviewCommand(), asked, '--verdict', 'benign', '--by', 'grace', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ answers: [{ account: asked, by: 'grace' }] });
    expect((await verdictsByAccount(store)).get(asked)).toBe('benign');
    expect((await run(reviewCommand(), 'a_short', '--verdict', 'benign')).err).toContain(
      'account a_short: must be',
    );
    expect((await run(reviewCommand(), asked)).err).toContain('--verdict');
    const answer = [asked, '--verdict', 'benign'];
    expect(await run(reviewCommand(), ...answer, '--note', '')).toMatchObject({
      code: 2,
      err: 'review: --note: is empty; say why, or leave it out\n',
    });
    for (const [decision, why] of [
      ['', 'is empty'],
      ['12', 'more than digits'],
      ['x'.repeat(129), 'at most 128'],
    ] as const)
      for (const [command, ...args] of [
        [reviewCommand(), ...answer],
        [triageCommand(), 'f-none', '--verdict', 'benign'],
      ] as const) {
        const { code, err } = await run(command, ...args, '--decision', decision);
        expect(code).toBe(2);
        expect(err).toContain('--decision: ');
        expect(err).toContain(why);
      }
    expect(await ask('POST', '/review/a_x', { body: { verdict: 'benign' } })).toMatchObject({
      status: 400,
      error: { field: 'account' },
    });
  });

  it('hears nobody whom IAM did not name', async () => {
    await expect(
      handler({ rawPath: '/findings', requestContext: { http: { method: 'GET' } } }),
    ).rejects.toThrow(
      'not an event of a function URL with IAM authentication: requestContext.authorizer: missing',
    );
  });
});

/** The calibration that the tests' findings were made with, as a file. */
function under(): string[] {
  const file = join(folder, 'test-calibration.json');
  writeFileSync(file, JSON.stringify(testCalibration));
  return ['--calibration', file];
}

describe('dossier', () => {
  it('draws its events from the archive, reproduces the notice, and is verified with the key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const out = join(folder, 'dossier');
    writeFileSync(join(folder, 'key.pem'), privateKey);
    writeFileSync(join(folder, 'public.pem'), publicKey);
    const made = await run(
      dossierCommand(),
      notice.finding,
      ...under(),
      '--out',
      out,
      '--key',
      join(folder, 'key.pem'),
      '--json',
    );
    expect(made.code).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({ reproduced: true, why: null, missing: [] });
    expect(readdirSync(out).sort()).toEqual([
      'assessment.json',
      'audit.ndjson',
      'calibration.json',
      'events.ndjson',
      'finding.json',
      'manifest.json',
      'missing.json',
      'policy.json',
      'profiles.ndjson',
      'report.html',
    ]);
    const checked = await run(dossierCommand(), 'verify', out, '--public-key', join(folder, 'public.pem'));
    expect(checked).toMatchObject({
      code: 0,
      out: expect.stringContaining('every number was recomputed'),
    });
    const events = readFileSync(join(out, 'events.ndjson'), 'utf8');
    const assessment = JSON.parse(readFileSync(join(out, 'assessment.json'), 'utf8'));
    expect(assessment.accounts[0]).toMatchObject({ rebuilt: true, events: 220, requests: 220 });
    writeFileSync(join(out, 'events.ndjson'), events.replace('"outputTokens":100', '"outputTokens":101'));
    const touched = await run(dossierCommand(), 'verify', out, '--json');
    expect(touched.code).toBe(1);
    expect(JSON.parse(touched.out).faults).toEqual([{ path: 'events.ndjson', what: 'was changed' }]);
    expect(await run(dossierCommand(), notice.finding, ...under(), '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not empty'),
    });
  });

  it('of a campaign draws on all members, not only those that the notice lists', async () => {
    const { held, campaign } = campaignEvidenceOf(52);
    const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 });
    const rules = { policy: held.policy, calibration: held.calibration, code: 'test', shadow: false };
    const records = await Promise.all(
      campaign.members.map(async (name, i) => {
        const arrivals = held.events.filter(({ event }) => event.account === name);
        await profiles.save(
          newAccount(name),
          processBatch(newAccount(name), arrivals, rules).state,
          undefined,
        );
        const bucket = bucketOf(name);
        const data = encodeRecord(
          { bucket },
          arrivals.map(({ event }) => event),
        );
        return {
          shard: 'shardId-000000000000',
          sequence: String(9000 + i),
          partitionKey: partitionKey(bucket),
          arrived: arrivals.at(-1)?.time ?? 0,
          data,
          size: gunzipSync(data).length,
          stream: 's',
        };
      }),
    );
    await new ArchiveBucket(clients.s3, 'archive').put(records);
    await new CampaignTable(clients.dynamodb, 'campaigns').save(campaign, 0);
    await new DynamoFindingStore(clients.dynamodb, 'findings').write(held.finding, undefined);
    const { out: shown } = await run(findingsCommand(), 'show', held.finding.id);
    expect(shown.split('\nMEMBERS\n')[1]?.split('\n\n')[0]?.split('\n')).toHaveLength(50);
    const out = join(folder, 'campaign');
    const made = await run(dossierCommand(), held.finding.id, ...under(), '--out', out, '--json');
    expect(JSON.parse(made.out)).toMatchObject({ reproduced: true, why: null, missing: [] });
    expect(readdirSync(out)).toContain('campaign.json');
    expect((await run(dossierCommand(), 'verify', out)).code).toBe(3);
    vi.stubEnv('CAMPAIGN_TABLE', '');
    const without = await run(
      dossierCommand(),
      ...[held.finding.id, ...under(), '--out', join(folder, 'listed'), '--json'],
    );
    vi.stubEnv('CAMPAIGN_TABLE', 'campaigns');
    expect(JSON.parse(without.out)).toMatchObject({
      reproduced: false,
      why: '50 of 52 members are here, and the numbers are of all',
      missing: [
        expect.stringContaining('campaigns table was not given'),
        'The notice counts 52 members and lists 50; of the others nothing is here.',
      ],
    });
  });

  it('takes the policy out of AppConfig, and says plainly where it is not there', async () => {
    const store = new DynamoFindingStore(clients.dynamodb, 'findings');
    const made = { ...notice, finding: 'f-policy-1', versions: { ...notice.versions, policy: 'summer-2' } };
    await store.write(applyNotice(undefined, made), undefined);
    vi.stubEnv('SIPHONWATCH_STACK', 'Siphonwatch');
    const dossier = (name: string) =>
      run(dossierCommand(), 'f-policy-1', ...under(), '--out', join(folder, name), '--json');
    expect((await dossier('none')).err).toContain(
      'made with policy summer-2, which is not the shipped one (default-1), and AppConfig could not be asked for it: AppConfig has no application named Siphonwatch',
    );
    emulators.appConfig.declare(
      {
        environments: [{ application: 'Siphonwatch', name: 'live' }],
        configurations: ['policy', 'shadow'].map((profile) => ({
          application: 'Siphonwatch',
          profile,
          validators: [],
        })),
        strategies: [{ name: 'Siphonwatch-policy', bakeMinutes: 0 }],
      },
      async () => undefined,
    );
    const client = new AppConfigClient({});
    const rollout = new AppConfigRollout(client, 'Siphonwatch');
    await rollout.push('active', { ...defaultPolicy, id: 'spring-1' }, 'test');
    expect((await dossier('other')).err).toContain(
      'nor in AppConfig: stack Siphonwatch in us-east-1 has only spring-1',
    );
    await rollout.push('active', { ...defaultPolicy, id: 'summer-2' }, 'test');
    await rollout.push('active', { ...defaultPolicy, id: 'autumn-3' }, 'test');
    client.destroy();
    // not the same bits: the notice was written under another policy's name
    expect(JSON.parse((await dossier('found')).out)).toMatchObject({ finding: 'f-policy-1' });
    expect(JSON.parse(readFileSync(join(folder, 'found', 'policy.json'), 'utf8')).id).toBe('summer-2');
  });

  it('says what it could not have', async () => {
    vi.stubEnv('ARCHIVE_BUCKET', '');
    const made = await run(
      dossierCommand(),
      notice.finding,
      ...under(),
      '--out',
      join(folder, 'without'),
      '--json',
    );
    vi.stubEnv('ARCHIVE_BUCKET', 'archive');
    expect(JSON.parse(made.out)).toMatchObject({
      reproduced: false,
      missing: [expect.stringContaining('archive was off')],
    });
    expect((await run(dossierCommand(), 'verify', join(folder, 'without'))).code).toBe(3);
  });
});
