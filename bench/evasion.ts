import { join } from 'node:path';
import { labelledPast } from '../examples/labelled-past.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { type AttackLibrary, readSteps, shippedLibrary, writeSteps } from '../lib/scoring/attack-library.ts';
import { learnModel, NO_VERDICTS, rowsOf } from '../lib/scoring/learn-model.ts';
import { scoreOf } from '../lib/scoring/learned-score.ts';
import { looksAt } from '../lib/scoring/looks.ts';
import { readModel } from '../lib/scoring/model.ts';
import { FAMILIES, type Family } from '../lib/signals/facts/fact.ts';
import { FACTS, FEWEST_REQUESTS, readFacts } from '../lib/signals/facts/index.ts';
import { dataFolder } from './traffic.ts';

/**
 * What evasion costs detection, account by account: `npm run bench:evasion -- --data DIR` (DIR/strangers). The library is the shipped
 * one, of another make; the past is the strangers' first fortnight, judged are the extraction accounts of the second, flagged where they
 * exceed all of the past. Two questions:
 *   evasion   an attacker knows a fact, a family of facts or two families, and shows an ordinary account's numbers there instead of
 *             its own. It may choose among DONORS ordinary accounts the one that serves it best: the lowest of the highest scores.
 *   ablation  nobody asks about a family of facts: learnt anew without it.
 * Groups are left out: they are judged by these scores and by what links them.
 */
const SEED = 1;
const { windows } = defaultPolicy;
/** Ordinary accounts whose numbers an attacker may choose among. */
const DONORS = 8;

/** What an account shows at one look. */
interface Shown {
  readonly hours: number;
  readonly events: number;
  readonly facts: Float64Array;
}

interface Account {
  readonly account: string;
  readonly kind: string;
  readonly extraction: boolean;
  readonly shown: readonly Shown[];
  readonly rows: ReturnType<typeof rowsOf>;
}

async function accountsOf(folder: string, period: string): Promise<Account[]> {
  return (await labelledPast(folder, `${period}-`)).map((held) => ({
    account: held.account,
    kind: held.kind,
    extraction: held.label === 'extraction',
    shown: [...looksAt(held, windows)]
      .filter(({ window }) => window.counts.events >= FEWEST_REQUESTS)
      .map(({ hours, window }) => ({
        hours,
        events: window.counts.events,
        facts: readFacts({ window, customer: held.customer, samples: window.samples }),
      })),
    rows: rowsOf(held, windows, SEED),
  }));
}

const columnsOf = (family: Family): number[] =>
  FACTS.flatMap((fact, column) => (fact.family === family ? [column] : []));

function blank(row: Float64Array, columns: readonly number[]): Float64Array {
  const left = row.slice();
  for (const column of columns) left[column] = 0;
  return left;
}

/** A library that says nothing of some facts. */
function libraryWithout(columns: readonly number[]): AttackLibrary {
  const ids = new Set(columns.map((column) => FACTS[column]?.id));
  const silent = shippedLibrary.facts.map(({ id }) => ids.has(id));
  const without = (list: AttackLibrary['attacks']): string[][] =>
    list.map((rows) =>
      rows.map((row) => writeSteps([...readSteps(row)].map((step, i) => (silent[i] ? 0 : step)))),
    );
  const { attacks, ordinary, ...rest } = shippedLibrary;
  return { ...rest, attacks: without(attacks), ordinary: without(ordinary) };
}

type Score = (account: string, shown: readonly Shown[]) => number;

/** The score that is learnt from a past, and the highest of its accounts. */
function learnt(
  past: readonly Account[],
  without: readonly number[] = [],
): { score: Score; highest: number } {
  const seen = past.map(({ rows }) => ({ ...rows, rows: rows.rows.map((row) => blank(row, without)) }));
  const library = without.length === 0 ? shippedLibrary : libraryWithout(without);
  const model = readModel(learnModel(seen, { windows, library, verdicts: NO_VERDICTS, seed: SEED }));
  const score: Score = (account, shown) =>
    Math.max(
      0,
      ...shown.map(({ events, facts }) =>
        scoreOf(model.share(account, model.row(blank(facts, without))), events),
      ),
    );
  return { score, highest: Math.max(...past.map(({ account, shown }) => score(account, shown))) };
}

