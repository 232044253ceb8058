import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import { attribute } from '../../lib/forensics/attribution.ts';
import { datesKnown, excludedDirections } from '../../lib/forensics/candidates.ts';
import { SMALLEST_EFFECT } from '../../lib/forensics/effects.ts';
import { lineOf } from '../../lib/forensics/family.ts';
import { chooseParts, compareTexts, partReports } from '../../lib/forensics/judge-texts.ts';
import { excludedByTime, type Lineages } from '../../lib/forensics/models.ts';
import { testAccusedPair } from '../../lib/forensics/pair-test.ts';
import type { Panel } from '../../lib/forensics/panel.ts';
import type { Context, Question } from '../../lib/forensics/question.ts';
import { closenessOfTexts } from '../../lib/forensics/rank-texts.ts';
import { PARTS, type Part, type PartCorpus, partCorpus } from '../../lib/forensics/text-parts.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { aucText, aucWithIntervals, note, type PairValue, rate, say, show } from './rates.ts';

/** A set of texts with what is documented of it. */
export interface TextSet {
  readonly name: string;
  /** What is compared: traces and replies, or replies alone where few have traces. */
  readonly parts: readonly Part[];
  readonly sheets: readonly AnswerSheet[];
  /** Student and teachers; a sibling release of the teacher may count as right. */
  readonly documented: readonly { readonly student: string; readonly teachers: readonly string[] }[];
  /** Documented pairs of the detector; by default every student with its first teacher. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly controls: readonly string[];
  /** Models whose lineage is not published: as controls they make the test blunter, and allow names that few controls do not. */
  readonly ofUnknownLineage?: readonly string[];
  readonly candidates: readonly string[];
  /** Models of which nothing is documented: nobody may be named for them. */
  readonly strangers: readonly string[];
  readonly of: Lineages;
  readonly withoutDates: Lineages;
  /**
   * Whether every unrelated pair is accused by itself, with all others as its controls; else their values are taken from
   * the nulls of the documented pairs, which is the same but for the two parties and takes a fraction of the time.
   */
  readonly accuseStrangers: boolean;
}

/**
 * What is known of release dates: nothing, what is documented, or that all models are of one day, which excludes nobody and
 * lets every candidate be named: the worst case for strangers.
 */
type Dates = 'unknown' | 'known' | 'all of one day';

function lineagesOf(set: TextSet, dates: Dates): Lineages {
  if (dates === 'known') return set.of;
  if (dates === 'unknown') return set.withoutDates;
  return { ...set.withoutDates, facts: (m) => ({ ...set.withoutDates.facts(m), released: '2025-01-01' }) };
}

/** Questions about one set share its corpora and panels. */
class TextBench {
  readonly #set: TextSet;
  readonly #parts: readonly PartCorpus[];
  readonly #panels = new Map<string, Panel>();

