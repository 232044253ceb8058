import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inputFiles, readBatches } from '../../lib/input/lines.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-input-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function numbered(files: readonly string[], stdin?: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of readBatches(files, stdin === undefined ? {} : { stdin }))
    for (const [i, line] of batch.lines.entries()) lines.push(`${batch.first + i}:${line}`);
  return lines;
}

describe('reading NDJSON', () => {
  it('plain and gzip alike, told by content, with or without a last line break', async () => {
    const expected = ['1:a', '2:', '3:ü😀', '4:d'];
    expect(await numbered([file('plain', 'a\n\nü😀\nd')])).toEqual(expected);
    expect(await numbered([file('packed.txt', gzipSync('a\n\nü😀\nd\n'))])).toEqual(expected);
    expect(await numbered([file('bom', '\ufeffa\n\nü😀\nd')])).toEqual(expected);
    expect(await numbered([file('empty', '')])).toEqual([]);
  });

  it('from standard input, however it is cut into chunks', async () => {
    const bytes = gzipSync('a\n\nü😀\nd\n');
    const single = Readable.from(Array.from(bytes, (byte) => Buffer.from([byte])));
    expect(await numbered(['-'], single)).toEqual(['1:a', '2:', '3:ü😀', '4:d']);
    const text = Buffer.from('a\n\nü😀\nd');
    expect(await numbered(['-'], Readable.from(Array.from(text, (byte) => Buffer.from([byte]))))).toEqual([
      '1:a',
      '2:',
      '3:ü😀',
      '4:d',
    ]);
  });

  it('says which file is truncated or damaged, and after which line', async () => {
    const packed = gzipSync(Array.from({ length: 50_000 }, (_, i) => `${i}-${Math.sin(i)}`).join('\n'));
    await expect(numbered([file('cut.gz', packed.subarray(0, packed.length / 2))])).rejects.toThrow(
      /cut\.gz: the gzip file ends too early: it is truncated \(after line \d+\)/,
    );
    const broken = Buffer.from(packed);
    const middle = Math.floor(packed.length / 2);
    broken.fill(0xaa, middle, middle + 50);
    await expect(numbered([file('broken.gz', broken)])).rejects.toThrow(
      /broken\.gz: the gzip file is damaged/,
    );
  });

  it('expands patterns in order of name, and names what is missing', async () => {
    file('part-2.ndjson', 'b');
    file('part-1.ndjson', 'a');
    expect(await inputFiles([join(folder, 'part-*.ndjson')])).toEqual([
      join(folder, 'part-1.ndjson'),
      join(folder, 'part-2.ndjson'),
    ]);
    await expect(inputFiles([join(folder, 'nothing-*')])).rejects.toThrow('no file of that name');
    await expect(inputFiles([join(folder, 'nothing')])).rejects.toThrow('no such file');
    await expect(inputFiles([folder])).rejects.toThrow('is a folder');
  });
});