/** Numbers of an ordinary account in some columns, at a look of the same length. */
function wearing(shown: readonly Shown[], donor: Account, columns: readonly number[]): Shown[] {
  return shown.map((own, i) => {
    const alike = donor.shown.filter(({ hours }) => hours === own.hours);
    const from = (alike[i % alike.length] ?? donor.shown[0]) as Shown;
    const facts = own.facts.slice();
    for (const column of columns) facts[column] = from.facts[column] as number;
    return { ...own, facts };
  });
}

const out = (line: string): boolean => process.stdout.write(`${line}\n`);

function evasion(past: readonly Account[], attackers: readonly Account[], title: string): void {
  const { score, highest } = learnt(past);
  const ordinary = past.filter(({ extraction, shown }) => !extraction && shown.length > 0);
  const donors = Array.from(
    { length: DONORS },
    (_, i) => ordinary[Math.floor((i * ordinary.length) / DONORS)] as Account,
  );
  /** Flagged where the attacker takes each donor in turn, and where each account takes the one that serves it best. */
  const flagged = (columns: readonly number[]): { mean: number; chosen: number } => {
    let [each, chosen] = [0, 0];
    for (const { account, shown } of attackers) {
      const found = donors.map((donor) => score(account, wearing(shown, donor, columns)) > highest);
      each += found.filter(Boolean).length;
      if (found.every(Boolean)) chosen++;
    }
    return { mean: each / DONORS, chosen };
  };
  const row = (name: string, columns: readonly number[]): void => {
    const { mean, chosen } = flagged(columns);
    out(`| ${name} | ${mean.toFixed(1)} | ${chosen} |`);
  };
  const plain = attackers.filter(({ account, shown }) => score(account, shown) > highest);
  out(`\n${title}: as they are ${plain.length} of ${attackers.length}`);
  out(
    `| an ordinary account's | flagged, mean of ${DONORS} donors | flagged, the best of ${DONORS} donors |`,
  );
  out('|---|---|---|');
  for (const family of FAMILIES) row(family, columnsOf(family));
  for (const [i, one] of FAMILIES.entries())
    for (const two of FAMILIES.slice(i + 1)) row(`${one} and ${two}`, [...columnsOf(one), ...columnsOf(two)]);
  const facts = FACTS.map(({ id }, column) => ({ id, ...flagged([column]) }));
  const worst = facts.toSorted((a, b) => a.mean - b.mean);
  out(`single facts (${FACTS.length}), the ones that serve an attacker best:`);
  for (const { id, mean, chosen } of worst.slice(0, 8)) out(`| ${id} | ${mean.toFixed(1)} | ${chosen} |`);
}

function ablation(past: readonly Account[], attackers: readonly Account[], benign: readonly Account[]): void {
  out(
    `\n| learnt without | extraction flagged of ${attackers.length} | benign flagged of ${benign.length} |`,
  );
  out('|---|---|---|');
  for (const family of [undefined, ...FAMILIES]) {
    const { score, highest } = learnt(past, family === undefined ? [] : columnsOf(family));
    const found = (of: readonly Account[]): number =>
      of.filter(({ account, shown }) => score(account, shown) > highest).length;
    out(`| ${family ?? '(nothing)'} | ${found(attackers)} | ${found(benign)} |`);
  }
}

const folder = dataFolder(process.argv, 'bench:evasion');
if (folder !== undefined) {
  const strangers = join(folder, 'strangers');
  const [first, second] = [await accountsOf(strangers, 'p1'), await accountsOf(strangers, 'p2')];
  const attackers = second.filter(({ extraction }) => extraction);
  const ordinary = first.filter(({ extraction }) => !extraction);
  out(
    `library ${shippedLibrary.id}; first fortnight ${first.length} accounts, ${first.length - ordinary.length} of them extraction`,
  );
  evasion(ordinary, attackers, 'no attackers in the past');
  evasion(first, attackers, `${first.length - ordinary.length} attackers in the past`);
  ablation(
    ordinary,
    attackers,
    second.filter(({ extraction }) => !extraction),
  );
}
