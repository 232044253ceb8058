/**
 * Measures the forensic tests on public answers: `npm run bench:forensics -- --data DIR [--json FILE] [--quick]`.
 * DIR holds `mmlu-pro/`, `alpaca-eval/` (one NDJSON file a model) and `lineage.json`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { capaKappa, countAgreement, naiveBinomialP } from '../lib/forensics/agreement.ts';
import { type Answer, type AnswerSheet, modelNameOf, readAnswerSheet } from '../lib/forensics/answers.ts';
import { choiceStudy, choicesAt, commonChoiceItems } from '../lib/forensics/choice-study.ts';
import { familyOf, lineOf } from '../lib/forensics/family.ts';
import { fitPairEffects, type Pair } from '../lib/forensics/pair-effects.ts';
import { pIfAccused, testAccusedPair } from '../lib/forensics/pair-test.ts';
import { rankTextTeachers, runForensics } from '../lib/forensics/study.ts';
import { probabilitySharpness } from '../lib/forensics/teachers.ts';
import { corpusOf, textStudy } from '../lib/forensics/text-study.ts';
import { binomialInterval, sortedQuantile } from '../lib/statistics/distributions.ts';
import { sampleWithout, seededRandom } from '../lib/statistics/generator.ts';

interface Lineage {
  set: string;
  student: string;
  teachers: string[];
  evidence: string;
}

const { values: flags } = parseArgs({
  options: { data: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
if (flags.data === undefined || !existsSync(join(flags.data, 'lineage.json'))) {
  process.stdout.write(
    'bench:forensics skipped: give --data DIR with mmlu-pro/, alpaca-eval/ and lineage.json\n',
  );
  process.exit(0);
}
const data = flags.data;
const result: Record<string, unknown> = {};

function load(folder: string): AnswerSheet[] {
  return readdirSync(join(data, folder))
    .filter((f) => /\.ndjson(\.gz)?$/.test(f))
    .sort()
    .map((f) => {
      const bytes = readFileSync(join(data, folder, f));
      return readAnswerSheet(
        modelNameOf(f),
        (f.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n'),
      );
    });
}

function show(title: string, head: string[], rows: (string | number)[][]): void {
  const t = new Table({ head, style: { head: [], border: [] } });
  t.push(...rows);
  process.stdout.write(`\n${title}\n${t.toString()}\n`);
}

/** `count` of the values in random order. */
function sampleShuffled<T>(values: readonly T[], count: number, random: () => number): T[] {
  const left = [...values];
  const out: T[] = [];
  while (out.length < count && left.length > 0)
    out.push(...left.splice(Math.floor(random() * left.length), 1));
  return out;
}

const pct = (x: number) => `${(100 * x).toFixed(1)} %`;
const note = (text: string) => process.stderr.write(`${text}\n`);
const lineage = JSON.parse(readFileSync(join(data, 'lineage.json'), 'utf8')) as Lineage[];

/** Rate with the exact interval and one from resampling models, because accusations share models. */
function rateWithIntervals(hits: { pair: [string, string]; hit: boolean }[], seed: number) {
  const k = hits.filter((h) => h.hit).length;
  const models = [...new Set(hits.flatMap((h) => h.pair))];
  const random = seededRandom(seed);
  const rates: number[] = [];
  for (let r = 0; r < 2000; r++) {
    const weight = new Map<string, number>();
    for (let i = 0; i < models.length; i++) {
      const m = models[Math.floor(random() * models.length)] as string;
      weight.set(m, (weight.get(m) ?? 0) + 1);
    }
    let total = 0;
    let sum = 0;
    for (const h of hits) {
      const w = (weight.get(h.pair[0]) ?? 0) * (weight.get(h.pair[1]) ?? 0);
      total += w;
      if (h.hit) sum += w;
    }
    if (total > 0) rates.push(sum / total);
  }
  rates.sort((a, b) => a - b);
  return {
    hits: k,
    of: hits.length,
    rate: k / hits.length,
    exact: binomialInterval(k, hits.length),
    byModel: [sortedQuantile(rates, 0.025), sortedQuantile(rates, 0.975)],
  };
}

