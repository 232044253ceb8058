import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AccountDetail, ConsoleData } from '../lib/backtest/console-data.ts';
import { LABEL_CLASS, LABEL_NAME } from './distribution.ts';
import { type Accounts, type Budget, LEVELS, type Overrides } from './effect.ts';
import { html } from './html.ts';
import { budgetOf } from './thresholds.ts';

export interface SuspectsProps {
  readonly data: ConsoleData;
  readonly accounts: Accounts;
  readonly budget: Budget;
  readonly overrides: Overrides;
  readonly open: number | undefined;
  readonly onOpen: (account: number) => void;
}

const MAX_ROWS = 200;

/** Index of all accounts, rarest first. */
function byRarity(accounts: Accounts): Uint32Array {
  const order = Uint32Array.from({ length: accounts.count }, (_, i) => i);
  const { logP, peak } = accounts;
  return order.sort(
    (a, b) => (logP[a] as number) - (logP[b] as number) || (peak[b] as number) - (peak[a] as number),
  );
}

export function levelOf(
  account: number,
  props: Pick<SuspectsProps, 'data' | 'accounts' | 'budget' | 'overrides'>,
): string {
  const { data, accounts } = props;
  if (accounts.byCampaign[account] === 1) return 'suspect, by its campaign';
  const budget = budgetOf(data.groups[accounts.group[account] as number], props.budget, props.overrides);
  const p = 10 ** (accounts.logP[account] as number);
  return [...LEVELS].reverse().find((level) => p <= budget[level]) ?? 'clear';
}

export function Suspects(props: SuspectsProps) {
  const { data, accounts, open, onOpen } = props;
  const [sought, setSought] = useState('');
  const [label, setLabel] = useState(-1);
  const order = useMemo(() => byRarity(accounts), [accounts]);
  const rows = useMemo(() => {
    const wanted = sought.trim().toLowerCase();
    const found: number[] = [];
    for (const i of order) {
      if (label >= 0 && accounts.label[i] !== label) continue;
      if (
        wanted !== '' &&
        !(data.id[i] as string).toLowerCase().includes(wanted) &&
        !(data.kinds[data.kind[i] as number] as string).includes(wanted) &&
        !(data.groups[data.group[i] as number] as string).includes(wanted)
      )
        continue;
      found.push(i);
      if (found.length >= MAX_ROWS) break;
    }
    return found;
  }, [order, sought, label, accounts, data]);
  return html`<div class="columns list-first">
  <section aria-label="Accounts, rarest first">
    <div style="display:grid;grid-template-columns:1fr 10rem;gap:.6rem;margin-bottom:.6rem">
      <div><label for="search">Find</label><input id="search" type="search" placeholder="account, kind or peer group" value=${sought} onInput=${(event: Event) => setSought((event.currentTarget as HTMLInputElement).value)} /></div>
      <div><label for="label">Label</label><select id="label" onChange=${(event: Event) => setLabel(Number((event.currentTarget as HTMLSelectElement).value))}><option value="-1">all</option>${LABEL_NAME.map((name, i) => html`<option value=${i}>${name}</option>`)}</select></div>
    </div>
    <div class="scroll" tabindex="0" role="region" aria-label="Accounts, rarest first"><table><thead><tr><th scope="col">account</th><th scope="col">label</th><th scope="col">level</th><th scope="col" class="num">p-value</th></tr></thead><tbody>
    ${rows.map((i) => html`<tr key=${i} aria-selected=${i === open}><td><button class="row" onClick=${() => onOpen(i)}>${data.id[i]}</button></td><td><span class=${`tag t-${LABEL_CLASS[accounts.label[i] as number]}`}>${LABEL_NAME[accounts.label[i] as number]}</span></td><td>${levelOf(i, props)}</td><td class="num">${(10 ** (accounts.logP[i] as number)).toPrecision(2)}</td></tr>`)}
    </tbody></table></div>
    <p class="small muted">${rows.length >= MAX_ROWS ? `The ${MAX_ROWS} rarest that match; find narrows them.` : `${rows.length} accounts.`}</p>
  </section>
  <section aria-live="polite" aria-label="The account">${open === undefined ? html`<p class="muted">Choose an account to see its course and the evidence.</p>` : html`<${Detail} ...${props} account=${open} />`}</section></div>`;
}

