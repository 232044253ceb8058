import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import { excludedByTime, type Lineages } from '../../lib/forensics/models.ts';
import { VERDICTS } from '../../lib/forensics/report.ts';
import { sameBase } from './choices.ts';
import { type AnswerData, type Documented, knownLineages } from './data.ts';
import { isSame } from './free-form.ts';
import { note, percent, rate, say } from './rates.ts';
import { alpacaSet, misguidedSet, reasoningSet } from './text-sets.ts';
import type { TextSet } from './texts.ts';
import { type Accusation, isPositive, type Outcome, outcomeOf, Product, spread } from './verdict-runs.ts';

/** Levels asked for: the one of the command, and the highest that it takes, where the controls of a set allow no other. */
const LEVELS = [0.01, 0.05] as const;
/** Most accusations of one kind that are run on a set; the others are left out evenly, the same on every run. */
const MOST = 24;

/** Accusations of one kind in one set. */
interface Kind {
  readonly set: string;
  readonly what: string;
  readonly product: Product;
  readonly of: Lineages;
  readonly accusations: readonly Accusation[];
  /** Teachers that are right for a suspect; undefined where nobody is. */
  readonly teachers?: (suspect: string) => readonly string[];
}

/** Where results go, and whether every accusation is run. */
interface Result {
  readonly found: Record<string, unknown>;
  readonly all: boolean;
}

interface Counted {
  readonly kind: Kind;
  readonly alpha: number;
  readonly outcomes: readonly Outcome[];
}

/** The command's level, or the highest one where the controls of the first accusation do not allow that. */
function levelOf({ product, of }: Kind, first: Accusation): number {
  const [usual, highest] = LEVELS;
  const probe = outcomeOf(product.ask(first, of, usual), usual);
  return probe.reachable || probe.p === null || probe.verdict === 'excluded by dates' ? usual : highest;
}

/** Runs the accusations of one kind. */
function count(kind: Kind, result: Result): Counted | undefined {
  const chosen = spread(kind.accusations, result.all ? kind.accusations.length : MOST);
  const [first] = chosen;
  if (first === undefined) return undefined;
  const alpha = levelOf(kind, first);
  note(`${kind.set}: ${kind.what}, ${chosen.length} of ${kind.accusations.length}, level ${alpha}`);
  const outcomes = chosen.map((a) => outcomeOf(kind.product.ask(a, kind.of, alpha), alpha));
  const counted = { kind, alpha, outcomes };
  tell(counted);
  result.found[`verdicts ${kind.set}, ${kind.what}`] = { alpha, of: kind.accusations.length, outcomes };
  return counted;
}

const listed = (list: readonly string[]) => [...list].sort().join(', ');

/** Says what the product said. */
function tell({ kind, alpha, outcomes }: Counted): void {
  const { set, what, of } = kind;
  const label = `${set}, ${what}`;
  const convicted = outcomes.filter((o) => o.verdict === 'consistent with');
  const positive = outcomes.filter(isPositive);
  say(
    `\n${label}: ${outcomes.length} of ${kind.accusations.length} accusations, level ${alpha}; ${outcomes.filter((o) => o.reachable).length} with controls that allow it`,
  );
  say(
    `  ${VERDICTS.flatMap((v) => {
      const n = outcomes.filter((o) => o.verdict === v).length;
      return n === 0 ? [] : [`${v} ${n}`];
    }).join('; ')}`,
  );
  say(
    `  "consistent with": ${rate(convicted.length, outcomes.length)}; with those told as one of several: ${rate(positive.length, outcomes.length)}`,
  );
  const makers = [...new Set(outcomes.flatMap((o) => [of.maker(o.suspect), of.maker(o.reference)]))];
  const without = makers.flatMap((m) => {
    const rest = outcomes.filter((o) => of.maker(o.suspect) !== m && of.maker(o.reference) !== m);
    return rest.length === 0 ? [] : [rest.filter(isPositive).length / rest.length];
  });
  if (without.length > 1)
    say(
      `  each maker left out in turn: ${percent(Math.min(...without))} to ${percent(Math.max(...without))}`,
    );
  for (const o of positive)
    say(
      `  ${o.verdict}: ${o.suspect} of ${o.reference} (p ${o.p?.toFixed(4)}${o.named === null ? '' : `, named ${o.named}`})`,
    );
  const same = outcomes.filter((o) => o.sameWeights);
  say(
    `  speaks of the same weights, or of one file: ${same.length}${same.length === 0 ? '' : ` (${listed(same.map((o) => `${o.suspect} / ${o.reference}`))})`}`,
  );
  const codes = new Map<string, number>();
  for (const { code } of outcomes) if (code !== null) codes.set(code, (codes.get(code) ?? 0) + 1);
  if (codes.size > 0) say(`  nothing computed: ${[...codes].map(([c, n]) => `${c} ${n}`).join(', ')}`);
}

