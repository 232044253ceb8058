import { useEffect, useRef, useState } from 'preact/hooks';
import type { FindingEvent, FindingView } from '../lib/console/finding-view.ts';
import { Actions } from './actions.ts';
import { api, type FindingsAnswer, words } from './api.ts';
import { Command } from './copy.ts';
import { html } from './html.ts';
import { Place } from './place.ts';
import { linkTo } from './route.ts';

interface PanelProps {
  readonly id: string;
  readonly answer: FindingsAnswer;
  readonly query: URLSearchParams;
  /** address of the finding after it in the list; empty where it is the last */
  readonly next: string;
  readonly onChanged: () => void;
}

/** One finding: who, how sure, why, what speaks against it, what to do, what happened. */
export function FindingPanel({ id, answer, query, next, onChanged }: PanelProps) {
  const [view, setView] = useState<FindingView | undefined>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let current = true;
    setFault('');
    api
      .finding(id)
      .then((made) => current && setView(made))
      .catch((error: unknown) => current && setFault(words(error)));
    return () => {
      current = false;
    };
  }, [id, answer.status.readAt]);
  const heading = useRef<HTMLHeadingElement>(null);
  const read = view?.finding.id;
  // whoever opens a finding by keyboard or hears the page goes on reading there; a refresh moves nothing
  useEffect(() => {
    if (read === id) heading.current?.focus({ preventScroll: true });
  }, [read, id]);
  const close = html`<a class="close" href=${linkTo('findings', '', query)} aria-label="close the finding">×</a>`;
  if (fault !== '')
    return html`<article class="finding">${close}<p class="error" role="alert">${fault}</p></article>`;
  if (view === undefined || view.finding.id !== id)
    return html`<article class="finding" aria-busy="true">${close}<p class="muted">Reading the finding …</p></article>`;
  const { finding } = view;
  const { notice } = finding;
  const { subject } = notice;
  return html`<article class="finding" aria-label=${`Finding ${id}`}>${close}
    <p><span class=${`level l-${finding.level}`}>${finding.level}</span> <span class="muted small">${finding.state}${finding.highest === finding.level ? '' : `, highest ${finding.highest}`}${view.quietUntil === '' ? '' : `, notifications suppressed until ${view.quietUntil.slice(0, 10)}`}</span> <a class="button small" href="#verdict" aria-keyshortcuts="v" title="or press v" onClick=${(
      event: Event,
    ) => {
      event.preventDefault();
      toVerdict();
    }}>${finding.verdict === undefined ? 'Give a verdict' : finding.verdict.verdict}</a></p>
    <h2 ref=${heading} tabindex=${-1}>${capital(view.headline)}</h2>
    <p>${view.summary}</p>
    <p class="id-line"><code>${subject.id}</code> ${[subject.product, subject.plan, subject.accountAgeDays === undefined ? '' : `${Math.round(subject.accountAgeDays)} days old`].filter((text) => text !== '').join(' · ')}${view.account === undefined ? null : html` · <a href=${linkTo('accounts', subject.id)}>among all accounts</a>`}${notice.campaign === undefined ? null : html` · <a href=${linkTo('findings', notice.campaign.finding, query)}>its campaign</a>`}</p>
    <h3>How sure</h3><p>${view.sure[0]}</p><details><summary>the numbers behind it, and what they do not say</summary>${view.sure.slice(1).map((sentence) => html`<p class="small muted">${sentence}</p>`)}</details>
    <h3>Why</h3><p class="small muted">Where it stands (◆) among its peers; the bar holds the middle 90 % of them, the box the middle half.</p>
    <ol class="reasons">${view.places.map((place) => html`<li><${Place} place=${place} /></li>`)}</ol>
    ${notice.links.length === 0 ? null : html`<h3>What links them</h3><ul class="plain">${notice.links.map((link) => html`<li><strong>${link.kind}</strong>: ${link.members} members, ${link.others} others outside. ${link.evidence}</li>`)}</ul><p><a href=${linkTo('campaigns', finding.id)}>The campaign as a graph</a></p>`}
    <h3>What speaks against it</h3>
    ${notice.explanations.length === 0 ? html`<p class="muted small">No benign explanation was checked.</p>` : html`<ul class="plain">${[...notice.explanations].sort((a, b) => Number(b.fits) - Number(a.fits)).map((held) => html`<li><span class=${`tag ${held.fits ? 't-grey' : 't-benign'}`}>${held.fits ? 'fits' : 'does not fit'}</span> ${held.title}: ${held.because}</li>`)}</ul>`}
    <${Actions} view=${view} author=${answer.author} next=${next} onMade=${(made: FindingView) => {
      setView(made);
      onChanged();
    }} />
    <h3>At stake</h3><p>${view.stake}</p>
    <h3>Do next</h3><ol class="steps">${view.steps.map((step) => html`<li><p>${step.what} <span class="muted small">${step.deadline}</span></p><${Command} text=${step.command} />${step.instead === undefined ? null : html`<p class="small muted">or</p><${Command} text=${step.instead} />`}${step.undo === undefined ? null : html`<p class="small muted">to undo: ${step.undo}</p>`}</li>`)}</ol>
    <h3>What happened</h3><${Course} events=${view.events} />
    <p class="small muted">Finding ${finding.id}, policy ${notice.versions.policy}, calibration ${notice.versions.calibration}, code ${notice.versions.code}. Sample events: ${notice.sampleEvents.slice(-5).join(', ')}</p>
  </article>`;
}

/** To the form without a change of the address, which says what is open. */
export function toVerdict(): void {
  const form = document.querySelector<HTMLElement>('form.verdict');
  form?.scrollIntoView({ block: 'center' });
  form?.querySelector('input')?.focus();
}

function Course({ events }: { events: readonly FindingEvent[] }) {
  return html`<ol class="course">${events.map((event) => html`<li class=${`by-${event.by}`}><time datetime=${new Date(event.at).toISOString()}>${new Date(event.at).toISOString().slice(0, 16).replace('T', ' ')}</time> <span>${event.what}${event.level === '' || event.level === 'clear' ? null : html` at <strong>${event.level}</strong>`}${event.detail === '' ? '' : html` <span class="muted">${event.detail}</span>`}</span></li>`)}</ol>`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
