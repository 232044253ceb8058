import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../lambdas/score/decode-batch.ts';
import { QuarantineBucket, type SetAside } from '../../lib/aws/quarantine.ts';
import { DEVELOPMENT_EPOCH, parseKeyring } from '../../lib/telemetry/keys.ts';
import { readQuarantined } from '../../lib/telemetry/quarantined.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { usageEvent } from '../events.ts';

/** A producer that wants to cost the score function more than its budget, or to write what must not be written. */

const ARRIVED = Date.parse('2026-03-02T08:00:00Z');
const EVENT = usageEvent({ time: '2026-03-02T07:59:00.000Z' });
const GOOD = JSON.stringify(EVENT);
const BUCKET = bucketOf(EVENT.account);
const header = (events: number, bucketing = 'b1-256') =>
  JSON.stringify({ siphonwatch: 1, bucketing, bucket: BUCKET, events });

const decode = (...records: Uint8Array[]) => decoded(records);

function decoded(records: readonly Uint8Array[], trustReplayClock = false) {
  return decodeBatch(
    records.map((data, i) => ({
      eventID: 'shardId-000000000000:1',
      eventSourceARN: 'arn:aws:kinesis:eu-west-1:111122223333:stream/events',
      kinesis: {
        partitionKey: partitionKey(BUCKET),
        sequenceNumber: String(i + 1),
        data: Buffer.from(data).toString('base64'),
        approximateArrivalTimestamp: ARRIVED / 1000,
      },
    })),
    { permittedSkew: 300_000, trustReplayClock, developmentKeys: false },
  );
}

it('of a time that nobody can use it is counted whose it was and when it came, also the second one of a batch', () => {
  const late = JSON.stringify({ ...EVENT, time: '2031-01-01T00:00:00.000Z' });
  const { timesRefused } = decode(Buffer.from(`${header(3)}\n${late}\n${GOOD}\n${late}\n`));
  expect([...timesRefused]).toEqual([[undefined, [ARRIVED, ARRIVED]]]);
});

describe('a replayed record', () => {
  it('is archived under the day of its replay, where a dossier of its finding looks', () => {
    const day = Date.parse('2026-03-02T08:00:01Z');
    const line = JSON.stringify({
      ...JSON.parse(header(1)),
      arrived: new Date(day).toISOString(),
    });
    const record = Buffer.from(`${line}\n${GOOD}\n`);
    expect(decoded([record], true).accepted.map(({ arrived }) => arrived)).toEqual([day]);
    expect(decoded([record]).accepted.map(({ arrived }) => arrived)).toEqual([ARRIVED]);
  });
});

/** The bodies that the quarantine's owner writes. */
async function stored(entries: readonly SetAside[]): Promise<string[]> {
  const bodies: string[] = [];
  const client = {
    send: async (command: PutObjectCommand) => {
      bodies.push(String(command.input.Body));
    },
  } as unknown as S3Client;
  await new QuarantineBucket(client, 'quarantine').put(entries);
  return bodies;
}

function cost<T>(run: () => T): { ms: number; result: T } {
  const began = performance.now();
  const result = run();
  return { ms: performance.now() - began, result };
}

