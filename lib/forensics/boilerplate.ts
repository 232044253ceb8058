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

const piecesOf = (text: string, ends: RegExp) =>
  text.split(ends).flatMap((piece) => (piece.trim() === '' ? [] : [piece.trim()]));

/**
 * What a text is split by in turn: lines, sentences, clauses. A sentence that recurs goes whole: of a refusal, "I'm sorry," is too
 * short to be looked at, and would stay behind in both.
 */
const LEVELS: readonly RegExp[] = [/(\n+)/u, /((?<=[.!?。！？؟])\s+)/u, ENDS];

/** The text itself, and its lines, sentences and clauses. */
const unitsOf = (text: string) => [text.trim(), ...LEVELS.flatMap((ends) => piecesOf(text, ends))];

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
    const clauses = piecesOf(text, ENDS);
    count(times, new Set(unitsOf(text)));
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

/** Clauses that recur in both models, those in most texts first; of one that stands in a longer one alone, the longer. */
export function sharedClauses(a: AnswerSheet, b: AnswerSheet, part: Part): string[] {
  const [own, other] = [recurring(a, part), recurring(b, part)];
  const least = (clause: string) => Math.min(own.get(clause) ?? 0, other.get(clause) ?? 0);
  const shared = [...own.keys()].filter((clause) => other.has(clause));
  const within = (clause: string) =>
    shared.some(
      (longer) =>
        longer.length > clause.length &&
        longer.includes(clause) &&
        own.get(longer) === own.get(clause) &&
        other.get(longer) === other.get(clause),
    );
  return shared.filter((clause) => !within(clause)).sort((x, y) => least(y) - least(x) || (x < y ? -1 : 1));
}

/** What is left of a text where lines, then sentences, then clauses are taken out. */
function leftOf(text: string, clauses: ReadonlySet<string>, level = 0): string {
  const ends = LEVELS[level];
  if (clauses.has(text.trim())) return '';
  if (ends === undefined) return text;
  return text
    .split(ends)
    .map((piece) => leftOf(piece, clauses, level + 1))
    .join('');
}

function without(text: string, clauses: ReadonlySet<string>): string | undefined {
  const left = leftOf(text, clauses).trim();
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
