import { describe, expect, it } from 'vitest';
import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { hiddenCharacters } from '../../lib/forensics/invisible.ts';
import { lineages } from '../../lib/forensics/models.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { word } from '../../lib/forensics/verdict.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { linesOf, makeExam, sheetOf, strangers, takeExam } from './synthetic-models.ts';
import { blend, makeManner, reasonerSheet, write } from './synthetic-reasoners.ts';

const random = seededRandom(41);
const sheet = (model: string, rows: readonly object[]) =>
  readAnswerSheet(
    model,
    rows.map((r) => JSON.stringify(r)),
  );

function ask(
  reference: AnswerSheet,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
  teachers: readonly AnswerSheet[] = [],
) {
  const [s] = runForensics({ reference, suspects: [suspect], controls, teachers }).suspects;
  if (s === undefined) throw new Error('no report');
  return s;
}

const codes = (s: ReturnType<typeof ask>) => s.caveats.map((c) => c.code);

describe('answers that the questions force', () => {
  const yesNo = (model: string, ability: (i: number) => number) =>
    sheet(
      model,
      Array.from({ length: 400 }, (_, i) => {
        const key = i % 2 === 0;
        return {
          item: `q${i}`,
          answer: random() < ability(i) === key ? 'yes' : 'no',
          correct: key ? 'yes' : 'no',
        };
      }),
    );
  const those = (ability: (i: number) => number) => strangers.slice(0, 8).map((m) => yesNo(m, ability));

  it('two strangers that answer yes or no share every error that both make, and are not one file', () => {
    const s = ask(
      yesNo('ours', () => 0.6),
      yesNo('theirs', () => 0.6),
      those(() => 0.6),
    );
    expect(codes(s)).not.toContain('identical');
    expect(codes(s)).not.toContain('control-dropped');
    expect(s.verdict).not.toBe('consistent with');
  });

  it('trick questions that all fall for are called what they may be, not a copied file', () => {
    const trick = (i: number) => (i % 4 === 0 ? 0 : 1);
    const s = ask(yesNo('ours', trick), yesNo('theirs', trick), those(trick));
    expect(s.verdict).toBe('abstained');
    expect(s.reason).toMatch(
      /and so do 8 controls: either the questions force these answers, or one file stands under several/,
    );
    expect(s.reason).not.toMatch(/queried twice/);
  });

  it('two that reply in a form, among others that explain themselves, say nothing of how they write', () => {
    const form = (model: string) =>
      sheet(
        model,
        Array.from({ length: 120 }, (_, i) => ({ item: `p${i}`, text: `<ANSWER>${i % 3}</ANSWER>` })),
      );
    const chatty = (model: string) => {
      const manner = makeManner(random);
      return sheet(
        model,
        Array.from({ length: 120 }, (_, i) => ({ item: `p${i}`, text: write(manner, i, 2, random) })),
      );
    };
    const s = ask(form('ours'), form('theirs'), strangers.slice(0, 8).map(chatty));
    expect(s).toMatchObject({ verdict: 'abstained', p: null });
    expect(s.reason).toMatch(/120 of 120 replies of ours are one of 3 texts: the prompt, .* forces a form/);
  });

  it('long replies that the prompt forces at most questions are no identity', () => {
    const texts = (model: string) => {
      const manner = makeManner(random);
      return sheet(
        model,
        Array.from({ length: 60 }, (_, i) => ({
          item: `p${i}`,
          text:
            i < 40
              ? `Paragraph ${i}. ${'It goes on to say more. '.repeat(12)}`
              : write(manner, i, 2, random).slice(0, 150),
        })),
      );
    };
    const s = ask(texts('ours'), texts('theirs'), strangers.slice(0, 8).map(texts));
    expect(codes(s)).not.toContain('identical');
    expect(codes(s)).not.toContain('texts-cut');
  });

  it('one text at every question is a setting, and texts without words have nothing to compare', () => {
    const same = (model: string) => {
      const text = write(makeManner(random), 0, 8, random);
      return sheet(
        model,
        Array.from({ length: 60 }, (_, i) => ({ item: `p${i}`, text })),
      );
    };
    const s = ask(same('ours'), same('theirs'), strangers.slice(0, 8).map(same));
    expect(s).toMatchObject({ verdict: 'abstained', p: null });
    expect(s.reason).toMatch(/60 of 60 replies of ours are one and the same text/);
    const signs = (model: string) =>
      sheet(
        model,
        Array.from({ length: 60 }, (_, i) => ({
          item: `p${i}`,
          text: '🙂'.repeat(1 + Math.floor(random() * 300)),
        })),
      );
    expect(ask(signs('ours'), signs('theirs'), strangers.slice(0, 8).map(signs)).reason).toMatch(
      /nothing in which these models differ/,
    );
  });
});

