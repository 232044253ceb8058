import { describe, expect, it } from 'vitest';
import { type Item, itemBytes, sameItem, writeUnits } from '../../lib/emulator/tables/item-size.ts';

const kilobytes = (count: number): Item => ({ id: { S: 'x' }, text: { S: 'y'.repeat(count * 1024 - 7) } });

describe('item sizes', () => {
  it.each<[string, Item, number]>([
    ['names and strings in UTF-8', { né: { S: 'é' } }, 3 + 2],
    ['numbers by significant digits', { n: { N: '-12.50' } }, 1 + 2 + 1 + 1],
    ['binary by its bytes', { b: { B: Buffer.alloc(10).toString('base64') } }, 1 + 10],
    ['booleans and null as one', { b: { BOOL: true }, n: { NULL: true } }, 4],
    [
      'maps and lists with their overhead',
      { m: { M: { a: { L: [{ S: 'xy' }] } } } },
      1 + 3 + 1 + 1 + 3 + 1 + 2,
    ],
    ['sets by their elements', { s: { SS: ['ab', 'c'] } }, 1 + 3],
  ])('%s', (_, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe('write units', () => {
  const sparse = { keys: ['due', 'id'], projected: ['id', 'due'] };

  it('are of the larger image, in kilobytes', () => {
    expect(writeUnits(undefined, kilobytes(1), [])).toBe(1);
    expect(writeUnits(kilobytes(3), kilobytes(1), [])).toBe(3);
    expect(writeUnits(kilobytes(2), undefined, [])).toBe(2);
  });

  it('of a sparse index count only when the item enters, moves in or leaves it', () => {
    const out = { id: { S: 'a' } };
    const into = { ...out, due: { S: '1' } };
    expect(writeUnits(undefined, out, [sparse])).toBe(1);
    expect(writeUnits(out, into, [sparse])).toBe(2);
    expect(writeUnits(into, { ...into, other: { S: 'x' } }, [sparse])).toBe(1);
    expect(writeUnits(into, { ...into, due: { S: '2' } }, [sparse])).toBe(3);
    expect(writeUnits(into, out, [sparse])).toBe(2);
  });

  it('of an index with all attributes count for every change', () => {
    const item = { id: { S: 'a' }, due: { S: '1' } };
    expect(writeUnits(item, { ...item, x: { N: '1' } }, [{ keys: ['due'], projected: undefined }])).toBe(2);
  });
});

describe('sameness', () => {
  it('has no order in sets and maps, but in lists', () => {
    expect(sameItem({ s: { SS: ['a', 'b'] } }, { s: { SS: ['b', 'a'] } })).toBe(true);
    expect(
      sameItem(
        { m: { M: { a: { N: '1' }, b: { N: '2' } } } },
        { m: { M: { b: { N: '2' }, a: { N: '1' } } } },
      ),
    ).toBe(true);
    expect(sameItem({ l: { L: [{ N: '1' }, { N: '2' }] } }, { l: { L: [{ N: '2' }, { N: '1' }] } })).toBe(
      false,
    );
    expect(sameItem({ a: { S: '1' } }, { a: { N: '1' } })).toBe(false);
    expect(sameItem(undefined, { a: { S: '1' } })).toBe(false);
  });
});
