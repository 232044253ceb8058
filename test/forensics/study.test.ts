import { beforeAll, describe, expect, it } from 'vitest';
import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import { choiceStudy } from '../../lib/forensics/choice-study.ts';
import { familyOf } from '../../lib/forensics/family.ts';
import { lineages } from '../../lib/forensics/models.ts';
import { testAccusedPair } from '../../lib/forensics/pair-test.ts';
import type { ForensicsReport } from '../../lib/forensics/report.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import {
  makeExam,
  makeHabits,
  sheetOf,
  strangers,
  takeExam,
  textSheet,
  writeTexts,
} from './synthetic-models.ts';

describe('calibration under the null', () => {
  it('convicts strangers at no more than the promised rate, whatever their accuracies', () => {
    const random = seededRandom(20);
    const ps: number[] = [];
    for (let world = 0; world < 8; world++) {
      const exam = makeExam(400, random);
      const sheets = strangers
        .slice(0, 13)
        .map((m) => sheetOf(m, exam, takeExam(exam, 2.4 * random() - 0.8, random)));
      // Every model accused once with the next one as its reference: each has its own rank among the same pairs.
      sheets.forEach((suspect, i) => {
        const reference = sheets[(i + 1) % sheets.length] as AnswerSheet;
        const controls = sheets.filter((s) => s !== suspect && s !== reference);
        const families = [reference, suspect, ...controls].map((s) => familyOf(s.model));
        ps.push(testAccusedPair(choiceStudy(reference, suspect, controls, families).array).p);
      });
    }
    const rate = (alpha: number) => ps.filter((p) => p <= alpha).length / ps.length;
    // 104 accusations: three standard errors above the promise.
    for (const alpha of [0.02, 0.05, 0.1, 0.5])
      expect(rate(alpha)).toBeLessThan(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / ps.length));
    expect(rate(0.5)).toBeGreaterThan(0.35);
  });

  it('gives each pair its own rank whichever of the pairs stands accused', () => {
    const random = seededRandom(4);
    const exam = makeExam(300, random);
    const sheets = strangers.slice(0, 9).map((m) => sheetOf(m, exam, takeExam(exam, random(), random)));
    const ps: number[] = [];
    for (let i = 0; i < sheets.length; i++)
      for (let j = i + 1; j < sheets.length; j++) {
        const parties = [sheets[i] as AnswerSheet, sheets[j] as AnswerSheet] as const;
        const controls = sheets.filter((s) => !parties.includes(s));
        ps.push(
          testAccusedPair(
            choiceStudy(
              parties[0],
              parties[1],
              controls,
              [...parties, ...controls].map((s) => s.model),
            ).array,
          ).p,
        );
      }
    // 36 pairs, 36 ranks: the share at or below any level cannot exceed it.
    const sorted = ps.sort((a, b) => a - b);
    expect(sorted.map((p) => Math.round(36 * p * 1e6) / 1e6)).toEqual(sorted.map((_, k) => k + 1));
  });
});