describe('files that do not belong together', () => {
  const exam = makeExam(800, random);
  const own = takeExam(exam, 0.6, random);
  const ours = sheetOf('ours', exam, own);
  const honest = takeExam(exam, 0.3, random);
  const theirs = sheetOf('theirs', exam, honest);
  const controls = strangers.slice(0, 13).map((m) => sheetOf(m, exam, takeExam(exam, random(), random)));

  it('without a question in common, it is said; more items would not help', () => {
    const s = ask(
      ours,
      readAnswerSheet(
        'theirs',
        linesOf(exam, honest).map((l) => l.replace('"q', '"z')),
      ),
      controls,
    );
    expect(s.verdict).toBe('abstained');
    expect(s.reason).toMatch(/none is in both: "item" must be the same/);
  });

  it('without controls, or with one, controls are asked for and not texts', () => {
    const manner = () => ({ trace: makeManner(random), reply: makeManner(random) });
    const one = (model: string) => reasonerSheet(model, manner(), 40, random);
    for (const few of [[], [one('amber')]]) {
      const s = ask(one('ours'), one('theirs'), few);
      expect(s.verdict).toBe('cannot tell with these controls');
      expect(s.reason).toMatch(
        /^(no usable controls|1 usable control of 1 maker); at least 6 controls of 4 makers/,
      );
    }
  });

  it('answers taken out of the lines are missing as much as lines taken out', () => {
    const emptied = honest.map((c, i) => (c === own[i] || random() < 0.3 ? c : null));
    const s = ask(ours, sheetOf('picked', exam, emptied), controls);
    expect(s.selection).toMatchObject({ selected: true, missingFromReference: 0 });
    expect(s.statement).toMatch(/^Read first: /);
  });

  it('items taken out of both files are seen by those of the controls', () => {
    const keep = new Set(honest.flatMap((c, i) => (c === own[i] || random() < 0.3 ? [`q${i}`] : [])));
    const cut = (s: AnswerSheet) => ({
      ...s,
      answers: new Map([...s.answers].filter(([item]) => keep.has(item))),
    });
    const s = ask(cut(ours), cut(theirs), controls);
    expect(s.selection?.selected).toBe(true);
    expect(s.statement).toMatch(/^Read first: .*items that most controls answered are answered by neither/);
  });

  it('samples of one question are one question', () => {
    const short = makeExam(40, random);
    const sampled = (model: string) => {
      const lines = Array.from({ length: 10 }, (_, sample) =>
        linesOf(short, takeExam(short, 0.4, random)).map((l) => l.replace('{', `{"sample":${sample},`)),
      ).flat();
      return readAnswerSheet(model, lines);
    };
    const s = ask(sampled('ours'), sampled('theirs'), strangers.slice(0, 8).map(sampled));
    expect(s.reason).toMatch(/40 questions in common; at least 100/);
  });
});

describe('one model under two names', () => {
  const manner = () => ({ trace: makeManner(random), reply: makeManner(random) });
  const teacher = manner();
  const ours = reasonerSheet('ours', teacher, 40, random);
  const fresh = manner();
  const pupil = reasonerSheet(
    'pupil',
    { trace: blend(fresh.trace, teacher.trace, 0.9), reply: blend(fresh.reply, teacher.reply, 0.9) },
    40,
    random,
  );
  const controls = strangers.slice(0, 13).map((m) => reasonerSheet(m, manner(), 40, random));

  it('as candidates, neither the suspect nor the reference is counted again', () => {
    const s = ask(ours, pupil, controls, [
      { ...pupil, model: 'pupil-again' },
      { ...ours, model: 'ours-again' },
    ]);
    expect(s.attribution?.named).toBe('ours');
    expect(s.caveats.filter((c) => c.code === 'candidate-dropped').map((c) => c.text)).toEqual([
      expect.stringMatching(/pupil-again was left out: it gives the same answers as pupil,/),
      expect.stringMatching(/ours-again was left out: it gives the same answers as ours,/),
    ]);
  });

  it('as controls, many copies of a party are no null', () => {
    const copies = strangers.slice(0, 8).map((model) => ({ ...ours, model }));
    expect(ask(ours, pupil, copies).reason).toMatch(/8 controls give the same texts, .* as ours does/);
  });

  it('a party whose traces may be mixed into its replies is not judged', () => {
    const mixed = sheet(
      'mixed',
      Array.from({ length: 40 }, (_, i) => ({
        item: `p${i}`,
        text: `<my_plan>${write(fresh.trace, i, 6, random)}`,
      })),
    );
    const s = ask(ours, mixed, controls);
    expect(s).toMatchObject({ verdict: 'abstained', p: null });
    expect(s.reason).toMatch(/open with <my_plan>, a mark that is not known/);
  });

  it('traces that end in the middle of sentences are said to be cut', () => {
    const cut = sheet(
      'cut',
      Array.from({ length: 40 }, (_, i) => ({
        item: `p${i}`,
        trace: write(fresh.trace, i, 9, random).slice(0, 280 + ((i * 37) % 90)),
      })),
    );
    expect(ask(ours, cut, controls).caveats.find((c) => c.code === 'texts-end-midway')?.text).toMatch(
      /cut: \d+ % of its traces end in the middle of a sentence/,
    );
  });
});

