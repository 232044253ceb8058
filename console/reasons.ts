import type { FindingsAnswer } from './api.ts';
import { html } from './html.ts';
import { linkTo } from './route.ts';

/** What the findings rest on: the place of a table of weights, which a learnt score does not have. */
export function Reasons({ answer }: { answer: FindingsAnswer }) {
  const { reasons, rows } = answer;
  if (reasons.length === 0)
    return html`<div class="empty"><p><strong>No reasons.</strong> There are no findings yet.</p></div>`;
  const judged = reasons.some(({ confirmed, benign }) => confirmed + benign > 0);
  const link = (signal: string): string =>
    linkTo('findings', '', new URLSearchParams({ state: 'all', reason: signal }));
  return html`<h2>What the ${rows.length.toLocaleString('en-US')} findings rest on</h2>
  <p class="muted">Nobody sets weights here: the score is learnt from your own past, and its error rate holds for the score as it was learnt. What each reason contributed to a finding is known exactly, and stands here. Where a reason mostly brings false positives, say so finding by finding (the next calibration hears verdicts), give a <a href="#/thresholds">peer group</a> a smaller budget, or except the account.</p>
  <table class="reasons"><caption class="hidden">Reasons, those of most findings first</caption><thead><tr><th scope="col">reason</th><th scope="col" class="num">findings</th><th scope="col" class="num">first in</th><th scope="col" class="num">part of the score</th><th scope="col" class="num">judged benign</th></tr></thead><tbody>
  ${reasons.map(
    (held) => html`<tr><td data-name="reason"><a href=${link(held.signal)}>${held.title}</a></td>
    <td data-name="findings" class="num">${held.findings.toLocaleString('en-US')}</td>
    <td data-name="first in" class="num">${held.first.toLocaleString('en-US')}</td>
    <td data-name="part" class="num"><span class="meter" style=${`--part:${Math.round(100 * held.part)}%`} aria-hidden="true"></span>${Math.round(100 * held.part)} %</td>
    <td data-name="judged benign" class="num">${held.confirmed + held.benign === 0 ? html`<span class="muted">–</span>` : `${held.benign} of ${held.confirmed + held.benign}`}</td></tr>`,
  )}</tbody></table>
  <p class="muted small">A finding gives up to three reasons. Part of the score: of what its reasons contributed together, on average over the findings that give it.${judged ? '' : ' Nothing is judged yet.'}</p>`;
}
