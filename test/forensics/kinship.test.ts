import { describe, expect, it } from 'vitest';
import { declaredKin } from '../../lib/cli/forensics/run.ts';
import { choiceStudy } from '../../lib/forensics/choice-study.ts';
import { knownTie, lineages } from '../../lib/forensics/models.ts';
import { votersAmong } from '../../lib/forensics/near-copies.ts';
import { testAccusedPair } from '../../lib/forensics/pair-test.ts';
import { criticalZ } from '../../lib/forensics/power.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { makeExam, sheetOf, strangers, takeExam } from './synthetic-models.ts';

const table = (facts: Record<string, object>) => new Map(Object.entries(facts));

describe('kinship', () => {
  it('a maker or family counts once however it is spelt', () => {
    const spelt = ['Meta', 'meta', 'META AI', 'Meta-AI', 'Ｍeta '];
    const of = lineages(table(Object.fromEntries(spelt.map((maker, i) => [`m${i}`, { maker }]))));
    expect(new Set(spelt.map((_, i) => of.maker(`m${i}`)))).toEqual(new Set(['Meta', 'META AI']));
    expect(of.kin('m0', 'm4')).toBe(true);
    const families = lineages(table({ a: { family: 'Qwen 2.5' }, b: { family: 'qwen-2.5' }, c: {} }));
    expect(families.kin('a', 'b')).toBe(true);
    expect(families.kin('a', 'c')).toBe(false);
  });

  it('bases are followed to their end, in circles too', () => {
    const of = lineages(
      table({
        pupil: { base: 'middle' },
        middle: { base: 'Root' },
        root: {},
        a: { base: 'b' },
        b: { base: 'c' },
        c: { base: 'a' },
      }),
    );
    expect(of.kin('pupil', 'root')).toBe(true);
    expect(of.kin('a', 'pupil')).toBe(false);
    expect(knownTie('pupil', 'root', of)).toMatch(/kin by the models/);
  });

  it('--kin adds to kin, unites groups that share a model, and refuses a name that no file has', () => {
    const models = ['Llama-2-7b', 'Llama-3-8b', 'gemma-7b', 'mathstral-7B', 'Mixtral-8x7B', 'other'];
    const of = lineages(new Map(), declaredKin(['Llama-2-7b,gemma-7b', 'gemma-7b,mathstral-7B'], models));
    const before = lineages();
    for (const a of models) for (const b of models) if (before.kin(a, b)) expect(of.kin(a, b)).toBe(true);
    expect(of.kin('Llama-2-7b', 'mathstral-7B')).toBe(true);
    expect(of.kin('Llama-3-8b', 'Mixtral-8x7B')).toBe(true);
    expect(of.kin('other', 'Llama-2-7b')).toBe(false);
    expect(() => declaredKin(['gemma-7b,nosuch'], models)).toThrow(/no file gives a model called "nosuch"/);
  });
});

describe('near copies among the controls', () => {
  const random = seededRandom(71);
  const exam = makeExam(900, random);
  const ours = takeExam(exam, 0.5, random);
  const suspect = sheetOf('suspect', exam, takeExam(exam, 0.3, random, ours, 0.4));
  const six = strangers.slice(0, 6).map((m) => ({ m, choices: takeExam(exam, random(), random) }));
  const controls = six.map(({ m, choices }) => sheetOf(m, exam, choices));
  const copies = six.flatMap(({ m, choices }) =>
    [1, 2, 3].map((k) => sheetOf(`${m}-v${k}`, exam, takeExam(exam, 0, random, choices, 0.88))),
  );
  const ask = (all: typeof controls) =>
    runForensics({ reference: sheetOf('ours', exam, ours), suspects: [suspect], controls: all, teachers: [] })
      .suspects[0];

  it('buy no p: pairs of copies count once, and the report says so', () => {
    const [few, many] = [ask(controls), ask([...controls, ...copies])];
    expect(few?.null).toMatchObject({ pairs: 27, smallestP: 1 / 28 });
    expect(many?.null).toMatchObject({ pairs: 27, smallestP: 1 / 28 });
    expect(many?.p).toBeGreaterThanOrEqual(1 / 28);
    expect(many?.verdict).toBe('cannot tell with these controls');
    expect(many?.caveats.find((c) => c.code === 'near-copies')?.text).toMatch(/27 instead of 2\d\d/);
  });

  it('leave the test of models that are not copies as it is', () => {
    const sheets = [sheetOf('ours', exam, ours), suspect, ...controls];
    const { array } = choiceStudy(
      sheets[0] ?? suspect,
      suspect,
      controls,
      sheets.map((s) => s.model),
    );
    const voters = votersAmong(sheets, () => true);
    expect(testAccusedPair({ ...array, voters })).toEqual(testAccusedPair(array));
  });

  it('the critical value by votes is that of equal votes where all are', () => {
    const z = Float64Array.from({ length: 130 }, () => random());
    for (const alpha of [0.004, 0.01, 0.05])
      expect(criticalZ(z, alpha, new Float64Array(130).fill(1))).toBe(criticalZ(z, alpha));
  });

  it('the caveat that a result rests on one control names the control of its number', () => {
    const two = strangers.slice(6, 8).map((m) => sheetOf(m, exam, takeExam(exam, random(), random)));
    const all = [...controls, ...two];
    const largest = ask(all)?.leaveOneControlOut?.largestP;
    const again = ask(all.filter((c) => c.model !== largest?.without));
    expect(again?.null?.controls).toHaveLength(7);
    expect(again?.p).toBeCloseTo(largest?.p ?? 1, 1);
    expect(largest?.p).toBe(ask(all)?.leaveOneControlOut?.p[1]);
  });
});
