import { describe, expect, it } from 'vitest';
import { readAnswerSheet } from '../../lib/forensics/answers.ts';
import {
  checkFuture,
  cutoffNote,
  excludedByTime,
  lineages,
  oddDates,
  readModels,
} from '../../lib/forensics/models.ts';
import { normalForm } from '../../lib/forensics/normal-form.ts';
import { repeatedKey } from '../../lib/forensics/repeated-key.ts';
import { splitTrace, strangeMark, TRACE_MARKS } from '../../lib/forensics/trace.ts';

const sheet = (...rows: object[]) =>
  readAnswerSheet(
    'm',
    rows.map((r) => JSON.stringify(r)),
  );

describe('traces and replies', () => {
  it.each(TRACE_MARKS.map((m) => [m.open, m.close]))('%s takes trace and reply apart', (open, close) => {
    expect(splitTrace(`${open}\nWait, let me see.\n${close}\nIt is 4.`)).toEqual({
      trace: 'Wait, let me see.',
      reply: 'It is 4.',
      cut: false,
    });
  });

  it('a trace whose open mark stayed in the prompt is a trace', () => {
    expect(splitTrace('Hmm.\n</think>\nFour.')).toMatchObject({ trace: 'Hmm.', reply: 'Four.' });
  });

  it('a trace that was cut off has no reply, and is counted', () => {
    expect(splitTrace('<think>Wait, what if')).toEqual({
      trace: 'Wait, what if',
      reply: undefined,
      cut: true,
    });
    expect(sheet({ item: 'a', text: '<think>Wait' }, { item: 'b', text: 'x' })).toMatchObject({
      cutTraces: 1,
      traceItems: 1,
      textItems: 1,
    });
  });

  it('a reply that speaks of a mark stays a reply', () => {
    expect(splitTrace('R1 writes <think> first.')).toMatchObject({ trace: undefined });
  });

  it('a mark that nobody declared is seen and said', () => {
    const texts = Array.from({ length: 5 }, (_, i) => ({
      item: `${i}`,
      text: '<my_thoughts>so [end] 4',
    }));
    expect(sheet(...texts).strangeMark).toEqual({ mark: '<my_thoughts>', texts: 5 });
  });

  it.each([
    ['<THINK>', '</THINK>'],
    ['<my_thoughts>', '</my_thoughts>'],
    ['<SCRATCHPAD>', '</SCRATCHPAD>'],
    ['<|begin_reasoning|>', '<|end_reasoning|>'],
    ['[start thinking]', '[end thinking]'],
  ])('a prompted tag %s of reasoning takes them apart, whatever its case', (open, close) => {
    expect(splitTrace(`${open}So.${close}4.`)).toEqual({ trace: 'So.', reply: '4.', cut: false });
  });

  it('a reply that quotes a whole trace far into the text stays a reply', () => {
    const text = `${'R1 prints its reasoning first, which you can see in the raw output of the model. '.repeat(3)}<think>Hmm</think>.`;
    expect(splitTrace(text)).toMatchObject({ trace: undefined, reply: text });
    expect(splitTrace('The analysis shows that assistantfinal is a word.')).toMatchObject({
      trace: undefined,
    });
  });

  it('a trace behind a preface of any length is taken out, and a close behind the reply does not swallow it', () => {
    const [preface, long] = [
      'Let me look at this with care. '.repeat(8),
      'Wait, what if it is not so? '.repeat(12),
    ];
    expect(splitTrace(`${preface}<think>${long}</think>Four.`)).toEqual({
      trace: long.trim(),
      reply: `${preface}Four.`,
      cut: false,
    });
    expect(splitTrace('<think>Hmm.</think>Four.</think>')).toEqual({
      trace: 'Hmm.',
      reply: 'Four.',
      cut: false,
    });
    expect(splitTrace('<think>Is </think> a mark?</think>Four.')).toMatchObject({ reply: 'Four.' });
    expect(splitTrace('<think>Hmm.</think>')).toEqual({ trace: 'Hmm.', reply: undefined, cut: false });
  });

  it('a close that nothing opened and nothing follows, and headings of reasoning and reply, are strange marks', () => {
    expect(splitTrace('It is four.</think>')).toMatchObject({ trace: undefined });
    expect(strangeMark('It is four.</think>\n')).toBe('</think>');
    expect(strangeMark('**Working notes**\nWait.\n**Final**\nFour.')).toBe('**Working notes**');
    expect(strangeMark('**Analysis**\nThe poem is about loss.\n')).toBeUndefined();
    expect(strangeMark('# Ingredients\nEggs.\n# Answer\nBoil.')).toBeUndefined();
  });

  it('a field of its own wins over marks in the text', () => {
    const answer = sheet({ item: 'a', trace: 'Hmm.', text: '<think>Hmm.</think>Four.' }).answers.get('a');
    expect(answer).toMatchObject({ trace: 'Hmm.', text: 'Four.' });
  });
});

