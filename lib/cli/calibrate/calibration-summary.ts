import type { Labels } from '../../backtest/labels.ts';
import { plural } from '../../findings/format.ts';
import type { Budget } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import type { CurvePoint } from '../../scoring/learning-curve.ts';
import { quantileOf } from '../../scoring/rank-null.ts';
import { curveSentence, type ReviewQuestion } from '../../scoring/stored-review.ts';
import { type SupportedBudget, supportedBudget, unsupported } from '../../scoring/supported-budget.ts';
import { printable } from '../../telemetry/reason.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';

/** What `calibrate --json` prints, beside the review. */
export interface CalibrationSummary
  extends Pick<
    Calibration,
    'id' | 'madeAt' | 'days' | 'accounts' | 'events' | 'foreign' | 'library' | 'verdicts' | 'windows'
  > {
  /** chances a month at which levels are reached under the policy's budget; absent: the level does not exist */
  readonly levels: SupportedBudget;
  /** what the calibration does not support, in sentences */
  readonly unsupported: readonly string[];
  /** accounts that were called extraction without an effect, as the labels name them, where they do, else pseudonyms */
  readonly verdictsWithoutEffect: readonly string[];
}

export function summaryOf(
  held: Calibration,
  budget: Budget,
  verdictsWithoutEffect: readonly string[] = [],
): CalibrationSummary {
  const { id, madeAt, days, accounts, events, foreign, library, verdicts, windows } = held;
  return {
    id,
    madeAt,
    days,
    accounts,
    events,
    foreign,
    library,
    verdicts,
    windows,
    levels: supportedBudget(held, budget),
    unsupported: unsupported(held, budget),
    verdictsWithoutEffect,
  };
}

/** Accounts as the labels name them, where they do, else pseudonyms. */
export function namedAsIn(labels: Labels | undefined, accounts: readonly string[]): string[] {
  return accounts.map((account) => labels?.byPseudonym.get(account)?.account ?? account);
}

/** The review as it is printed: accounts as the labels name them, where they do, else pseudonyms. */
export interface Review {
  readonly entries: readonly ReviewQuestion[];
  readonly curve: readonly CurvePoint[];
}

const COLUMNS: readonly Column[] = [
  { head: 'peer group' },
  { head: 'accounts', right: true },
  { head: 'score median', right: true, optional: 1 },
  { head: 'nine tenths', right: true, optional: 2 },
  { head: '99 %', right: true, optional: 3 },
  { head: 'highest', right: true, optional: 4 },
];

export function printSummary(
  summary: CalibrationSummary,
  held: Calibration,
  { entries, curve }: Review,
): void {
  const { id, accounts, events, days, verdicts, library } = summary;
  const judged = verdicts.extraction + verdicts.benign + verdicts.grey;
  process.stdout.write(
    `${printable(id)}: ${accounts} accounts, ${events} events, ${days.toFixed(1)} days; library ${printable(library)}; ${judged} verdicts (${verdicts.extraction} extraction)\n`,
  );
  for (const line of summary.unsupported) process.stdout.write(`note: ${line}\n`);
  if (summary.verdictsWithoutEffect.length > 0)
    process.stdout.write(
      `note: called extraction without an effect, as if nobody had answered (${plural(summary.verdictsWithoutEffect.length, 'account')}, no more like the library of attacks than others): ${summary.verdictsWithoutEffect.map((account) => printable(account)).join(', ')}\n`,
    );
  // plans and products are names that somebody else chose
  const rows = Object.entries(held.score).map(([group, nulls]) => [
    printable(group),
    String(nulls.accounts),
    ...[0.5, 0.9, 0.99, 1].map((share) => quantileOf(nulls, share).toFixed(2)),
  ]);
  process.stdout.write(`${fittedTable(COLUMNS, rows)}\n`);
  const sentence = curveSentence([...curve]);
  if (sentence !== undefined) process.stdout.write(`learning curve: ${sentence}\n`);
  for (const [i, entry] of entries.entries())
    process.stdout.write(
      `${i + 1}. ${entry.accounts.map((account) => printable(account)).join(', ')}\n${entry.why.map((line) => `   ${line}\n`).join('')}`,
    );
}
