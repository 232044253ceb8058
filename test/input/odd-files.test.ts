import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { textDecoder } from '../../lib/input/encodings.ts';
import { readUsageEvents } from '../../lib/input/usage-events.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';

/** Files as shippers, terminals and shells write them: prefixes, cut lines, encodings, compression, and what is no text at all. */
const exchange = (id: number, content = 'How do tides work?') =>
  JSON.stringify({
    ...{
      v: 1,
      id: `x-${id}`,
      time: '2026-03-01T08:00:00.123Z',
      account: 'acct-1',
      model: 'm-1',
      outcome: 'ok',
    },
    messages: [{ role: 'user', content }],
    usage: { inputTokens: 1, outputTokens: 2 },
    customer: { plan: 'p', product: 'api', createdAt: '2026-01-01T00:00:00Z' },
  });
const LINES = [exchange(1), exchange(2), exchange(3)];
const line = (index: number) => LINES[index] ?? '';
/** What Docker and Kubernetes make of a line of 40 KB: pieces of 16 KiB. */
const PIECES = exchange(9, 'tides '.repeat(7000)).match(/.{1,16384}/g) ?? [];

/** Each line behind a prefix, and before a suffix. */
function each(prefix: string | ((index: number) => string), suffix = ''): string {
  const lines = LINES.map((one, i) => `${typeof prefix === 'string' ? prefix : prefix(i)}${one}${suffix}`);
  return `${lines.join('\n')}\n`;
}

/** A value of CSV. */
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const utf16le = (text: string) => Buffer.from(text, 'utf16le');

function utf16be(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
}

/** An export of traces as the protocol has it, and as the collector's file exporter writes it. */
const OTLP = readFileSync(new URL('../telemetry/fixtures/otlp-traces.bin', import.meta.url));
function sized(message: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(message.length);
  return Buffer.concat([size, message]);
}

type OddFile = readonly [name: string, data: Buffer | string, events: number, says: RegExp | undefined];

