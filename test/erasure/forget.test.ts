import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ComparisonItem } from '../../lib/aws/comparison-item.ts';
import { forgetCommand } from '../../lib/cli/forget/forget.ts';
import { exceptionsIn } from '../../lib/cli/forget/policy-exceptions.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';
import {
  BUCKETS,
  COMPARED,
  CUSTOMERS,
  dumpBuckets,
  dumpTables,
  noteNaming,
  store,
  TABLE_NAMES,
} from './two-customers.ts';

const [GONE, STAYS] = CUSTOMERS;
const app = buildApp({ logger: false });
let emulated: EmulatedTables;
let s3: S3Client;

beforeAll(async () => {
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  emulated = await emulatedTables();
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: emulated.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    FINDING_TABLE: TABLE_NAMES.finding,
    PROFILE_TABLE: TABLE_NAMES.profile,
    CAMPAIGN_TABLE: TABLE_NAMES.campaign,
    LINK_TABLE: TABLE_NAMES.link,
    ARCHIVE_BUCKET: BUCKETS.archive,
    QUARANTINE_BUCKET: BUCKETS.quarantine,
  }))
    vi.stubEnv(name, value);
  s3 = new S3Client({ forcePathStyle: true });
  for (const table of Object.values(TABLE_NAMES)) await emulated.create(table);
  for (const bucket of Object.values(BUCKETS)) await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await store(emulated.client, s3);
});
beforeEach(() => {
  process.exitCode = undefined;
});
afterAll(async () => {
  process.exitCode = undefined;
  s3.destroy();
  await Promise.all([app.close(), emulated.close()]);
  vi.unstubAllEnvs();
});

async function forget(...args: string[]): Promise<{ code: unknown; out: string }> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    await forgetCommand().exitOverride().parseAsync(args, { from: 'user' });
  } finally {
    write.mockRestore();
    vi.restoreAllMocks();
  }
  return { code: process.exitCode, out };
}

const everything = async () => [
  ...Object.values(await dumpTables(emulated.client)).flat(),
  ...(await dumpBuckets(s3)),
];
const naming = (lines: readonly string[], who: string) => lines.filter((line) => line.includes(who));
/** Without what says how often it was written. */
const settled = (line: string) =>
  line.replaceAll(/\["version",\{"N":"\d+"\}\]/g, '').replaceAll(/"events":\d+/g, '');

