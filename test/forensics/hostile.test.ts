import { describe, expect, it } from 'vitest';
import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { lineages } from '../../lib/forensics/models.ts';
import { forensicsPage } from '../../lib/forensics/report-html.ts';
import { forensicsText } from '../../lib/forensics/report-text.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { makeExam, sheetOf, strangers, takeExam } from './synthetic-models.ts';

describe('what an opposing expert would try', () => {
  const random = seededRandom(91);
  const exam = makeExam(1500, random);
  const answers = takeExam(exam, 0.6, random);
  const ours = sheetOf('ours', exam, answers);
  const controls = strangers.slice(0, 13).map((m) => sheetOf(m, exam, takeExam(exam, random(), random)));
  const honestChoices = takeExam(exam, 0.2, random);
  const ask = (suspect: AnswerSheet, others: readonly AnswerSheet[] = controls) => {
    const report = runForensics({ reference: ours, suspects: [suspect], controls: others, teachers: [] });
    const s = report.suspects[0];
    if (s === undefined) throw new Error('no report');
    return { report, s };
  };

  it('items kept where two models agree are seen as selected, and the statement says it first', () => {
    const honest = sheetOf('honest', exam, honestChoices);
    const kept = new Map(
      [...honest.answers].filter(
        ([item, a]) => ours.answers.get(item)?.choice === a.choice || random() < 0.3,
      ),
    );
    const { s } = ask({ ...honest, model: 'picked', answers: kept });
    expect(s.selection?.selected).toBe(true);
    expect(s.statement).toMatch(
      /^Read first: .*items are answered by one of the two only, and not by chance/,
    );
    expect(s.alternatives.join(' ')).toMatch(/Selection of items/);
  });

  it('items left out where two models differ, matched by ease, make no verdict', () => {
    const honest = sheetOf('honest', exam, honestChoices);
    const differ = [...honest.answers].filter(([item, a]) => ours.answers.get(item)?.choice !== a.choice);
    const gone = new Set(differ.filter(() => random() < 0.6).map(([item]) => item));
    const kept = new Map([...honest.answers].filter(([item]) => !gone.has(item)));
    const { s } = ask({ ...honest, model: 'picked', answers: kept });
    expect(s.p).toBeLessThanOrEqual(0.01);
    expect(s.verdict).toBe('cannot tell at this size');
    expect(s.statement).toMatch(/no positive verdict can rest on files in which \d+ %/);
    expect(s.selection?.text).not.toMatch(/by enough to make a result/);
  });

  it('items missing by chance are not called selected', () => {
    const honest = sheetOf('honest', exam, honestChoices);
    const kept = new Map([...honest.answers].filter(() => random() < 0.6));
    const { s } = ask({ ...honest, answers: kept });
    expect(s.selection?.selected).toBe(false);
    expect(s.statement).not.toMatch(/Read first/);
  });

  it('short replies that the prompt forces are no identity', () => {
    const row = (model: string, ability: number) =>
      readAnswerSheet(
        model,
        Array.from({ length: 450 }, (_, i) => {
          const right = random() < ability;
          const choice = right ? i % 4 : (i + 1 + Math.floor(3 * random())) % 4;
          return JSON.stringify({
            item: `q${i}`,
            answer: 'ABCD'[choice],
            correct: 'ABCD'[i % 4],
            options: 4,
            text: `<ANSWER>${choice + 1}</ANSWER>`,
          });
        }),
      );
    const report = runForensics({
      reference: row('ours', 0.97),
      suspects: [row('other', 0.97)],
      controls: strangers.slice(0, 8).map((m) => row(m, 0.5)),
      teachers: [],
    }).suspects[0];
    expect(report?.caveats.map((c) => c.code)).not.toContain('identical');
    expect(report?.statement).not.toMatch(/copied|queried twice/);
  });

  it('no page, line or document prints NaN, Infinity, undefined or an empty p, and controls that lack are called controls', async () => {
    const family = (m: string) => (m === 'amber' || m === 'birch' ? 'one' : m);
    const of = lineages(new Map(), new Map(), family);
    const faint = sheetOf('faint', exam, takeExam(exam, 0.2, random, answers, 0.06));
    const kin = runForensics(
      {
        reference: ours,
        suspects: [faint],
        controls: controls.slice(0, 12),
        teachers: controls.slice(11, 13),
      },
      { of },
    );
    for (const report of [kin, ask(faint, controls.slice(0, 7)).report]) {
      const all = `${JSON.stringify(report)}\n${forensicsText(report)}\n${await forensicsPage(report, 'now')}`;
      expect(all).not.toMatch(/NaN|Infinity|undefined|p = <|of null/);
      expect(report.suspects[0]?.verdict).toBe('cannot tell with these controls');
      expect(report.suspects[0]?.reason).toMatch(/more controls are needed/);
    }
  });

  it('many controls of one maker are one opinion', () => {
    const facts = new Map(controls.map((c) => [c.model, { maker: 'one house', family: c.model }]));
    const s = runForensics(
      { reference: ours, suspects: [sheetOf('honest', exam, honestChoices)], controls, teachers: [] },
      { of: lineages(facts) },
    ).suspects[0];
    expect(s).toMatchObject({ verdict: 'cannot tell with these controls', p: null });
    expect(s?.reason).toMatch(/of 1 maker; at least 6 controls of 4 makers are needed/);
  });

  it('one model under two names among the controls counts once', () => {
    const again: AnswerSheet = { ...(controls[0] ?? ours), model: 'another-name' };
    const { s } = ask(sheetOf('honest', exam, honestChoices), [...controls, again]);
    expect(s.caveats.find((c) => c.code === 'control-dropped')?.text).toMatch(
      /another-name was left out: it gives the same answers as amber/,
    );
  });
});