const FILES: readonly (readonly [string, Buffer | string, number, RegExp?])[] = [
  ['CRI', each('2026-03-01T08:00:00.123456789Z stdout F '), 3],
  [
    'CRI partial lines of 16 KB',
    `${PIECES.map((p, i, a) => `2026-03-01T08:00:00.1Z stdout ${i === a.length - 1 ? 'F' : 'P'} ${p}`).join(
      '\n',
    )}\n`,
    1,
  ],
  [
    'docker json-file partial',
    `${PIECES.map((p, i, a) =>
      JSON.stringify({
        log: p + (i === a.length - 1 ? '\n' : ''),
        stream: 'stdout',
        time: '2026-03-01T08:00:00Z',
      }),
    ).join('\n')}\n`,
    1,
  ],
  [
    'docker json-file',
    LINES.map((l) => JSON.stringify({ log: `${l}\n`, stream: 'stdout', time: 'x' })).join('\n'),
    3,
  ],
  ['docker compose', each('gateway-1  | '), 3],
  ['kubectl logs --prefix', each('[pod/gw-6f/gw] '), 3],
  ['stern', each('gw-6f-abc gateway '), 3],
  ['journalctl short', each('Mar 01 08:00:00 host-1 gateway[123]: '), 3],
  ['journalctl short-iso', each('2026-03-01T08:00:00+0000 host-1 gateway[123]: '), 3],
  [
    'syslog 5424 with structured data',
    each('<134>1 2026-03-01T08:00:00.123Z host gateway 123 ID47 [exampleSDID@32473 iut="3" a="b"] '),
    3,
  ],
  ['syslog 3164', each('<134>Mar  1 08:00:00 host gateway[12]: '), 3],
  ['heroku', each('2026-03-01T08:00:00.123456+00:00 app[web.1]: '), 3],
  ['python logging', each('2026-03-01 08:00:00,123 - gateway - INFO - '), 3],
  ['python basicConfig', each('INFO:gateway:'), 3],
  ['log4j', each('2026-03-01 08:00:00.123 [main] INFO  c.x.Gateway - '), 3],
  ['loguru', each('2026-03-01 08:00:00.123 | INFO     | gateway:log:12 - '), 3],
  ['rust tracing', each('2026-03-01T08:00:00.123Z  INFO gateway::proxy: '), 3],
  ['ansi colours', each('\u001b[32minfo\u001b[39m: '), 3],
  ['cloud foundry', each('   2026-03-01T08:00:00.12+0000 [APP/PROC/WEB/0] OUT '), 3],
  ['grep -H', each('logs/gw.log:'), 3],
  ['grep -n', each((i) => `${i + 1}:`), 3],
  ['kcat key tab', each('key-1\t'), 3],
  ['aws logs tail', each('2026-03-01T08:00:00.123000+00:00 stream/abc '), 3],
  ['aws lambda nodejs', each('2026-03-01T08:00:00.123Z\t8f5e-1\tINFO\t'), 3],
  ['rfc 7464 sequences', each('\u001e'), 3],
  [
    'logfmt',
    LINES.map((l) => `time=2026-03-01T08:00:00Z level=info msg=${JSON.stringify(l)} caller=x.go:1`).join(
      '\n',
    ),
    3,
  ],
  [
    'go slog json',
    LINES.map((l) => JSON.stringify({ time: '2026-03-01T08:00:00Z', level: 'INFO', msg: l })).join('\n'),
    3,
  ],
  [
    'zap',
    LINES.map((l) =>
      JSON.stringify({
        level: 'info',
        ts: 1772352000.1,
        logger: 'gw',
        msg: 'exchange',
        exchange: JSON.parse(l),
      }),
    ).join('\n'),
    3,
  ],
  ['json text in quotes', LINES.map((one) => JSON.stringify(one)).join('\n'), 3],
  ['array of json texts', JSON.stringify(LINES), 3],
  ['trailing comma', `${LINES.join(',\n')},\n`, 3],
  ['suffix after the document', each('', ' # took 12 ms'), 3],
  ['semicolon', each('', ';'), 3],
  ['CR only', `${LINES.join('\r')}\r`, 3],
  ['CRLF', `${LINES.join('\r\n')}\r\n`, 3],
  ['BOM at start', `\ufeff${LINES.join('\n')}`, 3],
  ['BOM in the middle (concatenated files)', LINES.map((l) => `\ufeff${l}`).join('\n'), 3],
  ['BOM in the middle without line end', LINES.map((l) => `\ufeff${l}`).join(''), 3],
  ['UTF-16LE BOM', Buffer.from(`\ufeff${LINES.join('\n')}`, 'utf16le'), 3],
  ['UTF-16BE BOM', utf16be(LINES.join('\n')), 3],
  ['UTF-16LE no BOM', Buffer.from(LINES.join('\n'), 'utf16le'), 3],
  ['UTF-16LE CRLF gz', gzipSync(Buffer.from(`\ufeff${LINES.join('\r\n')}`, 'utf16le')), 3],
  [
    'UTF-32LE BOM',
    Buffer.concat(
      [...`\ufeff${LINES.join('\n')}`].map((c) => {
        const b = Buffer.alloc(4);
        b.writeUInt32LE(c.codePointAt(0) ?? 0);
        return b;
      }),
    ),
    3,
  ],
  ['gzip members', Buffer.concat(LINES.map((l) => gzipSync(`${l}\n`))), 3],
  [
    'gzip members, an empty one between',
    Buffer.concat([gzipSync(`${line(0)}\n`), gzipSync(''), gzipSync(`${line(1)}\n${line(2)}`)]),
    3,
  ],
  ['gzip twice', gzipSync(gzipSync(LINES.join('\n'))), 3],
  [
    'gzip four times: no uploader does that',
    [1, 2, 3, 4].reduce((data) => gzipSync(data), Buffer.from(line(0))),
    0,
  ],
  [
    'a cut line without its end',
    `${line(0)}\n2026-03-01T08:00:00.1Z stdout P {"v":1,\n`,
    1,
    /a line that was cut/,
  ],
  ['gzip with trailing zeros', Buffer.concat([gzipSync(LINES.join('\n')), Buffer.alloc(512)]), 3],
  [
    'gzip member then BOM text',
    Buffer.concat([
      gzipSync(`\ufeff${line(0)}\n`),
      gzipSync(`\ufeff${line(1)}\n`),
      gzipSync(`\ufeff${line(2)}\n`),
    ]),
    3,
  ],
  [
    'gzip, a plain line appended',
    Buffer.concat([gzipSync(`${line(0)}\n${line(1)}\n`), Buffer.from(`${line(2)}\n`)]),
    3,
    /behind the gzip file's end were not packed/,
  ],
  [
    'gzip, a whole member and one that is cut off',
    Buffer.concat([gzipSync(`${line(0)}\n${line(1)}\n`), gzipSync(`${line(2)}\n`).subarray(0, 60)]),
    2,
    /too early|damaged/,
  ],
  ['OTLP in protobuf, one message', OTLP, 1],
  [
    'text behind a line break, which begins as OTLP in protobuf does',
    Buffer.from(`\n${LINES.join('\n')}`),
    3,
  ],
  [
    'OTLP in protobuf, messages behind their lengths',
    Buffer.concat([sized(OTLP), sized(Buffer.alloc(0)), sized(OTLP)]),
    1,
  ],
  [
    'OTLP in protobuf, a message damaged',
    Buffer.concat([
      sized(OTLP),
      sized(Buffer.concat([OTLP.subarray(0, 3), Buffer.alloc(40, 255)])),
      sized(OTLP),
    ]),
    1,
    /not JSON/,
  ],
  [
    'OTLP in protobuf, packed and cut off',
    gzipSync(Buffer.concat([sized(OTLP), sized(OTLP).subarray(0, 300)])),
    1,
    /ends within message 2: it is truncated/,
  ],
  ['zlib', deflateSync(LINES.join('\n')), 3],
  ['brotli', brotliCompressSync(LINES.join('\n')), 0],
  ['zip named', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(100, 7)]), 0, /zip/i],
  ['bzip2 named', Buffer.concat([Buffer.from('BZh91AY&SY'), Buffer.alloc(100, 7)]), 0, /bzip2/i],
  [
    'xz named',
    Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), Buffer.alloc(100, 7)]),
    0,
    /xz/i,
  ],
  [
    'parquet named',
    Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100, 7), Buffer.from('PAR1')]),
    0,
    /parquet/i,
  ],
  ['avro named', Buffer.concat([Buffer.from('Obj\u0001'), Buffer.alloc(100, 7)]), 0, /avro/i],
  [
    'snappy framed named',
    Buffer.concat([Buffer.from([0xff, 6, 0, 0]), Buffer.from('sNaPpY'), Buffer.alloc(100, 7)]),
    0,
    /snappy/i,
  ],
  ['lz4 named', Buffer.concat([Buffer.from([4, 0x22, 0x4d, 0x18]), Buffer.alloc(100, 7)]), 0, /lz4/i],
  [
    'CSV with a JSON column',
    `id,body\n${LINES.map((l, i) => `${i},"${l.replaceAll('"', '""')}"`).join('\n')}\n`,
    3,
  ],
  ['TSV of Athena', `${LINES.map((l, i) => `${i}\t${l}\tx`).join('\n')}\n`, 3],
  ['sse with event lines', LINES.map((l) => `event: log\ndata: ${l}\n\n`).join(''), 3],
  ['comments and blanks', `# exported\n\n// by x\n${LINES.join('\n\n')}\n-- end\n`, 3],
  [
    'pretty array with prefix bom',
    '\ufeff' +
      JSON.stringify(
        LINES.map((l) => JSON.parse(l)),
        null,
        2,
      ),
    3,
  ],
  [
    'pretty objects behind one another',
    LINES.map((l) => JSON.stringify(JSON.parse(l), null, '\t')).join('\n'),
    3,
  ],
  [
    'pretty, broken one between',
    JSON.stringify(JSON.parse(line(0)), null, 2) +
      '\n{\n  "v": 1,\n  "id"\n}\n' +
      JSON.stringify(JSON.parse(line(1)), null, 2) +
      '\n' +
      line(2),
    3,
  ],
  ['NUL padding', `${LINES.join('\n')}\n${'\0'.repeat(4096)}`, 3],
  ['NUL before', '\0'.repeat(100) + LINES.join('\n'), 3],
  [
    'NaN and Infinity of Python',
    LINES.map((l) => l.replace('"v":1,', '"v":1,"params":{"temperature":NaN,"topP":-Infinity},')).join('\n'),
    3,
  ],
  [
    'NaN within a text, and a number that is none',
    exchange(4, 'What is NaN: -Infinity?').replace('"v":1,', '"v":1,"params":{"temperature": NaN},'),
    1,
  ],
  [
    'documents of CloudWatch end to end, each in its subscription',
    gzipSync(
      LINES.map((message, i) =>
        JSON.stringify({
          messageType: 'DATA_MESSAGE',
          logEvents: [{ id: String(i), timestamp: 1, message }],
        }),
      ).join(''),
    ),
    3,
  ],
  ['base64 of gzip, a line each', LINES.map((l) => gzipSync(l).toString('base64')).join('\n'), 3],
  ['base64 of JSON in quotes', LINES.map((l) => `"${Buffer.from(l).toString('base64')}"`).join('\n'), 3],
  ['CSV with a column of JSON', `time,payload\n${LINES.map((l) => `x,${quoted(l)}`).join('\n')}\n`, 3],
  [
    'CSV with columns of a call, one with line breaks',
    `timestamp;account;model;prompt\r\n2026-03-01T08:00:00Z;a;m-1;"How do\ntides ""work""?"\r\n2026-03-01T08:00:00Z;a;m-1;Why?\r\n`,
    2,
  ],
  ['CSV of pandas, with its index', `,account,model,prompt,time\n0,a,m,Why?,2026-03-01T08:00:00Z\n`, 1],
  [
    'undefined where a value should be',
    line(0).replace('"v":1,', '"v":1,"x":undefined,'),
    0,
    /undefined stands where/,
  ],
  [
    'a body in nginx’s access log with its quotes escaped',
    `203.0.113.8 - a [26/Nov/2026:09:30:00 +0000] "POST /v1/chat/completions HTTP/1.1" 200 8 "-" "x" "{\\x22model\\x22:\\x22m\\x22}"\n`,
    0,
    /give log_format escape=json/,
  ],
  [
    'vLLM’s own log',
    `INFO 11-26 09:30:00 [logger.py:41] Received request chatcmpl-1: prompt: 'Why?', params: SamplingParams(n=1)\n`,
    0,
    /log exchanges at the gateway before it/,
  ],
  ['a comma too many', line(0).replace(/}$/, ',}'), 0, /a comma stands before/],
  [
    'TSV',
    `time\taccount\trequest\n2026-03-01T08:00:00Z\ta\t${JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Why?' }] })}\n`,
    1,
  ],
  [
    'a row of CSV with a column too few',
    `model,account,prompt,time\nm,a,Why?,2026-03-01T08:00:00Z\nm,a\n`,
    1,
    /the 4 columns of its first line/,
  ],
  [
    'a row of CSV whose quotes are not closed',
    `model,account,prompt,time\nm,a,"Why?,2026-03-01T08:00:00Z\n`,
    0,
    /quotes are not closed/,
  ],
  [
    'a first line that only looks like columns',
    `listening, waiting for a request\n${LINES.join('\n')}\n`,
    3,
    /a line of CSV without rows/,
  ],
  [
    'UTF-16 with its mark behind UTF-8',
    Buffer.concat([Buffer.from(`${LINES.join('\n')}\n`), utf16le(`\ufeff${exchange(4, 'Über Ebbe')}\r\n`)]),
    4,
  ],
  [
    'UTF-16 without a mark behind UTF-8',
    Buffer.concat([
      Buffer.from(`${LINES.join('\n')}\n`),
      utf16le(`${exchange(4, '潮')}\r\n${exchange(5)}\r\n`),
    ]),
    5,
  ],
  [
    'control characters inside strings',
    LINES.map((l) => l.replace('tides', 'ti\tdes')).join('\n'),
    0,
    /control/,
  ],
  ['single quotes of Python repr', LINES.map((l) => l.replaceAll('"', "'")).join('\n'), 3],
  [
    'Python repr with an object that has no literal',
    LINES.map((l) => l.replaceAll('"', "'").replace(/\}$/, ", 'client': <Client at 0x7f>}")).join('\n'),
    0,
    /single quotes|Python|not JSON/i,
  ],
  ['elasticsearch bulk', `${LINES.map((l) => `{"index":{"_index":"gw"}}\n${l}`).join('\n')}\n`, 3],
  ['jsonl, duplicated by retries', [...LINES, line(2)].join('\n'), 4],
];

