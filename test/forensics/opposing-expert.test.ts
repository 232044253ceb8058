import { describe, expect, it } from 'vitest';
import { declaredKin } from '../../lib/cli/forensics/run.ts';
import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { controlsOfAnotherTime } from '../../lib/forensics/control-dates.ts';
import { fillersOf } from '../../lib/forensics/fillers.ts';
import { freeTable } from '../../lib/forensics/free-form.ts';
import { lineages, oddDates, readModels } from '../../lib/forensics/models.ts';
import type { SuspectReport } from '../../lib/forensics/report.ts';
import { drawnOrder } from '../../lib/forensics/sample-order.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { normalFrom, type Random, seededRandom } from '../../lib/statistics/generator.ts';
import {
  linesOf,
  makeExam,
  makeHabits,
  sheetOf,
  strangers,
  takeExam,
  textSheet,
  writeTexts,
} from './synthetic-models.ts';

/** What an expert of the other side would try: likeness, or the lack of it, that no training made. */

function ask(reference: AnswerSheet, suspect: AnswerSheet, controls: readonly AnswerSheet[]): SuspectReport {
  const [report] = runForensics({ reference, suspects: [suspect], controls, teachers: [] }).suspects;
  if (report === undefined) throw new Error('no report');
  return report;
}

