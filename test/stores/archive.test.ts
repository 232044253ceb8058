import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ArchiveBucket, type ArchivedRecord, groupOf } from '../../lib/aws/archive.ts';
import { ArchiveReader } from '../../lib/aws/archive-reader.ts';
import { readArchivedEvents } from '../../lib/aws/archived-events.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, harvest, MINUTE, START } from '../events.ts';
import { Clients } from '../simulation/functions.ts';
import { World } from '../simulation/world.ts';

const who = account(1);
const events = harvest({ account: who, events: 4 });

function record(sequence: number, data: Uint8Array, size: number): ArchivedRecord {
  return {
    stream: 'usage',
    shard: 'shardId-000000000000',
    sequence: String(sequence),
    partitionKey: partitionKey(bucketOf(who)),
    arrived: START + 90 * MINUTE,
    size,
    data,
  };
}

async function readBack(...batches: readonly (readonly ArchivedRecord[])[]) {
  const world = new World(START, () => 0);
  const { s3 } = new Clients(world, { dead: false, sure: true });
  const archive = new ArchiveBucket(s3, 'archive');
  for (const batch of batches) await world.until(archive.put(batch));
  return world.until(readArchivedEvents(s3, 'archive', new Set([who]), START, START));
}

describe('groups of the archive', () => {
  const groupsOf = async (...bucketings: readonly string[]) => {
    const world = new World(START, () => 0);
    const { s3 } = new Clients(world, { dead: false, sure: true });
    const archive = new ArchiveBucket(s3, 'archive');
    for (const [i, bucketing] of bucketings.entries()) {
      const key = partitionKey(bucketOf(who, Number(bucketing.split('-')[1])), bucketing);
      const put = { ...record(90 + i * 15, new Uint8Array(), 0), partitionKey: key };
      await world.until(archive.put([put]));
    }
    const reader = new ArchiveReader(s3, 'archive');
    return world.until(reader.days().then((days) => reader.groups(days)));
  };

  it('are read in the order in which bucketings came, whichever way they changed, within a day too', async () => {
    const [usual, few] = [groupOf(partitionKey(bucketOf(who))), 'b1-64.'];
    for (const bucketings of [
      ['b1-256', 'b1-64'],
      ['b1-64', 'b1-256'],
    ]) {
      const [first, second] = await groupsOf(...bucketings);
      expect([first?.startsWith(few), second?.startsWith(few)]).toEqual(
        bucketings.map((name) => name === 'b1-64'),
      );
      expect([first, second]).toContain(usual);
    }
  });
});

describe('the archive', () => {
  const text = events.map((event) => Buffer.from(JSON.stringify(event)));
  const packed = encodeRecord({ bucket: bucketOf(who) }, events.slice(3));

  it('keeps records apart whatever they end with, each with its place and its arrival', async () => {
    const header = { siphonwatch: 1, bucketing: 'b1-256', bucket: bucketOf(who), events: 1 };
    const size = Buffer.byteLength(`${JSON.stringify(header)}\n${JSON.stringify(events[3])}\n`);
    const [first, second, third] = text as [Buffer, Buffer, Buffer];
    const held = await readBack([
      record(1, first, first.length),
      record(2, second, second.length),
      record(3, gzipSync(third), third.length),
      record(4, packed, size),
    ]);
    expect(held.events.map(({ event }) => event)).toEqual(events);
    expect(held.events.map(({ position }) => Number(position.sequence))).toEqual([1, 2, 3, 4]);
    expect(held.events.every(({ arrived }) => arrived === START + 90 * MINUTE)).toBe(true);
  });

  it('loses no record to a batch that was cut otherwise, and gives each once', async () => {
    const all = text.map((line, i) => record(i + 1, line, line.length));
    const held = await readBack(all, all.slice(0, 2), all.slice(2), all.slice(0, 1));
    expect(held.events.map(({ event }) => event)).toEqual(events);
  });
});
