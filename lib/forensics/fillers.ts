import type { FreeTable } from './free-form.ts';
import { FIRST_CONTROL, REFERENCE, SUSPECT } from './parties.ts';

/**
 * Wrong answers that a parser, a filter or a harness writes, and no model: `nan`, `0`, "I cannot help with that". Two strangers
 * behind one of these share them again and again, and none is knowledge. Who learns from another shares errors that fit the
 * question, and so are hardly ever the same at two questions.
 */

/** Fewest items at which each of the two gives a wrong answer for it to be a filler and no coincidence. */
const LEAST_FILLED = 5;
/** The same of an answer that is right at no item: on public code output and mathematics no documented pair shares such a one. */
const LEAST_NEVER_RIGHT = 2;
/** Times as often as the median control that both give an answer that is right elsewhere, for it to be a filler. */
const OFTENER = 2;
/** Letters from which an answer is words, which are known by how they begin: a refusal goes on as the question has it. */
const LEAST_LETTERS = 8;
/** Characters by which words are known. */
const STEM = 12;
/** Most answers that are shown, and most characters of each. */
const MOST_ANSWERS = 5;
const MOST_SHOWN = 40;

/** What two answers of one filler have in common: all of a short one, the beginning of words, whatever numbers stand in it. */
function stemOf(form: string): string {
  const letters = form.match(/\p{L}/gu)?.length ?? 0;
  return letters < LEAST_LETTERS ? form : form.replace(/\d+/g, '#').slice(0, STEM);
}

/** Fillers that reference and suspect share. */
export interface Fillers {
  /** The answers that they share most often, shortened, the most frequent first. */
  readonly answers: readonly string[];
  /** How many different fillers there are. */
  readonly kinds: number;
  /** Items at which both gave the same one and were wrong. */
  readonly same: number;
  /** Whether a wrong answer is one of them. */
  readonly has: (wrong: string) => boolean;
}

interface Shared {
  readonly stem: string;
  readonly first: string;
  times: number;
}

function sharedWrong(table: FreeTable): Shared[] {
  const shared = new Map<string, Shared>();
  table.wrong[REFERENCE]?.forEach((answer, i) => {
    if (answer === undefined || answer !== table.wrong[SUSPECT]?.[i]) return;
    const stem = stemOf(answer);
    const known = shared.get(stem);
    if (known === undefined) shared.set(stem, { stem, first: answer, times: 1 });
    else known.times++;
  });
  return [...shared.values()].sort((a, b) => b.times - a.times || (a.stem < b.stem ? -1 : 1));
}

/** How often each model gives each stem and is wrong. */
function timesGiven(table: FreeTable): ReadonlyMap<string, number>[] {
  return table.wrong.map((row) => {
    const times = new Map<string, number>();
    for (const wrong of row)
      if (wrong !== undefined) times.set(stemOf(wrong), (times.get(stemOf(wrong)) ?? 0) + 1);
    return times;
  });
}

/**
 * The fillers among the wrong answers that reference and suspect share: the most frequent one, if it recurs; every one that
 * each of them repeats and nobody is ever right with; and every one that each gives far more often than controls do.
 *
 * @returns undefined where none recurs
 */
export function fillersOf(table: FreeTable): Fillers | undefined {
  const right = new Set([...table.rightForms].map(stemOf));
  const given = timesGiven(table);
  const found = sharedWrong(table).filter(({ stem, times }, k) => {
    const each = given.map((of) => of.get(stem) ?? 0);
    const own = Math.min(each[REFERENCE] ?? 0, each[SUSPECT] ?? 0);
    if (!right.has(stem)) return own >= LEAST_NEVER_RIGHT;
    const controls = each.slice(FIRST_CONTROL).sort((a, b) => a - b);
    const median = controls[controls.length >> 1] ?? 0;
    return (k === 0 && times >= LEAST_FILLED) || (own >= LEAST_FILLED && own > OFTENER * median);
  });
  if (found.length === 0) return undefined;
  const stems = new Set(found.map((f) => f.stem));
  return {
    answers: found
      .slice(0, MOST_ANSWERS)
      .map(({ first }) => (first.length > MOST_SHOWN ? `${first.slice(0, MOST_SHOWN)}...` : first)),
    kinds: found.length,
    same: found.reduce((sum, f) => sum + f.times, 0),
    has: (wrong) => stems.has(stemOf(wrong)),
  };
}