// ---- multiple choice ------------------------------------------------------------------------------------------------
const loadStart = performance.now();
const mc = load('mmlu-pro');
const loadSeconds = (performance.now() - loadStart) / 1000;
const mcLineage = lineage.filter((l) => l.set === 'mmlu-pro');
const declaredKin = (a: string, b: string) =>
  familyOf(a) === familyOf(b) ||
  mcLineage.some(
    (l) => (l.student === a && l.teachers.includes(b)) || (l.student === b && l.teachers.includes(a)),
  );

note('every unrelated pair accused');
interface Accusation {
  pair: [string, string];
  p: number;
  naive: number;
  rawAgreement: number;
  kappa: number;
}
const accusations: Accusation[] = [];
/** Pairs with the same common items are judged from one array: accusing each in turn gives the same ranks (see the tests). */
const judged = new Map<string, Map<string, number>>();
for (let i = 0; i < mc.length; i++)
  for (let j = i + 1; j < mc.length; j++) {
    const a = mc[i] as AnswerSheet;
    const b = mc[j] as AnswerSheet;
    if (declaredKin(a.model, b.model)) continue;
    const key = commonChoiceItems(a, b).items.join();
    let ps = judged.get(key);
    const controls = mc.filter((m) => m !== a && m !== b);
    const sheets = [a, b, ...controls];
    if (ps === undefined) {
      const study = choiceStudy(
        a,
        b,
        controls,
        sheets.map((s) => familyOf(s.model)),
      );
      const names = (pair: Pair) =>
        pair
          .map((m) => sheets[m]?.model ?? '')
          .sort()
          .join('\n');
      ps = new Map(pIfAccused(study.array).map((p, k) => [names(study.pairs[k] as Pair), p]));
      judged.set(key, ps);
    }
    const items = commonChoiceItems(a, b).items;
    const at = (f: (x: Answer) => number) =>
      Int8Array.from(items, (item) => f(a.answers.get(item) as Answer));
    const c = countAgreement(
      choicesAt(a, a, items),
      choicesAt(b, a, items),
      at((x) => x.key),
      at((x) => x.options),
    );
    const p = ps.get([a.model, b.model].sort().join('\n'));
    if (p === undefined) continue;
    accusations.push({
      pair: [a.model, b.model],
      p,
      naive: naiveBinomialP(c),
      rawAgreement: c.same / c.items,
      kappa: capaKappa(c),
    });
  }
/** Peer: rank of a raw score among the other unrelated pairs, no adjustment. */
const rankP = (value: number, all: number[]) => (1 + all.filter((x) => x >= value).length) / (1 + all.length);
const kappas = accusations.map((a) => a.kappa);
const falseRows: (string | number)[][] = [];
const falseResult: Record<string, unknown> = {};
for (const alpha of [0.01, 0.05]) {
  const methods: [string, (a: Accusation) => boolean][] = [
    ['this test', (a) => a.p <= alpha],
    ['naive binomial', (a) => a.naive <= alpha],
    ['raw agreement > 60 %', (a) => a.rawAgreement > 0.6],
  ];
  for (const [name, hit] of methods) {
    const r = rateWithIntervals(
      accusations.map((a) => ({ pair: a.pair, hit: hit(a) })),
      7,
    );
    falseRows.push([
      name,
      alpha,
      `${r.hits} of ${r.of}`,
      pct(r.rate),
      `${pct(r.exact[0])} to ${pct(r.exact[1])}`,
      `${pct(r.byModel[0] as number)} to ${pct(r.byModel[1] as number)}`,
    ]);
    falseResult[`${name}@${alpha}`] = r;
  }
}
show(
  `mmlu-pro: every unrelated pair accused (${mc.length} models; kin by name left out)`,
  ['method', 'level', 'convicted', 'rate', '95 % exact', '95 % resampling models'],
  falseRows,
);
result.falseConvictions = falseResult;

