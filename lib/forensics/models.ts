import * as z from 'zod';
import { type AnswerSheet, AnswersError } from './answers.ts';
import { dayAfter, dayExists } from './day.ts';
import { familyOf } from './family.ts';

const DAY = /^\d{4}(-\d{2}(-\d{2})?)?$/;
const day = z
  .string()
  .regex(DAY, 'a date as 2025-01-20, 2025-01 or 2025')
  .refine(dayExists, 'a date that does not exist')
  .nullish();
const name = z.string().min(1).max(200).nullish();

/** What is known of one model, an entry of `--models FILE` (contract: design, section 5). */
export const modelFacts = z.object({
  released: day.describe('day on which it could first be used by others'),
  cutoff: day.describe('day at which its training data ends'),
  maker: name.describe('who made it'),
  base: name.describe('the model that it was trained from'),
  family: name.describe('lineage: models of one family are kin'),
});
export type ModelFacts = z.infer<typeof modelFacts>;

/** Facts by model name. */
export type ModelTable = ReadonlyMap<string, ModelFacts>;

/** Most models in one file. */
const MAX_MODELS = 10_000;

/** First and last day that a date of year, month or day precision can mean. */
function span(date: string): readonly [string, string] {
  if (date.length === 4) return [`${date}-01-01`, `${date}-12-31`];
  return date.length === 7 ? [`${date}-01`, `${date}-31`] : [date, date];
}

/** Whether the first date lies after the second, however coarse either is. */
export function certainlyAfter(a: string, b: string): boolean {
  return span(a)[0] > span(b)[1];
}

/**
 * Reads the models file.
 *
 * @param json the parsed file: an object from model name to facts
 * @param say told of fields that are not known; they are left out
 * @throws AnswersError naming model and field: a wrong type or date, a training cut-off after the release, a base that
 *   was released after its descendant, a model that is its own base
 */
export function readModels(file: string, json: unknown, say: (text: string) => void = () => {}): ModelTable {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new AnswersError(`${file}: not an object from model name to facts`);
  const entries = Object.entries(json);
  if (entries.length > MAX_MODELS) throw new AnswersError(`${file}: more than ${MAX_MODELS} models`);
  const table = new Map<string, ModelFacts>();
  for (const [model, facts] of entries) {
    const parsed = modelFacts.safeParse(facts);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new AnswersError(
        `${file}: model "${model}": field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`,
      );
    }
    const strange = Object.keys(facts as object).filter((field) => !(field in modelFacts.shape));
    if (strange.length > 0) say(`${file}: model "${model}": not known and left out: ${strange.join(', ')}`);
    table.set(model, parsed.data);
  }
  for (const [model, facts] of table) checkDates(file, model, facts, table);
  return table;
}

function checkDates(file: string, model: string, facts: ModelFacts, table: ModelTable): void {
  const { released, cutoff, base } = facts;
  if (released && cutoff && certainlyAfter(cutoff, released))
    throw new AnswersError(
      `${file}: model "${model}": "cutoff" ${cutoff} lies after "released" ${released}; one of the two is wrong`,
    );
  if (!base) return;
  if (folded(base) === folded(model))
    throw new AnswersError(`${file}: model "${model}": "base" names the model itself`);
  if (table.get(base)?.base === model)
    throw new AnswersError(
      `${file}: models "${model}" and "${base}" each name the other as "base"; one of the two is wrong`,
    );
  const older = table.get(base)?.released;
  if (released && older && certainlyAfter(older, released))
    throw new AnswersError(
      `${file}: model "${model}" was released ${released}, before its base "${base}" (${older}); one of the two is wrong`,
    );
}

/**
 * Holds release dates of models whose answers are in hand to the day of the run: a release to come would strike out a teacher that
 * could be asked all the same.
 *
 * @param today the day as 2025-01-20; a day later is allowed, as one moment has two dates on earth
 * @throws AnswersError naming model and field
 */
export function checkFuture(file: string, table: ModelTable, models: readonly string[], today: string): void {
  for (const model of models) {
    const released = table.get(model)?.released;
    if (released && certainlyAfter(released, dayAfter(today)))
      throw new AnswersError(
        `${file}: model "${model}": "released" ${released} lies in the future (today is ${today}), and its answers are in hand; correct it, or leave it out`,
      );
  }
}

