import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMeta, encodeMeta } from '../../lib/aws/hot-meta.ts';
import { hotOf } from '../../lib/aws/profile-items.ts';
import { UnreadableItem } from '../../lib/stores/failures.ts';

describe('the meta of a hot item', () => {
  it('is read back as it was, from the table and from an image in an event', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        const bytes = encodeMeta(json);
        const text = JSON.stringify(JSON.parse(json));
        expect(JSON.stringify(JSON.parse(decodeMeta({ B: bytes })))).toBe(text);
        const image = JSON.parse(JSON.stringify({ B: Buffer.from(bytes).toString('base64') }));
        expect(JSON.stringify(JSON.parse(decodeMeta(image)))).toBe(text);
      }),
      { numRuns: 40 },
    );
  });

  it('is read of items of versions before, which hold the JSON itself', () => {
    expect(decodeMeta({ S: '["payg","api"]' })).toBe('["payg","api"]');
    expect(decodeMeta(undefined)).toBe('{}');
  });

  it('says which account is unreadable where it is damaged, of a newer version, or larger than an item', () => {
    const good = encodeMeta('["payg","api",0,0]');
    const bomb = encodeMeta('x'.repeat(1_000_000));
    for (const bytes of [good.subarray(0, 5), Uint8Array.of(9, ...good), new Uint8Array(), bomb])
      expect(() => hotOf({ account: { S: 'a_1' }, meta: { B: bytes } })).toThrow(UnreadableItem);
  });
});
