import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { decodeRecord, encodeRecord, MAX_DECODED_BYTES } from '../../lib/telemetry/record-codec.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });
const event = (id: string) => recorder.record(anExchange({ id }));

describe('a record', () => {
  it('gives back header and events', () => {
    const events = [event('a'), event('b é😀'), event('c')];
    const decoded = decodeRecord(encodeRecord({ bucket: 7, arrived: '2026-03-01T08:00:00.000Z' }, events));
    expect(decoded.reason).toBeUndefined();
    expect(decoded.header).toEqual({
      siphonwatch: 1,
      bucketing: 'b1-256',
      bucket: 7,
      events: 3,
      arrived: '2026-03-01T08:00:00.000Z',
    });
    expect(decoded.lines.map((line) => [line.index, line.event])).toEqual(
      events.map((each, index) => [index, each]),
    );
  });

  it('may be gzip of several members, and nothing may stand behind them', () => {
    const [first, second] = [encodeRecord({ bucket: 7 }, [event('a')]), gzipSync(JSON.stringify(event('b')))];
    const both = decodeRecord(Buffer.concat([first, second]));
    expect(both.lines.map((line) => line.event?.id)).toEqual(['a', 'b']);
    for (const behind of [1, 70_000]) {
      const { lines, reason } = decodeRecord(Buffer.concat([first, Buffer.alloc(behind)]));
      expect(lines).toEqual([]);
      expect(reason?.message).toBe(`${behind} bytes behind the end of the gzip`);
    }
    expect(decodeRecord(Buffer.concat([first, Buffer.from('more')])).reason?.message).toContain('damaged');
  });

  it('may be plain, without header, or a single event put by hand', () => {
    const plain = decodeRecord(Buffer.from(`${JSON.stringify(event('a'))}\n${JSON.stringify(event('b'))}`));
    expect(plain.header).toBeUndefined();
    expect(plain.lines.map((line) => line.event?.id)).toEqual(['a', 'b']);
    expect(decodeRecord(Buffer.from(JSON.stringify(event('a')))).lines).toHaveLength(1);
  });

  it('sets a bad line aside with its reason, whole, and keeps its neighbours', () => {
    const good = JSON.stringify(event('a'));
    const header = JSON.stringify({ siphonwatch: 1, bucketing: 'b1-256', bucket: 0, events: 4 });
    const bytes = Buffer.concat([
      Buffer.from(`${header}\n${good}\nnot json\n`),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(`{"v":1}\n${good}\n`),
    ]);
    const { lines } = decodeRecord(gzipSync(bytes));
    expect(lines.map((line) => [line.index, line.event?.id, line.reason?.field])).toEqual([
      [0, 'a', undefined],
      [1, undefined, '(line)'],
      [2, undefined, '(line)'],
      [3, undefined, 'id'],
      [4, 'a', undefined],
    ]);
    expect(lines[1]?.raw).toBe('');
    expect(lines[3]?.raw).toBe('{"v":1}');
    expect(lines[2]?.reason?.message).toBe('not UTF-8');
  });

  it.each([
    ['empty', Buffer.alloc(0), 'empty record'],
    ['garbage', Buffer.from([1, 2, 3, 250]), 'neither gzip nor NDJSON'],
    ['truncated gzip', gzipSync('x'.repeat(1000)).subarray(0, 20), 'gzip ends too early'],
    ['damaged gzip', Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]), 'damaged gzip (Z_DATA_ERROR)'],
    [
      'a gzip bomb',
      gzipSync(randomBytes(MAX_DECODED_BYTES + 1)),
      `decompresses to more than ${MAX_DECODED_BYTES} bytes`,
    ],
    ['a small gzip bomb', gzipSync(Buffer.alloc(1_000_000)), 'decompresses to more than 262144 bytes'],
    [
      'another wire format',
      Buffer.from('{"siphonwatch":2,"bucketing":"b","bucket":0,"events":0}'),
      'unknown version of the wire format; this build knows 1',
    ],
  ])('is set aside whole: %s', (_, bytes, message) => {
    const decoded = decodeRecord(bytes);
    expect(decoded.lines).toEqual([]);
    expect(decoded.reason?.message).toBe(message);
  });

  it('never throws, on any bytes and any damage', () => {
    const whole = encodeRecord({ bucket: 1 }, [event('a'), event('b')]);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc
            .tuple(fc.nat(whole.length - 1), fc.nat(255))
            .map(([at, value]) => Uint8Array.from(whole, (byte, i) => (i === at ? value : byte))),
        ),
        (bytes) => {
          const decoded = decodeRecord(bytes);
          for (const line of decoded.lines)
            expect((line.event === undefined) !== (line.reason === undefined)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });
});