/** Who is kin to whom, and what time allows. */
export interface Lineages {
  /** Label under which a model counts: its family, else its maker, else what its name suggests. */
  family(model: string): string;
  /** Whose model it is: the maker, else the family. */
  maker(model: string): string;
  /** Whether two models share family, maker, base, or one is the other's base. */
  kin(a: string, b: string): boolean;
  facts(model: string): ModelFacts | undefined;
  /** Day of the last of a model's answers, where all of them are dated and none before its release. */
  answered?(model: string): string | undefined;
}

/** A label without what spelling adds to it: `Meta`, `META ` and `meta.` are one maker. */
function plain(label: string): string {
  const folded = label.normalize('NFKC').toLowerCase();
  const bare = folded.replace(/[^\p{L}\p{N}]+/gu, '');
  return bare === '' ? folded.trim() : bare;
}

/** Whether two labels name the same, however they are spelt. */
export function sameLabel(a: string | null | undefined, b: string | null | undefined): boolean {
  return Boolean(a) && Boolean(b) && plain(a ?? '') === plain(b ?? '');
}

/** Labels under one name each: as first spelt, and those that a declaration unites under the declaration's. */
class Labels {
  readonly #names = new Map<string, string>();
  readonly #united = new Map<string, string>();

  /** The first spelling stands for all. */
  name(label: string): string {
    const key = plain(label);
    const known = this.#names.get(key);
    if (known === undefined) this.#names.set(key, label);
    return known ?? label;
  }

