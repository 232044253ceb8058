import { capaKappa, countAgreement, naiveBinomialP } from '../../lib/forensics/agreement.ts';
import type { Answer, AnswerSheet } from '../../lib/forensics/answers.ts';
import { choiceStudy, choicesAt, commonChoiceItems } from '../../lib/forensics/choice-study.ts';
import { familyOf } from '../../lib/forensics/family.ts';
import type { Pair } from '../../lib/forensics/pair-effects.ts';
import { pIfAccused, testAccusedPair } from '../../lib/forensics/pair-test.ts';
import { testSelection } from '../../lib/forensics/selection.ts';
import { runForensics } from '../../lib/forensics/study.ts';
import { type Random, sampleWithout, seededRandom } from '../../lib/statistics/generator.ts';
import type { Documented } from './data.ts';
import { note, percent, type Rows, rateWithIntervals, say, show } from './rates.ts';

type Result = Record<string, unknown>;

interface Accusation {
  readonly pair: readonly [string, string];
  readonly p: number;
  readonly naive: number;
  readonly rawAgreement: number;
  readonly kappa: number;
}

const families = (sheets: readonly AnswerSheet[]) => sheets.map((s) => familyOf(s.model));

/** Every pair of a set accused in turn; pairs with the same common items are judged from one array. */
class Accusations {
  readonly #sheets: readonly AnswerSheet[];
  readonly #judged = new Map<string, Map<string, number>>();

  constructor(sheets: readonly AnswerSheet[]) {
    this.#sheets = sheets;
  }

  #ranks(a: AnswerSheet, b: AnswerSheet, items: readonly string[]): Map<string, number> {
    const key = items.join();
    const known = this.#judged.get(key);
    if (known !== undefined) return known;
    const controls = this.#sheets.filter((m) => m !== a && m !== b);
    const sheets = [a, b, ...controls];
    const study = choiceStudy(a, b, controls, families(sheets));
    const named = (pair: Pair) =>
      pair
        .map((m) => sheets[m]?.model ?? '')
        .sort()
        .join('\n');
    const ranks = new Map(
      pIfAccused(study.array).map((p, k) => [named(study.pairs[k] ?? [0, 0]), p] as const),
    );
    this.#judged.set(key, ranks);
    return ranks;
  }

  accuse(a: AnswerSheet, b: AnswerSheet): Accusation | undefined {
    const { items } = commonChoiceItems(a, b);
    const p = this.#ranks(a, b, items).get([a.model, b.model].sort().join('\n'));
    if (p === undefined) return undefined;
    const at = (f: (x: Answer) => number) =>
      Int8Array.from(items, (item) => {
        const answer = a.answers.get(item);
        return answer === undefined ? -1 : f(answer);
      });
    const c = countAgreement(
      choicesAt(a, a, items),
      choicesAt(b, a, items),
      at((x) => x.key),
      at((x) => x.options),
    );
    return {
      pair: [a.model, b.model],
      p,
      naive: naiveBinomialP(c),
      rawAgreement: c.same / c.items,
      kappa: capaKappa(c),
    };
  }
}

function falseConvictions(
  sheets: readonly AnswerSheet[],
  kin: (a: string, b: string) => boolean,
  result: Result,
): Accusation[] {
  note('every unrelated pair accused');
  const all = new Accusations(sheets);
  const accusations = sheets.flatMap((a, i) =>
    sheets.slice(i + 1).flatMap((b) => (kin(a.model, b.model) ? [] : (all.accuse(a, b) ?? []))),
  );
  const rows: Rows = [];
  const methods: [string, (a: Accusation, alpha: number) => boolean][] = [
    ['this test', (a, alpha) => a.p <= alpha],
    ['naive binomial', (a, alpha) => a.naive <= alpha],
    ['raw agreement > 60 %', (a) => a.rawAgreement > 0.6],
  ];
  for (const alpha of [0.01, 0.05])
    for (const [name, hit] of methods) {
      const r = rateWithIntervals(
        accusations.map((a) => ({ pair: a.pair, hit: hit(a, alpha) })),
        7,
      );
      result[`mmlu-pro false ${name}@${alpha}`] = r;
      rows.push([
        name,
        alpha,
        `${r.hits} of ${r.of}`,
        percent(r.rate),
        r.exact.map(percent).join(' to '),
        r.byModel.map(percent).join(' to '),
      ]);
    }
  show(
    `mmlu-pro: every unrelated pair accused (${sheets.length} models; kin by name left out)`,
    ['method', 'level', 'convicted', 'rate', '95 % exact', '95 % resampling models'],
    rows,
  );
  return accusations;
}

