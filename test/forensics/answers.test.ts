import { describe, expect, it } from 'vitest';
import { modelNameOf, readAnswerSheet } from '../../lib/forensics/answers.ts';

const line = (over: object) => JSON.stringify({ item: '1', answer: 'C', correct: 'B', options: 10, ...over });

describe('reading answers', () => {
  it('reads choices, free text, missing answers and lower-case letters', () => {
    const sheet = readAnswerSheet('m', [
      line({}),
      line({ item: '2', answer: null }),
      line({ item: '3', answer: 'b' }),
      '',
      '{"item":"4","text":"hello"}',
      line({ item: 5 }),
    ]);
    expect(sheet.answers.get('1')).toMatchObject({ choice: 2, key: 1, options: 10 });
    expect(sheet.answers.get('3')?.choice).toBe(1);
    expect(sheet.answers.has('5')).toBe(true);
    expect(sheet).toMatchObject({ choiceItems: 4, textItems: 1, unanswered: 1, outside: 0 });
  });

  it('counts an answer outside its options as none, and a key outside sets the item aside', () => {
    const sheet = readAnswerSheet('m', [
      line({ answer: 'E', options: 4 }),
      line({ item: '2', correct: 'C', options: 2 }),
      line({ item: '3' }),
    ]);
    expect(sheet).toMatchObject({ outside: 1, badKeys: 1 });
    expect(sheet.answers.get('1')?.choice).toBe(-1);
    expect(sheet.answers.has('2')).toBe(false);
  });

  it.each([
    ['broken JSON', ['{"item":'], /line 1: not JSON/],
    ['a wrong type, naming field and value', [line({ options: 'ten' })], /line 1: field "options" is "ten"/],
    ['an array', ['[1]'], /line 1/],
    ['an item twice', [line({}), line({})], /line 2: item "1" occurs twice/],
    ['nothing to compare', ['{"item":"1"}'], /line 1: neither/],
    ['a key that is no letter', [line({ correct: '7' })], /"correct" is "7"/],
    ['an empty file', [], /no answers/],
    [
      'answers that are not letters at all',
      Array.from({ length: 40 }, (_, i) => line({ item: `${i}`, answer: 'yes' })),
      /40 of 40 answers lie outside/,
    ],
  ])('refuses %s', (_, lines, message) => {
    expect(() => readAnswerSheet('m', lines)).toThrow(message);
  });

  it('says on which days answers were asked for, and leaves other forms of a date out', () => {
    const days = ['2025-03-02T10:00:00Z', 'last week', '2025-02-28', 7];
    const sheet = readAnswerSheet(
      'm',
      days.map((date, i) => line({ item: `${i}`, date })),
    );
    expect(sheet.asked).toEqual({ from: '2025-02-28', to: '2025-03-02' });
    expect(readAnswerSheet('m', [line({})]).asked).toBeUndefined();
  });

  it('a byte order mark is no part of the first answer', () => {
    expect(readAnswerSheet('m', [`\uFEFF${line({})}`]).answers.size).toBe(1);
  });

  it('no message shows a person\u2019s text', () => {
    const text = 'Dear Ms Smith, your appointment is on Monday.';
    for (const bad of [
      JSON.stringify([{ item: '1', text }]),
      line({ answer: [text] }),
      line({ answer: text.repeat(200) }),
      line({ text: { text } }),
      `{"item":"1","text":"${text}"`,
    ])
      expect(() => readAnswerSheet('m', [bad])).toThrow(/^(?!.*Smith)/);
  });

  it('takes the name from the file', () => {
    expect(modelNameOf('/a/b/Llama-3.1-8B.ndjson.gz')).toBe('Llama-3.1-8B');
    expect(modelNameOf('gpt4_0314.jsonl')).toBe('gpt4_0314');
  });
});
