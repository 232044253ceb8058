import type { Answer, AnswerSheet } from '../../lib/forensics/answers.ts';
import { enoughInCommon, freeTable, freeView, measureFreePairs } from '../../lib/forensics/free-form.ts';
import type { Lineages } from '../../lib/forensics/models.ts';
import type { Pair } from '../../lib/forensics/pair-effects.ts';
import { testAccusedPair } from '../../lib/forensics/pair-test.ts';
import { LEAST_FREE_CO_WRONG } from '../../lib/forensics/screening.ts';
import { knownLineages } from './data.ts';
import { note, rate, say, show } from './rates.ts';

/** Releases of the same weights, or snapshots of one product, by name. */
const SAME_WEIGHTS: readonly (readonly [RegExp, RegExp])[] = [
  [/^gpt-4o-2024-05-13/, /^gpt-4o-2024-08-06/],
  [/^gpt-4o-2024-(05-13|08-06)/, /^chatgpt-4o-latest/],
  [/^yi-large$/, /^yi-large-preview$/],
  [/^deepseek-v2-/, /^deepseek-v2\.5/],
  [/^llama-3\.1-405b/i, /^llama-3\.1-405b/i],
];

export function isSame(a: string, b: string): boolean {
  return SAME_WEIGHTS.some(([x, y]) => (x.test(a) && y.test(b)) || (x.test(b) && y.test(a)));
}

/** One item in so many is enough to test free-form answers where they were multiple choice. */
const EVERY = 9;

/** Multiple-choice answers as free-form ones: data of another kind, on which nothing of the method was chosen. */
export function withoutOptions(sheets: readonly AnswerSheet[]): AnswerSheet[] {
  const kept = new Set([...(sheets[0]?.answers.keys() ?? [])].filter((_, i) => i % EVERY === 0));
  return sheets.map((sheet) => ({
    ...sheet,
    answers: new Map(
      [...sheet.answers].flatMap(([item, a]): [string, Answer][] => {
        if (!kept.has(item) || a.choice < 0) return [];
        return [
          [item, { ...a, key: -1, options: 0, choice: -1, form: `${a.choice}`, right: a.choice === a.key }],
        ];
      }),
    ),
  }));
}

/** Every pair accused, with all pairs that are not kin as its null. */
function accuseAll(sheets: readonly AnswerSheet[], of: Lineages) {
  const table = freeTable(
    sheets,
    sheets.map((x) => of.family(x.model)),
    [...new Set(sheets.flatMap((x) => [...x.answers.keys()]))],
  );
  const every = sheets.flatMap((_, i) => sheets.slice(i + 1).map((__, k) => [i, i + 1 + k] as const));
  // What a pair shares does not depend on who stands accused, so each is measured once.
  const measured = measureFreePairs(table, every).map((value, p) => ({
    value,
    pair: every[p] ?? ([0, 1] as const),
  }));
  const names = ([a, b]: Pair) => [sheets[a]?.model ?? '', sheets[b]?.model ?? ''] as const;
  const isKin = (pair: Pair) => of.kin(...names(pair));
  const nulls = measured.filter((m) => !isKin(m.pair) && enoughInCommon(m.value));
  return measured.flatMap((accused) => {
    if (accused.value.coWrong < LEAST_FREE_CO_WRONG) return [];
    const kept = [accused, ...nulls.filter((m) => m !== accused)];
    const pairs = kept.map((m) => m.pair);
    const test = testAccusedPair({
      models: sheets.length,
      pairs,
      views: [
        freeView(
          table,
          pairs,
          kept.map((m) => m.value),
        ),
      ],
    });
    const pair = names(accused.pair);
    return [
      {
        pair,
        kin: isKin(accused.pair),
        same: isSame(...pair),
        z: test.z,
        p: test.p,
        nulls: test.nullZ.length,
        coWrong: accused.value.coWrong,
        sameWrong: accused.value.sameWrong,
      },
    ];
  });
}

/** Every pair of a set of free-form answers accused. */
export function benchFreeForm(
  name: string,
  sheets: readonly AnswerSheet[],
  result: Record<string, unknown>,
): void {
  if (sheets.length < 8) {
    if (sheets.length > 0) say(`${name}: ${sheets.length} models are too few`);
    return;
  }
  note(`${name}: every pair accused`);
  const of = knownLineages(sheets.map((s) => s.model));
  const found = accuseAll(sheets, of);
  const strangers = found.filter((f) => !f.kin);
  const hits = strangers.filter((f) => f.p <= 0.01);
  say(`${name}: unrelated pairs at 1 %: ${rate(hits.length, strangers.length)}`);
  const makers = [...new Set(strangers.flatMap((f) => f.pair.map(of.maker)))];
  say(
    `${name}: each maker left out in turn: ${makers
      .map((m) => {
        const rest = strangers.filter((f) => f.pair.every((x) => of.maker(x) !== m));
        return `${m} ${((100 * rest.filter((f) => f.p <= 0.01).length) / Math.max(1, rest.length)).toFixed(1)} %`;
      })
      .join(', ')}`,
  );
  const kin = found.filter((f) => f.kin);
  say(
    `${name}: pairs of one maker or family at 1 %: ${rate(kin.filter((f) => f.p <= 0.01).length, kin.length)}`,
  );
  const same = found.filter((f) => f.same);
  say(
    `${name}: same weights or snapshots at 1 %: ${rate(same.filter((f) => f.p <= 0.01).length, same.length)}`,
  );
  show(
    `${name}: most alike kin, and strangers at 1 %`,
    ['', 'pair', 'both wrong', 'same', 'z', 'p', 'null pairs'],
    [
      ...found
        .filter((f) => f.kin)
        .sort((a, b) => b.z - a.z)
        .slice(0, 12),
      ...hits,
    ].map((f) => [
      f.same ? 'same weights' : f.kin ? 'kin' : 'strangers',
      f.pair.join(' / '),
      f.coWrong,
      f.sameWrong,
      f.z.toFixed(1),
      f.p.toFixed(4),
      f.nulls,
    ]),
  );
  result[name] = { strangers: strangers.length, convicted: hits.length, same };
}
