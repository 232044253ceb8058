import Table from 'cli-table3';
import type { Tuning } from '../../backtest/tune.ts';
import type { Effect } from '../../backtest/tune-effect.ts';
import { plural } from '../../findings/format.ts';

/** What tuning found, in words and as a table. */

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const interval = ([low, high]: readonly [number, number]): string =>
  `95 %: ${percent(low)} to ${percent(high)}`;

export function effectWords(tuned: Tuning & { readonly ok: true }, maxFpr: number): string[] {
  const { expected, proven, provenBy, folds, groups } = tuned;
  return [
    `Expected (${folds}-fold, campaigns and linked groups kept whole): ${expected.wronged} of ${expected.benign} benign accounts flagged (${interval(expected.fprInterval)}), ${expected.caught} of ${expected.extraction} extraction accounts found (${interval(expected.tprInterval)}), ${expected.campaignsCaught} of ${expected.campaigns} campaigns.`,
    `Of these only as members of a campaign: ${expected.wrongedByCampaign} benign and ${expected.caughtByCampaign} extraction accounts.`,
    groups.searched
      ? `campaigns.budget rests on ${groups.benign} benign groups.`
      : `${groups.benign} benign groups are too few to move campaigns.budget by: it stays.`,
    proven
      ? `A false-positive rate of at most ${percent(maxFpr)} is proven by these accounts (95 %).`
      : expected.fpr > maxFpr
        ? `A false-positive rate of at most ${percent(maxFpr)} is not proven: cross-validated, ${percent(expected.fpr)} were flagged, which chance may explain among ${expected.benign} accounts. Proof takes ${provenBy} benign accounts with none flagged. Try it as a shadow policy first.`
        : `At most ${percent(maxFpr)} is expected, not proven: that would take ${provenBy} benign accounts with none flagged, these are ${expected.benign}. Try it as a shadow policy first.`,
    `All these shares are of accounts over the ${plural(Math.max(1, Math.round(tuned.calibration.days)), 'day')} of this traffic. budget.suspect is ${tuned.policy.budget.suspect} because a policy's budget is for thirty days: it bounds what they add up to, and small peer groups widen it.`,
  ];
}

export function printEffects(present: Effect, expected: Effect): void {
  const table = new Table({
    head: ['', 'benign flagged', '95 %', 'extraction found', '95 %', 'campaigns'],
    style: { head: [], border: [] },
  });
  const row = (name: string, held: Effect) => [
    name,
    `${held.wronged} of ${held.benign}`,
    held.fprInterval.map(percent).join(' to '),
    `${held.caught} of ${held.extraction}`,
    held.tprInterval.map(percent).join(' to '),
    `${held.campaignsCaught} of ${held.campaigns}`,
  ];
  table.push(
    row('policy given (its calibration may know these accounts)', present),
    row('candidate, cross-validated', expected),
  );
  process.stdout.write(`${table.toString()}\n`);
}