/** Says whom the product names. */
function tellNames({ kind, outcomes }: Counted): void {
  const named = outcomes.filter((o) => o.named !== null);
  const nameable = outcomes.filter((o) => o.nameable).length;
  say(
    `  a teacher named: ${rate(named.length, outcomes.length)}; with controls that allow a name: ${nameable}`,
  );
  const right = (o: Outcome, t: string) => kind.teachers?.(o.suspect).includes(t) === true;
  if (kind.teachers !== undefined) {
    const good = named.filter((o) => right(o, o.named ?? ''));
    const held = outcomes.filter((o) => o.notToldApart.some((t) => right(o, t)));
    say(
      `  named right ${good.length}, wrong ${named.length - good.length}; teacher among those not told apart, where the detector found anybody: ${held.length}`,
    );
  }
  for (const o of named)
    say(
      `  named: ${o.named} for ${o.suspect}${kind.teachers === undefined || right(o, o.named ?? '') ? '' : ', wrong'}`,
    );
}

const others = (list: readonly string[], own: string) => list.filter((x) => x !== own);

/** Pairs of models that are not kin, as accusations with all other models as controls. */
function unrelated(models: readonly string[], of: Lineages): Accusation[] {
  return models.flatMap((reference, i) =>
    models
      .slice(i + 1)
      .flatMap((suspect): Accusation[] =>
        of.kin(reference, suspect) ? [] : [{ reference, suspect, controls: models }],
      ),
  );
}

/** All models of one day: dates exclude nobody and allow every name, the worst case for strangers. */
function ofOneDay(of: Lineages): Lineages {
  return { ...of, facts: (m) => ({ ...of.facts(m), released: '2025-01-01' }) };
}

/** Every kind of accusation of a set of texts. */
function benchTextVerdicts(set: TextSet | undefined, result: Result): void {
  if (set === undefined || set.sheets.length === 0) return;
  const product = new Product(set.sheets);
  const { candidates, controls, strangers } = set;
  const base = { set: set.name, product };
  const undated = set.withoutDates;
  const among = (suspect: string, of: readonly string[]): Accusation[] => {
    const asked = others(of, suspect);
    const [reference] = asked;
    return reference === undefined ? [] : [{ reference, suspect, controls, teachers: asked.slice(1) }];
  };
  const ties = (a: string, list: readonly string[]) => list.some((c) => c !== a && undated.kin(a, c));
  const documentedTeachers = new Set(set.documented.flatMap((d) => d.teachers));
  const untied = (c: string) => !documentedTeachers.has(c) && !ties(c, candidates);
  const innocent = [...new Set([...strangers, ...candidates.filter(untied)])];
  const named = (kind: Kind) => {
    const counted = count(kind, result);
    if (counted !== undefined) tellNames(counted);
  };
  named({
    ...base,
    what: `strangers among ${candidates.length} candidates`,
    of: ofOneDay(undated),
    accusations: innocent.flatMap((s) => among(s, candidates)),
  });
  const documented = (list: readonly string[], what: string, of: Lineages) =>
    named({
      ...base,
      what,
      of,
      teachers: (s) => set.documented.find((d) => d.student === s)?.teachers ?? [],
      accusations: set.documented.flatMap(({ student, teachers }) => {
        const [reference = ''] = teachers;
        return [{ reference, suspect: student, controls, teachers: others(list, reference) }];
      }),
    });
  documented(candidates, 'students among all candidates, no dates', undated);
  if (set.of !== undated) documented(candidates, 'students among all candidates, dates known', set.of);
  // Two candidates at a time: the controls that are left allow names, which six candidates and eight controls do not.
  named({
    ...base,
    what: 'strangers between two candidates',
    of: ofOneDay(undated),
    accusations: innocent.flatMap((s, i) => {
      const rest = others(candidates, s);
      return [i, i + 1].flatMap((k) =>
        among(
          s,
          [k, k + 1].flatMap((x) => rest[x % rest.length] ?? []),
        ),
      );
    }),
  });
  documented([], 'students and their teacher alone', set.of);
  count(
    { ...base, what: 'strangers, no candidates', of: undated, accusations: unrelated(controls, undated) },
    result,
  );
  younger(set, base, result);
}

