import type { Answer, AnswerSheet } from './answers.ts';
import { percent } from './numbers.ts';

/**
 * One file with some of its answers or words changed. A model that learnt from another goes its own way where it does not
 * follow: at questions that are hard. Who changes answers at random changes easy ones as often. And no two models write the
 * same long text at question after question, whatever they learnt.
 */

/** Fewest items that both got wrong, and share of equal wrong answers among them for a copy, whatever else holds. */
const LEAST_CO_WRONG = 50;
const NEARLY_ALL_WRONG = 0.9;
/** As many times the share that strangers have, as a median: two that answer yes or no share every error that both make. */
const ABOVE_STRANGERS = 1.4;
/**
 * The same where the two differ at easy questions as at hard ones. Of 253 pairs of public models on MMLU-Pro those with a share
 * from .40 differ at the easiest quarter at most .50 times as often as at the hardest; files with 10 to 50 % of the answers
 * changed at random, .91 to 1.14 times. What is compared is the lower 95 % limit of that ratio.
 */
const MANY_WRONG = 0.4;
const LEAST_RATIO = 0.55;
const ONE_SIDED = 1.645;
/** Other models that must have answered for a median, or the ease of an item; and items whose ease is known. */
const LEAST_OTHERS = 3;
const LEAST_RANKED = 100;

/**
 * Texts from this length can be the same for one reason only; words in a row that are compared; share of them from which two
 * texts are one; fewest such texts, and share of all long ones, for a copy. Of 1,924 pairs of public models the most alike have
 * 20 % (two releases of one product), all other pairs 16 % and less.
 */
const LONG_ENOUGH = 200;
const WORDS = 5;
const ONE_TEXT = 1 / 3;
const LEAST_TEXTS = 10;
const MANY_TEXTS = 0.4;
/** Long texts after which two models that mostly differ are looked at no longer. */
const ENOUGH_TO_DIFFER = 40;
const DIFFER_BELOW = 0.2;
/**
 * Texts of one file that have a run of words from which it is a frame around answers, the texts looked at for it, and fewest
 * runs that a text must have beside it. Public files hold the command line of their harness under every answer.
 */
const FRAME_FROM = 3;
const FRAME_TEXTS = 60;
const LEAST_RUNS = 20;
/** Strangers that say the same at a question from which the question forces it. */
const FORCED_BY = 2;
/** Characters of a text that are read: a page and a half say whether two texts are one. */
const MOST_READ = 4000;
const WORD = /[\p{L}\p{N}]+/gu;

/** What two files share that are one but for changes. */
export interface EditedCopy {
  readonly what: 'texts' | 'answers';
  /** Texts that are the same but for some words, or wrong answers that are the same; and how many were compared. */
  readonly same: number;
  readonly of: number;
  /** Answers: share that differs at the hardest and at the easiest quarter of the items; null where it was not needed. */
  readonly differ: { readonly hard: number; readonly easy: number } | null;
}

/** FNV-1a over the words of a run: 32 bits are enough to tell the few hundred runs of two texts apart. */
const [FNV_START, FNV_PRIME] = [0x811c9dc5, 0x01000193];

function hashOf(words: readonly string[], from: number): number {
  let hash = FNV_START;
  for (let w = from; w < from + WORDS; w++) {
    const word = words[w] ?? '';
    for (let k = 0; k < word.length; k++) hash = Math.imul(hash ^ word.charCodeAt(k), FNV_PRIME);
    hash = Math.imul(hash ^ 32, FNV_PRIME);
  }
  return hash;
}

/** Runs by text: one file is compared with many others, and its texts are taken apart once. */
const takenApart = new WeakMap<Answer, Map<string, ReadonlySet<number>>>();

/** Runs of words of one of an answer's texts. */
function runsOf(answer: Answer, text: string): ReadonlySet<number> {
  const own = takenApart.get(answer) ?? new Map<string, ReadonlySet<number>>();
  const known = own.get(text);
  if (known !== undefined) return known;
  const words = text.slice(0, MOST_READ).toLowerCase().match(WORD) ?? [];
  const runs = new Set<number>();
  for (let i = 0; i + WORDS <= words.length; i++) runs.add(hashOf(words, i));
  own.set(text, runs);
  takenApart.set(answer, own);
  return runs;
}