describe('a record that wants to cost the function more than its budget', () => {
  it('of millions of empty objects is one quarantined record', () => {
    const bomb = gzipSync('{}\n'.repeat(5_592_402), { level: 9 });
    expect(bomb.length).toBeLessThan(20_000);
    const { ms, result } = cost(() => decode(bomb));
    expect(result.setAside).toHaveLength(1);
    expect(result.setAside[0]?.reason.message).toMatch(/^decompresses to more than/);
    // 192 s before there was a budget; a busy machine is allowed for
    expect(ms).toBeLessThan(1000);
  });

  it('of as many bad lines as its budget allows is a hundred reasons and one entry', () => {
    const lines = Array.from(
      { length: 16_000 },
      (_, i) => `{"v":1,"id":"${i}","x":"${randomBytes(60).toString('base64')}"}`,
    );
    const { ms, result } = cost(() => decode(gzipSync(`${header(16_001)}\n${lines.join('\n')}\n${GOOD}`)));
    expect(result.setAside).toHaveLength(101);
    expect(result.setAside.at(-1)?.reason.value).toBe('15900 lines');
    expect([...result.arrivals.values()].flat()).toHaveLength(1);
    expect(ms).toBeLessThan(5000);
  });

  it('of more lines than any producer writes is set aside whole', () => {
    const noise = randomBytes(30_000).toString('base64');
    const { result } = cost(() => decode(gzipSync(`${header(1)}\n"${noise}"${'\n'.repeat(20_000)}${GOOD}`)));
    expect(result.setAside.map(({ reason }) => reason.message)).toEqual(['more than 16384 lines']);
  });

  it('with a megabyte of bucketing name, and six hundred bad lines, writes little and throws nothing', async () => {
    const poison = gzipSync(`${header(1, 'b'.repeat(1_000_000))}\n${'{}\n'.repeat(600)}`, { level: 9 });
    const plain = Buffer.from(`${header(1, 'b'.repeat(1_000_000))}\n${'{}\n'.repeat(600)}`);
    for (const record of [poison, plain]) {
      const { setAside } = decode(record);
      expect(setAside.length).toBeLessThanOrEqual(101);
      const bodies = await stored(setAside);
      expect(bodies.every((body) => body.length < 4_000_000)).toBe(true);
    }
  });

  it('fills objects that a reader can hold, however many records are bad', async () => {
    const bad = decode(...Array.from({ length: 2 }, () => randomBytes(1_000_000)));
    const gzipped = bad.setAside.slice(0, 20).map((entry) => ({ ...entry, payload: 'x'.repeat(1_300_000) }));
    const bodies = await stored(gzipped);
    expect(bodies.length).toBeGreaterThan(1);
    expect(Math.max(...bodies.map((body) => body.length))).toBeLessThan(10_000_000);
  });
});

describe('a record with times that nobody lived', () => {
  it.each([
    ['1969-12-31T23:59:59.000Z', 'before 2015: a clock that is wrong'],
    ['0000-01-01T00:00:00.000Z', 'before 2015: a clock that is wrong'],
    ['2023-01-01T00:00:00.000Z', 'more than 400 days before its arrival at 2026-03-02T08:00:00.000Z'],
  ])('sets aside the event of %s alone', (time, message) => {
    const { setAside, arrivals } = decode(
      gzipSync(`${header(2)}\n${JSON.stringify({ ...JSON.parse(GOOD), time })}\n${GOOD}`),
    );
    expect(setAside.map(({ reason }) => reason.message)).toEqual([message]);
    expect([...arrivals.values()].flat()).toHaveLength(1);
  });
});