describe('free-form answers', () => {
  it.each([
    ['numbers', '1,234.50', '1234.5'],
    ['fractions', '\\dfrac{3}{4}', '0.75'],
    ['boxes and dollars', '$\\boxed{12}$', ' 12.0 '],
    ['digits of Arabic', '\u0664\u0662', '42'],
    ['... with their decimal sign', '\u0663\u066b\u0665', '3.5'],
    ['digits of Persian and Devanagari', '\u06f4\u06f2', '\u096a\u0968'],
    ['composed and decomposed letters', 'A\u030angstrom', '\u00c5ngstrom'],
    ['sets in any order', '{3, 1, 2}', '{1,2,3}'],
    ['dictionaries in any order', "{'a': 1, 'b': 2}", '{"b": 2, "a": 1}'],
    ['code output', '[(4, 1),  (2, 3)]', '[(4,1),(2,3)]'],
    ['case', 'True', 'true'],
    ['what code returns and what it prints', "'abc de'", 'abc de'],
    ['escaped quotes', '\\"abc de\\"', "'abc de'"],
    ['quotes of which one was lost', '\\"abc de\\', "'abc de'"],
    ['the empty string', "''", '""'],
  ])('%s have one normal form', (_, a, b) => {
    expect(normalForm(a)).toBe(normalForm(b));
  });

  it.each([
    ['lists in another order', '[1, 2]', '[2, 1]'],
    ['a list and a tuple', '[1, 2]', '(1, 2)'],
    ['signs', '-3', '3'],
    ['lists of strings and of numbers', "['1']", '[1]'],
  ])('%s stay apart', (_, a, b) => {
    expect(normalForm(a)).not.toBe(normalForm(b));
  });

  it('are right or wrong by key, by grader, or unknown', () => {
    const s = sheet(
      { item: 'a', answer: '(3, 1)', correct: '(4, 1)' },
      { item: 'b', answer: '0.5', correct: '1/2' },
      { item: 'c', answer: 'x', right: true },
      { item: 'd', answer: 'x', score: 0.2 },
      { item: 'e', answer: 'x' },
      { item: 'f', answer: null, correct: '3' },
    );
    expect([...s.answers.values()].map((a) => a.right)).toEqual([
      false,
      true,
      true,
      false,
      undefined,
      undefined,
    ]);
    expect(s).toMatchObject({ freeItems: 5, unanswered: 1, choiceItems: 0 });
  });

  it('samples are matched by rank, so that files which count from 0, from 1 or not at all still match', () => {
    const rows = (from: number | undefined) => [
      ...[
        ...sheet(
          { item: 'a', text: 'x', ...(from === undefined ? {} : { sample: from }) },
          { item: 'b', text: 'y', ...(from === undefined ? {} : { sample: from }) },
        ).answers.keys(),
      ],
    ];
    expect(rows(1)).toEqual(rows(undefined));
    expect(rows(0)).toEqual(['a', 'b']);
    expect(() => sheet({ item: 'a', text: 'x' }, { item: 'a', sample: 0, text: 'y' })).toThrow(
      /"a" occurs twice with sample 0/,
    );
  });

  it('may be numbers and truth values without quotes', () => {
    const s = sheet({ item: 'a', answer: 42, correct: '42.0' }, { item: 'b', answer: true, correct: 'True' });
    expect([...s.answers.values()].map((a) => a.right)).toEqual([true, true]);
  });

  it('several answers to one item need their numbers', () => {
    expect(sheet({ item: 'a', sample: 0, text: 'x' }, { item: 'a', sample: 1, text: 'y' }).textItems).toBe(2);
    expect(() => sheet({ item: 'a', text: 'x' }, { item: 'a', text: 'y' })).toThrow(/occurs twice.*"sample"/);
  });
});