/** With one set of models the rate follows from the ranks; with other controls each time it need not. */
function randomControls(
  sheets: readonly AnswerSheet[],
  kin: (a: string, b: string) => boolean,
  draws: number,
  result: Result,
): void {
  const random = seededRandom(23);
  const drawn: { pair: [string, string]; hit: boolean }[] = [];
  const draw = (count: number) => {
    const left = [...sheets];
    return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat();
  };
  while (drawn.length < draws) {
    const [a, b, ...controls] = draw(14);
    if (a === undefined || b === undefined || kin(a.model, b.model)) continue;
    const study = choiceStudy(a, b, controls, families([a, b, ...controls]));
    drawn.push({ pair: [a.model, b.model], hit: testAccusedPair(study.array).p <= 0.05 });
  }
  const r = rateWithIntervals(drawn, 29);
  say(
    `random parties with 12 random controls each, level 5 %: ${r.hits} of ${r.of} convicted (${percent(r.rate)}, 95 % exact ${r.exact.map(percent).join(' to ')})`,
  );
  result['mmlu-pro random controls'] = r;
}

/** Whole families left out in turn: the rate among the pairs of the others. */
function familiesOut(accusations: readonly Accusation[], result: Result): void {
  const names = [...new Set(accusations.flatMap((a) => a.pair.map(familyOf)))];
  const rates = names.map((f) => {
    const rest = accusations.filter((a) => a.pair.every((m) => familyOf(m) !== f));
    return { family: f, rate: rest.filter((a) => a.p <= 0.01).length / rest.length, pairs: rest.length };
  });
  say(
    `mmlu-pro: at 1 %, each family left out in turn: ${rates.map((r) => `${r.family} ${percent(r.rate)}`).join(', ')}`,
  );
  result['mmlu-pro families out'] = rates;
}

/** Pairs of one base: documented ones, and those whose names say base and instruction-tuned version of one release. */
export function sameBase(sheets: readonly AnswerSheet[], documented: readonly Documented[]) {
  const find = (model: string) => sheets.find((s) => s.model === model);
  const named = documented.flatMap((l) => l.teachers.map((t) => [l.student, t] as const));
  for (const s of sheets) {
    const bare = s.model.replace(/[-_](instruct|chat|it)/i, '');
    const base = sheets.find((t) => t !== s && bare === t.model.replace(/-hf$/, ''));
    if (base !== undefined && !named.some(([a, b]) => a === s.model && b === base.model))
      named.push([s.model, base.model]);
  }
  return named.flatMap(([student, teacher]) => {
    const [s, t] = [find(student), find(teacher)];
    return s === undefined || t === undefined ? [] : [{ student: s, teacher: t }];
  });
}

function lineagePairs(
  sheets: readonly AnswerSheet[],
  pairs: ReturnType<typeof sameBase>,
  kappas: readonly number[],
  result: Result,
): void {
  note('lineage pairs');
  const rows: Rows = [];
  for (const { student, teacher } of pairs) {
    const start = performance.now();
    const controls = sheets.filter((m) => m !== student && m !== teacher);
    const s = runForensics({ reference: teacher, suspects: [student], controls, teachers: [] }).suspects[0];
    if (s === undefined) continue;
    const f = (x: number | null, d = 3) => (x === null ? '-' : x.toFixed(d));
    const bare = (1 + kappas.filter((k) => k >= (s.kappa ?? 0)).length) / (1 + kappas.length);
    rows.push([
      `${teacher.model} -> ${student.model}`,
      s.items,
      s.coWrong ?? 0,
      f(s.kappa),
      f(s.expected),
      f(s.excess),
      f(s.z, 1),
      f(s.p, 4),
      bare.toFixed(3),
      s.verdict,
      `${((performance.now() - start) / 1000).toFixed(1)} s`,
    ]);
    result[`mmlu-pro ${teacher.model} -> ${student.model}`] = {
      excess: s.excess,
      z: s.z,
      p: s.p,
      verdict: s.verdict,
    };
  }
  show(
    'mmlu-pro: same-base pairs',
    [
      'pair',
      'items',
      'both wrong',
      'kappa',
      'expected',
      'excess',
      'z',
      'p',
      'p of bare kappa',
      'verdict',
      'time',
    ],
    rows,
  );
}

