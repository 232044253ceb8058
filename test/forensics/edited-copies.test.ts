import { describe, expect, it } from 'vitest';
import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import { attribute } from '../../lib/forensics/attribution.ts';
import { editedCopy } from '../../lib/forensics/edited-copies.ts';
import { votersAmong } from '../../lib/forensics/near-copies.ts';
import { runForensics, takenApart } from '../../lib/forensics/study.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { makeExam, sheetOf, strangers, takeExam, textSheet } from './synthetic-models.ts';
import { blend, makeManner, reasonerSheet, write } from './synthetic-reasoners.ts';

const random = seededRandom(59);
const exam = makeExam(1000, random);
const own = takeExam(exam, 0.4, random);
const ours = sheetOf('ours', exam, own);
const controls = strangers
  .slice(0, 13)
  .map((m) => sheetOf(m, exam, takeExam(exam, 1.4 * random() - 0.4, random)));

/** Answers with a share of them changed at random. */
const edited = (choices: readonly number[], share: number) =>
  choices.map((c, i) => {
    const options = exam.options[i] ?? 4;
    return random() < share ? (c + 1 + Math.floor(random() * (options - 1))) % options : c;
  });

function ask(reference: AnswerSheet, suspect: AnswerSheet, teachers: readonly AnswerSheet[] = []) {
  const [s] = runForensics({ reference, suspects: [suspect], controls, teachers }).suspects;
  if (s === undefined) throw new Error('no report');
  return s;
}

describe('a file that is another with answers changed', () => {
  it('is called a copy, edited, with a quarter or four tenths of the answers changed, and no teacher is named', () => {
    for (const share of [0.25, 0.4]) {
      const s = ask(ours, sheetOf('theirs', exam, edited(own, share)), controls.slice(0, 3));
      expect(s.verdict).toBe('abstained');
      expect(s.statement).toMatch(
        /^No statement about training: theirs and ours hold a copy of the same answers, edited, or are one model: at \d+ of the \d+ items that both got wrong .* differ at the easiest questions .* about as often as at the hardest/,
      );
      expect(s.attribution).toBeNull();
      expect(s.p).toBeLessThan(0.02);
    }
  });

  it('is not what a student is that follows its teacher at half of the questions', () => {
    const student = sheetOf('student', exam, takeExam(exam, 0.4, random, own, 0.5));
    expect(editedCopy(ours, student, controls)).toBeUndefined();
    expect(ask(ours, student).verdict).toBe('consistent with');
  });

  it('as a control counts once beside its kin, however much was changed', () => {
    const copies = [0, 0.25, 0.3].map((share, k) => sheetOf(`copy-${k}`, exam, edited(own, share)));
    const kin = (a: string, b: string) => a === b || (a.startsWith('copy') && b.startsWith('copy'));
    const voters = votersAmong([...copies, ...controls], kin);
    expect(new Set(voters.slice(0, 3)).size).toBe(1);
    expect(new Set(voters).size).toBe(1 + controls.length);
  });
});