describe('what front ends and other languages make of a trace', () => {
  const [thoughts, reply] = ['Wait, is it 4?\nYes.', 'It is 4.\n\n1. Two and two.'];

  it.each([
    ['a tag with attributes', `<think time="3">${thoughts}</think>\n${reply}`],
    [
      'a folded block',
      `<details type="reasoning" done="true">\n<summary>Thought for 3 s</summary>\n${thoughts}\n</details>\n${reply}`,
    ],
    ['Chinese', `<\u601d\u8003>\n${thoughts}\n</\u601d\u8003>\n${reply}`],
    ['Arabic', `<\u062a\u0641\u0643\u064a\u0631>${thoughts}</\u062a\u0641\u0643\u064a\u0631>${reply}`],
    ['Spanish', `<razonamiento>${thoughts}</razonamiento>${reply}`],
  ])('%s is taken apart', (_, text) => {
    expect(splitTrace(text)).toEqual({ trace: thoughts, reply, cut: false });
  });

  it.each([
    ['JSON', JSON.stringify({ reasoning: thoughts, answer: reply })],
    ['a fence', `\`\`\`thinking\n${thoughts}\n\`\`\`\n${reply}`],
    ['a quotation', `> Wait,\n> is it 4?\n> Yes.\n\n${reply}`],
    ['a plain heading', `Reasoning:\n${thoughts}\n\nAnswer:\n${reply}`],
    ['a line in italics', `*Thinking...*\n\n${thoughts}\n\n---\n\n${reply}`],
    [
      'a Chinese heading',
      `\u3010\u601d\u8003\u8fc7\u7a0b\u3011\n${thoughts}\n\u3010\u56de\u7b54\u3011\n${reply}`,
    ],
    ['headings', `# Thinking Process\n${thoughts}\n# Solution\n${reply}`],
  ])('%s is a mark that is not known', (_, text) => {
    expect(strangeMark(text)).toBeDefined();
  });

  it.each([
    'Let me think about this step by step:\n\n1. It is 4.',
    '> How many?\n\nIt is 4.',
    '{"answer": 4}',
    '## Analysis\nIt is 4.\n## Conclusion\nFour.',
    '```python\nprint(4)\n```',
    '**Four**\nThat is it.',
  ])('a reply that opens with %j has none', (text) => {
    expect(splitTrace(text).trace).toBeUndefined();
    expect(strangeMark(text)).toBeUndefined();
  });
});

it('the order of the lines is none of the items', () => {
  const lines = ['b', 'a', 'c'].map((item) => JSON.stringify({ item, text: 'x' }));
  const order = (list: readonly string[]) => [...readAnswerSheet('m', list).answers.keys()];
  expect(order(lines)).toEqual(order([...lines].reverse()));
});

