import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hotOf, metaOf } from '../../lib/aws/profile-items.ts';
import { Reader, Writer } from '../../lib/profile/binary.ts';
import {
  packedTextsBytes,
  readNumber,
  readTexts,
  writeNumber,
  writeTexts,
} from '../../lib/profile/packed.ts';
import { UnreadableItem } from '../../lib/stores/failures.ts';
import { decodeMeta, encodeMeta, type HotMeta, type RareMeta } from '../../lib/stores/hot-meta.ts';
import { placesOf } from '../../lib/stores/profile-item.ts';
import { jsonMetaOf } from '../simulation/code-versions.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uuid(),
  fc.stringMatching(/^(chatcmpl-|msg_|x-)[0-9A-Za-z]{0,30}$/),
  fc.stringMatching(/^[0-9]{0,60}$/),
);
const whole = fc.integer({ min: -4e12, max: 4e12 });
const natural = fc.nat({ max: 2 ** 40 });
const range = fc.tuple(natural, natural);
const level = fc.record({ level: fc.constant('suspect' as const), since: natural, supported: natural });
const rare: fc.Arbitrary<RareMeta> = fc.record(
  {
    arrived: whole,
    sealed: fc.tuple(natural, text),
    late: natural,
    repeated: natural,
    recentParts: range,
    redrivenParts: range,
    asked: text,
    judged: fc.record({ level, episode: natural, numbered: natural }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const meta: fc.Arbitrary<HotMeta> = fc.record({
  plan: text,
  product: text,
  createdAt: whole,
  firstSeen: whole,
  span: whole,
  guard: fc.array(fc.tuple(text, text, natural), { maxLength: 3 }),
  events: natural,
  evidence: fc.tuple(whole, fc.double({ noNaN: true }), whole),
  looked: natural,
  samples: fc.array(text, { maxLength: 8 }),
  rare,
});

describe('the meta of a hot item', () => {
  it('is read back as it was, from the table and from an image in an event', () => {
    fc.assert(
      fc.property(meta, (held) => {
        const bytes = encodeMeta(held);
        expect(decodeMeta(metaOf({ B: bytes }))).toEqual(held);
        const image = JSON.parse(JSON.stringify({ B: Buffer.from(bytes).toString('base64') }));
        expect(decodeMeta(metaOf(image))).toEqual(held);
      }),
      { numRuns: 60 },
    );
  });

  it('is read of items of both versions before, which hold JSON, as it is or deflated', () => {
    const held: HotMeta = {
      ...{ plan: 'payg', product: 'api', createdAt: 1771459200000, firstSeen: 1772411878663 },
      ...{ span: 180002155, guard: [['stream/b1', '4959033827149', 0]], events: 26 },
      ...{ evidence: [0, 1.25, 151199492], looked: 82063, samples: ['x-1', 'x-2'] },
      rare: { sealed: [3, '1skaqyrej0'], asked: 'x1', judged: { episode: 1, numbered: 177 } },
    };
    expect(decodeMeta(metaOf({ S: jsonMetaOf(held) }))).toEqual(held);
    const { guard, rare: none, ...others } = held;
    const bare = { ...others, guard: [], rare: {} };
    expect(decodeMeta(metaOf({ S: jsonMetaOf(bare) }))).toEqual(bare);
    // "stored" by zlib, which needs no dictionary to be read
    const deflated = Buffer.concat([Uint8Array.of(1), deflateRawSync(jsonMetaOf(held), { level: 0 })]);
    expect(decodeMeta(metaOf({ B: deflated }))).toEqual(held);
  });

  it('says which account is unreadable where it is damaged, of a newer version, or larger than an item', () => {
    const good = encodeMeta(fc.sample(meta, { numRuns: 1, seed: 1 })[0] as HotMeta);
    const bomb = Buffer.concat([Uint8Array.of(1), deflateRawSync('x'.repeat(1_000_000))]);
    expect(() => hotOf({ account: { S: 'a_1' }, meta: { B: bomb } })).toThrow(UnreadableItem);
    expect(() => hotOf({ account: { S: 'a_1' }, meta: { S: '["payg"' } })).toThrow(UnreadableItem);
    for (const bytes of [good.subarray(0, 5), Uint8Array.of(9, ...good), new Uint8Array()])
      expect(() => placesOf(hotOf({ account: { S: 'a_1' }, meta: { B: bytes } }))).toThrow(
        /^stored state: (?:ends early|meta of version 9)/,
      );
  });
});

describe('packed texts and numbers', () => {
  it('are read back as they were, whatever they begin alike with', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 9 }), fc.string({ maxLength: 9 }), (list, prefix) => {
        const texts = list.map((end) => prefix + end);
        const writer = new Writer();
        writeTexts(writer, texts);
        expect(readTexts(new Reader(writer.done()))).toEqual(texts.map((held) => held.toWellFormed()));
      }),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constant(-0)), (value) => {
        const writer = new Writer();
        writeNumber(writer, value);
        expect(readNumber(new Reader(writer.done()))).toBe(value);
      }),
      { numRuns: 100 },
    );
  });

  it('take the bytes that an item is thought to have', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 9 }),
        fc.string({ maxLength: 9 }),
        (list, prefix) => {
          const texts = list.map((end) => prefix + end);
          const writer = new Writer();
          writeTexts(writer, texts);
          const doubt = 2 * (texts.length + 1);
          expect(Math.abs(writer.size - packedTextsBytes(texts))).toBeLessThanOrEqual(doubt);
        },
      ),
      { numRuns: 60 },
    );
  });
});