describe('files that were made to clear or to convict', () => {
  const exam = makeExam(900, random);
  const ours = takeExam(exam, 0.5, random);
  const reference = sheetOf('ours', exam, ours);
  const controls = strangers.slice(0, 13).map((m) => sheetOf(m, exam, takeExam(exam, random(), random)));
  const student = takeExam(exam, 0.4, random, ours, 0.5);

  it('leaving out the errors that two models share clears nobody', () => {
    const wrongInBoth = (i: number) => student[i] === ours[i] && ours[i] !== exam.key[i];
    const kept = linesOf(exam, student).filter((_, i) => !wrongInBoth(i));
    const theirs = readAnswerSheet('theirs', kept);
    const [s] = runForensics(
      { reference, suspects: [theirs], controls, teachers: [] },
      { effect: 0.3 },
    ).suspects;
    expect(s?.excess).toBeLessThan(0.05);
    expect(s?.verdict).toBe('cannot tell at this size');
    expect(s?.reason).toMatch(/no negative verdict can rest on files .* ask the missing items/);
  });

  it('answers put before the real ones clear nobody, and it is said that some were not compared', () => {
    const behind = (empty: number) =>
      linesOf(exam, student).flatMap((line, i) => {
        const row = JSON.parse(line) as object;
        const shared = student[i] === ours[i] && ours[i] !== exam.key[i];
        const before = Array.from({ length: empty }, (_, sample) => ({ ...row, sample, answer: null }));
        return shared ? [...before, { ...row, sample: empty }].map((r) => JSON.stringify(r)) : [line];
      });
    const asked = (empty: number) =>
      runForensics(
        { reference, suspects: [readAnswerSheet('theirs', behind(empty))], controls, teachers: [] },
        { effect: 0.3 },
      ).suspects[0];
    // Which is compared is drawn: one answer before each hides half of them, nine hide nearly all.
    expect(asked(1)?.verdict).toBe('consistent with');
    expect(asked(9)?.verdict).toBe('cannot tell at this size');
    for (const s of [asked(1), asked(9)])
      expect(s?.caveats.find((c) => c.code === 'many-spare-samples')?.text).toMatch(
        /\d+ answers of theirs are further ones to questions that ours answered less often.*is drawn/,
      );
  });

  it('characters that nobody sees change neither answers, texts nor ids, and are said', () => {
    const hidden = (text: string) => text.replace(/(?<=\w)(?=\w)/g, '\u200b');
    const rows = Array.from({ length: 30 }, (_, i) => ({
      item: `caf\u00e9 ${i}`,
      answer: `[${i}, 12]`,
      text: '<think>So it is.</think>It is twelve.',
    }));
    const plain = sheet('m', rows);
    const made = sheet(
      'm',
      rows.map((r) => ({
        item: ` ${r.item.normalize('NFD')}`,
        answer: hidden(r.answer).replace('1', '\uff11'),
        text: hidden(r.text),
      })),
    );
    expect([...made.answers.values()]).toEqual([...plain.answers.values()]);
    expect(hiddenCharacters(plain)).toBeUndefined();
    expect(hiddenCharacters(made)).toMatch(/30 of 30 answers of m hold characters that nobody sees/);
  });

  it('answers that are all dated before the teacher was released exclude it, and some of them are said', () => {
    const of = lineages(new Map([['ours', { released: '2025-01-20' }]]));
    const dated = (days: (i: number) => string | undefined) =>
      readAnswerSheet(
        'theirs',
        linesOf(exam, student).map((line, i) => JSON.stringify({ ...JSON.parse(line), date: days(i) })),
      );
    const asked = (theirs: AnswerSheet) =>
      runForensics({ reference, suspects: [theirs], controls, teachers: [] }, { of }).suspects[0];
    const all = asked(dated(() => '2024-11-02'));
    expect(all?.verdict).toBe('excluded by dates');
    expect(all?.statement).toMatch(
      /released 2025-01-20, after the last of theirs's answers was given \(2024-11-02\)/,
    );
    const some = asked(dated((i) => (i === 0 ? '2024-11-02' : undefined)));
    expect(some?.verdict).toBe('consistent with');
    expect(some?.caveats.map((c) => c.code)).toContain('answers-before-release');
  });

  it('a control that is as close and younger than the suspect is not called its possible teacher', () => {
    const s = ask(reference, sheetOf('theirs', exam, student), controls);
    const closer = (excludedByDates: boolean) =>
      word(
        { ...s, closerControls: [{ control: 'amber', z: 9, excludedByDates }] },
        { alpha: 0.01, effect: 0.02 },
      );
    expect(closer(false).statement).toMatch(/one of \{ours, amber\}/);
    expect(closer(true)).toMatchObject({ verdict: 'one of several' });
    expect(closer(true).statement).toMatch(
      /amber among the controls, released after theirs, is as close and cannot have taught it/,
    );
  });
});