describe('a suspect that copied', () => {
  const random = seededRandom(8);
  const exam = makeExam(2500, random);
  const reference = takeExam(exam, 0.6, random);
  const ours = sheetOf('ours', exam, reference);
  const copy = sheetOf('copycat', exam, takeExam(exam, 0.2, random, reference, 0.25));
  const honest = sheetOf('honest', exam, takeExam(exam, 0.2, random));
  const controls = strangers
    .slice(0, 14)
    .map((m) => sheetOf(m, exam, takeExam(exam, 1.6 * random() - 0.4, random)));

  const asked = { reference: ours, suspects: [copy], controls, teachers: [] };
  let alone: ForensicsReport;
  beforeAll(() => {
    alone = runForensics(asked);
  });

  it('is found, and an honest one is not, in one run with its correction', () => {
    const [found] = alone.suspects;
    expect(found).toMatchObject({ verdict: 'consistent with', mode: 'choices' });
    expect(found?.p).toBeLessThanOrEqual(0.01);
    expect(found?.ci95?.[0]).toBeGreaterThan(0);
    expect((found?.kappa ?? 0) - (found?.expected ?? 0)).toBeCloseTo(found?.excess ?? 0, 9);
    const other = runForensics({ reference: ours, suspects: [honest], controls, teachers: [] }).suspects[0];
    expect(other?.verdict).not.toBe('consistent with');
    expect(other?.caveats.some((c) => c.code === 'not-exculpatory')).toBe(true);
  });

  it('pays for every question asked', () => {
    const [one] = alone.suspects;
    const two = runForensics({ reference: ours, suspects: [copy, honest], controls, teachers: [] })
      .suspects[0];
    expect(two?.pAdjusted).toBeGreaterThan(one?.pAdjusted ?? 1);
    expect(two?.p).toBe(one?.p);
  });

  it('names the teacher among candidates by choices', () => {
    const rivals = ['tansy', 'umber', 'violet'].map((m) => sheetOf(m, exam, takeExam(exam, 0.6, random)));
    const s = runForensics({ reference: ours, suspects: [copy], controls, teachers: rivals }).suspects[0];
    expect(s?.teachers[0]?.teacher).toBe('ours');
    expect(s?.closest).toMatchObject({ named: true, line: 'ours' });
    expect(s?.teachers.reduce((t, x) => t + x.probability, 0)).toBeCloseTo(1, 9);
  });

  it('gives the same report for the same seed', () => {
    expect(runForensics(asked, { seed: 1 })).toEqual(alone);
    expect(alone.seed).toBe(1);
  });

  describe('what cannot be judged abstains with a reason', () => {
    const ask = (suspect: AnswerSheet, with_ = controls, ref = ours) =>
      runForensics({ reference: ref, suspects: [suspect], controls: with_, teachers: [] }).suspects[0];
    const codes = (s: ReturnType<typeof ask>) => s?.caveats.map((c) => c.code) ?? [];
    it('one letter always', () => {
      const s = ask(
        sheetOf(
          'stuck',
          exam,
          exam.key.map(() => 0),
        ),
      );
      expect(s).toMatchObject({ verdict: 'abstained', p: null, kappa: null });
      expect(codes(s)).toContain('one-letter');
    });
    it('strangers whose parser filled in one letter at the same items', () => {
      const filled = (model: string, choices: readonly number[]) =>
        sheetOf(
          model,
          exam,
          choices.map((choice, i) => (i % 16 === 0 ? 0 : choice)),
        );
      const s = ask(
        filled('honest', takeExam(exam, 0.2, random)),
        controls,
        filled('ours', takeExam(exam, 0.6, random)),
      );
      expect(s?.p).toBeLessThanOrEqual(0.02);
      expect(s).toMatchObject({ verdict: 'abstained', oneLetter: { letter: 'A' } });
      expect(s?.statement).toContain('a parser that fills in A');
      expect(s?.oneLetter?.p).toBeGreaterThan(0.05);
    });
    it('at chance', () => {
      expect(
        codes(
          ask(
            sheetOf(
              'dice',
              exam,
              exam.options.map((k) => Math.floor(random() * k)),
            ),
          ),
        ),
      ).toContain('at-chance');
    });
    it('identical files', () => {
      expect(codes(ask(sheetOf('twin', exam, reference)))).toContain('identical');
    });
    it('three controls only', () => {
      const s = ask(copy, controls.slice(0, 3));
      expect(s).toMatchObject({ verdict: 'cannot tell with these controls', p: null });
      expect(s?.reason).toMatch(/3 usable controls of 3 makers; at least 6 controls of 4 makers are needed/);
    });
    it('eight controls: a number, but the report says that the level is out of reach', () => {
      const s = ask(copy, controls.slice(0, 7));
      expect(s?.verdict).toBe('cannot tell with these controls');
      expect(s?.reason).toMatch(/p cannot fall below.*more controls are needed/);
    });
    it('hardly an item in common', () => {
      const few = sheetOf(
        'few',
        { ...exam, key: exam.key.slice(0, 60) },
        takeExam({ ...exam, key: exam.key.slice(0, 60) }, 0, random),
      );
      expect(codes(ask(few))).toContain('too-few-items');
    });
    it('other questions under the same ids', () => {
      const other = makeExam(2500, random);
      expect(codes(ask(sheetOf('elsewhere', other, takeExam(other, 0.5, random))))).toContain(
        'differing-keys',
      );
    });
    it('free text against choices is an error, not a number', () => {
      expect(() => ask(textSheet('prose', ['a b c', 'd e f']))).toThrow(/nothing to compare/);
    });
    it('a control that is broken is left out and named', () => {
      const s = ask(copy, [
        ...controls,
        sheetOf(
          'stuck',
          exam,
          exam.key.map(() => 1),
        ),
        sheetOf('twin', exam, reference),
      ]);
      expect(s?.caveats.filter((c) => c.code === 'control-dropped')).toHaveLength(2);
      expect(s?.verdict).toBe('consistent with');
    });
    it('the reference as its own suspect is an error', () => {
      expect(() => ask(ours)).toThrow(/both the reference and a suspect/);
    });
    it('a suspect with missing answers is judged on the rest and says so', () => {
      const patchy = sheetOf(
        'patchy',
        exam,
        takeExam(exam, 0.2, random, reference, 0.3).map((c, i) => (i % 3 === 0 ? null : c)),
      );
      const s = ask(patchy);
      expect(codes(s)).toContain('missing-answers');
      expect(s?.items).toBeLessThan(1700);
      expect(s?.verdict).toBe('consistent with');
    });
  });
});