  constructor(set: TextSet) {
    this.#set = set;
    this.#parts = PARTS.flatMap((part) => {
      const corpus = partCorpus(part, set.sheets);
      return corpus === undefined ? [] : [corpus];
    });
  }

  sheet(model: string): AnswerSheet | undefined {
    return this.#set.sheets.find((s) => s.model === model);
  }

  question(
    reference: string,
    suspect: string,
    options: { parts: readonly Part[]; dates: Dates; teachers: readonly string[] },
  ): Question | undefined {
    const sheets = (names: readonly string[]) => names.flatMap((n) => this.sheet(n) ?? []);
    const [own] = sheets([reference]);
    const [accused] = sheets([suspect]);
    if (own === undefined || accused === undefined) return undefined;
    const of = lineagesOf(this.#set, options.dates);
    const parties = new Set([reference, suspect, ...options.teachers]);
    const controls = sheets(this.#set.controls).filter((c) => !parties.has(c.model));
    const context: Context = {
      input: { reference: own, suspects: [accused], controls, teachers: sheets(options.teachers) },
      alpha: 0.01,
      effect: SMALLEST_EFFECT,
      of,
      parts: this.#parts.filter((p) => options.parts.includes(p.part)),
      panels: this.#panels,
      random: seededRandom(1),
    };
    return { context, suspect: accused, controls, caveats: [] };
  }

  /** z and p of a pair, all parts together, without intervals. */
  detect(reference: string, suspect: string, parts: readonly Part[]) {
    const question = this.question(reference, suspect, { parts, dates: 'unknown', teachers: [] });
    if (question === undefined) return undefined;
    const { corpora, controls } = chooseParts(question);
    if (corpora.length < parts.length || controls.length < 6) return undefined;
    const comparison = compareTexts(question, corpora, controls);
    const { z, p, nullZ } = testAccusedPair(comparison.array);
    const nulls = Array.from(nullZ, (value, k): PairValue => {
      const [a, b] = comparison.pairs[k + 1] ?? [0, 0];
      return { pair: [comparison.parties.name(a), comparison.parties.name(b)], value };
    });
    return { z, p, pairs: nullZ.length, nulls, parts: partReports(comparison) };
  }

  /** Whom the data point to. */
  attribute(suspect: string, parts: readonly Part[], dates: Dates) {
    const candidates = this.#set.candidates.filter((c) => c !== suspect);
    const [reference = '', ...teachers] = candidates;
    const question = this.question(reference, suspect, { parts, dates, teachers });
    if (question === undefined) return undefined;
    const { corpora, controls } = chooseParts(question);
    if (corpora.length < parts.length) return undefined;
    const closeness = closenessOfTexts(question, corpora, controls);
    if (closeness === undefined) return undefined;
    const attribution = attribute(
      closeness,
      excludedDirections(question.context, suspect),
      datesKnown(question.context, suspect),
    );
    return attribution === undefined ? undefined : { attribution, ranking: closeness.order };
  }
}

type Detected = NonNullable<ReturnType<TextBench['detect']>> & { readonly pair: readonly [string, string] };

/** Pairs of controls that are not kin. */
function unrelatedPairs(set: TextSet): (readonly [string, string])[] {
  return set.controls.flatMap((a, i) =>
    set.controls
      .slice(i + 1)
      .flatMap((b): (readonly [string, string])[] => (set.of.kin(a, b) ? [] : [[a, b]])),
  );
}

/** Mean values of the unrelated pairs in the nulls of the documented ones. */
function valuesInNulls(documented: readonly Detected[], set: TextSet): PairValue[] {
  const found = new Map<string, { pair: readonly [string, string]; values: number[] }>();
  for (const { nulls } of documented)
    for (const { pair, value } of nulls) {
      if (!pair.every((m) => set.controls.includes(m))) continue;
      const key = [...pair].sort().join();
      const own = found.get(key) ?? { pair, values: [] };
      own.values.push(value);
      found.set(key, own);
    }
  return [...found.values()].map(({ pair, values }) => ({
    pair,
    value: values.reduce((a, b) => a + b, 0) / values.length,
  }));
}

/** Detector: AUC of documented against unrelated pairs, part by part and together. */
function detector(bench: TextBench, set: TextSet, result: Record<string, unknown>): void {
  const { parts } = set;
  const measure = (pairs: readonly (readonly [string, string])[]) =>
    pairs.flatMap((pair): Detected[] => {
      const found = bench.detect(pair[1], pair[0], parts);
      return found === undefined ? [] : [{ pair, ...found }];
    });
  const documented = measure(set.pairs);
  const strangers = set.accuseStrangers ? measure(unrelatedPairs(set)) : [];
  const tell = (name: string, pick: (x: Detected) => number | undefined) => {
    const of = (list: readonly Detected[]): PairValue[] =>
      list.map((x) => ({ pair: x.pair, value: pick(x) ?? 0 }));
    const nulls = set.accuseStrangers ? of(strangers) : valuesInNulls(documented, set);
    const a = aucWithIntervals(of(documented), nulls, set.of.maker);
    say(`${set.name}: AUC of documented against unrelated pairs, ${name}: ${aucText(a)}`);
    result[`${set.name} auc ${name}`] = a;
  };
  tell(parts.length > 1 ? 'traces and replies' : 'replies', (x) => x.z);
  if (parts.length > 1) {
    tell('traces', (x) => x.parts.find((q) => q.part === 'trace')?.z);
    tell('replies', (x) => x.parts.find((q) => q.part === 'reply')?.z);
  }
  if (set.accuseStrangers) {
    const convicted = strangers.filter((x) => x.p <= Math.max(0.01, 1 / (1 + x.pairs))).length;
    say(`${set.name}: unrelated pairs at 1 % or the smallest p: ${rate(convicted, strangers.length)}`);
  }
  const found = documented.filter((x) => x.p <= 0.05).length;
  say(`${set.name}: documented pairs at 5 %: ${rate(found, documented.length)}`);
  show(
    `${set.name}: documented pairs`,
    ['student', 'teacher', 'z', 'p', ...parts],
    documented.map((x) => [
      x.pair[0],
      x.pair[1],
      x.z.toFixed(1),
      x.p.toFixed(4),
      ...x.parts.map((q) => q.z.toFixed(1)),
    ]),
  );
}

/** Attribution: students right, named right and wrong; strangers named. */
function attribution(bench: TextBench, set: TextSet, result: Record<string, unknown>): void {
  const runs: [string, readonly Part[], Dates][] = [];
  const all = set.parts;
  const partSets: (readonly Part[])[] = all.length > 1 ? [all, ['trace'], ['reply']] : [all];
  const dated = set.of !== set.withoutDates;
  for (const parts of partSets)
    for (const dates of [
      'unknown',
      ...(dated ? (['known'] as const) : []),
      ...(parts.includes('trace') ? [] : (['all of one day'] as const)),
    ] as const)
      runs.push([
        `${parts.length > 1 ? 'traces and replies' : parts[0] === 'trace' ? 'traces' : 'replies'}${dates === 'unknown' ? '' : `, dates ${dates}`}`,
        parts,
        dates,
      ]);
  const rows: string[][] = [];
  for (const [name, parts, dates] of runs) {
    note(`${set.name}: to whom, ${name}`);
    const students = set.documented.flatMap(({ student, teachers }) => {
      const found = bench.attribute(student, parts, dates);
      return found === undefined ? [] : [{ student, teachers, ...found }];
    });
    const line = (t: string | undefined) => lineOf(t ?? '');
    const right = students.filter((s) => s.teachers.some((t) => line(t) === s.ranking.teachers[0]?.line));
    const named = students.filter((s) => s.attribution.named !== null);
    const namedRight = named.filter((s) =>
      s.teachers.some((t) => line(t) === line(s.attribution.named ?? undefined)),
    );
    const held = students.filter((s) =>
      s.attribution.notToldApart.some((t) => s.teachers.some((x) => line(x) === line(t))),
    );
    const strangers = set.strangers.flatMap((model) => {
      const found = bench.attribute(model, parts, dates);
      return found === undefined ? [] : [{ model, ...found }];
    });
    const accused = strangers.filter((s) => s.attribution.named !== null);
    rows.push([
      name,
      rate(right.length, students.length),
      `${namedRight.length} / ${named.length - namedRight.length}`,
      `${held.length} of ${students.length}`,
      rate(accused.length, strangers.length),
    ]);
    result[`${set.name} attribution ${name}`] = {
      students: students.map((s) => ({ student: s.student, teachers: s.teachers, ...s.attribution })),
      accused: accused.map((s) => ({ model: s.model, ...s.attribution })),
    };
    for (const s of students)
      say(
        `  ${name}: ${s.student} <- ${s.teachers[0]}: first ${s.ranking.teachers[0]?.teacher} (P ${(s.ranking.teachers[0]?.lineProbability ?? 0).toFixed(2)}), {${s.attribution.notToldApart.join(', ')}}, pAny ${s.attribution.detector.pAny.toFixed(3)}, named ${s.attribution.named ?? 'nobody'}`,
      );
    for (const s of accused)
      say(
        `  ${name}: stranger ${s.model} named ${s.attribution.named}, z ${s.attribution.detector.z.toFixed(1)}, pAny ${s.attribution.detector.pAny.toFixed(3)}`,
      );
  }
  show(
    `${set.name}: to whom, among ${set.candidates.length} candidates`,
    ['', 'first is right', 'named right / wrong', 'teacher among those not told apart', 'strangers named'],
    rows,
  );
}

/** Students accused of a teacher younger than they are. */
function younger(bench: TextBench, set: TextSet, result: Record<string, unknown>): void {
  const pairs = set.candidates.flatMap((teacher) =>
    set.sheets
      .map((s) => s.model)
      .filter((student) => excludedByTime(teacher, student, set.of) !== undefined)
      .map((student) => [student, teacher] as const),
  );
  if (pairs.length === 0) return;
  const alike = pairs.filter(([student, teacher]) => {
    const found = bench.detect(teacher, student, set.parts);
    return found !== undefined && found.p <= 0.05;
  });
  say(
    `${set.name}: pairs of a student and a younger teacher: ${pairs.length}; struck out by dates ${pairs.length}, convicted 0; alike at 5 % if dates were not known ${rate(alike.length, pairs.length)}`,
  );
  result[`${set.name} younger`] = { pairs: pairs.length, convicted: 0, alike: alike.length };
}

/** Measures one set of texts. */
export function benchTexts(set: TextSet, result: Record<string, unknown>): void {
  if (set.sheets.length === 0) return;
  note(`${set.name}: ${set.sheets.length} models`);
  const bench = new TextBench(set);
  detector(bench, set, result);
  attribution(bench, set, result);
  younger(bench, set, result);
}
