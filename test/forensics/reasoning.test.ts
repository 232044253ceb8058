import { beforeAll, describe, expect, it } from 'vitest';
import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { lineages, readModels } from '../../lib/forensics/models.ts';
import type { SuspectReport } from '../../lib/forensics/report.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { strangers } from './synthetic-models.ts';
import { blend, type Manner, makeManner, reasonerSheet } from './synthetic-reasoners.ts';

const PROMPTS = 40;

describe('reasoning models', () => {
  const random = seededRandom(77);
  const manner = () => ({ trace: makeManner(random), reply: makeManner(random) });
  const both = (a: { trace: Manner; reply: Manner }, b: { trace: Manner; reply: Manner }, share: number) => ({
    trace: blend(a.trace, b.trace, share),
    reply: blend(a.reply, b.reply, share),
  });
  const teacher = manner();
  const rival = both(manner(), teacher, 0.3);
  let models: { ours: AnswerSheet; rival: AnswerSheet; pupil: AnswerSheet; honest: AnswerSheet };
  let controls: AnswerSheet[];
  let convicted: SuspectReport;
  let stranger: SuspectReport;

  beforeAll(() => {
    const sheet = (name: string, m: { trace: Manner; reply: Manner }) =>
      reasonerSheet(name, m, PROMPTS, random);
    models = {
      ours: sheet('ours', teacher),
      rival: sheet('rival', rival),
      pupil: sheet('pupil', both(manner(), teacher, 0.85)),
      honest: sheet('honest', manner()),
    };
    controls = strangers.slice(0, 13).map((name) => sheet(name, manner()));
    const [first, second] = runForensics({
      reference: models.ours,
      suspects: [models.pupil, models.honest],
      controls,
      teachers: [models.rival],
    }).suspects;
    if (first === undefined || second === undefined) throw new Error('no report');
    [convicted, stranger] = [first, second];
  }, 240_000);

  it('a student stands out in traces and replies, each with a null of its own', () => {
    expect(convicted.mode).toBe('text');
    expect(convicted.parts.map((p) => p.part)).toEqual(['trace', 'reply']);
    expect(convicted.p).toBeLessThanOrEqual(0.01);
    expect(convicted.views.some((v) => v.view === 'trace: steps')).toBe(true);
  });

  it('a stray line of another kind does not switch the texts off, and is said', () => {
    const stray = (s: AnswerSheet): AnswerSheet => {
      const line = { item: 'stray', answer: 'A', correct: 'B', options: 4 };
      const one = readAnswerSheet(s.model, [JSON.stringify(line)]);
      return { ...s, choiceItems: 1, answers: new Map([...s.answers, ...one.answers]) };
    };
    const s = runForensics({
      reference: stray(models.ours),
      suspects: [stray(models.pupil)],
      controls,
      teachers: [],
    }).suspects[0];
    expect(s).toMatchObject({ mode: 'text', p: convicted.p });
    expect(s?.caveats.map((c) => c.code)).toContain('answers-not-compared');
  });

  it('the teacher is named only where the detector says so first', () => {
    expect(convicted.attribution?.detector.found).toBe(true);
    expect(convicted.attribution?.named).toBe('ours');
    expect(convicted.closest?.named).toBe(true);
    expect(stranger.attribution?.detector.found).toBe(false);
    expect(stranger.closest?.named).toBe(false);
    expect(stranger.verdict).not.toBe('consistent with');
  });

  it('a teacher released after the student is never convicted, and is struck out', () => {
    const of = lineages(
      readModels('m', { ours: { released: '2025-09-17' }, pupil: { released: '2025-01-20' } }),
    );
    const report = runForensics(
      { reference: models.ours, suspects: [models.pupil], controls, teachers: [models.rival] },
      { of },
    ).suspects[0];
    expect(report).toMatchObject({ verdict: 'excluded by dates', pAdjusted: null });
    expect(report?.statement).toMatch(/released 2025-09-17, after pupil/);
    expect(report?.teachers.map((t) => t.teacher)).not.toContain('ours');
    expect(report?.excludedDirections).toHaveLength(1);
  });

  it('two candidates that explain it as well are named together as not told apart', () => {
    const sister = reasonerSheet('sister', teacher, PROMPTS, seededRandom(3));
    const report = runForensics({
      reference: models.ours,
      suspects: [models.pupil],
      controls,
      teachers: [sister],
    }).suspects[0];
    expect(new Set(report?.attribution?.notToldApart)).toEqual(new Set(['ours', 'sister']));
    expect(report?.attribution?.named).toBeNull();
    expect(report?.verdict).not.toBe('consistent with');
  });

  it('a control that resembles the reference is questioned, and the result without it shown', () => {
    const doubtful = reasonerSheet('doubtful', teacher, PROMPTS, seededRandom(4));
    const report = runForensics({
      reference: models.ours,
      suspects: [models.pupil],
      controls: [...controls, doubtful],
      teachers: [],
    }).suspects[0];
    expect(report?.questionedControls?.controls.map((c) => c.control)).toContain('doubtful');
    expect(report?.questionedControls?.without?.p).toBeLessThanOrEqual(report?.p ?? 0);
    expect(report?.caveats.map((c) => c.code)).toContain('questioned-control');
    expect(report?.verdict).not.toBe('consistent with');
  });

  it('replies alone are compared where only one side has traces, and it is said', () => {
    const silent: AnswerSheet = {
      ...models.pupil,
      model: 'silent',
      traceItems: 0,
      answers: new Map([...models.pupil.answers].map(([k, a]) => [k, { ...a, trace: undefined }])),
    };
    const report = runForensics({ reference: models.ours, suspects: [silent], controls, teachers: [] })
      .suspects[0];
    expect(report?.parts.map((p) => p.part)).toEqual(['reply']);
    expect(report?.caveats.find((c) => c.code === 'part-not-compared')?.text).toMatch(/Only ours has traces/);
  });
});
