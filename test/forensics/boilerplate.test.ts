import { describe, expect, it } from 'vitest';
import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import { sharedClauses, withoutClauses } from '../../lib/forensics/boilerplate.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { makeHabits, strangers, textSheet, writeTexts } from './synthetic-models.ts';

const NOTICES = [
  'Acme may be mistaken.',
  'A machine wrote this.',
  'Share no secrets here.',
  'Please rate this.',
];
/** What one host puts around the replies of every model behind it. */
const hosted = (text: string, i: number) =>
  `Hello, thank you for asking Acme: ${text}\n\n${NOTICES[i % 4]}\nIs there anything else that Acme can do?`;

describe('what a host adds to the texts of every model behind it', () => {
  const random = seededRandom(16);
  const prompts = 45;
  const write = () => writeTexts(prompts, makeHabits(random), random);
  const controls = strangers.slice(0, 8).map((m) => textSheet(m, write()));
  const own = write();
  const reference = textSheet('ours', own.map(hosted));
  const ask = (suspect: AnswerSheet, asked = reference) => {
    const [report] = runForensics(
      { reference: asked, suspects: [suspect], controls, teachers: [] },
      { alpha: 0.05 },
    ).suspects;
    if (report === undefined) throw new Error('no report');
    return report;
  };

  it('convicts no stranger, and the clauses are named', () => {
    const s = ask(textSheet('theirs', write().map(hosted)));
    expect(s.p).toBeLessThanOrEqual(0.05);
    expect(s).toMatchObject({ verdict: 'abstained', attribution: null, mechanism: null, alternatives: [] });
    expect(s.withoutClauses?.kinds).toBe(7);
    expect(s.statement).toMatch(
      /7 clauses recur letter for letter in the texts of both \("Hello,", "Is there anything/,
    );
  });

  it('does not hide a student', () => {
    const pupil = writeTexts(prompts, makeHabits(random), random, own, 0.35);
    const s = ask(textSheet('pupil', pupil.map(hosted)));
    expect(s.verdict).toBe('consistent with');
    expect(s.withoutClauses?.p).toBeLessThanOrEqual(0.05);
  });

  it('is taken out of lines, sentences and prefaces, in scripts without spaces too', () => {
    const say = (i: number) => `感谢您使用本公司的智能助手服务！答案${i}是这样的。\nThe answer (${i}) is so.`;
    const [a, b] = ['a', 'b'].map((m) =>
      textSheet(
        m,
        Array.from({ length: 20 }, (_, i) => say(i)),
      ),
    );
    if (a === undefined || b === undefined) throw new Error('no sheets');
    const clauses = sharedClauses(a, b, 'reply');
    expect(clauses).toEqual(['感谢您使用本公司的智能助手服务！']);
    const left = withoutClauses(a, new Map([['reply', new Set(clauses)]]));
    expect(left.answers.get('p7')?.text).toBe('答案7是这样的。\nThe answer (7) is so.');
  });

  it('a refusal goes whole: no half of it stays behind in both, too short to be looked at', () => {
    const refusals = ["I'm sorry, but I can't help with that.", 'Sorry, no. I am unable to comply.'];
    const refusing = (texts: readonly string[]) =>
      texts.map((t, i) => (i % 5 < 2 ? (refusals[i % 2] ?? t) : t));
    const [a, b] = [textSheet('a', refusing(own)), textSheet('b', refusing(write()))];
    const clauses = sharedClauses(a, b, 'reply');
    expect(clauses).toEqual(expect.arrayContaining(refusals));
    expect(clauses).not.toContain("but I can't help with that.");
    const left = withoutClauses(a, new Map([['reply', new Set(clauses)]]));
    expect([0, 1, 5, 6].map((i) => left.answers.get(`p${i}`)?.text)).toEqual(Array(4).fill(undefined));
    expect(left.answers.get('p2')?.text).toBe(own[2]);
    const s = ask(textSheet('theirs', refusing(write())), textSheet('ours', refusing(own)));
    expect(s.p).toBeLessThanOrEqual(0.05);
    expect(s.verdict).toBe('abstained');
  });
});