function powerBySize(
  sheets: readonly AnswerSheet[],
  pairs: ReturnType<typeof sameBase>,
  rounds: number,
  result: Result,
): void {
  note('power against number of items');
  const sizes = [200, 500, 1000, 2000, 5000];
  const random = seededRandom(11);
  const rows = pairs.map(({ student, teacher }) => {
    const controls = sheets.filter((m) => m !== student && m !== teacher);
    const own = families([teacher, student, ...controls]);
    const { items } = commonChoiceItems(teacher, student);
    const shares = sizes.map((n) => {
      const hits = Array.from({ length: rounds }, () =>
        testAccusedPair(choiceStudy(teacher, student, controls, own, sampleWithout(items, n, random)).array),
      ).filter((t) => t.p <= 0.01);
      return hits.length / rounds;
    });
    result[`mmlu-pro power ${student.model}`] = { sizes, shares, rounds };
    return [`${teacher.model} -> ${student.model}`, ...shares.map(percent)];
  });
  show(
    `mmlu-pro: share of ${rounds} random item subsets with p <= .01`,
    ['pair', ...sizes.map(String)],
    rows,
  );
}

/** Keeps the items at which a model agrees with the reference, and a share of the others. */
function selected(sheet: AnswerSheet, reference: AnswerSheet, share: number, random: Random): AnswerSheet {
  const answers = new Map(
    [...sheet.answers].filter(([item, a]) => {
      const other = reference.answers.get(item);
      return other === undefined || other.choice === a.choice || random() < share;
    }),
  );
  return { ...sheet, answers };
}

/** Pairs of models of which one has its items selected. */
const SELECTION_TRIES = 20;

/** Items selected so that strangers agree, and items missing by chance: is it said? */
export function benchSelection(sheets: readonly AnswerSheet[], result: Result): void {
  if (sheets.length === 0) return;
  note('selected items');
  const random = seededRandom(5);
  const count = { selected: 0, chance: 0, asTheyAre: 0, of: 0 };
  for (let i = 0; i < SELECTION_TRIES; i++) {
    const reference = sheets[(3 * i) % sheets.length];
    const suspect = sheets[(3 * i + 7) % sheets.length];
    if (reference === undefined || suspect === undefined) continue;
    if (familyOf(reference.model) === familyOf(suspect.model)) continue;
    const controls = sheets.filter((s) => s !== reference && s !== suspect);
    const said = (own: AnswerSheet) => testSelection(reference, own, controls).selected;
    count.of++;
    if (said(suspect)) count.asTheyAre++;
    if (said(selected(suspect, reference, 0.3, random))) count.selected++;
    const kept = new Map([...suspect.answers].filter(() => random() < 0.6));
    if (said({ ...suspect, answers: kept })) count.chance++;
  }
  say(
    `mmlu-pro: selection said where items of agreement were kept with 30 % of the others: ${count.selected} of ${count.of}; where 40 % are missing by chance: ${count.chance} of ${count.of}; of the files as they are, which lack answers to hard questions: ${count.asTheyAre} of ${count.of}`,
  );
  result['mmlu-pro selection'] = count;
}

/** Measures multiple choice. */
export function benchChoices(
  sheets: readonly AnswerSheet[],
  documented: readonly Documented[],
  quick: boolean,
  result: Result,
): void {
  if (sheets.length === 0) return;
  const kin = (a: string, b: string) =>
    familyOf(a) === familyOf(b) ||
    documented.some(
      (l) => (l.student === a && l.teachers.includes(b)) || (l.student === b && l.teachers.includes(a)),
    );
  const accusations = falseConvictions(sheets, kin, result);
  familiesOut(accusations, result);
  randomControls(sheets, kin, quick ? 20 : 100, result);
  const pairs = sameBase(sheets, documented);
  lineagePairs(
    sheets,
    pairs,
    accusations.map((a) => a.kappa),
    result,
  );
  if (!quick) powerBySize(sheets, pairs, 10, result);
}