describe('likeness that no training on answers made', () => {
  it('test items that leaked to two strangers make right answers alike, and no verdict', () => {
    const random = seededRandom(11);
    const exam = makeExam(800, random);
    const leaked = exam.key.map(() => random() < 1 / 3);
    const take = (parent?: number[], share = 0) => takeExam(exam, 0.2, random, parent, share);
    const knowing = (own: readonly number[]) => own.map((c, i) => (leaked[i] ? (exam.key[i] ?? 0) : c));
    const controls = strangers.slice(0, 14).map((m) => sheetOf(m, exam, take()));
    const own = take();
    const reference = sheetOf('ours', exam, knowing(own));
    const stranger = ask(reference, sheetOf('theirs', exam, knowing(take())), controls);
    expect(stranger.p).toBeLessThanOrEqual(0.01);
    expect(stranger).toMatchObject({ verdict: 'abstained', mechanism: null, attribution: null });
    expect(stranger.statement).toMatch(/the likeness lies in right answers.*Test items that leaked/);
    // Nor is a candidate named that only the leak makes alike.
    const honest = sheetOf('honest', exam, take());
    const [asked] = runForensics({
      reference: honest,
      suspects: [sheetOf('theirs', exam, knowing(take()))],
      controls,
      teachers: [reference],
    }).suspects;
    expect(asked?.attribution).toBeNull();
    expect(asked?.caveats.map((c) => c.code)).toContain('candidate-not-named');
    // A student shares wrong answers too, leaked items or not.
    const student = ask(reference, sheetOf('pupil', exam, knowing(take(own, 0.4))), controls);
    expect(student.verdict).toBe('consistent with');
    expect(student.wrongOnly?.p).toBeLessThanOrEqual(0.01);
  });

  it('what one parser or filter writes where it finds no answer is no shared error, one phrase or many', () => {
    const random = seededRandom(15);
    const items = 400;
    const hardness = (i: number) => Math.sin(i * 12.9898) * 1.5;
    const free = (r: Random, parent?: readonly string[]) =>
      Array.from({ length: items }, (_, i) => {
        if (parent !== undefined && r() < 0.5) return parent[i] ?? '';
        if (normalFrom(r) > hardness(i)) return `${2 * i}`;
        return r() < 0.3 ? `${i}.5` : `${i}.${Math.floor(r() * 400)}1`;
      });
    const phrases = ['no', 'cannot', 'refused', 'blocked', 'unsafe', 'withheld', 'redacted', 'policy'];
    const sheet = (model: string, answers: readonly string[]) =>
      readAnswerSheet(
        model,
        answers.map((answer, i) => JSON.stringify({ item: `q${i}`, answer, correct: `${2 * i}` })),
      );
    const controls = strangers.slice(0, 14).map((m) => sheet(m, free(random)));
    const own = free(random);
    const [stranger, pupil] = [free(random), free(random, own)];
    const behind = (filler: (i: number) => string, answers: readonly string[]) =>
      answers.map((a, i) => (hardness(i) > 0.5 && random() < 0.35 ? filler(i) : a));
    const eight = (i: number) => phrases[i % 8] ?? '';
    const reference = sheet('ours', behind(eight, own));
    const s = ask(reference, sheet('theirs', behind(eight, stranger)), controls);
    expect(s.p).toBeLessThanOrEqual(0.01);
    expect(s).toMatchObject({ verdict: 'abstained', attribution: null, mechanism: null });
    expect(s.statement).toMatch(
      /wrong answers that are the same in both \d+ are ".*a filter that refuses so/,
    );
    expect(ask(reference, sheet('pupil', behind(eight, pupil)), controls).verdict).toBe('consistent with');

    // One word, sentences, words about the question, and a default by type that is right elsewhere.
    const others: readonly ((i: number) => string)[] = [
      () => 'nan',
      (i) => `This request was ${phrases[i % 8]}.`,
      (i) => `Question ${i} of ${(i * 7) % 90} cannot be answered: ${phrases[i % 3]} ${i % 50}`,
      (i) => `${2 * (i % 4)}`,
    ];
    const questions = Array.from({ length: items }, (_, i) => `q${i}`);
    for (const filler of others) {
      const sheets = [
        sheet('ours', behind(filler, own)),
        sheet('theirs', behind(filler, stranger)),
        ...controls,
      ];
      const table = freeTable(
        sheets,
        sheets.map((x) => x.model),
        questions,
      );
      const fillers = fillersOf(table);
      expect(fillers?.same).toBeGreaterThanOrEqual(10);
      const [ours, theirs] = table.wrong;
      // Strangers err as `7.5` now and then; what they share else is the filler's.
      const shared = ours?.filter((w, i) => w !== undefined && w === theirs?.[i] && !/\.\d+$/.test(w)) ?? [];
      expect(shared.filter((w) => w !== undefined && fillers?.has(w) !== true)).toEqual([]);
    }
    // Errors that fit the question are none.
    const honest = [sheet('ours', own), sheet('pupil', pupil), ...controls];
    expect(
      fillersOf(
        freeTable(
          honest,
          honest.map((x) => x.model),
          questions,
        ),
      )?.same ?? 0,
    ).toBeLessThan(3);
  });

  it('two that write a language of their own are not compared, nor is a student that does', () => {
    const random = seededRandom(13);
    const prompts = 45;
    const write = () => writeTexts(prompts, makeHabits(random), random);
    const translated = (texts: readonly string[]) =>
      texts.map((t) => t.replace(/[a-z]/g, (c) => String.fromCharCode(0x430 + c.charCodeAt(0) - 97)));
    const controls = strangers.slice(0, 8).map((m) => textSheet(m, write()));
    const [ours, theirs] = [write(), write()];
    for (const reference of [ours, translated(ours)])
      for (const suspect of [translated(theirs), translated(ours.map((t) => `${t}. zusatz`))]) {
        const s = ask(textSheet('ours', reference), textSheet('theirs', suspect), controls);
        expect(s).toMatchObject({ verdict: 'abstained', p: null });
        expect(s.reason).toMatch(/0 % of the words in the replies of (ours|theirs).*another language/);
      }
    // Where all write it, nobody stands out.
    const all = controls.map((c, k) => textSheet(`${c.model}-x`, translated(k === 0 ? theirs : write())));
    expect(ask(textSheet('ours', translated(ours)), textSheet('theirs', translated(theirs)), all).p).not.toBe(
      null,
    );
  });
});

