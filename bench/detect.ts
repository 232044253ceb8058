import { labelledPast } from '../examples/labelled-past.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import type { AttackLibrary } from '../lib/scoring/attack-library.ts';
import { CalibrationLearner } from '../lib/scoring/learn-calibration.ts';
import { type LabelledPast, makeLibrary } from '../lib/scoring/make-library.ts';
import { foldOf } from '../lib/scoring/model.ts';
import { countAtLeast } from '../lib/scoring/rank-null.ts';
import { binomialInterval } from '../lib/statistics/binomial-interval.ts';
import { dataFolder } from './traffic.ts';

/**
 * Single accounts, whole kinds of extraction left out in turn: the library knows every other kind and a third of the benign
 * accounts, the past is another third, with a share of the left-out kind among them that nobody has noticed; judged are the last third
 * and the rest of the kind. All kinds share one deal of the benign accounts; the first line says what many deals come to. Usage: npm run bench:detect -- --data DIR (exchanges-*.ndjson.gz, labels.csv). The second line
 * is of kinds that the library knows, other accounts of them judged.
 */
type Account = LabelledPast & { readonly kind: string };

/** Shares of attackers among the past. */
const POISON = [0, 0.05, 0.2];

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** Accounts judged that exceed all of the past. */
function flagged(past: readonly Account[], judged: readonly Account[], library: AttackLibrary): Set<Account> {
  const learner = new CalibrationLearner({ windows: defaultPolicy.windows, library });
  for (const held of past) learner.see(held);
  learner.fit();
  for (const held of past) learner.measure(held);
  const nulls = learner.finish({ id: 'bench' }).score.everyone;
  return new Set(
    judged.filter((held) => {
      const score = learner.score(held);
      return score > 0 && nulls !== undefined && countAtLeast(nulls, score) === 0;
    }),
  );
}

/** What the library has seen as ordinary must not be judged, nor be what others are held against. */
function thirdOf({ account }: Account, deal: string): number {
  return foldOf(`${account}/${deal}`, 3);
}

/** Deals of the benign accounts into thirds: one alone says little, as a few accounts that act alike fall to one side of it. */
const DEALS = ['third', 'a', 'b', 'c', 'd', 'e', 'f', 'g'];

/**
 * False positives where all kinds are known and nobody of them is in the past, over many deals of the benign accounts, past and judged
 * in both roles.
 */
function measureBenign(accounts: readonly Account[]): string {
  const benign = accounts.filter(({ label }) => label === 'benign');
  let [wronged, judgements, stated] = [0, 0, 0];
  for (const deal of DEALS) {
    const library = makeLibrary(
      'bench',
      accounts.filter((held) => held.label === 'extraction' || thirdOf(held, deal) === 0),
      defaultPolicy.windows,
    );
    for (const role of [1, 2]) {
      const past = benign.filter((held) => thirdOf(held, deal) === role);
      const judged = benign.filter((held) => thirdOf(held, deal) === 3 - role);
      wronged += flagged(past, judged, library).size;
      judgements += judged.length;
      stated += judged.length / (past.length + 1);
    }
  }
  return `no attackers in the past, ${DEALS.length} deals in both roles: benign ${wronged} of ${judgements} judgements (${percent(wronged / judgements)}; stated ${percent(stated / judgements)}, ${stated.toFixed(0)})`;
}

function measure(accounts: readonly Account[], kind: string, poison: number): string {
  const benign = accounts.filter(({ label }) => label === 'benign');
  const of = accounts.filter((held) => held.kind === kind);
  const third = (held: Account): number => thirdOf(held, 'third');
  const ordinary = benign.filter((held) => third(held) === 1);
  const hidden = of.slice(0, Math.min(Math.floor(of.length / 2), Math.round(poison * ordinary.length)));
  const library = makeLibrary(
    'bench',
    accounts.filter((held) => held.kind !== kind && (held.label === 'extraction' || third(held) === 0)),
    defaultPolicy.windows,
  );
  const judged = [
    ...benign.filter((held) => third(held) === 2),
    ...of.filter((held) => !hidden.includes(held)),
  ];
  const found = flagged([...ordinary, ...hidden], judged, library);
  const hits = [...found].filter(({ label }) => label === 'extraction').length;
  const wronged = found.size - hits;
  const strangers = judged.filter(({ label }) => label === 'extraction').length;
  const [low, high] = binomialInterval(hits, strangers);
  return `${kind}, ${hidden.length} of it in the past: ${hits} of ${strangers} (${percent(low)} to ${percent(high)}); benign ${wronged} of ${judged.length - strangers}`;
}

/** The library knows a third of the accounts of every kind; judged are the others, nobody of them is in the past. */
function measureKnown(accounts: readonly Account[]): string {
  const third = (held: Account): number => thirdOf(held, 'third');
  const library = makeLibrary(
    'bench',
    accounts.filter((held) => third(held) === 0),
    defaultPolicy.windows,
  );
  const past = accounts.filter((held) => held.label === 'benign' && third(held) === 1);
  const judged = accounts.filter(
    (held) => third(held) === 2 || (held.label === 'extraction' && third(held) === 1),
  );
  const found = [...flagged(past, judged, library)];
  const hits = found.filter(({ label }) => label === 'extraction');
  const of = (list: readonly Account[], kind: string): number =>
    list.filter((held) => held.label === 'extraction' && held.kind === kind).length;
  const kinds = [
    ...new Set(judged.filter(({ label }) => label === 'extraction').map(({ kind }) => kind)),
  ].sort();
  const strangers = judged.filter(({ label }) => label === 'extraction').length;
  const [low, high] = binomialInterval(hits.length, strangers);
  return `a third of the accounts of every kind in the library: ${hits.length} of ${strangers} (${percent(low)} to ${percent(high)}; ${kinds.map((kind) => `${kind} ${of(hits, kind)} of ${of(judged, kind)}`).join(', ')}); benign ${found.length - hits.length} of ${judged.length - strangers}`;
}

const folder = dataFolder(process.argv, 'bench:detect');
if (folder !== undefined) {
  const accounts = await labelledPast(folder);
  process.stdout.write(`${measureBenign(accounts)}\n`);
  process.stdout.write(`${measureKnown(accounts)}\n`);
  const kinds = [
    ...new Set(accounts.filter(({ label }) => label === 'extraction').map(({ kind }) => kind)),
  ].sort();
  for (const kind of kinds)
    for (const poison of POISON) process.stdout.write(`${measure(accounts, kind, poison)}\n`);
}