type Runs = ReadonlySet<number>;

/** Runs of words that several of a file's texts have: what a harness, a template or a habit puts around answers. */
function addFrame(frame: Set<number>, texts: readonly Runs[]): void {
  const times = new Map<number, number>();
  for (const runs of texts) for (const run of runs) times.set(run, (times.get(run) ?? 0) + 1);
  for (const [run, n] of times) if (n >= FRAME_FROM) frame.add(run);
}

/** Whether two texts are the same but for some words; undefined where too little is left beside their frames. */
function oneText(x: Runs, y: Runs, frame: Runs): boolean | undefined {
  let shared = 0;
  let own = 0;
  for (const run of x) {
    if (frame.has(run)) continue;
    own++;
    if (y.has(run)) shared++;
  }
  let theirs = 0;
  for (const run of y) if (!frame.has(run)) theirs++;
  const least = Math.min(own, theirs);
  if (least < LEAST_RUNS) return undefined;
  return shared >= ONE_TEXT * least;
}

type Part = (answer: Answer) => string | undefined;
const PARTS: readonly Part[] = [(a) => a.text, (a) => a.trace];

/** Long texts of both, and those that are one; what other models say too at that question is what the question forces. */
function sharedTexts(a: AnswerSheet, b: AnswerSheet, others: readonly AnswerSheet[], part: Part) {
  const long = [...a.answers].flatMap(([item, x]) => {
    const y = b.answers.get(item);
    const [own, theirs] = [part(x), y === undefined ? undefined : part(y)];
    if (own === undefined || theirs === undefined) return [];
    return own.length < LONG_ENOUGH || theirs.length < LONG_ENOUGH
      ? []
      : [{ item, own: () => runsOf(x, own), theirs: () => runsOf(y ?? x, theirs) }];
  });
  if (long.length < LEAST_TEXTS) return { same: 0, of: long.length };
  const first = long.slice(0, FRAME_TEXTS);
  const frame = new Set<number>();
  addFrame(
    frame,
    first.map((t) => t.own()),
  );
  addFrame(
    frame,
    first.map((t) => t.theirs()),
  );
  let of = 0;
  const same: { item: string; own: Runs }[] = [];
  for (const { item, own, theirs } of long) {
    const one = oneText(own(), theirs(), frame);
    if (one === undefined) continue;
    of++;
    if (one) same.push({ item, own: own() });
    if (of >= ENOUGH_TO_DIFFER && same.length < DIFFER_BELOW * of) return { same: 0, of };
  }
  if (same.length < LEAST_TEXTS || same.length < MANY_TEXTS * of) return { same: 0, of };
  const forced = same.filter(({ item, own }) => {
    const alike = others.filter((o) => {
      const answer = o.answers.get(item);
      const said = answer === undefined ? undefined : part(answer);
      return answer !== undefined && said !== undefined && oneText(own, runsOf(answer, said), frame) === true;
    });
    return alike.length >= FORCED_BY;
  });
  return { same: same.length - forced.length, of: of - forced.length };
}

/** The answer that was given: an option, or a normal form; undefined where there is none. */
function given(a: Answer): number | string | undefined {
  return a.key >= 0 ? (a.choice < 0 ? undefined : a.choice) : a.form;
}

function isWrong(a: Answer): boolean {
  return a.key >= 0 ? a.choice >= 0 && a.choice !== a.key : a.right === false;
}

/** How easily other models agree at an item: the share of their pairs that give the same; undefined where few answered. */
function easeOf(item: string, others: readonly AnswerSheet[]): number | undefined {
  const times = new Map<number | string, number>();
  let all = 0;
  for (const o of others) {
    const answer = o.answers.get(item);
    const own = answer === undefined ? undefined : given(answer);
    if (own === undefined) continue;
    all++;
    times.set(own, (times.get(own) ?? 0) + 1);
  }
  if (all < LEAST_OTHERS) return undefined;
  return [...times.values()].reduce((n, k) => n + k * (k - 1), 0) / (all * (all - 1));
}

const share = (list: readonly boolean[]) => list.filter(Boolean).length / list.length;

