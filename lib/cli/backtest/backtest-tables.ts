import { compare } from '../../backtest/compare.ts';
import type { AccountOutcome, BacktestOutcome, BacktestResult } from '../../backtest/outcome.ts';
import { printable } from '../../telemetry/reason.ts';
import { colours } from '../shared/colours.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';

/** What a backtest found, as tables for a terminal. */

export function comparisonOf(active: BacktestOutcome, candidate: BacktestOutcome): Record<string, unknown> {
  const { gained, lost, ...counts } = compare(active, candidate);
  return { ...counts, gained: gained.map((held) => held.id), lost: lost.map((held) => held.id) };
}

export function printComparison(active: BacktestOutcome, candidate: BacktestOutcome): void {
  const change = compare(active, candidate);
  const names = (list: readonly AccountOutcome[]): string =>
    list.length === 0
      ? 'nobody'
      : `${list.length} (${list
          .slice(0, 8)
          .map((held) => `${printable(held.id)}${held.label === '' ? '' : ` ${held.label}`}`)
          .join(', ')}${list.length > 8 ? ', ...' : ''})`;
  process.stdout.write(
    `\n${candidate.policy.id} beside ${active.policy.id}: ${change.newlyCaught} extraction accounts newly found, ${change.newlyWronged} new false positives; ${change.noLongerCaught} no longer found, ${change.noLongerWronged} false positives gone\n  only ${candidate.policy.id} flags ${names(change.gained)}\n  only ${active.policy.id} flags ${names(change.lost)}\n`,
  );
}

const percent = (rate: number): string => `${(rate * 100).toFixed(2)} %`;
const rounded = (value: number | null, digits = 0): string => (value === null ? '-' : value.toFixed(digits));

const right = (head: string, optional?: number): Column =>
  optional === undefined ? { head, right: true } : { head, right: true, optional };
const KINDS: readonly Column[] = [
  { head: 'kind', min: 12 },
  { head: 'label' },
  right('accounts'),
  right('flagged'),
  right('events to flag', 2),
  right('hours to flag', 1),
];
const CAMPAIGNS: readonly Column[] = [
  { head: 'campaign', min: 12 },
  { head: 'kind', optional: 3, min: 8 },
  right('accounts'),
  right('recall'),
  right('hours to flag', 1),
  right('events to flag', 2),
  right('foreign'),
];
const FLAGS: readonly Column[] = [
  { head: 'first flag' },
  { head: 'account' },
  { head: 'level' },
  right('score', 3),
  right('log10 E', 2),
  { head: 'via', optional: 1 },
];

export function printTables(result: BacktestResult): void {
  const out = (line = ''): void => {
    process.stdout.write(`${line}\n`);
  };
  const { events, throughput } = result;
  out(
    `${events.read} events: ${events.used} used, ${events.late} late, ${events.repeated} repeated, ${events.quarantined} quarantined; ${throughput.eventsPerSecond} a second, ${throughput.bytesPerAccount} bytes an account`,
  );
  if (result.accounts !== undefined && result.byKind !== undefined) {
    const { accounts } = result;
    out(
      `benign flagged ${accounts.benignFlagged} of ${accounts.benign} (${percent(accounts.fpr)}, 95 % ${percent(accounts.fprInterval[0])} to ${percent(accounts.fprInterval[1])}); extraction flagged ${accounts.extractionFlagged} of ${accounts.extraction} (${percent(accounts.tpr)})`,
    );
    if (result.learntFrom !== undefined) out(`${colours.yellow('note:')} ${result.learntFrom.words}`);
    const kinds: string[][] = [];
    for (const [kind, row] of Object.entries(result.byKind))
      kinds.push([
        printable(kind),
        row.label,
        String(row.accounts),
        row.flagged > 0 && row.label === 'benign' ? colours.red(String(row.flagged)) : String(row.flagged),
        rounded(row.medianEventsToFlag),
        rounded(row.medianHoursToFlag, 1),
      ]);
    out(fittedTable(KINDS, kinds));
    out();
    const campaigns: string[][] = [];
    for (const row of result.campaigns ?? [])
      campaigns.push([
        printable(row.campaign),
        printable(row.kind),
        String(row.accounts),
        percent(row.memberRecall),
        rounded(row.hoursToFlag, 1),
        rounded(row.eventsToFlag),
        String(row.foreignMembers),
      ]);
    if (campaigns.length > 0) {
      out(fittedTable(CAMPAIGNS, campaigns));
      out();
    }
  }
  const flags: string[][] = [];
  for (const flag of result.flags.slice(0, 25))
    flags.push([
      flag.firstAt.slice(0, 16),
      printable(flag.account),
      flag.level,
      flag.score.toFixed(1),
      flag.log10E.toFixed(1),
      flag.via,
    ]);
  out(fittedTable(FLAGS, flags));
  if (result.flags.length > 25) out(`... and ${result.flags.length - 25} more (--json has all)`);
}