describe('what people wrote', () => {
  const secret = 'MY SECRET PROMPT: patient John Doe';
  it.each([
    [
      'an exchange instead of an event',
      JSON.stringify({ v: 1, id: 'x', messages: [{ role: 'user', content: secret }] }),
    ],
    ['half a line', `{"v":1,"messages":[{"content":"${secret}`],
    ['a line of a log', secret],
    ['a name where a pseudonym belongs', JSON.stringify({ ...JSON.parse(GOOD), account: secret })],
    ['a text where a model belongs', JSON.stringify({ ...JSON.parse(GOOD), model: { text: secret } })],
    ['a text under the name of a field', JSON.stringify({ ...JSON.parse(GOOD), prompt: secret })],
    ['a text as the name of a field', JSON.stringify({ ...JSON.parse(GOOD), [secret]: 1 })],
    ['a text where a time belongs', JSON.stringify({ ...JSON.parse(GOOD), time: secret })],
    [
      'a short text where an outcome belongs',
      JSON.stringify({ ...JSON.parse(GOOD), outcome: 'John Doe SECRET' }),
    ],
    [
      'a parameter that names a person',
      JSON.stringify({ ...JSON.parse(GOOD), params: { user: 'John Doe SECRET' } }),
    ],
    ['text under any name', JSON.stringify({ log: secret })],
    ['one word of an event that is none', JSON.stringify({ v: 1, question: ['John Doe', { a: 'SECRET' }] })],
    ['a line that is one text', JSON.stringify(secret)],
    ['a list of texts', JSON.stringify([secret])],
    ['a record of a later version', `{"siphonwatch":2}\n{"v":1,"note":"${secret}"}`],
    ['a header with a note of a later version', `{"siphonwatch":2,"note":"${secret}"}`],
    ['too many lines', `{"note":"${secret}"}\n`.repeat(17_000)],
  ])('is neither in reasons nor in the quarantine: %s', async (_, line) => {
    const among =
      line.includes('\n') || line.includes('siphonwatch') ? [] : [`${header(2)}\n${line}\n${GOOD}`];
    for (const record of [...among.map((text) => gzipSync(text)), Buffer.from(line), gzipSync(line)]) {
      const { setAside } = decode(record);
      expect(setAside).toHaveLength(1);
      expect(JSON.stringify(setAside.map(({ reason }) => reason))).not.toContain('SECRET');
      expect(JSON.stringify(setAside)).not.toContain('John Doe');
      const [body = ''] = await stored(setAside);
      const again = readQuarantined('object', body);
      expect(again.events).toEqual([]);
      expect(again.refused.join()).not.toContain('SECRET');
    }
  });
});

describe('a record of which lines were set aside', () => {
  const secret = 'MY SECRET PROMPT: patient John Doe';

  it.each([
    ['with a header', `${header(4)}\n`],
    ['without', ''],
  ])('is archived without them, and the others where they were: %s', (_, head) => {
    const open = JSON.stringify({ ...EVENT, prints: [{ epoch: DEVELOPMENT_EPOCH, prompt: 'AAAAAAAAAAA' }] });
    const lines = [JSON.stringify({ log: secret }), GOOD, secret, open, GOOD, secret];
    const { accepted, arrivals } = decode(gzipSync(`${head}${lines.join('\n')}`));
    const { data = new Uint8Array(), size } = accepted[0] ?? {};
    const text = gunzipSync(data).toString();
    expect(text).not.toMatch(/SECRET|AAAAAAAAAAA/);
    expect(Buffer.byteLength(text)).toBe(size);
    const again = decodeRecord(data).lines.flatMap(({ event, index }) =>
      event === undefined ? [] : [index],
    );
    expect(again).toEqual([...arrivals.values()].flat().map(({ position }) => position.index));
  });

  it('is archived byte for byte where there are none', () => {
    const record = gzipSync(`${header(1)}\n${GOOD}\n`);
    expect(Buffer.from(decode(record).accepted[0]?.data ?? []).equals(record)).toBe(true);
  });
});

describe('an event under a development key', () => {
  const print = { epoch: DEVELOPMENT_EPOCH, prompt: 'AAAAAAAAAAA' };
  const open = JSON.stringify({ ...EVENT, prints: [print] });

  it('is refused, counted and not kept, and its neighbour is used', () => {
    const batch = decode(Buffer.from(`${header(2)}\n${open}\n${GOOD}\n`));
    expect(batch.underDevelopmentKey).toBe(1);
    expect(batch.setAside.map(({ reason, payload }) => [reason.field, payload])).toEqual([
      ['prints.epoch', ''],
    ]);
    expect(batch.arrivals.get(EVENT.account)).toHaveLength(1);
  });

  it('comes of no keyring that calls itself so', () => {
    const secret = () => randomBytes(32).toString('base64url');
    const epochs = [{ id: DEVELOPMENT_EPOCH, secret: secret(), from: '2026-01-01T00:00:00Z' }];
    expect(() => parseKeyring({ account: { secret: secret() }, epochs })).toThrow('names development keys');
  });
});
