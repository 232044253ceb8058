import { FACTS } from '../signals/facts/index.ts';
import { type AttackLibrary, writeSteps } from './attack-library.ts';
import { scaleOf, stepOf } from './fact-scale.ts';
import { rowsOf } from './learn-model.ts';
import type { PastAccount } from './looks.ts';

/** An account whose label may be used. */
export interface LabelledPast extends PastAccount {
  readonly label: 'benign' | 'extraction';
}

const SEED = 1;
/** Windows kept of an attack, and of an ordinary account; ordinary accounts are many. */
const ATTACK_ROWS = 6;
const ORDINARY_ROWS = 2;

/** A library of attack profiles from labelled accounts: steps of facts, in an order that says nothing of the accounts. */
export function makeLibrary(
  id: string,
  accounts: readonly LabelledPast[],
  windows: readonly number[],
): AttackLibrary {
  const measured = accounts
    .map((held) => ({ label: held.label, rows: rowsOf(held, windows, SEED).rows }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ label, rows }) => ({
      label,
      rows: spaced(rows, label === 'extraction' ? ATTACK_ROWS : ORDINARY_ROWS),
    }));
  const all = measured.flatMap(({ rows }) => rows);
  const facts = FACTS.map(({ id: fact }, i) =>
    scaleOf(
      fact,
      Float64Array.from(all, (row) => row[i] as number),
    ),
  );
  const stepsOf = (label: LabelledPast['label']): string[][] =>
    measured
      .filter((held) => held.label === label)
      .map(({ rows }) =>
        rows.map((row) => writeSteps(facts.map((scale, i) => stepOf(row[i] as number, scale)))),
      )
      .sort((a, b) => (a.join() < b.join() ? -1 : 1));
  return { v: 1, id, facts, attacks: stepsOf('extraction'), ordinary: stepsOf('benign') };
}

/** At most so many of a list, evenly spaced. */
function spaced<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)] as T);
}
