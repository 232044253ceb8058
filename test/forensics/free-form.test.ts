import { describe, expect, it } from 'vitest';
import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { mechanismOf } from '../../lib/forensics/mechanism.ts';
import { lineages } from '../../lib/forensics/models.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { word } from '../../lib/forensics/verdict.ts';
import { wrapperOf } from '../../lib/forensics/wrapper.ts';
import { writtenOtherwise } from '../../lib/forensics/written-otherwise.ts';
import { normalFrom, type Random, seededRandom } from '../../lib/statistics/generator.ts';
import { strangers } from './synthetic-models.ts';

const ITEMS = 500;

/** A free-form exam: each item has one right answer, two tempting wrong ones and endless others. */
function takeFreely(ability: number, random: Random, parent?: readonly string[], share = 0): string[] {
  return Array.from({ length: ITEMS }, (_, i) => {
    const copied = parent?.[i];
    if (copied !== undefined && random() < share) return copied;
    const difficulty = Math.sin(i * 12.9898) * 1.5;
    if (normalFrom(random) + ability > difficulty) return `[${i}, ${i + 1}]`;
    const tempted = random();
    if (tempted < 0.25) return `[${i}]`;
    if (tempted < 0.45) return `(${i}, ${i + 1})`;
    return `[${i}, ${Math.floor(random() * 400)}]`;
  });
}

const sheetOf = (
  model: string,
  answers: readonly string[],
  more: (i: number) => object = () => ({}),
): AnswerSheet =>
  readAnswerSheet(
    model,
    answers.map((answer, i) =>
      JSON.stringify({ item: `q${i}`, answer, correct: `[${i}, ${i + 1}]`, ...more(i) }),
    ),
  );

