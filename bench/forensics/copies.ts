import type { Answer, AnswerSheet } from '../../lib/forensics/answers.ts';
import { editedCopy } from '../../lib/forensics/edited-copies.ts';
import { type Random, seededRandom } from '../../lib/statistics/generator.ts';
import { type AnswerData, knownLineages } from './data.ts';
import { note, rate, say, show } from './rates.ts';

const SETS = [
  'mmlu-pro',
  'reasoning/freeform-crux',
  'reasoning/freeform-math-l5',
  'reasoning/pm-traces',
  'reasoning/misguided',
  'reasoning/farel',
  'reasoning/freeform-rg',
  'alpaca-eval',
];
/** Shares of answers that are changed, and numbers of items; each model in so many is copied. */
const SHARES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const SIZES = [300, 1000, 12_032];
const EVERY = 3;

/** A file with a share of its choices changed to another option at random. */
function edited(sheet: AnswerSheet, share: number, random: Random): AnswerSheet {
  const change = (a: Answer): Answer =>
    a.choice >= 0 && random() < share
      ? { ...a, choice: (a.choice + 1 + Math.floor(random() * (a.options - 1))) % a.options }
      : a;
  return {
    ...sheet,
    model: 'edited',
    answers: new Map([...sheet.answers].map(([k, a]) => [k, change(a)])),
  };
}

function firstItems(sheet: AnswerSheet, items: ReadonlySet<string>): AnswerSheet {
  return { ...sheet, answers: new Map([...sheet.answers].filter(([item]) => items.has(item))) };
}

/** Models called copies of each other though each answered by itself, and copies with changed answers that are found. */
export function benchCopies(data: AnswerData, result: Record<string, unknown>): void {
  for (const set of SETS) {
    const sheets = data.load(set);
    const of = knownLineages(sheets.map((s) => s.model));
    const strangersTo = (...parties: AnswerSheet[]) =>
      sheets.filter((o) => parties.every((p) => !of.kin(o.model, p.model)));
    note(`${set}: pairs called copies`);
    const pairs = sheets.flatMap((a, i) => sheets.slice(i + 1).map((b) => [a, b] as const));
    const called = pairs.filter(([a, b]) => editedCopy(a, b, strangersTo(a, b)) !== undefined);
    say(
      `${set}: pairs of models called copies: ${rate(called.length, pairs.length)}${called.map(([a, b]) => `; ${a.model} / ${b.model}`).join('')}`,
    );
    result[`copies ${set}`] = { pairs: pairs.length, called: called.length };
    if (set === 'mmlu-pro') benchEdited(sheets, (a) => strangersTo(a), result);
  }
}

function benchEdited(
  sheets: readonly AnswerSheet[],
  strangersTo: (a: AnswerSheet) => readonly AnswerSheet[],
  result: Record<string, unknown>,
): void {
  const random = seededRandom(31);
  const originals = sheets.filter((_, i) => i % EVERY === 0);
  const rows = SIZES.map((size) => {
    const items = new Set([...(sheets[0]?.answers.keys() ?? [])].slice(0, size));
    const found = SHARES.map(
      (share) =>
        originals.filter((a) => {
          const own = firstItems(a, items);
          return editedCopy(own, edited(own, share, random), strangersTo(a)) !== undefined;
        }).length,
    );
    result[`copies edited ${size}`] = { shares: SHARES, found, of: originals.length };
    return [size, ...found.map((n) => `${n} of ${originals.length}`)];
  });
  show(
    'mmlu-pro: files with so many of the answers changed at random that are called copies',
    ['items', ...SHARES.map((s) => `${100 * s} %`)],
    rows,
  );
}