// The rate above follows from the ranks; with other controls each time it need not. So: random parties, random controls.
const draws = flags.quick ? 20 : 100;
const drawRandom = seededRandom(23);
const drawn: { pair: [string, string]; hit: boolean }[] = [];
while (drawn.length < draws) {
  const [a, b, ...controls] = sampleShuffled(mc, 14, drawRandom);
  if (a === undefined || b === undefined || declaredKin(a.model, b.model)) continue;
  const study = choiceStudy(
    a,
    b,
    controls,
    [a, b, ...controls].map((s) => familyOf(s.model)),
  );
  drawn.push({ pair: [a.model, b.model], hit: testAccusedPair(study.array).p <= 0.05 });
}
const drawnRate = rateWithIntervals(drawn, 29);
process.stdout.write(
  `random parties with 12 random controls each, level 5 %: ${drawnRate.hits} of ${drawnRate.of} convicted (${pct(drawnRate.rate)}, 95 % exact ${pct(drawnRate.exact[0])} to ${pct(drawnRate.exact[1])})\n`,
);
result.randomControls = drawnRate;

// Each control as suspect once per reference, at run level (Holm over the run): chance that a run convicts anybody.
const byModel = new Map<string, number[]>();
for (const a of accusations) for (const m of a.pair) byModel.set(m, [...(byModel.get(m) ?? []), a.p]);
const perReference = [...byModel].map(([m, ps]) => ({
  m,
  any01: Math.min(...ps) * ps.length <= 0.01,
  any05: Math.min(...ps) * ps.length <= 0.05,
}));
process.stdout.write(
  `references for which at least one of all unrelated suspects is convicted after Holm: ${perReference.filter((r) => r.any01).length} (1 %), ${perReference.filter((r) => r.any05).length} (5 %) of ${perReference.length}\n`,
);
result.runLevel = {
  references: perReference.length,
  at01: perReference.filter((r) => r.any01).length,
  at05: perReference.filter((r) => r.any05).length,
};

note('lineage pairs');
const lineageRows: (string | number)[][] = [];
const sameBase: { student: string; teacher: string; listed: boolean }[] = mcLineage.flatMap((l) =>
  l.teachers.map((teacher) => ({ student: l.student, teacher, listed: true })),
);
for (const s of mc) {
  // Beyond the list: names that say base and instruction-tuned version of one release.
  const base = mc.find(
    (t) => t !== s && s.model.replace(/[-_](instruct|chat|it)/i, '') === t.model.replace(/-hf$/, ''),
  );
  if (base !== undefined && !sameBase.some((x) => x.student === s.model && x.teacher === base.model))
    sameBase.push({ student: s.model, teacher: base.model, listed: false });
}
const found: Record<string, unknown>[] = [];
for (const { student, teacher, listed } of sameBase) {
  const s = mc.find((m) => m.model === student);
  const t = mc.find((m) => m.model === teacher);
  if (s === undefined || t === undefined) continue;
  const start = performance.now();
  const report = runForensics({
    reference: t,
    suspects: [s],
    controls: mc.filter((m) => m !== s && m !== t),
    teachers: [],
  }).suspects[0];
  const seconds = (performance.now() - start) / 1000;
  if (report === undefined) continue;
  const f = (x: number | null | undefined, d = 3) => (x === null || x === undefined ? '-' : x.toFixed(d));
  lineageRows.push([
    `${teacher} -> ${student}${listed ? '' : ' (by name)'}`,
    report.items,
    report.coWrong ?? 0,
    f(report.kappa),
    f(report.expected),
    f(report.excess),
    f(report.z, 1),
    f(report.p, 4),
    kappaRank(report.kappa ?? 0),
    report.verdict,
    `${seconds.toFixed(1)} s`,
  ]);
  found.push({
    student,
    teacher,
    listed,
    items: report.items,
    kappa: report.kappa,
    expected: report.expected,
    excess: report.excess,
    ci95: report.ci95,
    z: report.z,
    p: report.p,
    verdict: report.verdict,
    reason: report.reason,
    itemsNeeded: report.power?.itemsNeeded,
    seconds,
  });
}
function kappaRank(kappa: number): string {
  return rankP(kappa, kappas).toFixed(3);
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
  lineageRows,
);
for (const f of found)
  if (f.reason !== null && f.reason !== undefined) process.stdout.write(`  ${f.student}: ${f.reason}\n`);
