import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveBucket, type ArchivedRecord, framed, groupOf, mayHold } from '../../lib/aws/archive.ts';
import { readObject } from '../../lib/aws/archive-frames.ts';
import { archivePlace } from '../../lib/aws/erasure/objects.ts';
import type { Place } from '../../lib/aws/erasure/trace.ts';
import { eraseFrom } from '../../lib/cli/forget/erase.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord, encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { quarantinedWithout, recordWithout } from '../../lib/telemetry/without-account.ts';
import { account, START, usageEvent } from '../events.ts';
import { Clients } from '../simulation/functions.ts';
import { World } from '../simulation/world.ts';

const [GONE, STAYS] = [account(1), account(2)];

function record(sequence: number, who: string, behind = ''): ArchivedRecord {
  const data = Buffer.concat([
    encodeRecord({ bucket: 1 }, [usageEvent({ account: who })]),
    Buffer.from(behind),
  ]);
  return {
    stream: 'usage',
    shard: 'shard-0',
    sequence: String(sequence),
    partitionKey: partitionKey(bucketOf(GONE)),
    arrived: START,
    size: decodeRecord(encodeRecord({ bucket: 1 }, [usageEvent({ account: who })])).size,
    data,
  };
}

const sequences = (object: Uint8Array): string[] =>
  readObject(object).records.map(({ frame }) => frame.sequence);

describe('an object of the archive', () => {
  it('gives the records behind one that has something behind its gzip, as builds before this one kept it', () => {
    const object = Buffer.concat(
      [record(1, STAYS, '\0'), record(2, GONE, '\0\0'), record(3, STAYS)].flatMap(framed),
    );
    expect(sequences(object)).toEqual(['1', '2', '3']);
    expect(readObject(object).unreadable).toBe(0);
  });

  it('loses the damaged record alone, and says that it is damaged', () => {
    const parts = [record(1, STAYS), record(2, GONE), record(3, STAYS)].map((one) =>
      Buffer.concat(framed(one)),
    );
    const sizes = parts.map((part) => part.length);
    const whole = Buffer.concat(parts);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, by) => {
          const object = Buffer.from(whole);
          object[at] = (object[at] as number) ^ by;
          const hit = at < (sizes[0] as number) ? '1' : at < whole.length - (sizes[2] as number) ? '2' : '3';
          const { unreadable } = readObject(object);
          const missing = ['1', '2', '3'].filter((one) => !sequences(object).includes(one));
          expect(missing.filter((one) => one !== hit)).toEqual([]);
          if (missing.length > 0) expect(unreadable).toBeGreaterThan(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is never written again by an erasure that could not read it to its end, and is said to be left', async () => {
    const world = new World(START, () => 0);
    const { s3 } = new Clients(world, { dead: false, sure: true });
    const archive = new ArchiveBucket(s3, 'archive');
    await world.until(archive.put([record(1, GONE), record(2, STAYS)]));
    const damaged = record(3, STAYS);
    (damaged.data as Buffer)[30] = 255 ^ (damaged.data[30] as number);
    await world.until(archive.put([record(4, GONE), damaged, record(5, STAYS)]));
    const [, second = ''] = world.objects.names('archive');
    const before = world.objects.held.get(`archive/${second}`);
    const place = archivePlace(s3, 'archive', GONE, { everywhere: false });
    const erased = await world.until(eraseFrom(place, false, START + 60_000));
    expect(erased.removed).toBe(1);
    expect(erased.left.map(({ at }) => at)).toEqual([second]);
    expect(erased.left[0]?.why).toContain('damaged at 1 places');
    expect(world.objects.held.get(`archive/${second}`)).toEqual(before);
  });

  it('lies in a group that tells where an account lies, under every bucketing', () => {
    for (const bucketing of ['b1-256', 'b2-64', 'b2-1024', 'b3-8192']) {
      const buckets = Number(bucketing.split('-')[1]);
      const group = (who: string) => groupOf(partitionKey(bucketOf(who, buckets), bucketing));
      const groups = new Set(Array.from({ length: 200 }, (_, n) => group(account(n))));
      for (const one of groups) expect(mayHold(one, GONE)).toBe(one === group(GONE));
    }
    expect(mayHold('other', GONE)).toBe(true);
  });
});

describe('an erasure', () => {
  const line = (who: string) => JSON.stringify(usageEvent({ account: who }));
  const aside = (bytes: Uint8Array) =>
    JSON.stringify({ reason: {}, payload: Buffer.from(bytes).toString('base64'), encoding: 'base64' });

  it('takes out what a damaged gzip still names', () => {
    const whole = gzipSync(`${line(GONE)}\n`.repeat(50));
    const turned = Buffer.from(gzipSync(Buffer.from(`${line(GONE)}\n`), { level: 0 }));
    turned[turned.length - 1] = 99;
    const kinds = {
      'cut off': whole.subarray(0, -6),
      'with a wrong length': turned,
      'behind other gzip': Buffer.concat([gzipSync(line(STAYS)), Buffer.alloc(3), whole]),
      'behind gzip as text': Buffer.concat([gzipSync(line(STAYS)), Buffer.from(line(GONE))]),
    };
    for (const [kind, bytes] of Object.entries(kinds)) {
      const { left, removed } = quarantinedWithout(`${aside(bytes)}\n`, GONE);
      expect([kind, removed > 0, left.trim()]).toEqual([kind, true, '']);
      expect(recordWithout(bytes, account(3))).toEqual({ left: bytes, removed: 0 });
    }
  });

  it('knows an account that is written with escapes, in JSON and in JSON inside of JSON', () => {
    const escaped = `{"account":"\\u0061\\u005F${GONE.slice(2)}"}`;
    const { left, removed } = recordWithout(Buffer.from(`${line(STAYS)}\n${escaped}\n`), GONE);
    expect([removed, Buffer.from(left ?? []).toString()]).toEqual([1, `${line(STAYS)}\n`]);
    const entry = JSON.stringify({ payload: escaped, encoding: 'utf8' });
    expect(quarantinedWithout(`${entry}\n`, GONE)).toEqual({ left: '', removed: 1 });
  });

  it('takes changes of a table that name it out of a batch that a function gave up on', () => {
    const change = (who: string, text: string) => ({
      eventSource: 'aws:dynamodb',
      dynamodb: { Keys: { account: { S: who } }, NewImage: { facts: { S: text } } },
    });
    const batch = (...Records: object[]) =>
      JSON.stringify({ DDBStreamBatchInfo: {}, payload: JSON.stringify({ Records }) });
    const [own, others] = [change(GONE, '{}'), change(STAYS, '{}')];
    const member = change('fc-1', JSON.stringify([STAYS, GONE]));
    expect(quarantinedWithout(batch(own, others, member), GONE)).toEqual({ left: batch(others), removed: 2 });
    expect(quarantinedWithout(batch(own), GONE)).toEqual({ left: '', removed: 1 });
    expect(quarantinedWithout(batch(own), STAYS)).toEqual({ left: batch(own), removed: 0 });
  });

  it('keeps saying what is left when a later pass does not look there again', async () => {
    const place: Place = {
      name: 'archive',
      counts: 'lines',
      traces: async function* (since) {
        if (since !== undefined) return;
        yield { at: 'locked', count: 1, erase: undefined, why: 'under object lock' };
        yield { at: 'open', count: 1, erase: () => Promise.resolve() };
      },
    };
    expect((await eraseFrom(place, false, START)).left.map(({ at }) => at)).toEqual(['locked']);
  });
});