describe('a text file that is another with words changed', () => {
  const manner = () => ({ trace: makeManner(random), reply: makeManner(random) });
  const style = manner();
  const teacher = reasonerSheet('ours', style, 40, random);
  const others = strangers.slice(0, 8).map((m) => reasonerSheet(m, manner(), 40, random));
  /** Every twelfth word is another one. */
  const reworded = (sheet: AnswerSheet, model: string): AnswerSheet => {
    const change = (text: string | undefined) =>
      text?.replace(/\S+/g, (word) => (random() < 1 / 12 ? 'otherwise' : word));
    return {
      ...sheet,
      model,
      answers: new Map(
        [...sheet.answers].map(([k, a]) => [k, { ...a, text: change(a.text), trace: change(a.trace) }]),
      ),
    };
  };
  const fresh = manner();
  const pupil = reasonerSheet(
    'pupil',
    { trace: blend(fresh.trace, style.trace, 0.9), reply: blend(fresh.reply, style.reply, 0.9) },
    40,
    random,
  );
  const run = (suspect: AnswerSheet, teachers: readonly AnswerSheet[], shared = false) => {
    const input = { reference: teacher, suspects: [suspect], controls: others, teachers };
    const everyone = [teacher, suspect, ...others, ...teachers];
    const [s] = runForensics(input, {
      alpha: 0.05,
      ...(shared ? { shared: { parts: takenApart(everyone), panels: new Map() } } : {}),
    }).suspects;
    if (s === undefined) throw new Error('no report');
    return s;
  };

  it('is called a copy of the same texts, also where texts were read once for many questions', () => {
    const theirs = reworded(teacher, 'theirs');
    const s = run(theirs, []);
    expect(run(theirs, [], true)).toEqual(s);
    expect(s.verdict).toBe('abstained');
    expect(s.reason).toMatch(
      /hold a copy of the same texts, edited, or are one model: 40 of the 40 long texts are the same in both but for some words/,
    );
  });

  it('as a candidate is one with what it copies, and either may be the teacher', () => {
    const rival = reasonerSheet('rival', manner(), 40, random);
    const s = run(pupil, [rival, reworded(teacher, 'twin')]);
    expect(s.attribution).toMatchObject({
      named: null,
      notToldApart: ['ours', 'twin'],
      copies: [['ours', 'twin']],
    });
    expect(s.attribution?.text).toMatch(/^one of \{ours, twin\}, which are copies of each other/);
    expect(s.verdict).toBe('one of several');
    expect(s.statement).toMatch(/one of \{ours, twin\}, which are copies of each other/);
    // Two lines of candidates are asked about, not three.
    expect(s.attribution?.text).toMatch(/over 2 lines/);
  });

  it('is not what the question forces', () => {
    const given = makeManner(random);
    const verses = Array.from({ length: 30 }, (_, i) => write(given, i, 9, random));
    const forced = (model: string) =>
      textSheet(
        model,
        Array.from({ length: 40 }, (_, i) => verses[i] ?? write(makeManner(random), i, 9, random)),
      );
    const [a, b, ...rest] = ['ours', 'theirs', 'amber', 'birch', 'cedar'].map(forced);
    if (a === undefined || b === undefined) throw new Error('no sheets');
    expect(editedCopy(a, b, rest)).toBeUndefined();
    expect(editedCopy(a, b, [])).toMatchObject({ what: 'texts', same: 30 });
  });
});

describe('what a harness puts under every answer', () => {
  const frame =
    '/usr/bin/run --numa distribute --threads 32 --seed 42 --context 4096 --temperature 0.01 --no-display-prompt -p BEGIN of the turn of the user and then the end of it, as the template of the program has it for all models';
  const framed = (model: string, between: string) =>
    textSheet(
      model,
      Array.from({ length: 60 }, (_, i) => `Answer ${i % 2}${between}${frame} ${model}`),
    );

  it('is no text that two models share', () => {
    expect(editedCopy(framed('ours', ' '), framed('theirs', ' '), [])).toBeUndefined();
  });

  it('is taken out where it is a line of its own, unless it is all that there is', () => {
    const own = framed('ours', '\n');
    expect(own.frameLines).toBe(1);
    expect([...own.answers.values()].map((a) => a.text).slice(0, 2)).toEqual(['Answer 0', 'Answer 1']);
    const bare = textSheet('ours', Array(60).fill(frame));
    expect([bare.frameLines, bare.textItems]).toEqual([0, 60]);
  });
});

describe('a name and the controls', () => {
  it('are said to be too few, and one that is as close as the teacher leaves nobody named', () => {
    const score = (teacher: string, z: number, p: number) => ({
      teacher,
      line: teacher,
      z,
      p,
      probability: 0.5,
      lineProbability: 0.5,
      margin: 1,
    });
    const asked = (p: number, nullPairs = 27, withControls: { control: string; z: number }[] = []) => {
      const ranking = {
        teachers: [score('ours', 4, p), score('rival', 0, 0.5)],
        anyP: 0.2,
        nullPairs,
        withControls,
      };
      const closeness = {
        detector: ranking,
        order: ranking,
        method: '',
        needsDates: false,
        copies: [],
        notToldApart: ['ours'],
      };
      return attribute(closeness, [], () => true);
    };
    const first = asked(1 / 28);
    expect(first).toMatchObject({ named: null, detector: { found: false, smallest: 2 / 28 } });
    expect(first?.text).toMatch(
      /^nobody can be named with these controls: no stranger is as close to ours, .* p cannot fall below 0\.0714; 0\.05 is needed: give more controls/,
    );
    expect(asked(3 / 28)?.text).toMatch(/^no candidate is named: the suspect is not closer to ours/);
    expect(asked(1 / 99, 98)?.named).toBe('ours');
    const tied = asked(2 / 99, 98, [
      { control: 'amber', z: 4.5 },
      { control: 'birch', z: 1 },
    ]);
    expect(tied).toMatchObject({ named: null, detector: { found: true } });
    expect(tied?.text).toMatch(/^nobody is named: .*but amber among the controls is as close$/);
  });
});
