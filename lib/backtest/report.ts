import { glossary } from '../report/glossary.ts';
import { type Html, html, page } from '../report/html.ts';
import type { BacktestOutcome } from './outcome.ts';
import { delays, distributions, rocSection } from './report-charts.ts';
import { int, share, time } from './report-format.ts';
import { comparison, cost, whoAndWhy } from './report-tables.ts';

/**
 * A backtest as one HTML file that stands alone: error budget and outcome, score distributions by peer group,
 * ROC and delays where there are labels, whom it hit and why, and what it would have cost to run.
 * @param candidate a second policy over the same traffic, set beside the first
 */
export async function backtestReport(outcome: BacktestOutcome, candidate?: BacktestOutcome): Promise<string> {
  const { result, policy } = outcome;
  const body = html`
<header><h1>Backtest of policy ${policy.id}</h1>
<p class="muted">${int(result.events.read)} events of ${int(outcome.accounts.length)} accounts, ${span(outcome)}. Calibration ${result.versions.calibration}, code ${result.versions.code}. Times are event times in UTC.</p></header>
${headline(outcome)}
${candidate === undefined ? '' : comparison(outcome, candidate)}
${await distributions(outcome)}
${await rocSection(outcome)}
${await delays(outcome)}
${whoAndWhy(outcome)}
${cost(outcome)}
${glossary(['p-value', 'peer group', 'error budget', 'false positive', 'recall', 'calibration', 'campaign'])}
<footer>Replayed through the production code, in order of arrival, without looking ahead. A rate says what happened on this traffic. Its 95 % interval (Clopper-Pearson) says within what bounds the true rate may lie.</footer>`;
  return page({ title: `Backtest of policy ${policy.id}`, body });
}

function span({ accounts }: BacktestOutcome): string {
  if (accounts.length === 0) return 'no time at all';
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const held of accounts) {
    from = Math.min(from, held.firstSeen);
    to = Math.max(to, held.lastSeen);
  }
  return `${time(from)} to ${time(to)}`;
}

function fact(key: string, value: string, detail: string): Html {
  return html`<div><div class="k">${key}</div><div class="v">${value}</div><div class="d">${detail}</div></div>`;
}

function headline({ result, policy, accounts }: BacktestOutcome): Html {
  const flagged = accounts.filter((held) => held.flag !== undefined).length;
  const measured = result.accounts;
  // one account is no campaign
  const campaigns = (result.campaigns ?? []).filter((held) => held.accounts > 1);
  const verdict =
    measured === undefined
      ? html`<div class="card"><p>No labels were given: this says what would have been flagged, not whether that was right.</p></div>`
      : html`<div class="card ${measured.fprInterval[0] > policy.budget.suspect ? 'alarm' : measured.fprInterval[1] <= policy.budget.suspect ? 'calm' : 'unsure'}"><p>${promise(measured, policy.budget.suspect)}</p></div>`;
  return html`<section><h2>In short</h2>${verdict}${result.learntFrom === undefined ? '' : html`<div class="card ${result.learntFrom.traffic === 'later' ? 'calm' : 'unsure'}"><p>${result.learntFrom.words}</p></div>`}
<div class="facts">
${fact('flagged', int(flagged), `of ${int(accounts.length)} accounts (${share(flagged / Math.max(1, accounts.length))})`)}
${
  measured === undefined
    ? ''
    : html`${fact('false positives', `${measured.benignFlagged} of ${int(measured.benign)}`, `${share(measured.fpr)}; 95 %: ${share(measured.fprInterval[0])} to ${share(measured.fprInterval[1])}`)}
${fact('recall, extraction accounts', `${measured.extractionFlagged} of ${int(measured.extraction)}`, `${share(measured.tpr)}; 95 %: ${share(measured.tprInterval[0])} to ${share(measured.tprInterval[1])}`)}
${fact('campaigns found', `${campaigns.filter((held) => held.flagged).length} of ${campaigns.length}`, 'of two accounts or more, with one flagged or more')}`
}
${fact('write units', result.cost.writeUnitsPerEvent.toFixed(3), 'per event, profile table')}
${fact('replayed', `${int(result.throughput.eventsPerSecond)}/s`, `${int(result.throughput.bytesPerAccount)} bytes an account`)}
</div></section>`;
}

function promise(
  { benign, benignFlagged, fpr, fprInterval }: NonNullable<BacktestOutcome['result']['accounts']>,
  budget: number,
): string {
  const measured = `${benignFlagged} of ${int(benign)} benign accounts were flagged (${share(fpr)}), where the policy allows ${share(budget)} a month.`;
  if (fprInterval[0] > budget)
    return `${measured} That is more than chance explains: the calibration does not fit this traffic. Calibrate again before you rely on the error budget.`;
  if (fprInterval[1] <= budget)
    return `${measured} The error budget was kept, and the data are enough to say so.`;
  return `${measured} That agrees with the error budget, but so few accounts cannot prove it: the false-positive rate may be anything from ${share(fprInterval[0])} to ${share(fprInterval[1])}.`;
}