function Detail(props: SuspectsProps & { account: number }) {
  const { data, accounts, account } = props;
  const [detail, setDetail] = useState<AccountDetail | undefined>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let current = true;
    setDetail(undefined);
    setFault('');
    fetch(`account?index=${account}`)
      .then(async (response) => {
        if (!response.ok) throw new Error(await response.text());
        const held = (await response.json()) as AccountDetail;
        if (current) setDetail(held);
      })
      .catch((error: unknown) => current && setFault(String(error)));
    return () => {
      current = false;
    };
  }, [account]);
  if (fault !== '') return html`<p class="error">${fault}</p>`;
  if (detail === undefined) return html`<p class="muted">Reading …</p>`;
  const { account: held, notices } = detail;
  const notice = notices[0];
  const budget = budgetOf(data.groups[accounts.group[account] as number], props.budget, props.overrides);
  return html`<h2><code>${held.id}</code></h2>
  <p><span class=${`tag t-${LABEL_CLASS[accounts.label[account] as number]}`}>${LABEL_NAME[accounts.label[account] as number]}</span> ${held.kind}${held.campaign === '' ? '' : `, campaign ${held.campaign}`}; ${levelOf(account, props)} under these thresholds</p>
  <div class="facts">
    <div><div class="key">p-value in the peer group</div><div class="value">${held.p.toPrecision(2)}</div><div class="detail">${held.group}</div></div>
    <div><div class="key">highest score</div><div class="value">${held.peak.toFixed(1)}</div><div class="detail">${when(held.peakAt)}</div></div>
    <div><div class="key">events</div><div class="value">${held.events.toLocaleString('en-US')}</div><div class="detail">${when(held.firstSeen)} to ${when(held.lastSeen)}</div></div>
    ${held.flag === undefined ? null : html`<div><div class="key">first flag</div><div class="value">${((held.flag.at - held.firstSeen) / 3_600_000).toFixed(1)} h</div><div class="detail">after ${held.flag.events} events, ${held.flag.via === 'campaign' ? 'by its campaign' : 'by itself'}</div></div>`}
  </div>
  <${Course} held=${held} budget=${budget} />
  ${
    notice === undefined
      ? html`<h3>What stands out</h3><ul class="plain">${held.reasons.length === 0 ? html`<li>Nothing beyond nine tenths of its peers.</li>` : held.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`
      : html`<h3>Evidence</h3><ul class="plain">${notice.reasons.map((reason) => html`<li><strong>${reason.title}</strong>, ${reason.points.toFixed(1)} points: ${reason.evidence}</li>`)}</ul>
      <h3>Harmless explanations</h3><ul class="plain">${notice.explanations.map((held) => html`<li><strong>${held.title}</strong>: ${held.fits ? 'fits' : 'does not fit'}. ${held.because}</li>`)}</ul>
      <p class="small muted">Finding ${notice.finding}, policy ${notice.versions.policy}, calibration ${notice.versions.calibration}, code ${notice.versions.code}. Sample events: ${notice.sampleEvents.slice(0, 5).join(', ')}</p>`
  }`;
}

const when = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** The score, and how rare the account looked by then, over time; with the levels and the first flag. */
function Course({ held, budget }: { held: AccountDetail['account']; budget: Budget }) {
  const trace = held.trace ?? [];
  const first = trace[0];
  const last = trace[trace.length - 1];
  if (first === undefined || last === undefined || trace.length < 2)
    return html`<h3>Course</h3><p class="muted small">It was never near a level for long enough to draw a course.</p>`;
  const W = 720;
  const LEFT = 92;
  const RIGHT = 62;
  const SCORE = { top: 16, height: 96 };
  const RARITY = { top: 140, height: 120 };
  const H = RARITY.top + RARITY.height + 26;
  const from = Math.min(held.firstSeen, first[0]);
  const to = Math.max(held.lastSeen, last[0]);
  const most = Math.max(...trace.map(([, score]) => score), 1);
  const x = (at: number): number => LEFT + ((at - from) / Math.max(1, to - from)) * (W - LEFT - RIGHT);
  const yScore = (score: number): number => SCORE.top + (1 - score / most) * SCORE.height;
  const yRarity = (p: number): number =>
    RARITY.top + (1 - Math.min(6, -Math.log10(Math.max(1e-6, p))) / 6) * RARITY.height;
  const line = (y: (point: readonly [number, number, number]) => number): string =>
    trace.map((point) => `${x(point[0]).toFixed(1)},${y(point).toFixed(1)}`).join(' ');
  return html`<h3>Course</h3><svg viewBox=${`0 0 ${W} ${H}`} role="img" aria-label=${`Score and rarity from ${when(from)} to ${when(to)}, highest score ${held.peak.toFixed(1)}`}>
    ${[0, most].map((score) => html`<g><line class="axis" x1=${LEFT} x2=${W - RIGHT} y1=${yScore(score)} y2=${yScore(score)} /><text x=${LEFT - 6} y=${yScore(score) + 4} text-anchor="end">${score.toFixed(0)}</text></g>`)}
    <text x=${LEFT} y=${SCORE.top - 5}>score</text>
    <polyline points=${line(([, score]) => yScore(score))} fill="none" stroke="var(--accent)" stroke-width="2" stroke-linejoin="round" />
    ${[0, 2, 4, 6].map((rarity) => html`<g><line class="axis" x1=${LEFT} x2=${W - RIGHT} y1=${yRarity(10 ** -rarity)} y2=${yRarity(10 ** -rarity)} /><text x=${LEFT - 6} y=${yRarity(10 ** -rarity) + 4} text-anchor="end">${rarity === 0 ? 'common' : `1 in ${(10 ** rarity).toLocaleString('en-US')}`}</text></g>`)}
    ${LEVELS.map((level) => html`<g><line x1=${LEFT} x2=${W - RIGHT} y1=${yRarity(budget[level])} y2=${yRarity(budget[level])} stroke="var(--muted)" stroke-dasharray="4 3" /><text x=${W - RIGHT + 5} y=${yRarity(budget[level]) + 4}>${level}</text></g>`)}
    <polyline points=${line(([, , p]) => yRarity(p))} fill="none" stroke="var(--accent)" stroke-width="2" stroke-linejoin="round" />
    ${held.flag === undefined ? null : html`<g><line x1=${x(held.flag.at)} x2=${x(held.flag.at)} y1=${SCORE.top} y2=${RARITY.top + RARITY.height} stroke="var(--extraction)" stroke-width="1.5" /><text x=${x(held.flag.at) + 4} y=${RARITY.top - 6} style="fill:var(--extraction)">first flag</text></g>`}
    <text x=${LEFT} y=${H - 8}>${when(from)}</text><text x=${W - RIGHT} y=${H - 8} text-anchor="end">${when(to)}</text></svg>`;
}