describe('free-form answers', () => {
  const random = seededRandom(12);
  const reference = takeFreely(0.1, random);
  const ours = sheetOf('ours', reference);
  const controls = strangers.slice(0, 14).map((m) => sheetOf(m, takeFreely(random() - 0.4, random)));
  const ask = (suspect: AnswerSheet, others: readonly AnswerSheet[] = controls) =>
    runForensics({ reference: ours, suspects: [suspect], controls: others, teachers: [] }).suspects[0];

  it('a snapshot of the same weights stands out by rare wrong answers, without options', () => {
    const s = ask(sheetOf('snapshot', takeFreely(0.1, random, reference, 0.5)));
    expect(s).toMatchObject({ mode: 'free-form', verdict: 'consistent with' });
    expect(s?.p).toBeLessThanOrEqual(0.01);
    expect(s?.ci95?.[0]).toBeGreaterThan(0);
    expect(s?.mechanism?.possible.join()).toMatch(/same weights/);
  });

  it('a stranger does not, however many tempting errors it shares', () => {
    const s = ask(sheetOf('stranger', takeFreely(0.1, random)));
    expect(s?.verdict).not.toBe('consistent with');
    expect(s?.p).toBeGreaterThan(0.01);
  });

  it('strangers are convicted at no more than the promised rate', () => {
    const ps = controls.slice(0, 5).map(
      (c) =>
        ask(
          c,
          controls.filter((o) => o !== c),
        )?.p ?? 1,
    );
    expect(ps.filter((p) => p <= 0.05).length).toBeLessThanOrEqual(1);
  });

  it('a habit of writing in all answers of a file is taken off and said, key or none', () => {
    const stranger = takeFreely(0.1, random);
    const plain = ask(sheetOf('stranger', stranger));
    const wrapped = ask(
      sheetOf(
        'stranger',
        stranger.map((a) => `Result → ${a} .`),
      ),
    );
    expect(wrapped).toMatchObject({ z: plain?.z, p: plain?.p, sameWrong: plain?.sameWrong });
    expect(wrapped?.caveats.find((c) => c.code === 'wrapped-answers')?.text).toMatch(/begin with "Result →/);
    expect(wrapperOf(stranger, [])).toBeUndefined();
    expect(
      wrapperOf(
        Array.from({ length: 30 }, (_, i) => `[0, ${i}]`),
        [],
      ),
    ).toBeUndefined();
  });

  it('answers that are nobody else’s convict nobody and clear nobody, and drop a control', () => {
    const odd = takeFreely(0.1, random).map((a, i) => `v${i % 3}: ${a}`);
    expect(ask(sheetOf('odd', odd))).toMatchObject({ verdict: 'abstained', p: null, mechanism: null });
    const s = ask(sheetOf('stranger', takeFreely(0.1, random)), [...controls, sheetOf('odd', odd)]);
    expect(s?.caveats.find((c) => c.code === 'control-dropped')?.text).toMatch(/nobody else's/);
  });

  it('without shared wrong answers no likeness is a finding, and no mechanism is named', () => {
    const found = ask(sheetOf('snapshot', takeFreely(0.1, random, reference, 0.5)));
    expect(found).toBeDefined();
    if (found === undefined) return;
    const none = { ...found, sameWrong: 0 };
    expect(word(none, { alpha: 0.01, effect: 0.02 })).toMatchObject({ verdict: 'abstained' });
    expect(mechanismOf(none, lineages())).toBeNull();
  });

  it('two strangers that were made to write the key in another way share no knowledge', () => {
    const other = (answers: readonly string[], i0: number) =>
      answers.map((x, i) => (i % 3 === i0 && x === `[${i}, ${i + 1}]` ? `${x} (list)` : x));
    const [a, b] = [takeFreely(0.1, random), takeFreely(0.1, random)].map((x) => other(x, 1));
    const s = runForensics({
      reference: sheetOf('noted', a ?? []),
      suspects: [sheetOf('alike', b ?? [])],
      controls,
      teachers: [],
    }).suspects[0];
    expect(s?.p).toBeLessThanOrEqual(0.01);
    expect(s).toMatchObject({ verdict: 'abstained', attribution: null });
    expect(s?.reason).toMatch(/are the key written in another way: a habit of writing, a prompt or a parser/);
  });

  it.each([
    ['brackets', '(1, None)', '[1, null]', 1],
    ['another value', '[1, 2]', '[1, -2]', 0],
    ['one stray addition', '[1, 2]', '[1, 2] or so', 0],
  ])('a wrong answer with %s is the key in another writing or is not', (_, correct, answer, n) => {
    const one = (model: string) => readAnswerSheet(model, [JSON.stringify({ item: 'q', answer, correct })]);
    expect(writtenOtherwise(one('a'), one('b'), ['q'])).toBe(n);
  });

  it.each([
    ['both files at one length', 6, 6, 8],
    ['one file only', 6, 99, 0],
    ['none', 99, 99, 0],
  ])('the beginning of a key is the key cut off where a limit of length cut %s', (_, first, second, n) => {
    const keys = Array.from({ length: 20 }, (_, i) => (i < 8 ? `[${i}, ${i + 1}, ${i + 2}]` : `${i}`));
    const cut = (model: string, length: number) =>
      readAnswerSheet(
        model,
        keys.map((correct, i) =>
          JSON.stringify({ item: `q${i}`, answer: correct.slice(0, length), correct }),
        ),
      );
    const items = keys.map((_, i) => `q${i}`);
    expect(writtenOtherwise(cut('a', first), cut('b', second), items)).toBe(n);
    // an answer that stops early, in files that no limit cut, is an error like any other
    const errs = (model: string) =>
      readAnswerSheet(
        model,
        keys.map((correct, i) =>
          JSON.stringify({ item: `q${i}`, answer: i === 0 ? '[0, 1' : correct, correct }),
        ),
      );
    expect(writtenOtherwise(errs('a'), errs('b'), items)).toBe(0);
  });

  it('a grader against the key is said, and from one in twenty the answers are not used', () => {
    const stranger = takeFreely(0.1, random);
    const graded = (few: number) => sheetOf('graded', stranger, (i) => (i < few ? { right: false } : {}));
    expect(ask(graded(20))?.caveats.find((c) => c.code === 'graded-against-the-key')?.text).toMatch(
      /answers are the key and are graded wrong/,
    );
    expect(ask(graded(400))).toMatchObject({ verdict: 'abstained' });
    const bare = (model: string, right: boolean) =>
      readAnswerSheet(
        model,
        takeFreely(0.1, random).map((answer, i) => JSON.stringify({ item: `q${i}`, answer, right })),
      );
    const apart = runForensics({
      reference: bare('one', true),
      suspects: [bare('other', false)],
      controls,
      teachers: [],
    }).suspects[0];
    expect(apart?.reason).toMatch(/graded right in one and wrong in the other/);
  });

  it('the same wrong answers throughout are identity, not evidence', () => {
    expect(ask(sheetOf('twin', reference))?.caveats.map((c) => c.code)).toContain('identical');
  });

  it('answers without any key are compared by what most families agree on, and it is said', () => {
    const bare = (model: string, answers: readonly string[]) =>
      readAnswerSheet(
        model,
        answers.map((answer, i) => JSON.stringify({ item: `q${i}`, answer })),
      );
    const copy = takeFreely(0.1, random, reference, 0.5);
    const s = runForensics({
      reference: bare('ours', reference),
      suspects: [bare('copy', copy)],
      controls: strangers.slice(0, 13).map((m) => bare(m, takeFreely(0.4, random))),
      teachers: [],
    }).suspects[0];
    expect(s?.mode).toBe('free-form');
    expect(s?.caveats.map((c) => c.code)).toContain('no-key');
    expect(s?.p).toBeLessThanOrEqual(0.02);
  });
});