describe('names', () => {
  it('what would convict nobody names nobody, be it the reference or another candidate', () => {
    const random = seededRandom(8);
    const exam = makeExam(500, random);
    const take = () => takeExam(exam, 0.2, random);
    const controls = strangers.slice(0, 14).map((m) => sheetOf(m, exam, take()));
    const [own, stranger] = [take(), take()];
    const [ours, rival] = [sheetOf('ours', exam, own), sheetOf('zrival', exam, take())];
    const kept = linesOf(exam, stranger).filter((_, i) => stranger[i] === own[i] || random() > 0.6);
    const steered = readAnswerSheet('theirs', kept);
    for (const [reference, teacher] of [
      [ours, rival],
      [rival, ours],
    ] as const) {
      const [s] = runForensics({ reference, suspects: [steered], controls, teachers: [teacher] }).suspects;
      expect(s?.attribution).toMatchObject({ detector: { teacher: 'ours', found: true }, named: null });
      expect(s?.attribution?.text).toMatch(/^nobody is named: .*are without an answer/);
      expect(s?.closest?.named).toBe(false);
      expect(s?.verdict).toBe('cannot tell at this size');
    }
  });

  it('controls of another generation carry no name on texts, either', () => {
    const random = seededRandom(9);
    const prompts = 40;
    const write = () => writeTexts(prompts, makeHabits(random), random);
    const names = strangers.slice(0, 8);
    const controls = names.map((m) => textSheet(m, write()));
    const own = write();
    const pupil = textSheet('theirs', writeTexts(prompts, makeHabits(random), random, own, 0.25));
    const released = (day: string) =>
      lineages(
        new Map([
          ...names.map((m) => [m, { released: day }] as const),
          ...['ours', 'zrival'].map((m) => [m, { released: '2024-01-01' }] as const),
          ['theirs', { released: '2025-01-01' }] as const,
        ]),
      );
    const input = {
      reference: textSheet('zrival', write()),
      suspects: [pupil],
      controls,
      teachers: [textSheet('ours', own)],
    };
    const named = (day: string) => runForensics(input, { of: released(day) }).suspects[0]?.attribution;
    expect(named('2024-06')?.named).toBe('ours');
    expect(named('2021')).toMatchObject({
      named: null,
      text: expect.stringMatching(/^nobody is named: none/),
    });
  });

  it('what dates exclude stands in no explanation', () => {
    const random = seededRandom(10);
    const exam = makeExam(300, random);
    const own = takeExam(exam, 0.2, random);
    const controls = strangers.slice(0, 8).map((m) => sheetOf(m, exam, takeExam(exam, 0.2, random)));
    const input = {
      reference: sheetOf('ours', exam, own),
      suspects: [sheetOf('theirs', exam, takeExam(exam, 0.2, random, own, 0.4))],
      controls,
      teachers: [],
    };
    const dated = (ours: string, theirs: string) =>
      runForensics(input, {
        of: lineages(
          new Map([['ours', { released: ours }] as const, ['theirs', { released: theirs }] as const]),
        ),
      }).suspects[0];
    const younger = dated('2025-01-01', '2024-01-01');
    expect(younger?.verdict).toBe('excluded by dates');
    expect(younger?.mechanism?.possible.join()).toMatch(
      /answers of a third model, the reference.s being excluded/,
    );
    expect(younger?.alternatives).toContain('Learning in the other direction.');
    const older = dated('2024-01-01', '2025-01-01');
    expect(older?.mechanism?.possible.join()).toMatch(/the reference.s, or a third model/);
    expect(older?.alternatives).not.toContain('Learning in the other direction.');
  });
});

describe('samples of one question', () => {
  it('numbers of samples decide nothing: neither who numbers them nor a harness that sorts them makes likeness', () => {
    const random = seededRandom(5);
    const exam = makeExam(300, random);
    const five = () => {
      const own = takeExam(exam, -0.4, random);
      return Array.from({ length: 5 }, () => takeExam(exam, -0.4, random, own, 0.6));
    };
    const numbered = (model: string, samples: readonly (readonly number[])[]) =>
      readAnswerSheet(
        model,
        samples.flatMap((choices, k) => linesOf(exam, choices).map((l) => l.replace('{', `{"sample":${k},`))),
      );
    /** The same answers to each question, those that the other gave at the same number. */
    const matched = (samples: readonly number[][], to: readonly number[][]) => {
      const out = samples.map((s) => [...s]);
      exam.key.forEach((_, i) => {
        const left = samples.map((s) => s[i] ?? 0);
        const put = to.map((s) => {
          const at = left.indexOf(s[i] ?? 0);
          return at < 0 ? undefined : left.splice(at, 1)[0];
        });
        put.forEach((c, k) => {
          const row = out[k];
          if (row !== undefined) row[i] = c ?? left.shift() ?? 0;
        });
      });
      return out;
    };
    const [ours, theirs] = [five(), five()];
    const steered = numbered('theirs', matched(theirs, ours));
    expect(steered.answers).toEqual(numbered('theirs', theirs).answers);
    // Of one answer against five the first is not the one that agrees best.
    const one = numbered('ours', ours.slice(0, 1));
    const alone = strangers.slice(0, 8).map((m) => numbered(m, five().slice(0, 1)));
    const best = ask(one, steered, alone);
    expect(best.z).toBeLessThan(2);
    expect(best.caveats.map((c) => c.code)).toContain('many-spare-samples');
  });

  it('equal samples are drawn as often as they were given', () => {
    const given = [0, 0, 0, 1].map((choice) => ({
      choice,
      form: undefined,
      text: undefined,
      trace: undefined,
    }));
    const first = Array.from({ length: 2000 }, (_, q) => drawnOrder('m', `q${q}`, given)[0]?.choice);
    expect(first.filter((c) => c === 1).length / 2000).toBeCloseTo(0.25, 1);
  });
});

