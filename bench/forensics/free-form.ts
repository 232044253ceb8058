import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import {
  commonFreeItems,
  enoughCoWrong,
  freeTable,
  freeView,
  measureFreePairs,
} from '../../lib/forensics/free-form.ts';
import { accusedAndNullPairs, testAccusedPair } from '../../lib/forensics/pair-test.ts';
import { Parties } from '../../lib/forensics/parties.ts';
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

function isSame(a: string, b: string): boolean {
  return SAME_WEIGHTS.some(([x, y]) => (x.test(a) && y.test(b)) || (x.test(b) && y.test(a)));
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
  const found = sheets.flatMap((reference, i) =>
    sheets.slice(i + 1).flatMap((suspect) => {
      const controls = sheets.filter((s) => s !== reference && s !== suspect);
      const parties = new Parties(reference, suspect, controls);
      const table = freeTable(
        parties.all,
        parties.names.map(of.family),
        commonFreeItems(reference, suspect).items,
      );
      const all = accusedAndNullPairs(parties.all.length, (a, b) => of.kin(parties.name(a), parties.name(b)));
      const measured = measureFreePairs(table, all);
      const kept = all.flatMap((_, p) => {
        const own = measured[p];
        return own !== undefined && (p === 0 || enoughCoWrong(own)) ? [p] : [];
      });
      const pairs =
        kept.flatMap((p) => all[p] ?? []).length > 0 ? kept.map((p) => all[p] ?? ([0, 1] as const)) : [];
      const values = kept.flatMap((p) => measured[p] ?? []);
      const own = measured[0];
      if (own === undefined || own.coWrong < 50 || pairs.length < 20) return [];
      const test = testAccusedPair({
        models: parties.all.length,
        pairs,
        views: [freeView(table, pairs, values)],
      });
      return [
        {
          pair: [reference.model, suspect.model] as const,
          kin: of.kin(reference.model, suspect.model),
          same: isSame(reference.model, suspect.model),
          z: test.z,
          p: test.p,
          nulls: test.nullZ.length,
          coWrong: own.coWrong,
          sameWrong: own.sameWrong,
        },
      ];
    }),
  );
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
