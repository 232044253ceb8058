import { expect, it } from 'vitest';
import { ObjectsAhead } from '../../lib/input/s3.ts';

const named = (count: number): string[] => Array.from({ length: count }, (_, n) => `s3://bucket/${n}`);

async function textOf(ahead: ObjectsAhead, index: number): Promise<string> {
  let text = '';
  for await (const chunk of await ahead.open(index)) text += String(chunk);
  return text;
}

it('objects of a list are asked for while another one is read, so many at a time, and each once', async () => {
  const asked: string[] = [];
  const ahead = new ObjectsAhead(['events.ndjson', ...named(40)], async (name) => {
    asked.push(name);
    return Buffer.from(`of ${name}`);
  });
  expect(await textOf(ahead, 1)).toBe('of s3://bucket/0');
  expect(asked).toHaveLength(16);
  for (let index = 2; index <= 40; index++)
    expect(await textOf(ahead, index)).toBe(`of s3://bucket/${index - 1}`);
  expect(asked).toEqual(named(40));
});

it('what is wrong with an object is said when it is its turn', async () => {
  const ahead = new ObjectsAhead(named(3), async (name) => {
    if (name.endsWith('1')) throw new Error('NoSuchKey');
    return Buffer.from('whole');
  });
  expect(await textOf(ahead, 0)).toBe('whole');
  await expect(ahead.open(1)).rejects.toThrow('NoSuchKey');
  expect(await textOf(ahead, 2)).toBe('whole');
});
