import type { StoredReview } from '../lib/scoring/stored-review.ts';
import type { FindingsAnswer } from './api.ts';
import { Command } from './copy.ts';
import { html } from './html.ts';
import { linkTo } from './route.ts';

/** Accounts of a question that are listed one by one; the command names them all. */
const LISTED = 8;

/** Whose verdict would help the next calibration most, why, and what answers would bring. */
export function Review({ answer }: { answer: FindingsAnswer }) {
  const { review } = answer.status;
  if (review === undefined)
    return html`<div class="empty"><p><strong>Nothing is asked.</strong> The daily calibration of a deployment names here the accounts whose verdict would help it most. It has not run yet, or had too little to learn from.</p></div>`;
  const { entries, curve, at, calibration } = review;
  return html`<p class="muted">What an account is teaches the next calibration: confirmed extraction leaves the past and joins the library of attacks, benign stays ordinary. An answer silences nobody and needs no finding. Calibration ${calibration}, events until ${at.slice(0, 10)}.</p>
  ${curve.length === 0 ? null : html`<${Curve} curve=${curve} />`}
  <h2>${entries.length === 0 ? 'No question is open' : `Questions, the most helpful first (${entries.length})`}</h2>
  <div class="cards">${entries.map((entry, i) => html`<${Question} key=${entry.accounts[0]} number=${i + 1} entry=${entry} command=${answer.command} canAnswer=${answer.author !== ''} />`)}</div>`;
}

interface QuestionProps {
  readonly number: number;
  readonly entry: StoredReview['entries'][number];
  readonly command: string;
  readonly canAnswer: boolean;
}

function Question({ number, entry, command, canAnswer }: QuestionProps) {
  const { accounts, why } = entry;
  const answerWith = (verdict: string): string =>
    `${command} review ${accounts.join(' ')} --verdict ${verdict}`;
  return html`<section class="panel" aria-label=${`Question ${number}`}><h3>${number}. ${accounts.length === 1 ? 'One account' : `${accounts.length} accounts that hang together`}</h3>
    <p class="small">${accounts.slice(0, LISTED).map((account) => html`<a href=${linkTo('accounts', account)}><code>${account}</code></a> `)}${accounts.length > LISTED ? `and ${accounts.length - LISTED} more` : ''}</p>
    <ul>${why.map((line) => html`<li class="small">${line}</li>`)}</ul>
    ${canAnswer ? ['confirmed', 'benign', 'unsure'].map((verdict) => html`<${Command} text=${answerWith(verdict)} />`) : null}</section>`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The learning curve as a table with bars: few points, far apart. */
function Curve({ curve }: { curve: StoredReview['curve'] }) {
  return html`<h2>Learning curve</h2>
  <p class="small muted">Share of attacks like those of the library that would be flagged by themselves at the false-positive rate of suspect, once so many of the questions below are answered, if the answers are extraction. Groups, and what confirmed attacks teach besides, are not in it.</p>
  <div class="scroll" tabindex="0" role="group" aria-label="Learning curve"><table><thead><tr><th scope="col">answered</th><th scope="col">expected recall</th><th scope="col" aria-hidden="true"></th></tr></thead><tbody>${curve.map(
    ({ answered, recall }) =>
      html`<tr><td>${answered}</td><td>${percent(recall)}</td><td aria-hidden="true"><svg viewBox="0 0 200 12" style="max-width:12rem;height:auto"><rect x="0" y="1" width=${Math.max(1, recall * 200)} height="10" fill="var(--extraction)" /></svg></td></tr>`,
  )}</tbody></table></div>`;
}
