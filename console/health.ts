import type { FindingsAnswer } from './api.ts';
import { html } from './html.ts';

/** Whether silence is good news: telemetry, policy, shadow, calibration. */
export function Health({ answer }: { answer: FindingsAnswer }) {
  const { status } = answer;
  const { policy, shadow, calibration, week } = status;
  const count = (value: number): string => value.toLocaleString('en-US');
  const when = (iso: string): string => (iso === '' ? '–' : iso.slice(0, 16).replace('T', ' '));
  return html`${status.warnings.length === 0 ? html`<p class="ok"><strong>Nothing needs attention</strong> in what the tables say. Alarms of the deployment are in CloudWatch.</p>` : html`<ul class="warnings" aria-label="Warnings">${status.warnings.map((line) => html`<li>${line}</li>`)}</ul>`}
  <div class="cards">
    <section class="panel" aria-label="Telemetry"><h2>Telemetry</h2><dl>
      <dt>last event</dt><dd>${when(status.lastEvent)}</dd>
      <dt>accounts</dt><dd>${count(status.accounts)}, ${count(status.active)} of them on the last day</dd>
      <dt>events judged</dt><dd>${count(status.events)}</dd>
      ${week === undefined ? null : html`<dt>last full week</dt><dd>${count(week.requests)} requests until ${when(week.to)}</dd>`}
      <dt>read at</dt><dd>${when(status.readAt)} UTC, by the clock of today</dd></dl></section>
    <section class="panel" aria-label="Policy"><h2>Policy</h2><dl>
      <dt>active</dt><dd><strong>${policy.id}</strong></dd>
      <dt>state</dt><dd>${policy.state}${policy.since === '' ? '' : ` since ${when(policy.since)}`}</dd></dl></section>
    <section class="panel" aria-label="Shadow policy"><h2>Shadow policy</h2>${shadow === undefined ? html`<p class="muted">None is evaluated. <a href="#/policy">Make a candidate</a>, then <code>${answer.command} policy shadow FILE</code>.</p>` : html`<p><strong>${shadow.id}</strong>${shadow.since === '' ? '' : ` since ${when(shadow.since)}`}</p>${shadow.lines.map((line) => html`<p class="small">${line}</p>`)}`}</section>
    <section class="panel" aria-label="Calibration"><h2>Calibration</h2><dl>
      <dt>id</dt><dd>${calibration.id}</dd>
      <dt>learnt from</dt><dd>${count(calibration.accounts)} accounts over ${Math.round(calibration.days)} days, until ${when(calibration.madeAt)}</dd>
      <dt>whose traffic</dt><dd>${calibration.foreign ? 'somebody else’s' : 'your own'}</dd></dl></section>
  </div>`;
}
