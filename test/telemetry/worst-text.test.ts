import { describe, expect, it } from 'vitest';
import { bounded, TextFolder, Triggers } from '../../lib/telemetry/folded-text.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

/** A customer that wants to stop the gateway with one prompt. `npm run bench:worst-text` searches for worse ones. */

const recorder = createRecorder({ keys: developmentKeyring('test') });

/** ms of processor time, the least of five. */
function cost(content: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const began = process.cpuUsage();
    recorder.record(anExchange({ messages: [{ role: 'user', content }] }));
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
