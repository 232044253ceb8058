import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Document, DocumentReader } from '../../lib/input/documents.ts';

function documents(text: string): Document[] {
  const reader = new DocumentReader();
  const found = text.split('\n').flatMap((line, index) => [...reader.take(line, index + 1)]);
  return [...found, ...reader.finish()];
}
const values = (text: string) =>
  documents(text).map((document) => ('json' in document ? document.json : document.fault));

const a = { text: 'a "quoted" } brace ] and [ {', n: [1, { b: null }] };
const b = { text: '\u2028 line', empty: {} };

describe('documents', () => {
  it.each([
    ['one a line', `${JSON.stringify(a)}\n${JSON.stringify(b)}`],
    ['pretty-printed', `${JSON.stringify(a, null, 2)}\n${JSON.stringify(b, null, 2)}`],
    ['of an array, one a line', `[\n${JSON.stringify(a)},\n${JSON.stringify(b)}\n]`],
    ['of an array that begins and ends on their lines', `[${JSON.stringify(a)},\n${JSON.stringify(b)}]`],
    ['of a pretty-printed array', JSON.stringify([a, b], null, 4)],
    ['end to end', JSON.stringify(a) + JSON.stringify(b)],
    ['with old Mac line ends', `${JSON.stringify(a)}\r${JSON.stringify(b)}\r`],
    ['after zero bytes and a byte order mark', `\0\0${JSON.stringify(a)}\n\ufeff${JSON.stringify(b)}\0\0`],
    [
      'behind the prefix of a container runtime',
      `2026-03-01T08:00:00Z stdout F ${JSON.stringify(a)}\n2026-03-01T08:00:01Z stderr F ${JSON.stringify(b)}`,
    ],
    [
      'behind a level in brackets',
      `[2026-03-01] INFO ${JSON.stringify(a)}\ngateway-1  | ${JSON.stringify(b)}`,
    ],
  ])('%s are read', (_, text) => {
    expect(values(text)).toEqual([a, b]);
  });

  it('cut off cost themselves alone', () => {
    const cut = JSON.stringify(a).slice(0, -3);
    expect(
      values(`${JSON.stringify(b)}\n${cut}\n${JSON.stringify(b)}\nplain [31m words\n${JSON.stringify(a)}`),
    ).toEqual([b, expect.stringMatching(/does not end/), b, 'not JSON', a]);
  });

  it('of any JSON objects come back, however they are laid out', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 });
    const layout = fc.constantFrom(undefined, 1, 2, '\t');
    fc.assert(
      fc.property(objects, layout, (held, indent) => {
        const wanted = JSON.parse(JSON.stringify(held)) as unknown[];
        expect(values(held.map((object) => JSON.stringify(object, null, indent)).join('\n'))).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });
});