describe('forget', () => {
  it('only counts in a dry run, and changes not a byte', async () => {
    const before = await everything();
    const { code, out } = await forget(GONE, '--dry-run', '--json');
    expect(code).toBe(0);
    const { places } = JSON.parse(out) as { places: { place: string; found: number; removed: number }[] };
    expect(places.map(({ place, found }) => [place, found > 0])).toEqual(
      ['profiles', 'links', 'campaigns', 'findings', 'archive', 'hunts', 'quarantine'].map((place) => [
        place,
        true,
      ]),
    );
    expect(places.every(({ removed }) => removed === 0)).toBe(true);
    expect(await everything()).toEqual(before);
  });

  it('refuses to leave a table out unless it is told so', async () => {
    vi.stubEnv('LINK_TABLE', '');
    expect(await forget(GONE, '--dry-run')).toMatchObject({ code: 2 });
    expect(await forget(GONE, '--dry-run', '--without', 'links')).toMatchObject({ code: 0 });
    vi.stubEnv('LINK_TABLE', TABLE_NAMES.link);
  });

  it('takes one customer out everywhere and leaves the others bit for bit as they were', async () => {
    const before = await everything();
    const comparison = new ComparisonItem(emulated.client, TABLE_NAMES.campaign);
    expect(await comparison.last()).toEqual(COMPARED);
    expect(naming(before, GONE).length).toBeGreaterThan(20);
    const progress = join(await mkdtemp(join(tmpdir(), 'forget-')), 'progress.json');
    const { code, out } = await forget(GONE, '--json', '--by', 'ada', '--resume', progress);
    expect(code).toBe(0);
    const outcome = JSON.parse(out) as {
      erasure: string;
      salt: string;
      places: { found: number; removed: number }[];
    };
    for (const { found, removed } of outcome.places) expect(removed).toBe(found);

    // it is packed, and would not be seen by its text
    expect(await comparison.last()).toBeUndefined();
    const after = await everything();
    expect(naming(after, GONE)).toEqual([]);
    // what names both is changed; all else of the other is there as it was
    const apart = (lines: readonly string[]) =>
      naming(lines, STAYS)
        .filter((line) => !line.includes(GONE) && !line.includes('"members"') && !line.includes('fc-'))
        .filter((line) => !line.includes('DDBStreamBatchInfo') && !line.includes('["item",{"S":"review"}]'))
        .map(settled)
        .sort();
    const kept = apart(before);
    expect(kept.length).toBeGreaterThan(10);
    expect(apart(after).filter((line) => !line.includes('"payload":"H4s'))).toEqual(
      kept.filter((line) => !line.includes('"payload":"H4s')),
    );
    // the campaign goes on with the others, and its finding with their rows
    expect(after.filter((line) => line.includes('["members"') && line.includes(STAYS))).not.toEqual([]);
    expect(after.filter((line) => line.includes('fc-') && line.includes(STAYS))).not.toEqual([]);

    // and the review asks about the others alone
    const [asked] = after.filter((line) => line.includes('["item",{"S":"review"}]'));
    expect(asked?.match(/score 3/g)).toHaveLength(1);
    expect(asked?.match(/\\"why\\":/g)).toHaveLength(1);
    expect(asked).toContain(STAYS);

    // so does a batch of the table's stream that a function gave up on
    expect(naming(after, STAYS).filter((line) => line.includes('DDBStreamBatchInfo'))).toHaveLength(1);

    const [trail] = after.filter((line) => line.includes(outcome.erasure));
    expect(trail).toContain('\\"state\\":\\"done\\"');
    expect(trail).toContain('\\"by\\":\\"ada\\"');
    expect(trail).not.toContain(outcome.salt);
    await expect(readFile(progress, 'utf8')).rejects.toThrow('ENOENT'); // fewer objects than a note is worth
  });

  it('run again finds nothing, and says what it does not reach and until when', async () => {
    const { code, out } = await forget(GONE, '--by', 'ada');
    expect(code).toBe(0);
    expect(out).toContain('profiles: 0 items');
    expect(out).toMatch(/point-in-time recovery of the four tables, until 20\d\d-/);
  });

  it('looks into the second table of a rebuild, from which a later switch would put the customer back', async () => {
    const table = await emulated.create('profile', `${TABLE_NAMES.profile}-rebuilt`);
    const item = (who: string) => ({ account: { S: who }, item: { S: 'hot' } });
    for (const who of [GONE, STAYS])
      await emulated.client.send(new PutItemCommand({ TableName: table, Item: item(who) }));
    const { code, out } = await forget(GONE, '--by', 'ada');
    expect(code).toBe(0);
    expect(out).toContain('rebuilt profiles: 1 items named the account, 1 removed');
    const { Items } = await emulated.client.send(new ScanCommand({ TableName: table }));
    expect(Items).toEqual([item(STAYS)]);
  });

  it('says which policy in force has an exception of the customer, and that older versions stay', async () => {
    const until = '2027-01-01T00:00:00.000Z';
    const policy = { ...defaultPolicy, exceptions: [{ account: GONE, until, reason: 'r' }] };
    const current = async (slot: string) => (slot === 'active' ? { policy, deployed: undefined } : undefined);
    expect((await exceptionsIn({ current }, GONE)).advice).toContain(`active policy ${policy.id} NAMES IT`);
    expect((await exceptionsIn({ current }, STAYS)).advice).toContain('no policy in force names it; older');
    expect((await forget(GONE, '--dry-run')).out).toContain('exceptions of policies: versions in AppConfig');
  });

  it('says which note of a person still names the account, and ends with 1', async () => {
    await noteNaming(emulated.client, 'fc-somewhere-1', STAYS);
    const { code, out } = await forget(STAYS, '--by', 'ada', '--everywhere');
    expect(code).toBe(1);
    expect(out).toContain('a note that a person wrote');
    expect(naming(await everything(), STAYS)).toHaveLength(1);
  });
});