/** Every model that is older than a candidate, accused of having learnt from it. */
function younger(set: TextSet, base: { set: string; product: Product }, result: Result): void {
  const accusations = set.candidates.flatMap((reference) =>
    set.sheets
      .map((s) => s.model)
      .filter((suspect) => excludedByTime(reference, suspect, set.of) !== undefined)
      .map(
        (suspect): Accusation => ({
          reference,
          suspect,
          controls: set.controls,
          teachers: others(set.candidates, suspect),
        }),
      ),
  );
  const counted = count({ ...base, what: 'models and a younger teacher', of: set.of, accusations }, result);
  if (counted === undefined) return;
  tellNames(counted);
  const wrong = counted.outcomes.filter((o) =>
    [o.named, ...o.notToldApart].some(
      (t) => t !== null && excludedByTime(t, o.suspect, set.of) !== undefined,
    ),
  );
  say(
    `  a younger teacher convicted: ${rate(counted.outcomes.filter(isPositive).length, counted.outcomes.length)}; named, or among those not told apart: ${wrong.length}`,
  );
}

/** Answers: every unrelated pair, and the pairs that are known to share weights or base. */
function benchAnswerVerdicts(
  name: string,
  sheets: readonly AnswerSheet[],
  pairs: readonly (readonly [string, string])[],
  result: Result,
): void {
  if (sheets.length === 0) return;
  const models = sheets.map((s) => s.model);
  const of = knownLineages(models);
  const base = { set: name, product: new Product(sheets), of };
  const strangers = unrelated(models, of);
  count({ ...base, what: 'strangers, makers of both left out', accusations: strangers }, result);
  // As a user has it who gives all files: enough pairs for the command's level.
  const all = strangers.map((a) => ({ ...a, kinToo: true }));
  count({ ...base, what: 'strangers, all others as controls', accusations: all }, result);
  count(
    {
      ...base,
      what: 'same weights, snapshots or base',
      accusations: pairs.map(([reference, suspect]) => ({
        reference,
        suspect,
        controls: models,
        kinToo: true,
      })),
    },
    result,
  );
}

/** Free-form answers: pairs that one product's snapshots, or weights served twice, make. */
function benchFreeFormVerdicts(data: AnswerData, name: string, result: Result): void {
  const sheets = data.load(`reasoning/${name}`);
  const names = sheets.map((s) => s.model);
  const same = names.flatMap((a, i) =>
    names.slice(i + 1).flatMap((b) => (isSame(a, b) ? [[a, b] as const] : [])),
  );
  benchAnswerVerdicts(name, sheets, same, result);
}

function benchChoiceVerdicts(data: AnswerData, documented: readonly Documented[], result: Result): void {
  const sheets = data.load('mmlu-pro');
  const own = documented.filter((l) => l.set === 'mmlu-pro');
  const bases = sameBase(sheets, own).map(({ student, teacher }) => [teacher.model, student.model] as const);
  benchAnswerVerdicts('mmlu-pro', sheets, bases, result);
}

/** The sets, by name of their folder. */
const SETS: Readonly<
  Record<string, (data: AnswerData, documented: readonly Documented[], result: Result) => void>
> = {
  'pm-traces': (data, _, result) => benchTextVerdicts(reasoningSet(data), result),
  misguided: (data, _, result) => benchTextVerdicts(misguidedSet(data), result),
  'alpaca-eval': (data, _, result) => benchTextVerdicts(alpacaSet(data), result),
  'mmlu-pro': benchChoiceVerdicts,
  'freeform-crux': (data, _, result) => benchFreeFormVerdicts(data, 'freeform-crux', result),
  'freeform-math-l5': (data, _, result) => benchFreeFormVerdicts(data, 'freeform-math-l5', result),
};

/**
 * Counts what the product itself says.
 *
 * @param only name of one set; all by default
 * @param all whether every accusation is run; else two dozen of each kind, spread evenly
 */
export function benchVerdicts(
  data: AnswerData,
  documented: readonly Documented[],
  found: Record<string, unknown>,
  { only, all }: { only: string | undefined; all: boolean },
): void {
  for (const [name, bench] of Object.entries(SETS))
    if (only === undefined || only === name) bench(data, documented, { found, all });
}
