import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { promptFacts } from '../../lib/telemetry/adapters/prompt-faults.ts';
import { wordForms } from '../../lib/telemetry/adapters/word-forms.ts';
import { LetterPairs } from '../../lib/telemetry/letter-pairs.ts';

const TEXT =
  'Can you explain to me why the harbour of this town falls dry twice a day, and whether the moon or the wind has more to do with it?';
const words = (mask: (word: string) => string) => TEXT.replace(/\w{4,}/g, mask);

describe('a masked prompt', () => {
  it.each([
    ['stars for words', words(() => '****')],
    ['stars behind first letters', words((word) => `${word[0]}${'*'.repeat(word.length - 1)}`)],
    ['lines for words', words((word) => '_'.repeat(word.length))],
    ['one letter for all', TEXT.replaceAll(/[a-z]/g, 'x').replaceAll(/[A-Z]/g, 'X')],
    ['a letter for each class', TEXT.replaceAll(/[aeiou]/g, 'v').replaceAll(/[b-df-hj-np-tw-z]/g, 'c')],
    ['tags', words(() => '<PERSON>')],
    ['tags of several words', words(() => '[PHONE NUMBER]')],
    ['variables', words((word) => `{{NAME_${word.length}}}`)],
    ['a word for words', words(() => 'geschwärzt')],
    ['digests', words((word) => `${word.length}a`.repeat(16))],
    ['short digests', words((word) => `3f${word.length}d09be`)],
    ['question marks', words((word) => '?'.repeat(word.length))],
    ['initials', TEXT.replaceAll(/(\w)\w*/g, '$1')],
    ['small words alone', TEXT.replaceAll(/\w{4,}[,?]? ?/g, '')],
  ])('is known by %s', (_, text) => {
    expect(promptFacts(text).facts.fault).toBe('masked');
  });

  it.each([
    ['a question', TEXT],
    [
      'redaction of names',
      'Write to <PERSON> at <EMAIL_ADDRESS> that the ferry of Monday is late by an hour',
    ],
    ['a card', 'My card **** **** **** 1234 was declined when I paid for the ferry, what can I do?'],
    ['Markdown', '**Tides**: why twice?\n**Wind**: how strong?\n\n| a | b |\n|---|---|\n| 1 | 2 |'],
    ['code', 'for (let i = 0; i < n; i++) { a[i] = b[i] * c[i]; }  // why is x wrong?'],
    ['markup in capitals', '<ORDER><ID>17</ID><NAME>Harbour pilot</NAME><QTY>2</QTY></ORDER>'],
    ['values', 'true false true true false\nfalse true true false true\ntrue true true false false'],
    ['numbers', '12.5 13.1 9.77 10.02 11.4 12.9 8.8 7.1'],
    ['a sequence', 'Align ACGTTGCAACGTACGGTTAACCGGTATCG with TTGCAACGGTACCATGGATC please'],
    ['Chinese in single characters', '请 问 为 什 么 潮 水 每 天 涨 落 两 次'],
    ['Vietnamese', 'Vì sao nước ở bến cảng này rút cạn hai lần mỗi ngày vậy bạn?'],
    ['a blank to fill', 'The tide at the harbour is ____ by the moon and the wind is not'],
  ])('is none that is %s', (_, text) => {
    expect(promptFacts(text).facts.fault).toBeUndefined();
  });

  it('is looked for in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 900 }), (text) => {
        const { masked, pairs } = wordForms(text);
        expect([typeof masked, (pairs ?? []).every((pair) => pair < 1024)]).toEqual(['boolean', true]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a prompt without vowels', () => {
  it.each([
    ['Hw d I dl wth tds n th nrth s fr my nghbr?', true],
    ['How do I deal with tides in the north sea?', false],
    ['strč prst skrz krk, prosím tě, jak se to řekne?', false],
    ['Why does my SQL DB on AWS hit the CPU limit?', false],
  ])('is masked, and no other: %s', (text, masked) => {
    expect(wordForms(text).masked).toBe(masked);
  });
});

describe('letters of prompts', () => {
  const informationOf = (texts: readonly string[]) => {
    const pairs = new LetterPairs();
    for (const text of texts) {
      const found = wordForms(text).pairs;
      if (found !== undefined) pairs.add(found);
    }
    return pairs;
  };
  const texts = Array.from({ length: 500 }, (_, i) => {
    const all = TEXT.split(' ');
    return `${i} ${all.map((_, at) => all[(at * 7 + i * (1 + (i % 5))) % all.length]).join(' ')} ${i.toString(36)}`;
  });
  const moved = (i: number) => (letter: string, at: number) =>
    String.fromCharCode(
      97 + ((letter.charCodeAt(0) - 97 + (Math.imul(at + 1, 2654435761 + i * 40503) % 9973) + 9973) % 26),
    );

  it('say something of the next one in words, and nothing where each is encrypted by itself', () => {
    const encrypted = texts.map((text, i) =>
      text.toLowerCase().replaceAll(/[a-z]/g, (letter, at: number) => moved(i)(letter, at)),
    );
    expect([informationOf(texts).areByChance, informationOf(encrypted).areByChance]).toEqual([false, true]);
    expect(informationOf(texts.slice(0, 10)).information).toBeUndefined();
  });
});
