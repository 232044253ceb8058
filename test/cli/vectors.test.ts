import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runVectors } from '../../lib/cli/vectors/vectors.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { VECTORS_FILE, type Vectors, vectorsText } from '../../lib/telemetry/vectors/make.ts';
import { capture } from './capture.ts';

describe('vectors', () => {
  it('are current: run `npm run vectors` when this fails', () => {
    expect(readFileSync(VECTORS_FILE, 'utf8')).toBe(vectorsText());
  });

  it('check a program: one that answers right, one that answers wrong, one that does not answer', async () => {
    const answer = (change: string) =>
      `${process.execPath} -e 'const { vectors } = JSON.parse(require("fs").readFileSync("${VECTORS_FILE.pathname}")); for (const { event } of vectors) { ${change}; console.log(JSON.stringify(event)); }'`;
    const right = capture();
    expect(await runVectors({ check: answer('') }, right.terminal)).toBe(0);
    expect(right.out()).toMatch(/(\d+) of \1 vectors right/);
    const wrong = capture();
    expect(await runVectors({ check: answer('event.shape.words = 40') }, wrong.terminal)).toBe(1);
    expect(wrong.out()).toContain('shape.words: expected 4, got 40');
    expect(await runVectors({ check: 'exit 3' }, capture().terminal)).toBe(2);
  });

  it('say so of a program that waits for ever, and end what it has started', async () => {
    const waiting = capture();
    expect(await runVectors({ check: 'sleep 600 | cat', seconds: 0.2 }, waiting.terminal)).toBe(2);
    expect(waiting.err()).toContain('has not ended after 0.2 s');
  });

  it.skipIf(spawnSync('python3', ['--version']).status !== 0)(
    'are kept by the recorder in Python that ships, which makes few hints',
    async () => {
      const { terminal, out } = capture();
      expect(await runVectors({ check: 'python3 examples/recorder.py' }, terminal), out()).toBe(0);
      expect(out()).toContain('ok     Chinese (without shape.instruction)');
      const { keyring, vectors } = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as Vectors;
      const input = [{ keyring }, ...vectors.map(({ exchange }) => exchange)].map((one) =>
        JSON.stringify(one),
      );
      const { stdout } = spawnSync('python3', ['examples/recorder.py', '--records'], {
        input: input.join('\n'),
      });
      for (const line of stdout.toString().trim().split('\n')) {
        const { partitionKey: key, data } = JSON.parse(line) as { partitionKey: string; data: string };
        const { lines, header } = decodeRecord(Buffer.from(data, 'base64'));
        const [event] = lines.map((held) => held.event);
        expect(lines.length).toBe(1);
        expect(key).toBe(partitionKey(bucketOf(event?.account ?? '')));
        expect(header?.bucket).toBe(bucketOf(event?.account ?? ''));
      }
    },
  );

  it('take a hint that is not made for none, and one that is made wrongly for wrong', async () => {
    const { vectors } = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as Vectors;
    const check = async (change: (event: Vectors['vectors'][number]['event']) => object) => {
      const file = join(mkdtempSync(join(tmpdir(), 'siphonwatch-vectors-')), 'answers');
      writeFileSync(file, vectors.map(({ event }) => `${JSON.stringify(change(event))}\n`).join(''));
      return runVectors({ check: `cat ${file}` }, capture().terminal);
    };
    expect(await check((event) => ({ ...event, behaviours: [] }))).toBe(0);
    expect(await check((event) => ({ ...event, behaviours: ['grading'] }))).toBe(1);
    expect(await check((event) => ({ ...event, shape: { ...event.shape, code: true } }))).toBe(1);
    expect(await check(({ shape, ...event }) => event)).toBe(1);
  });
});
