import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { bounded, TextFolder, Triggers } from '../../lib/telemetry/folded-text.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

/** A customer that wants to stop the gateway with one prompt. `npm run bench:worst-text` searches for worse ones. */

const recorder = createRecorder({ keys: developmentKeyring('test') });

/** ms of processor time, the least of five. */
function cost(content: unknown): number {
  return costOf([{ role: 'user', content }]);
}

function costOf(messages: readonly unknown[], fields: object = {}): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const began = process.cpuUsage();
    recorder.record({ ...anExchange(fields), messages } as Exchange);
    const { user, system } = process.cpuUsage(began);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const fill = (unit: string, size = 1_000_000) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
const plain = cost(fill('the quick brown fox jumps over '));

describe('recording', () => {
  it.each([
    ['131 KB of marks in descending order', `a${'\u0345'.repeat(32_767)}${'\u0334'.repeat(32_767)}`],
    ['marks that are two marks each', `a${'\u0344'.repeat(32_767)}${'\u0334'.repeat(32_767)}`],
    ['a megabyte of alternating marks', `a${fill('\u0301\u0316')}`],
    ['Katakana signs that become marks', fill('の\uff9e\u0316')],
    ['a megabyte of ligatures of eighteen letters', fill('\ufdfa')],
    ['a megabyte of line breaks', fill('\n')],
    ['line breaks and symbols', `${'\n'.repeat(7900)}${'=a'.repeat(146)}`],
    ['one endless name', `${'a'.repeat(7900)}${' =a'.repeat(97)}`],
    ['a name, a bracket and a name', `${'a'.repeat(4000)}(${'a'.repeat(4000)}${'=='.repeat(60)}`],
    ['a function without its brackets', `\nfunction${' '.repeat(7900)}${'=a'.repeat(146)}`],
    ['a word that begins everywhere', fill('benote', 4500)],
    ['grades without answers', `evalue ${fill('noter ', 4500)}`],
    ['Spanish beginnings', `paso ${fill('da', 4500)}`],
    ['ideographs', fill('中文字')],
    ['broken surrogates', fill('\ud800')],
  ])('costs no more than a few times plain words: %s', (_, content) => {
    // seconds, before; a busy machine is allowed for
    expect(cost(content)).toBeLessThan(10 * plain + 10);
  });

  /** A megabyte of one value after the other. */
  const many = (value: unknown): unknown[] => {
    const text = JSON.stringify(value);
    const one = `${text},`.repeat(Math.ceil(1e6 / (text.length + 1)));
    return JSON.parse(`[${one.slice(0, -1)}]`) as unknown[];
  };

  it.each<readonly [string, readonly unknown[]]>([
    ['empty parts', [{ role: 'user', content: many({}) }]],
    ['parts of a letter', [{ role: 'user', content: many({ text: 'a' }) }]],
    ["values within a tool's result", [{ role: 'user', content: [{ toolResult: many({ a: 'a' }) }] }]],
    ["lists within a tool's result", [{ role: 'tool', content: many([[[['a']]]]) }]],
    ['results of tools, in many messages', many({ role: 'tool', content: [{ a: [1, 1, 1, 1, 1, 1, 1] }] })],
    ['parts, in many messages', many({ role: 'user', content: [{}, {}, {}, {}, {}, {}, {}, {}] })],
    ['roles of an enumeration', many({ role: 'A.USER', content: 'a' })],
    ['a role of a megabyte', [{ role: 'İ'.repeat(500_000), content: 'a' }]],
  ])('costs no more than a few times plain words: a megabyte of %s', (_, messages) => {
    expect(costOf(messages)).toBeLessThan(10 * plain + 10);
  });

  it('costs no more than a few times plain words: an address of a megabyte', () => {
    const origin = { ip: '1:'.repeat(500_000) };
    expect(costOf([{ role: 'user', content: 'a' }], { origin })).toBeLessThan(10 * plain + 10);
  });

  it('reads what is asked now, behind whatever number of messages and parts', () => {
    const asked = { role: 'user', content: [...many({ text: '' }), { text: 'How do tides work?' }] };
    const filler = many({ role: 'user', content: [{ toolResult: [{ a: 'b' }] }] });
    // the print of the prompt is of what stands before as well
    const wordsOf = (messages: readonly unknown[]) => {
      const { opening, closing, layout, sketch } =
        recorder.record({ ...anExchange(), messages } as Exchange).prints[0] ?? {};
      return { opening, closing, layout, sketch };
    };
    const alone = wordsOf([{ role: 'user', content: 'How do tides work?' }]);
    expect(wordsOf([...filler, asked])).toEqual(alone);
    expect(
      wordsOf([...filler, { role: 'tool', content: [{ json: [{ a: 'How do tides work?' }] }] }]),
    ).toEqual(alone);
  });

  it('leaves marks beyond thirty on one letter out, and none of those that languages use', () => {
    const folder = new TextFolder(new Triggers());
    const fold = (text: string) => {
      const { units, length } = folder.fold(bounded(text));
      return String.fromCharCode(...units.subarray(0, length));
    };
    expect(fold(`a${'\u0316'.repeat(40)}`)).toBe(`a${'\u0316'.repeat(30)}`);
    expect(fold('Việt क्षि שָׁלוֹם ﷺ ガ')).toBe(fold('Việt क्षि שָׁלוֹם ﷺ ガ'.normalize('NFKD')));
  });
});