result.lineagePairs = found;

note('power against number of items');
const sizes = [200, 500, 1000, 2000, 5000];
const rounds = flags.quick ? 5 : 10;
const random = seededRandom(11);
const powerRows: (string | number)[][] = [];
const powerResult: Record<string, unknown>[] = [];
for (const { student, teacher } of sameBase) {
  const s = mc.find((m) => m.model === student);
  const t = mc.find((m) => m.model === teacher);
  if (s === undefined || t === undefined) continue;
  const controls = mc.filter((m) => m !== s && m !== t);
  const families = [t, s, ...controls].map((m) => familyOf(m.model));
  const all = commonChoiceItems(t, s).items;
  const shares = sizes.map((n) => {
    let hits = 0;
    for (let r = 0; r < rounds; r++)
      if (
        testAccusedPair(choiceStudy(t, s, controls, families, sampleWithout(all, n, random)).array).p <= 0.01
      )
        hits++;
    return hits / rounds;
  });
  powerRows.push([`${teacher} -> ${student}`, ...shares.map(pct)]);
  powerResult.push({ student, teacher, sizes, power: shares, rounds });
}
show(
  `mmlu-pro: share of ${rounds} random item subsets with p <= .01`,
  ['pair', ...sizes.map(String)],
  powerRows,
);
result.power = powerResult;

// ---- free text ------------------------------------------------------------------------------------------------------
note('texts');
const ae = load('alpaca-eval');
const aeLineage = lineage.filter((l) => l.set === 'alpaca-eval');
const students = new Set(aeLineage.map((l) => l.student));
/** Candidates: every teacher of the list, and the hosted models of the same makers and their rivals. */
const isCandidate = (m: string) =>
  aeLineage.some((l) => l.teachers.includes(m)) || /^(gpt|text_davinci|claude|cohere|gemini)/.test(m);
const teachers = ae.filter((s) => isCandidate(s.model));
const controls = ae.filter((s) => !students.has(s.model) && !isCandidate(s.model));
const corpus = corpusOf(ae);
const corpusIndex = (m: string) => ae.findIndex((s) => s.model === m);

