import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { estimateOf } from '../../lib/cli/backtest/shards/estimate.ts';
import { WorkFolder } from '../../lib/cli/backtest/shards/work-folder.ts';
import { FrameWriter, readFrames } from '../../lib/cli/replay/frame-file.ts';
import type { Frame } from '../../lib/profile/resumable.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-frames-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function all(file: string, grows?: () => boolean): Promise<Frame[]> {
  const found: Frame[] = [];
  for await (const frames of readFrames(file, grows)) found.push(...frames);
  return found;
}

describe('a file of frames that is read while it is written', () => {
  it('is read to its end, from before it is begun until after it lies in its place', async () => {
    const read = all(at('grows'), () => true);
    const writer = await FrameWriter.open(at('grows'));
    const frames: Frame[] = Array.from({ length: 400 }, (_, i) => [`f${i}`, 'x'.repeat(i * 7)]);
    for (const frame of frames) {
      await writer.put(frame);
      if (frame[0].endsWith('5')) await writer.flush();
    }
    await writer.end();
    await writer.close();
    expect(await read).toEqual(frames);
  });

  it('is refused where it is cut, changed or not there, and no longer waited for', async () => {
    const writer = await FrameWriter.open(at('whole'));
    await writer.put(['a', new Uint8Array(100)]);
    await writer.end();
    await writer.close();
    for (const cut of [1, 32, 36, 60]) {
      copyFileSync(at('whole'), at('cut'));
      truncateSync(at('cut'), statSync(at('whole')).size - cut);
      await expect(all(at('cut'))).rejects.toThrow(/cut or damaged/);
    }
    await expect(all(at('none'))).rejects.toThrow(/none: it is not there/);
    let looks = 0;
    await expect(all(at('none'), () => ++looks < 3)).rejects.toThrow(/none: it is not there/);
  });
});

describe("a sharded run's folder", () => {
  const rules = { tracks: [], labelled: [] };

  it('is taken up by the same run only, and holds nothing else', async () => {
    const work = new WorkFolder(at('work'));
    await work.open({ files: 'a', shards: '2' }, rules);
    writeFileSync(at('work/report-0.part'), 'half');
    await expect(new WorkFolder(at('work')).open({ files: 'a', shards: '7' }, rules)).rejects.toThrow(
      /of another run \(shards changed since\)/,
    );
    await work.open({ files: 'a', shards: '2' }, rules);
    expect(readdirSync(at('work')).sort()).toEqual(['rules', 'run']);
    await work.remove();
    expect(existsSync(at('work'))).toBe(false);
  });

  it('is nobody else’s: neither a file nor what stands in it is touched', async () => {
    writeFileSync(at('file'), 'mine');
    await expect(new WorkFolder(at('file')).open({}, rules)).rejects.toThrow(
      /--checkpoint: .*file is a file/,
    );
    const work = new WorkFolder(at('home'));
    await work.open({}, rules);
    writeFileSync(at('home/letter.txt'), 'mine');
    await expect(new WorkFolder(at('home')).open({}, rules)).rejects.toThrow(/holds letter.txt/);
    await work.remove();
    expect(readdirSync(at('home'))).toEqual(['letter.txt']);
  });
});

describe('the estimate of a sharded run', () => {
  const first = { shards: 16, atOnce: 2, seconds: 3, rate: 5000, divided: 30_000, replayed: 15_000 };

  it('says how many events there are and how long they take, where the size of the input is known', () => {
    expect(estimateOf({ ...first, share: 0.1 })).toBe(
      '5,000 events a second in the first 3 s, 16 shards, 2 at once: about 300,000 events, 57 s more',
    );
    expect(estimateOf({ ...first, share: 0.001 })).toContain('about 30,000,000 events, 1.7 h more');
    expect(estimateOf({ ...first, share: undefined })).toContain('how many there are is not known');
  });
});
