import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readUsageEvents } from '../../lib/input/usage-events.ts';
import { writtenEvent } from '../../lib/input/written-lines.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from '../telemetry/exchanges.ts';

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-written-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recorder = createRecorder({ keys: developmentKeyring('test') });
const lines = [
  anExchange({}),
  anExchange({ system: 'Be brief.', params: { temperature: 0.25, topP: 1, n: 2, seed: 1 } }),
  anExchange({ prompt: '' }),
].map((exchange) => JSON.stringify(recorder.record(exchange)));

/** What a file of these lines comes to, whatever its lines were read by. */
async function readingOf(text: string) {
  const file = join(folder, 'events.ndjson');
  writeFileSync(file, text);
  const found = { events: [] as unknown[], rejects: [] as unknown[], lines: 0, formats: {} as object };
  for await (const batch of readUsageEvents([file], { format: 'auto', recorder: () => recorder })) {
    found.events.push(...batch.events);
    // the value says how long a text is, and a blank more is in it
    found.rejects.push(
      ...batch.rejects.map(({ line, reason: { field, message } }) => ({ line, field, message })),
    );
    found.lines += batch.lines;
    for (const [format, count] of batch.formats) found.formats = { ...found.formats, [format]: count };
  }
  return found;
}

/** The same document for a reader of JSON, and no line of a recorder. */
const spaced = (line: string): string => line.replace(/^\{"v"/, '{ "v"');

describe('a line that a recorder wrote', () => {
  it('is read without a parser', () => {
    for (const line of lines) expect(writtenEvent(line)).toStrictEqual(JSON.parse(line));
  });

  it('is read right behind one that was cut, wherever that was', () => {
    const [line = ''] = lines;
    for (let cut = 1; cut < line.length; cut++) {
      // names of its own each time: what is remembered of them must not hide what a cut one leaves behind
      const number = String(cut)
        .padStart(4, '0')
        .replaceAll(/[0189]/g, (digit) => 'wxyz'['0189'.indexOf(digit)] ?? '');
      const named = line
        .replace(/a_[a-z2-7]{26}/, `a_${number.padEnd(26, 'q')}`)
        .replace(/"model":"[^"]*"/, `"model":"model-${number}"`)
        .replace(/"plan":"[^"]*"/, `"plan":"p-${number}"`);
      // not read, as it ends in a letter of two bytes, and left behind where lines are looked at
      expect(writtenEvent(`${named}é`)).toBeUndefined();
      if (cut < named.length) expect(writtenEvent(named.slice(0, cut))).toBeUndefined();
      expect(writtenEvent(named)).toStrictEqual(JSON.parse(named));
    }
  });

  it('comes to the same events, faults and counts as through the parser, whatever lies between', async () => {
    const [line = ''] = lines;
    const odd = [
      '',
      'no JSON',
      '{"half": ',
      '1}',
      '{',
      '}',
      'prompt,response',
      line.replace('"time":"2', '"time":"1'),
      line.replace(/"model":"[^"]*"/, '"model":"mödel"'),
      line.replace(/"model":"[^"]*"/, '"model":"\u0122"'),
      line.slice(0, -1),
      `${line}${line}`,
      `2026-03-01T08:00:00Z stdout F ${line}`,
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constantFrom(...lines), fc.constantFrom(...odd)), { maxLength: 12 }),
        async (chosen) => {
          expect(await readingOf(chosen.join('\n'))).toEqual(await readingOf(chosen.map(spaced).join('\n')));
        },
      ),
      { numRuns: 150 },
    );
  });
});