describe('likeness that the controls hide', () => {
  it('controls that all learnt from the reference clear nobody', () => {
    const random = seededRandom(14);
    const exam = makeExam(1500, random);
    const own = takeExam(exam, 0.2, random);
    const take = (share: number) => takeExam(exam, 0.4 * random(), random, own, share);
    const names = strangers.slice(0, 9);
    const reference = sheetOf('ours', exam, own);
    const pupil = sheetOf('theirs', exam, take(0.3));
    const related = ask(
      reference,
      pupil,
      names.map((m) => sheetOf(m, exam, take(0.3))),
    );
    expect(related.verdict).toBe('cannot tell with these controls');
    expect(related.statement).toMatch(/controls as a group are closer to ours than to each other/);
    const unrelated = names.map((m) => sheetOf(m, exam, take(0)));
    const found = ask(reference, pupil, unrelated);
    expect(found.z).toBeGreaterThan(3);
    expect(ask(reference, pupil, [...unrelated].reverse())).toEqual(found);
    const stranger = ask(reference, sheetOf('stranger', exam, take(0)), unrelated);
    expect(stranger.caveats.map((c) => c.code)).not.toContain('controls-like-a-party');
  });
});

describe('dates, scores and kin that mislead', () => {
  const dated = (model: string, date: string) =>
    readAnswerSheet(
      model,
      ['a', 'b'].map((item) => JSON.stringify({ item, text: 'x', date })),
    );

  it('times in other zones are days in UTC, and a day on the other side of the earth contradicts nothing', () => {
    expect(dated('m', '2025-01-20T01:30:00+09:00').asked?.to).toBe('2025-01-19');
    expect(dated('m', '2025-01-19 23:30:00-0800').asked?.to).toBe('2025-01-20');
    const of = lineages(new Map([['m', { released: '2025-01-20' }]]));
    expect(oddDates(dated('m', '2025-01-19'), of)).toBeUndefined();
    expect(oddDates(dated('m', '2025-01-18'), of)).toMatch(/one of the two is wrong/);
  });

  it('controls of another generation carry no verdict on texts, and it is said', () => {
    const released = (model: string, day: string) => [model, { released: day }] as const;
    const of = (own: number) =>
      lineages(
        new Map([
          released('ours', '2025-01-20'),
          released('theirs', '2025-06-01'),
          ...strangers.slice(0, 8).map((m, k) => released(m, k < own ? '2025' : '2023-11')),
        ]),
      );
    const said = (own: number) => controlsOfAnotherTime('ours', 'theirs', strangers.slice(0, 8), of(own));
    expect(said(2)).toBeUndefined();
    expect(said(1)?.text).toMatch(/^Only 1 of the 8 controls with a known release came out within a year/);
    expect(said(0)?.text).toMatch(/^None of the 8/);
  });

  it('NaN and infinite scores are named, with what to write', () => {
    for (const score of ['NaN', '-Infinity'])
      expect(() => readAnswerSheet('m', [`{"item":"a","answer":"1","score":${score}}`])).toThrow(
        'm, line 1: NaN or Infinity, which JSON does not have: write null',
      );
    expect(() => readAnswerSheet('m', ['{"item":"a","answer":"1","score":1e999}'])).toThrow(/"score"/);
  });

  it('a model that is its own kin or its own base is an error', () => {
    expect(() => declaredKin(['a,a'], ['a', 'b'])).toThrow(/a is named twice/);
    expect(() => readModels('m.json', { Acme: { base: 'acme ' } })).toThrow(/names the model itself/);
  });
});