describe('what is known of models', () => {
  const table = (facts: object) => readModels('models.json', facts);

  it('a teacher released after the student is excluded, one of the same day or month is not', () => {
    const of = lineages(
      table({
        old: { released: '2025-01-20' },
        young: { released: '2025-09-17' },
        month: { released: '2025-01' },
      }),
    );
    expect(excludedByTime('young', 'old', of)?.reason).toContain(
      'released 2025-09-17, after old (2025-01-20)',
    );
    expect(excludedByTime('old', 'young', of)).toBeUndefined();
    expect(excludedByTime('month', 'old', of)).toBeUndefined();
    expect(excludedByTime('unknown', 'old', of)).toBeUndefined();
  });

  it('a training cut-off before the teacher\u2019s release is said and excludes nothing: distillation comes after it', () => {
    const of = lineages(
      table({
        teacher: { released: '2025-01-20' },
        student: { cutoff: '2023-10', released: '2025-01-20' },
        late: { cutoff: '2025-01', released: '2025-06' },
      }),
    );
    expect(cutoffNote('teacher', 'student', of)).toMatch(
      /said to end 2023-10, before teacher was released \(2025-01-20\)/,
    );
    expect(cutoffNote('teacher', 'late', of)).toBeUndefined();
    expect(excludedByTime('teacher', 'student', of)).toBeUndefined();
  });

  it('a release in the future is an error for a model whose answers are in hand', () => {
    const facts = table({
      m: { released: '2031-05' },
      announced: { released: '2031' },
      today: { released: '2026-03-02' },
    });
    expect(() => checkFuture('models.json', facts, ['m'], '2026-03-01')).toThrow(
      'models.json: model "m": "released" 2031-05 lies in the future (today is 2026-03-01)',
    );
    expect(() => checkFuture('models.json', facts, ['today', 'unknown'], '2026-03-01')).not.toThrow();
  });

  it('answers dated before the release, or on a day that does not exist, are said', () => {
    const of = lineages(table({ m: { released: '2024-04-25' } }));
    expect(oddDates(sheet({ item: 'a', text: 'x', date: '2019-02-01' }), of)).toMatch(/before its release/);
    expect(oddDates(sheet({ item: 'a', text: 'x', date: '9999-99-99' }), of)).toMatch(
      /1 answers of m have a date/,
    );
    expect(oddDates(sheet({ item: 'a', text: 'x', date: '2024-05-01' }), of)).toBeUndefined();
    expect(() => table({ m: { released: '9999' } })).toThrow(/does not exist/);
  });

  it('a field nobody knows is left out, and it is said', () => {
    const said: string[] = [];
    const known = readModels('m.json', { a: { maker: 'x', born: '2025' } }, (text) => said.push(text));
    expect(known.get('a')).toEqual({ maker: 'x' });
    expect(said).toEqual(['m.json: model "a": not known and left out: born']);
  });

  it('a key that is given twice is found, at any depth and however it is written', () => {
    expect(repeatedKey('{"a":{"released":"2025"},"b":{"x":"{\\"a\\":1}","a":1}}')).toBeUndefined();
    expect(repeatedKey('{"a":{"released":"2025"},"b":1, "\\u0061" : {}}')).toBe('a');
    expect(repeatedKey('{"a":{"released":"2025","released":"2024"}}')).toBe('released');
  });

  it('kin come from the file, and from names only where it says nothing', () => {
    const of = lineages(
      table({ 'r1-small': { base: 'qwen-7b', maker: 'deepseek' }, 'qwen-7b': { family: 'qwen' } }),
    );
    expect(of.kin('r1-small', 'qwen-7b')).toBe(true);
    expect(of.kin('r1-small', 'qwen-72b')).toBe(false);
    expect(of.kin('gpt-4', 'gpt-4o')).toBe(true);
  });

  it.each([
    [
      'dates that contradict each other',
      { m: { cutoff: '2025-03', released: '2025-01-20' } },
      /"m": "cutoff" 2025-03 lies after/,
    ],
    [
      'a base younger than its descendant',
      { a: { released: '2024', base: 'b' }, b: { released: '2025' } },
      /before its base "b"/,
    ],
    ['a date that is none', { m: { released: 'soon' } }, /"m": field "released"/],
    [
      'a day that does not exist',
      { m: { released: '2025-02-30' } },
      /"m": field "released": a date that does not exist/,
    ],
    [
      'two models that are each other\u2019s base',
      { a: { base: 'b' }, b: { base: 'a' } },
      /each name the other as "base"/,
    ],
  ])('%s are an error that names the model', (_, facts, message) => {
    expect(() => table(facts)).toThrow(message);
  });
});
