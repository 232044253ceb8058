import { strongReasons } from '../findings/strong-reasons.ts';
import { type Html, html, sentences, table } from '../report/html.ts';
import { FACTS } from '../signals/facts/index.ts';
import { compare } from './compare.ts';
import type { AccountOutcome, BacktestOutcome } from './outcome.ts';
import { chance, int, labelName, share, time } from './report-format.ts';

/** What a report lists: whom it hit and why, what it costs, what another policy changes. */

/** Accounts that are shown with their reasons besides false positives; further ones are folded, and left out on paper. */
const SHOWN = 15;
const MAX_ROWS = 200;
const signalTitle = (id: string): string => FACTS.find((fact) => fact.id === id)?.title ?? id;

/** The colours of the charts (report-charts.ts): red is extraction, in tables too. */
function tone(label: AccountOutcome['label']): string {
  return label === 'extraction' ? 'alarm' : label === 'grey' ? 'unsure' : 'plain';
}

/** Reasons that are told of an account; the notice has them all. */
const REASONS = 3;

/** Accounts with their reasons, each a block of its own: as a column of a table the reasons would be a strip on paper. */
function accountList(
  accounts: readonly AccountOutcome[],
  evidence: ReadonlyMap<string, readonly string[]>,
): Html {
  return html`<div class="people">${accounts.map(
    (held) =>
      html`<div><p><code>${held.id}</code> <span class="tag ${tone(held.label)}">${labelName(held.label)}</span>${held.label === 'benign' && held.flag !== undefined ? html` <strong>false positive</strong>` : ''}</p>
<p class="muted">${[
        held.kind,
        held.group,
        held.flag === undefined
          ? 'not flagged'
          : `${held.flag.level}${held.flag.via === 'campaign' ? ', by its campaign,' : ''} since ${time(held.flag.at)}`,
        `p-value ${chance(held.p)}`,
      ]
        .filter((text) => text !== '')
        .join(
          ' · ',
        )}</p>${sentences((evidence.get(held.account) ?? held.reasons.map(signalTitle)).slice(0, REASONS))}</div>`,
  )}</div>`;
}

/** The same without what each fact says. */
function shortTable(accounts: readonly AccountOutcome[]): Html {
  return table(
    ['account', 'label', 'first flag', 'level', 'p-value', 'first reason'],
    accounts.map((held) => [
      html`<code>${held.id}</code>`,
      `${labelName(held.label)} ${held.kind}`,
      held.flag === undefined ? '–' : time(held.flag.at),
      held.flag === undefined ? '–' : held.flag.level,
      chance(held.p),
      held.reasons.slice(0, 1).map(signalTitle).join(''),
    ]),
    [4],
  );
}

function evidenceOf({ notices }: BacktestOutcome): Map<string, readonly string[]> {
  const evidence = new Map<string, readonly string[]>();
  for (const notice of notices)
    if (notice.subject.type === 'account')
      evidence.set(
        notice.subject.id,
        strongReasons(notice).map((reason) => reason.evidence),
      );
  return evidence;
}

export function whoAndWhy(outcome: BacktestOutcome): Html {
  const rank = (held: AccountOutcome): number =>
    held.label === 'benign' ? 0 : held.label === 'grey' ? 1 : 2;
  const flagged = outcome.accounts
    .filter((held) => held.flag !== undefined)
    .sort((a, b) => rank(a) - rank(b) || a.p - b.p || (a.flag?.at ?? 0) - (b.flag?.at ?? 0));
  const wronged = flagged.filter(({ label }) => label === 'benign').length;
  const first = Math.min(MAX_ROWS, wronged + SHOWN);
  const rest = flagged.slice(first, MAX_ROWS);
  const order = `${wronged === 0 ? '' : `All ${int(wronged)} false positives first. `}${flagged.length - wronged > SHOWN ? `${wronged === 0 ? 'The' : 'Of the others the'} ${SHOWN} that are rarest.` : ''}`;
  return html`<section><h2>Who was flagged, and why</h2>
${flagged.length === 0 ? html`<p>Nobody was flagged.</p>` : html`<p>${order}</p>${accountList(flagged.slice(0, first), evidenceOf(outcome))}${rest.length === 0 ? '' : html`<details class="rest"><summary>${int(rest.length)} more, each in a line</summary>${shortTable(rest)}</details><p class="paper-only">${int(rest.length)} more are on the page itself, and in what <code>backtest --save</code> writes.</p>`}`}
${flagged.length > MAX_ROWS ? html`<p class="muted">The first ${MAX_ROWS} of ${int(flagged.length)}; <code>backtest --save</code> keeps all.</p>` : ''}</section>`;
}

export function cost({ result }: BacktestOutcome): Html {
  const { cost: held, events } = result;
  return html`<section><h2>What it costs to run</h2>
<p>${int(held.writes)} writes of profiles and ${int(held.parts)} sealed segments for ${int(events.used)} events: ${int(held.writeUnits)} write units, ${held.writeUnitsPerEvent.toFixed(3)} an event, from the encoded size of sampled items. Batches follow a window of fifteen minutes of traffic; under heavier traffic an account is written less often per event. <code>siphonwatch plan</code> turns units into capacity and money.</p>
${table(
  ['read', 'used', 'late', 'repeated', 'quarantined'],
  [[int(events.read), int(events.used), int(events.late), int(events.repeated), int(events.quarantined)]],
  [0, 1, 2, 3, 4],
)}</section>`;
}

export function comparison(active: BacktestOutcome, candidate: BacktestOutcome): Html {
  const change = compare(active, candidate);
  const row = (name: string, of: (held: BacktestOutcome) => string) => [name, of(active), of(candidate)];
  const later = change.medianHoursLater;
  return html`<section><h2>${active.policy.id} beside ${candidate.policy.id}</h2>
<p>${candidate.policy.id} newly finds ${change.newlyCaught} extraction accounts and newly flags ${change.newlyWronged} benign ones; it no longer finds ${change.noLongerCaught} and no longer flags ${change.noLongerWronged}.${later === null ? '' : ` Where both flag an account, the median first flag comes ${later === 0 ? 'at the same time' : `${Math.abs(later).toFixed(1)} hours ${later > 0 ? 'later' : 'earlier'}`}.`}</p>
${table(
  ['', active.policy.id, candidate.policy.id],
  [
    row('flagged', (held) => int(held.accounts.filter((one) => one.flag !== undefined).length)),
    ...(active.result.accounts === undefined
      ? []
      : [
          row(
            'false positives',
            ({ result }) => `${result.accounts?.benignFlagged ?? 0} (${share(result.accounts?.fpr ?? 0)})`,
          ),
          row(
            'recall, extraction',
            ({ result }) =>
              `${result.accounts?.extractionFlagged ?? 0} (${share(result.accounts?.tpr ?? 0)})`,
          ),
        ]),
    row('write units an event', ({ result }) => result.cost.writeUnitsPerEvent.toFixed(3)),
  ],
  [1, 2],
)}
<h3>Only ${candidate.policy.id} flags</h3>${change.gained.length === 0 ? html`<p>Nobody.</p>` : accountList(change.gained.slice(0, 50), evidenceOf(candidate))}
<h3>Only ${active.policy.id} flags</h3>${change.lost.length === 0 ? html`<p>Nobody.</p>` : accountList(change.lost.slice(0, 50), evidenceOf(active))}</section>`;
}