/** How often two models differ at the hardest and the easiest quarter, and the lower limit of easy against hard. */
function byEase(a: AnswerSheet, b: AnswerSheet, others: readonly AnswerSheet[]) {
  const ranked: { ease: number; differs: boolean }[] = [];
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    const [own, theirs] = [given(x), y === undefined ? undefined : given(y)];
    if (own === undefined || theirs === undefined) continue;
    const ease = easeOf(item, others);
    if (ease !== undefined) ranked.push({ ease, differs: own !== theirs });
  }
  if (ranked.length < LEAST_RANKED) return undefined;
  ranked.sort((x, y) => x.ease - y.ease);
  const n = ranked.length >> 2;
  const differs = ranked.map((r) => r.differs);
  const [hard, easy] = [share(differs.slice(0, n)), share(differs.slice(-n))];
  if (hard === 0 || easy === 0) return undefined;
  const error = Math.sqrt((1 - hard) / (n * hard) + (1 - easy) / (n * easy));
  return { hard, easy, lower: (easy / hard) * Math.exp(-ONE_SIDED * error) };
}

/** Items that both got wrong, and those of them with the same wrong answer. */
function sharedErrors(a: AnswerSheet, b: AnswerSheet) {
  let of = 0;
  let same = 0;
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    if (y === undefined || !isWrong(x) || !isWrong(y)) continue;
    of++;
    if (given(x) === given(y)) same++;
  }
  return { same, of };
}

/** Median share of equal answers among the items that one of two models and a stranger both got wrong. */
function shareOfStrangers(a: AnswerSheet, b: AnswerSheet, others: readonly AnswerSheet[]) {
  const shares = others
    .flatMap((o) => [sharedErrors(a, o), sharedErrors(b, o)])
    .filter(({ of }) => of >= LEAST_CO_WRONG)
    .map(({ same, of }) => same / of)
    .sort((x, y) => x - y);
  return shares.length < LEAST_OTHERS ? undefined : shares[shares.length >> 1];
}

function copiedAnswers(
  a: AnswerSheet,
  b: AnswerSheet,
  others: readonly AnswerSheet[],
): EditedCopy | undefined {
  const { same, of } = sharedErrors(a, b);
  if (of < LEAST_CO_WRONG || same < MANY_WRONG * of) return undefined;
  const strangers = shareOfStrangers(a, b, others);
  if (strangers === undefined || same < ABOVE_STRANGERS * strangers * of) return undefined;
  const found = { what: 'answers', same, of } as const;
  if (same >= NEARLY_ALL_WRONG * of) return { ...found, differ: null };
  const differ = byEase(a, b, others);
  return differ === undefined || differ.lower < LEAST_RATIO
    ? undefined
    : { ...found, differ: { hard: differ.hard, easy: differ.easy } };
}

/**
 * Whether one of two files is the other with answers or words changed; undefined where it is not, or cannot be told.
 *
 * @param others models that answered the same questions, by which ease is known, and what a question forces;
 *   none of them kin of the two
 */
export function editedCopy(
  a: AnswerSheet,
  b: AnswerSheet,
  others: readonly AnswerSheet[],
): EditedCopy | undefined {
  for (const part of PARTS) {
    const { same, of } = sharedTexts(a, b, others, part);
    if (same >= LEAST_TEXTS && same >= MANY_TEXTS * of) return { what: 'texts', same, of, differ: null };
  }
  return copiedAnswers(a, b, others);
}

/**
 * The copy that settles a comparison: of what was compared. Texts that are one beside answers that were tested are told of, and
 * judge nothing.
 */
export function settledByCopy(report: {
  readonly mode: string;
  readonly editedCopy: EditedCopy | null;
}): EditedCopy | undefined {
  const { mode, editedCopy: copy } = report;
  return copy !== null && (copy.what === 'texts') === (mode === 'text') ? copy : undefined;
}

/** What was found, in words that follow the names of the two files. */
export function copyText({ what, same, of, differ }: EditedCopy): string {
  if (what === 'texts')
    return `${same.toLocaleString('en')} of the ${of.toLocaleString('en')} long texts are the same in both but for some words`;
  const wrong = `at ${same.toLocaleString('en')} of the ${of.toLocaleString('en')} items that both got wrong the wrong answer is the same`;
  return differ === null
    ? wrong
    : `${wrong}, and the two differ at the easiest questions (${percent(differ.easy)} of them) about as often as at the hardest (${percent(differ.hard)}), as no model does that answers by itself`;
}
