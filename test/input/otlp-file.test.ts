import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { otlpLines } from '../../lib/input/otlp-file.ts';

/** An export of traces as the protocol has it. */
const OTLP = readFileSync(new URL('../telemetry/fixtures/otlp-traces.bin', import.meta.url));

function sized(message: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(message.length);
  return Buffer.concat([size, message]);
}

async function* inChunks(data: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += length) yield data.subarray(at, at + length);
}

async function linesOf(data: Buffer, length: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of otlpLines(inChunks(data, length), () => undefined)) lines.push(line.toString());
  return lines;
}

describe('a file of OTLP in protobuf', () => {
  const file = Buffer.concat([sized(OTLP), sized(OTLP), sized(OTLP)]);

  it.each([1, 3, 5, 1000, OTLP.length + 4, 2 * OTLP.length, 1e6])(
    'is read alike in chunks of %d',
    async (length) => {
      const lines = await linesOf(file, length);
      expect(lines).toHaveLength(3);
      expect(new Set(lines)).toEqual(new Set(await linesOf(OTLP, length)));
    },
  );

  it('costs no more than its length, in however many chunks a message comes', async () => {
    const start = performance.now();
    const lines = await linesOf(sized(Buffer.alloc(4_000_000, 255)), 256);
    expect(lines).toEqual(['an OTLP message that cannot be read\n']);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});