describe('free text', () => {
  const random = seededRandom(31);
  const prompts = 120;
  let sheets: { teachers: AnswerSheet[]; controls: AnswerSheet[]; student: AnswerSheet; honest: AnswerSheet };
  beforeAll(() => {
    const texts = ['tansy', 'umber', 'violet'].map((m) => ({
      m,
      t: writeTexts(prompts, makeHabits(random), random),
    }));
    const taught = texts[1]?.t ?? [];
    sheets = {
      teachers: texts.map(({ m, t }) => textSheet(m, t)),
      controls: strangers
        .slice(0, 13)
        .map((m) => textSheet(m, writeTexts(prompts, makeHabits(random), random))),
      student: textSheet('pupil', writeTexts(prompts, makeHabits(random), random, taught, 0.25)),
      honest: textSheet('honest', writeTexts(prompts, makeHabits(random), random)),
    };
  });

  it('names the teacher and finds the likeness', () => {
    const [first, second, third] = sheets.teachers as [AnswerSheet, AnswerSheet, AnswerSheet];
    const input = {
      reference: second,
      suspects: [sheets.student],
      controls: sheets.controls,
      teachers: [first, third],
    };
    const released = (model: string, day: string) => [model, { released: day }] as const;
    const of = lineages(new Map([released('umber', '2025-01-20'), released('pupil', '2025-06-01')]));
    const s = runForensics(input, { of }).suspects[0];
    expect(s).toMatchObject({ mode: 'text', kappa: expect.any(Number), coWrong: null });
    expect(s?.closest).toMatchObject({ named: true, teacher: 'umber' });
    // Replies alone name nobody whom dates do not allow.
    const undated = runForensics(input).suspects[0];
    expect(undated?.closest).toMatchObject({ named: false, teacher: 'umber' });
    expect(undated?.closest?.text).toMatch(/--models/);
    expect(s?.p).toBeLessThanOrEqual(0.05);
    expect(s?.views.map((v) => v.view)).toEqual([
      'words',
      'phrases',
      'order',
      'markers',
      'layout',
      'length',
      'openings',
      'reply: steps',
      'reply: openers',
      'reply: pairs',
      'reply: layout',
      'reply: rare phrases',
    ]);
  });

  it('does not convict a stranger', () => {
    const s = runForensics({
      reference: sheets.teachers[0] as AnswerSheet,
      suspects: [sheets.honest],
      controls: sheets.controls,
      teachers: [],
    }).suspects[0];
    expect(s?.verdict).not.toBe('consistent with');
  });

  it('abstains on identical texts and too few texts', () => {
    const t = sheets.teachers[0] as AnswerSheet;
    const twin: AnswerSheet = { ...t, model: 'twin' };
    const short = textSheet('short', ['one', 'two', 'three']);
    const report = runForensics({
      reference: t,
      suspects: [twin, short],
      controls: sheets.controls,
      teachers: [],
    });
    expect(report.suspects[0]?.caveats.map((c) => c.code)).toContain('identical');
    expect(report.suspects[1]?.caveats.map((c) => c.code)).toContain('too-few-items');
  });
});
