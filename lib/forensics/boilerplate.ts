import type { Answer, AnswerSheet } from './answers.ts';
import type { Part } from './text-parts.ts';

/**
 * Clauses that stand letter for letter in many texts of two models: a host's greeting, a notice that an application adds, what a system
 * prompt demands. Two strangers behind one host share them. A student has its teacher's habits in what it writes about the question too.
 */

/** Fewest texts of each model in which a clause must stand, and their share. */
const LEAST_TEXTS = 4;
const LEAST_SHARE = 0.05;
/** Length from which a clause is looked at, in characters, and share of the texts that a shorter one must open or close. */
const LEAST_LENGTH = 12;
const LEAST_AT_EDGE = 0.5;
/** Most clauses that are shown, and most characters of each. */
const MOST_CLAUSES = 3;
const MOST_SHOWN = 60;

/** Ends of clauses: of lines, of sentences, and what parts a preface from what it introduces. */
const ENDS = /(\n+|(?<=[.!?:;,。！？：；，،؟])\s*|\s[\u2013\u2014|-]\s)/u;

/** The result on texts without the clauses that recur in both. */
export interface WithoutClauses {
  /** The clauses that recur in most texts, shortened. */
  readonly clauses: readonly string[];
  /** How many there are. */
  readonly kinds: number;
  readonly z: number;
  readonly p: number;
}

const textOf = (answer: Answer, part: Part) => (part === 'trace' ? answer.trace : answer.text);

const clausesOf = (text: string) =>
  text.split(ENDS).flatMap((piece) => (piece.trim() === '' ? [] : [piece.trim()]));

/** In how many of a model's texts each clause stands that stands in enough of them. */
function recurring(sheet: AnswerSheet, part: Part): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  const atEdge = new Map<string, number>();
  let texts = 0;
  const count = (to: Map<string, number>, clauses: Iterable<string>) => {
    for (const clause of clauses) to.set(clause, (to.get(clause) ?? 0) + 1);
  };
  for (const answer of sheet.answers.values()) {
    const text = textOf(answer, part);
    if (text === undefined) continue;
    texts++;
    const clauses = clausesOf(text);
    count(times, new Set(clauses));
    count(atEdge, new Set([...clauses.slice(0, 1), ...clauses.slice(-1)]));
  }
  const enough = Math.max(LEAST_TEXTS, LEAST_SHARE * texts);
  return new Map(
    [...times].filter(
      ([clause, n]) =>
        n >= enough && (clause.length >= LEAST_LENGTH || (atEdge.get(clause) ?? 0) >= LEAST_AT_EDGE * texts),
    ),
  );
}

/** Clauses that recur in both models, those in most texts first. */
export function sharedClauses(a: AnswerSheet, b: AnswerSheet, part: Part): string[] {
  const [own, other] = [recurring(a, part), recurring(b, part)];
  const least = (clause: string) => Math.min(own.get(clause) ?? 0, other.get(clause) ?? 0);
  return [...own.keys()]
    .filter((clause) => other.has(clause))
    .sort((x, y) => least(y) - least(x) || (x < y ? -1 : 1));
}

function without(text: string, clauses: ReadonlySet<string>): string | undefined {
  const left = text
    .split(ENDS)
    .filter((piece) => !clauses.has(piece.trim()))
    .join('')
    .trim();
  return left === '' ? undefined : left;
}

/** A model's answers with these clauses taken out of its texts. */
export function withoutClauses(
  sheet: AnswerSheet,
  clauses: ReadonlyMap<Part, ReadonlySet<string>>,
): AnswerSheet {
  const none: ReadonlySet<string> = new Set();
  const left = (text: string | undefined, part: Part) =>
    text === undefined ? undefined : without(text, clauses.get(part) ?? none);
  return {
    ...sheet,
    answers: new Map(
      [...sheet.answers].map(([item, answer]) => [
        item,
        { ...answer, text: left(answer.text, 'reply'), trace: left(answer.trace, 'trace') },
      ]),
    ),
  };
}

/** Clauses as they are shown. */
export function shownClauses(clauses: readonly string[]): string[] {
  return clauses
    .slice(0, MOST_CLAUSES)
    .map((c) => (c.length > MOST_SHOWN ? `${c.slice(0, MOST_SHOWN)}...` : c));
}