/** Peer: word-3-gram Jaccard over the common prompts with additive residuals. */
function plainJaccard(a: AnswerSheet, b: AnswerSheet, grams: Map<string, Map<string, Set<string>>>): number {
  let sum = 0;
  let n = 0;
  const ga = grams.get(a.model);
  const gb = grams.get(b.model);
  for (const [item, x] of ga ?? []) {
    const y = gb?.get(item);
    if (y === undefined) continue;
    let both = 0;
    for (const g of x) if (y.has(g)) both++;
    sum += both / Math.max(1, x.size + y.size - both);
    n++;
  }
  return n === 0 ? 0 : sum / n;
}
const grams = new Map(
  ae.map((s) => [
    s.model,
    new Map(
      [...s.answers.values()].map((a) => {
        const w = (a.text ?? '').toLowerCase().match(/[a-z0-9']+/g) ?? [];
        return [a.item, new Set(w.slice(2).map((_, i) => `${w[i]} ${w[i + 1]} ${w[i + 2]}`))] as const;
      }),
    ),
  ]),
);

interface Named {
  student: string;
  evidence: string;
  truth: string[];
  named: string;
  right: boolean;
  lineRight: boolean;
  abstained: boolean;
  z: Record<string, number>;
  margin: number;
  probability: number;
  peer: string;
  peerRight: boolean;
  byView: { view: string; leader: string }[];
  formatAdjusted: string;
}
const named: Named[] = [];
for (const l of aeLineage) {
  const s = ae.find((m) => m.model === l.student);
  if (s === undefined) continue;
  const { ranking, byView, formatAdjusted } = rankTextTeachers(corpus, ae, s, teachers, controls);
  const top = ranking.teachers[0];
  if (top === undefined) continue;
  const plain = new Map<string, number>();
  const pairs: Pair[] = [];
  const values: number[] = [];
  const peers = [s, ...teachers, ...controls];
  for (let i = 0; i < peers.length; i++)
    for (let j = Math.max(i + 1, teachers.length + 1); j < peers.length; j++) {
      pairs.push([i, j]);
      values.push(plainJaccard(peers[i] as AnswerSheet, peers[j] as AnswerSheet, grams));
    }
  const fit = fitPairEffects(
    peers.length,
    pairs,
    values,
    pairs.map(() => []),
  );
  for (const [k, t] of teachers.entries())
    plain.set(t.model, plainJaccard(s, t, grams) - fit.predict([0, k + 1], []).value);
  const peer = [...plain].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  named.push({
    student: l.student,
    evidence: l.evidence,
    truth: l.teachers,
    named: top.teacher,
    right: l.teachers.includes(top.teacher),
    lineRight: l.teachers.some((t) => lineOf(t) === top.line),
    abstained: top.lineProbability < 0.5 || top.margin < 0.4,
    z: Object.fromEntries(ranking.teachers.map((t) => [t.teacher, t.z])),
    margin: top.margin,
    probability: top.lineProbability,
    peer,
    peerRight: l.teachers.includes(peer),
    byView,
    formatAdjusted,
  });
}
show(
  `alpaca-eval: closest of ${teachers.length} candidates (${controls.length} controls)`,
  [
    'student',
    'evidence',
    'taught by',
    'closest',
    'snapshot',
    'line',
    'margin',
    'P(line)',
    'named',
    'word-3-gram peer',
  ],
  named.map((n) => [
    n.student,
    n.evidence,
    n.truth.join(', '),
    n.named,
    n.right ? 'right' : 'wrong',
    n.lineRight ? 'right' : 'wrong',
    n.margin.toFixed(2),
    n.probability.toFixed(2),
    n.abstained ? 'no' : 'yes',
    `${n.peer} ${n.peerRight ? 'right' : 'wrong'}`,
  ]),
);
const count = (f: (n: Named) => boolean) => named.filter(f).length;
process.stdout.write(
  `right: line ${count((n) => n.lineRight)}, snapshot ${count((n) => n.right)} of ${named.length} (strong evidence: ${count((n) => n.right && n.evidence === 'strong')} of ${count((n) => n.evidence === 'strong')}); peer ${count((n) => n.peerRight)}\n`,
);
const views = named[0]?.byView.map((v) => v.view) ?? [];
process.stdout.write(
  `snapshot right by single view: ${views.map((v) => `${v} ${named.filter((n) => n.truth.includes(n.byView.find((b) => b.view === v)?.leader ?? '')).length}`).join(', ')}\n`,
);

// Sharpness of the probabilities: maximum likelihood on all students but one, scored on that one.
const likelihood = (set: Named[], b: number) =>
  set.reduce((sum, n) => {
    const z = Object.entries(n.z);
    const total = z.reduce((t, [, v]) => t + Math.exp(b * v), 0);
    return (
      sum +
      Math.log(
        z
          .filter(([t]) => n.truth.some((x) => lineOf(x) === lineOf(t)))
          .reduce((t, [, v]) => t + Math.exp(b * v), 0) / total,
      )
    );
  }, 0);
const grid = Array.from({ length: 60 }, (_, i) => 0.1 * (i + 1));
const best = (set: Named[]) => grid.reduce((a, b) => (likelihood(set, b) > likelihood(set, a) ? b : a));
const lineP = (n: Named, b: number) => {
  const z = Object.entries(n.z);
  const total = z.reduce((t, [, v]) => t + Math.exp(b * v), 0);
  const top = z.reduce((x, y) => (y[1] > x[1] ? y : x))[0];
  return z.filter(([t]) => lineOf(t) === lineOf(top)).reduce((t, [, v]) => t + Math.exp(b * v), 0) / total;
};
const heldOut = named.map((n) => ({ p: lineP(n, best(named.filter((m) => m !== n))), right: n.lineRight }));
const brier = heldOut.reduce((s, h) => s + (h.p - Number(h.right)) ** 2, 0) / heldOut.length;
const shipped = named.reduce((t, n) => t + (n.probability - Number(n.lineRight)) ** 2, 0) / named.length;
process.stdout.write(
  `as shipped (sharpness ${probabilitySharpness}): mean P(line) ${(named.reduce((t, n) => t + n.probability, 0) / named.length).toFixed(2)}, Brier ${shipped.toFixed(3)}\n`,
);
process.stdout.write(
  `sharpness fitted ${best(named).toFixed(1)}; held out: mean P(line) ${(heldOut.reduce((s, h) => s + h.p, 0) / heldOut.length).toFixed(2)}, share right ${(count((n) => n.lineRight) / named.length).toFixed(2)}, Brier ${brier.toFixed(3)}\n`,
);
result.teachers = {
  named,
  sharpness: best(named),
  brier,
  right: count((n) => n.right),
  lineRight: count((n) => n.lineRight),
  peerRight: count((n) => n.peerRight),
};

note('every unrelated text pair accused');
const textAll = textStudy(
  corpus,
  controls.map((x) => corpusIndex(x.model)),
  controls.map((x) => familyOf(x.model)),
);
const textAccused = pIfAccused(textAll.array).flatMap((p, k) => {
  const pair = (textAll.pairs[k] as Pair).map((m) => controls[m]?.model ?? '') as [string, string];
  return familyOf(pair[0]) === familyOf(pair[1]) ? [] : [{ pair, p }];
});
const textRows = [0.01, 0.05].map((alpha) => {
  const r = rateWithIntervals(
    textAccused.map((a) => ({ pair: a.pair, hit: a.p <= alpha })),
    9,
  );
  return [
    alpha,
    `${r.hits} of ${r.of}`,
    pct(r.rate),
    `${pct(r.exact[0])} to ${pct(r.exact[1])}`,
    `${pct(r.byModel[0] as number)} to ${pct(r.byModel[1] as number)}`,
  ];
});
show(
  'alpaca-eval: every pair of unrelated controls accused',
  ['level', 'convicted', 'rate', '95 % exact', '95 % resampling models'],
  textRows,
);
const textFound = aeLineage.flatMap((l) =>
  l.teachers.slice(0, 1).map((teacher) => {
    const sheets = [
      ae[corpusIndex(teacher)] as AnswerSheet,
      ae[corpusIndex(l.student)] as AnswerSheet,
      ...controls,
    ];
    const study = textStudy(
      corpus,
      sheets.map((x) => corpusIndex(x.model)),
      sheets.map((x) => familyOf(x.model)),
    );
    const test = testAccusedPair(study.array);
    return { student: l.student, teacher, z: test.z, p: test.p, pairs: test.nullZ.length };
  }),
);
show(
  'alpaca-eval: student against its first listed teacher, as reference',
  ['student', 'teacher', 'z', 'p', 'null pairs'],
  textFound.map((f) => [f.student, f.teacher, f.z.toFixed(1), f.p.toFixed(4), f.pairs]),
);
result.text = { accused: textAccused, found: textFound };

// ---- speed ----------------------------------------------------------------------------------------------------------
const start = performance.now();
const [first, second, ...others] = mc;
if (first !== undefined && second !== undefined)
  runForensics({ reference: first, suspects: [second], controls: others, teachers: [] });
const seconds = (performance.now() - start) / 1000;
process.stdout.write(
  `\n${mc.length} models by ${Math.max(...mc.map((m) => m.choiceItems)).toLocaleString('en')} items: read ${loadSeconds.toFixed(1)} s, judged ${seconds.toFixed(1)} s\n`,
);
result.speed = { loadSeconds, seconds };
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, null, 1)}\n`);