const folder = mkdtempSync(join(tmpdir(), 'odd-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const recorder = createRecorder({ keys: developmentKeyring('odd-files') });

it('UTF-32 is read the same wherever a chunk ends', () => {
  const bytes = Buffer.from([0x61, 0, 0, 0, 0x00, 0xf6, 0x01, 0, 0xff, 0xff, 0xff, 0x7f]);
  const decode = textDecoder('utf32le');
  expect([...bytes].map((byte) => decode(Buffer.of(byte))).join('')).toBe('a😀\ufffd');
});

describe('record', () => {
  it('reads as many odd facts as a document may have', async () => {
    const odd = {
      params: { temperature: -1, topP: -1, maxTokens: -1, n: -1, seed: '', logprobs: '' },
      origin: { ip: 1, tls: 1, userAgent: 1, credential: 1, asn: '' },
    };
    const entry = JSON.stringify({ ...JSON.parse(line(0)), ...odd });
    const made = recorder.record(JSON.parse(line(0)));
    const quick = { record: () => made, pseudonym: () => made.account };
    const file = join(folder, 'many');
    writeFileSync(file, `[${Array.from({ length: 13_000 }, () => entry).join(',')}]`);
    let events = 0;
    let facts = 0;
    for await (const batch of readUsageEvents([file], { format: 'auto', recorder: () => quick })) {
      events += batch.events.length;
      facts += batch.odd.length;
    }
    expect([events, facts]).toEqual([13_000, 143_000]);
  });

  it.each(FILES.map(([name, data, events, says]): OddFile => [name, data, events, says]))(
    'reads a file: %s',
    async (_, data, events, says) => {
      const file = join(folder, 'input');
      writeFileSync(file, data);
      let found = 0;
      const said: string[] = [];
      const source = {
        format: 'auto' as const,
        recorder: () => recorder,
        onBadFile: (error: Error) => said.push(error.message),
      };
      for await (const batch of readUsageEvents([file], source)) {
        found += batch.events.length;
        said.push(...batch.rejects.map(({ reason }) => reason.message));
      }
      expect(found).toBe(events);
      if (says !== undefined) expect(said.join('\n')).toMatch(says);
    },
  );
});