  of(label: string): string {
    let at = this.name(label);
    for (let next = this.#united.get(at); next !== undefined; next = this.#united.get(at)) at = next;
    return at;
  }

  unite(label: string, group: string): void {
    const [a, b] = [this.of(label), this.of(group)];
    if (a !== b) this.#united.set(a, b);
  }
}

/** Name of a model as names are compared where one model names another: letters of one case, no space around. */
const folded = (model: string) => model.normalize('NFKC').trim().toLowerCase();

/** The models that a model was trained from, as far as the file says, by folded name; a circle ends where it closes. */
function ancestry(table: ModelTable): (model: string) => ReadonlySet<string> {
  const bases = new Map(
    [...table].flatMap(([model, f]) => (f.base ? [[folded(model), folded(f.base)]] : [])),
  );
  return (model) => {
    const out = new Set<string>();
    for (let at = bases.get(folded(model)); at !== undefined && !out.has(at); at = bases.get(at)) out.add(at);
    return out;
  };
}

/**
 * Kin come from the file and from declarations (`--kin`), which add to it; a name speaks only where the file says nothing
 * of family and maker. Labels are compared without case, space and punctuation, and bases are followed to their end.
 *
 * @param declared model to label, from `--kin`: whoever shares the label or the family of one of its models is kin
 */
export function lineages(
  table: ModelTable = new Map(),
  declared: ReadonlyMap<string, string> = new Map(),
  byName: (model: string) => string = familyOf,
): Lineages {
  const [families, makers] = [new Labels(), new Labels()];
  for (const f of table.values()) {
    for (const label of [f.family ?? f.maker]) if (label) families.name(label);
    if (f.maker) makers.name(f.maker);
  }
  const facts = (model: string) => table.get(model);
  const familyLabel = (model: string) => facts(model)?.family ?? facts(model)?.maker ?? byName(model);
  const makerLabel = (model: string) => facts(model)?.maker ?? familyLabel(model);
  for (const [model, group] of declared) {
    families.unite(familyLabel(model), group);
    makers.unite(makerLabel(model), group);
  }
  const family = (model: string) => families.of(familyLabel(model));
  const maker = (model: string) => makers.of(makerLabel(model));
  const ancestors = ancestry(table);
  const kin = (a: string, b: string) => {
    if (a === b || family(a) === family(b)) return true;
    const [fa, fb] = [facts(a), facts(b)];
    if (fa?.maker && fb?.maker && maker(a) === maker(b)) return true;
    const [ofA, ofB] = [ancestors(a), ancestors(b)];
    return ofA.has(folded(b)) || ofB.has(folded(a)) || [...ofA].some((x) => ofB.has(x));
  };
  return { family, maker, kin, facts };
}

/** A direction of learning that dates exclude. */
export interface Excluded {
  readonly teacher: string;
  readonly student: string;
  readonly reason: string;
}

/** Why the student cannot have learnt from the teacher's public answers, or undefined where dates do not exclude it. */
export function excludedByTime(teacher: string, student: string, of: Lineages): Excluded | undefined {
  const born = of.facts(teacher)?.released;
  const done = of.facts(student)?.released;
  if (!born) return undefined;
  const last = of.answered?.(student);
  if (last !== undefined && certainlyAfter(born, dayAfter(last)))
    return {
      teacher,
      student,
      reason: `${teacher} was released ${born}, after the last of ${student}'s answers was given (${last}): ${student} cannot have learnt from its public answers`,
    };
  if (!done || !certainlyAfter(born, done)) return undefined;
  return {
    teacher,
    student,
    reason: `${teacher} was released ${born}, after ${student} (${done}): ${student} cannot have learnt from its public answers`,
  };
}

/** What dates of answers add: a model whose every answer is dated was there by the last of those days. */
export function withAnswers(
  of: Lineages,
  sheets: readonly Pick<AnswerSheet, 'model' | 'asked' | 'oddDates' | 'dated' | 'answers'>[],
): Lineages {
  const days = new Map(
    sheets.flatMap((s) => {
      const sound = s.asked !== undefined && s.dated >= s.answers.size && oddDates(s, of) === undefined;
      return sound && s.asked !== undefined ? [[s.model, s.asked.to] as const] : [];
    }),
  );
  return { ...of, answered: (model) => days.get(model) };
}

/** That some answers of a model are older than a teacher; undefined where none is, or all are and exclude it. */
export function olderThan(
  teacher: string,
  student: Pick<AnswerSheet, 'model' | 'asked'>,
  of: Lineages,
): string | undefined {
  const born = of.facts(teacher)?.released;
  const { model, asked } = student;
  if (!born || asked === undefined || !certainlyAfter(born, dayAfter(asked.from))) return undefined;
  if (excludedByTime(teacher, model, of) !== undefined) return undefined;
  return `answers of ${model} are dated from ${asked.from}, before ${teacher} was released (${born}): those cannot have been learnt from its public answers`;
}

/** That answers are dated before their model was released, or on days that cannot be meant; undefined where they are not. */
export function oddDates(
  sheet: Pick<AnswerSheet, 'model' | 'asked' | 'oddDates'>,
  of: Lineages,
): string | undefined {
  const { model, asked, oddDates: odd } = sheet;
  const released = of.facts(model)?.released;
  if (asked !== undefined && released && certainlyAfter(released, dayAfter(asked.from)))
    return `answers of ${model} are dated from ${asked.from}, before its release (${released}): one of the two is wrong`;
  return odd === 0
    ? undefined
    : `${odd.toLocaleString('en')} answers of ${model} have a date that does not exist; it was left out`;
}

/**
 * What a stated training cut-off says of learning from a teacher released after it. It excludes nothing: cut-offs are those
 * of pre-training, and distillation comes later.
 */
export function cutoffNote(teacher: string, student: string, of: Lineages): string | undefined {
  const born = of.facts(teacher)?.released;
  const cutoff = of.facts(student)?.cutoff;
  if (!born || !cutoff || !certainlyAfter(born, cutoff)) return undefined;
  return `the training data of ${student} is said to end ${cutoff}, before ${teacher} was released (${born}): only training after that cut-off can have held its answers`;
}

/** What two models are known to share, in words; undefined where the file says nothing. */
export function knownTie(a: string, b: string, of: Lineages): string | undefined {
  const [fa, fb] = [of.facts(a), of.facts(b)];
  if (fa?.base && folded(fa.base) === folded(b)) return `${a} was trained from ${b}`;
  if (fb?.base && folded(fb.base) === folded(a)) return `${b} was trained from ${a}`;
  if (fa?.base && fb?.base && folded(fa.base) === folded(fb.base)) return `both were trained from ${fa.base}`;
  if (sameLabel(fa?.family, fb?.family)) return `both are of the family ${fa?.family}`;
  if (sameLabel(fa?.maker, fb?.maker)) return `both are made by ${fa?.maker}`;
  return (fa?.base || fb?.base) && of.kin(a, b)
    ? `${a} and ${b} are kin by the models that they were trained from`
    : undefined;
}
