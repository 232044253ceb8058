import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AccountDetail, ConsoleData } from '../lib/console/console-data.ts';
import { api, words } from './api.ts';
import { LABEL_CLASS, LABEL_NAME } from './distribution.ts';
import { type Accounts, type Budget, budgetOf, inForce, LEVELS, type Overrides, ROUNDING } from './effect.ts';
import { html } from './html.ts';
import { type NameIndex, nameIndex, nextNamed } from './name-index.ts';
import { go, linkTo, type Route, withField } from './route.ts';

export interface AccountsProps {
  readonly data: ConsoleData;
  readonly accounts: Accounts;
  readonly budget: Budget;
  readonly overrides: Overrides;
  readonly route: Route;
  readonly onOpen: (account: number) => void;
}

/** Rows that are drawn: more than anybody reads, few enough to be there at once. */
const MAX_ROWS = 100;

/** The index of names is made so long after the rows are there, ms: before anybody has typed. */
const INDEX_AFTER_MS = 30;

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
  props: Pick<AccountsProps, 'data' | 'accounts' | 'budget' | 'overrides'>,
): string {
  const { data, accounts } = props;
  const group = data.groups[accounts.group[account] as number];
  const budget = inForce(budgetOf(group, props.budget, props.overrides), data.calibration);
  const p = 10 ** ((accounts.logP[account] as number) - ROUNDING);
  const own = [...LEVELS].reverse().find((level) => p <= budget[level]) ?? 'clear';
  // what it shows by itself comes first: a member of a campaign may be critical alone
  return accounts.byCampaign[account] === 1 && (own === 'clear' || own === 'watch')
    ? 'suspect, by its campaign'
    : own;
}

const SORTS = ['rarest', 'events', 'score'] as const;

/** Every account: where it stands, by the thresholds as they are tried. */
export function AccountsView(props: AccountsProps) {
  const { data, accounts, route, onOpen } = props;
  const { query } = route;
  const sought = query.get('find') ?? '';
  const label = Number(query.get('label') ?? -1);
  const level = query.get('level') ?? '';
  const sort = query.get('sort') ?? 'rarest';
  const order = orderOf(data, accounts, sort);
  const open = useMemo(() => (route.open === '' ? -1 : data.id.indexOf(route.open)), [data, route.open]);
  // made while nobody waits, at the latest when a name is searched
  useEffect(() => {
    const waiting = setTimeout(() => namesOf(data, order), INDEX_AFTER_MS);
    return () => clearTimeout(waiting);
  }, [data, order]);
  const rows = useMemo(() => {
    const wanted = sought.trim().toLowerCase();
    // kinds and groups are few: each is looked at once, not once an account
    const kinds = data.kinds.map((kind) => kind.toLowerCase().includes(wanted));
    const groups = data.groups.map((group) => group.toLowerCase().includes(wanted));
    const byName = wanted !== '' && ![...kinds, ...groups].includes(true);
    const next = (k: number): number => (byName ? nextNamed(namesOf(data, order), wanted, k) : k);
    const fits = (i: number): boolean =>
      wanted === '' ||
      byName ||
      kinds[data.kind[i] as number] === true ||
      groups[data.group[i] as number] === true ||
      (data.id[i] as string).toLowerCase().includes(wanted);
    const found: number[] = [];
    for (let k = next(0); k < order.length && found.length < MAX_ROWS; k = next(k + 1)) {
      const i = order[k] as number;
      if (label >= 0 && accounts.label[i] !== label) continue;
      if (fits(i) && (level === '' || levelOf(i, props).startsWith(level))) found.push(i);
    }
    return found;
  }, [order, sought, label, level, accounts, data, props.budget, props.overrides]);
  const set = (name: string, value: string): void =>
    go(linkTo('accounts', route.open, withField(query, name, value)), true);
  const choice = (
    name: string,
    title: string,
    options: readonly (readonly [string, string])[],
    held: string,
  ) =>
    html`<label>${title}<select id=${name} onChange=${(event: Event) => set(name, (event.currentTarget as HTMLSelectElement).value)}>${options.map(([value, text]) => html`<option value=${value} selected=${value === held}>${text}</option>`)}</select></label>`;
  return html`<div class="columns list-first">
  <section aria-label="Accounts">
    <form class="filters" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
      <label class="wide">Find<input id="search" type="search" placeholder="account, kind or peer group" value=${sought} onInput=${(event: Event) => set('find', (event.currentTarget as HTMLInputElement).value)} /></label>
      ${choice('label', data.labelled === 'verdicts' ? 'Verdict' : 'Label', [['', 'any'], ...LABEL_NAME.map((name, i) => [String(i), name] as const)], query.get('label') ?? '')}
      ${choice('level', 'Level', [['', 'any'], ...[...LEVELS].reverse().map((name) => [name, name] as const), ['clear', 'clear'] as const], level)}
      ${choice(
        'sort',
        'Order',
        SORTS.map((name) => [name === 'rarest' ? '' : name, name] as const),
        query.get('sort') ?? '',
      )}
    </form>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of accounts"><table class="accounts"><thead><tr><th scope="col">account</th><th scope="col">label</th><th scope="col">level</th><th scope="col" class="num">p-value</th></tr></thead><tbody>
    ${rows.map((i) => html`<tr key=${i} aria-selected=${i === open}><td><button class="row" onClick=${() => onOpen(i)}>${data.id[i]}</button></td><td class="words"><span class=${`tag t-${LABEL_CLASS[accounts.label[i] as number]}`}>${LABEL_NAME[accounts.label[i] as number]}</span></td><td class="words">${levelOf(i, props)}</td><td class="num" data-name="p-value">${(10 ** (accounts.logP[i] as number)).toPrecision(2)}</td></tr>`)}
    </tbody></table></div>
    <p class="small muted" aria-live="polite">${rows.length >= MAX_ROWS ? `The first ${MAX_ROWS} that fit; find narrows them.` : `${rows.length} of ${data.count.toLocaleString('en-US')} accounts.`}</p>
  </section>
  <section aria-live="polite" aria-label="The account">${open < 0 ? html`<p class="muted">${route.open === '' ? 'Choose an account to see where it stands.' : 'This account is not among those that were read.'}</p>` : html`<${Detail} ...${props} account=${open} />`}</section></div>`;
}

/** Orders to their index of names, and accounts to their orders: made once, also for whoever comes back to this view. */
const indexes = new WeakMap<Uint32Array, NameIndex>();
const orders = new WeakMap<Accounts, Map<string, Uint32Array>>();

function namesOf(data: ConsoleData, order: Uint32Array): NameIndex {
  const held = indexes.get(order) ?? nameIndex(data.id, order);
  indexes.set(order, held);
  return held;
}

function orderOf(data: ConsoleData, accounts: Accounts, sort: string): Uint32Array {
  const made = orders.get(accounts) ?? new Map<string, Uint32Array>();
  orders.set(accounts, made);
  const held = made.get(sort) ?? newOrder(data, accounts, sort);
  made.set(sort, held);
  return held;
}

function newOrder(data: ConsoleData, accounts: Accounts, sort: string): Uint32Array {
  if (sort !== 'events' && sort !== 'score') return byRarity(accounts);
  const by = sort === 'events' ? data.events : data.peak;
  return Uint32Array.from({ length: data.count }, (_, i) => i).sort(
    (a, b) => (by[b] as number) - (by[a] as number),
  );
}

function Detail(props: AccountsProps & { account: number }) {
  const { data, accounts, account } = props;
  const [detail, setDetail] = useState<AccountDetail | undefined>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let current = true;
    setDetail(undefined);
    setFault('');
    api
      .account(account)
      .then((held) => current && setDetail(held))
      .catch((error: unknown) => current && setFault(words(error)));
    return () => {
      current = false;
    };
  }, [account]);
  if (fault !== '') return html`<p class="error" role="alert">${fault}</p>`;
  if (detail === undefined) return html`<p class="muted">Reading …</p>`;
  const { account: held, notices } = detail;
  const notice = notices[0];
  const budget = inForce(
    budgetOf(data.groups[accounts.group[account] as number], props.budget, props.overrides),
    data.calibration,
  );
  const told = [held.kind, held.campaign === '' ? '' : `campaign ${held.campaign}`].filter(
    (text) => text !== '',
  );
  return html`<h2><code>${held.id}</code></h2>
  <p><span class=${`tag t-${LABEL_CLASS[accounts.label[account] as number]}`}>${LABEL_NAME[accounts.label[account] as number]}</span> ${[...told, `${levelOf(account, props)} under these thresholds`].join('; ')}</p>
  ${detail.findings.length === 0 ? null : html`<p>${detail.findings.map(({ id, level, type }) => html`<a class="button" href=${linkTo('findings', id, new URLSearchParams('state=all'))}>${type === 'campaign' ? 'Finding of its campaign' : 'Its finding'}: ${level}</a> `)}</p>`}
  <div class="facts">
    <div><div class="key">p-value in the peer group</div><div class="value">${held.p.toPrecision(2)}</div><div class="detail">${held.group}</div></div>
    <div><div class="key">highest score</div><div class="value">${held.peak.toFixed(1)}</div><div class="detail">${when(held.peakAt)}</div></div>
    <div><div class="key">events</div><div class="value">${held.events.toLocaleString('en-US')}</div><div class="detail">${when(held.firstSeen)} to ${when(held.lastSeen)}</div></div>
    ${held.flag === undefined ? null : html`<div><div class="key">first flag</div><div class="value">${((held.flag.at - held.firstSeen) / 3_600_000).toFixed(1)} h</div><div class="detail">after ${held.flag.events} events, ${held.flag.via === 'campaign' ? 'by its campaign' : 'by itself'}</div></div>`}
  </div>
  <${Peers} data=${data} accounts=${accounts} account=${account} />
  <${Course} held=${held} budget=${budget} />
  ${
    notice === undefined
      ? html`<h3>What stands out</h3><ul class="plain">${held.reasons.length === 0 ? html`<li>Nothing beyond nine tenths of the accounts.</li>` : held.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`
      : html`<h3>Evidence</h3><ul class="plain">${notice.reasons.map((reason) => html`<li><strong>${reason.title}</strong>: ${reason.evidence}</li>`)}</ul>`
  }`;
}

const PEERS = { width: 720, height: 130, left: 64, bottom: 10, top: 26, bins: 60 } as const;

/** The highest scores of all accounts of its peer group, and where this one is. */
function Peers({ data, accounts, account }: { data: ConsoleData; accounts: Accounts; account: number }) {
  const { width, height, left, bottom, top, bins } = PEERS;
  const group = accounts.group[account] as number;
  const { counts, most, largest, peers } = useMemo(() => {
    const counts = new Uint32Array(bins);
    let largest = accounts.peak[account] as number;
    let peers = 0;
    for (let i = 0; i < accounts.count; i++)
      if (accounts.group[i] === group) largest = Math.max(largest, accounts.peak[i] as number);
    for (let i = 0; i < accounts.count; i++) {
      if (accounts.group[i] !== group) continue;
      peers++;
      const bin = Math.min(bins - 1, Math.floor(((accounts.peak[i] as number) / (largest || 1)) * bins));
      counts[bin] = (counts[bin] as number) + 1;
    }
    return { counts, most: Math.max(1, ...counts), largest, peers };
  }, [accounts, group, account]);
  const step = (width - left - 8) / bins;
  const y = (count: number): number =>
    top + (1 - Math.log1p(count) / Math.log1p(most)) * (height - top - bottom);
  const at = left + ((accounts.peak[account] as number) / (largest || 1)) * (width - left - 8);
  return html`<h3>Among its peers</h3><svg viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`Highest scores of ${peers} accounts of ${data.groups[group]}; this one has ${(accounts.peak[account] as number).toFixed(1)} of at most ${largest.toFixed(1)}`}>
    ${[1, 10, 100, 1000, 10_000].filter((count) => count <= most).map((count) => html`<g><line class="axis" x1=${left} x2=${width - 8} y1=${y(count)} y2=${y(count)} /><text x=${left - 6} y=${y(count) + 4} text-anchor="end">${compact(count)}</text></g>`)}
    ${[...counts].map((count, bin) => (count === 0 ? null : html`<rect class="f-benign" x=${left + bin * step} width=${Math.max(1, step - 1)} y=${y(count)} height=${height - bottom - y(count)} />`))}
    <line x1=${at} x2=${at} y1=${top - 6} y2=${height - bottom} stroke="var(--extraction)" stroke-width="2.5" />
    <text x=${at > width / 2 ? at - 5 : at + 5} y=${top - 4} text-anchor=${at > width / 2 ? 'end' : 'start'} style="fill:var(--extraction);font-weight:600">this account</text>
  </svg><p class="small muted caption">Highest scores, from none to ${largest.toFixed(1)}; accounts of ${data.groups[group]}, on a logarithmic scale.</p>`;
}

/** For an axis: 100, 10k, 1m. */
const compact = (value: number): string =>
  value < 1000 ? String(value) : value < 1e6 ? `${value / 1000}k` : `${value / 1e6}m`;

const when = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** The score, and how rare the account looked by then, over time; with the levels and the first flag. */
function Course({ held, budget }: { held: AccountDetail['account']; budget: Budget }) {
  const trace = held.trace ?? [];
  const first = trace[0];
  const last = trace[trace.length - 1];
  if (first === undefined || last === undefined || trace.length < 2)
    return html`<h3>Course</h3><p class="muted small">No course of its score was kept: a deployment stores the highest score only, a backtest what was near a level. When the finding opened and changed stands under the finding.</p>`;
  const W = 720;
  // margins hold the larger letters of a phone too
  const LEFT = 112;
  const RIGHT = 104;
  const SCORE = { top: 30, height: 90 };
  const RARITY = { top: 150, height: 120 };
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
    ${[0, 2, 4, 6].map((rarity) => html`<g><line class="axis" x1=${LEFT} x2=${W - RIGHT} y1=${yRarity(10 ** -rarity)} y2=${yRarity(10 ** -rarity)} /><text x=${LEFT - 6} y=${yRarity(10 ** -rarity) + 4} text-anchor="end">${rarity === 0 ? 'common' : `1 in ${compact(10 ** rarity)}`}</text></g>`)}
    ${LEVELS.filter((level) => budget[level] > 0).map((level) => html`<g><line x1=${LEFT} x2=${W - RIGHT} y1=${yRarity(budget[level])} y2=${yRarity(budget[level])} stroke="var(--muted)" stroke-dasharray="4 3" /><text x=${W - RIGHT + 5} y=${yRarity(budget[level]) + 4}>${level}</text></g>`)}
    <polyline points=${line(([, , p]) => yRarity(p))} fill="none" stroke="var(--accent)" stroke-width="2" stroke-linejoin="round" />
    ${held.flag === undefined ? null : html`<g><line x1=${x(held.flag.at)} x2=${x(held.flag.at)} y1=${SCORE.top} y2=${RARITY.top + RARITY.height} stroke="var(--extraction)" stroke-width="1.5" /><text x=${x(held.flag.at) + 4} y=${RARITY.top - 6} style="fill:var(--extraction)">first flag</text></g>`}
    <text x=${LEFT} y=${H - 8}>${when(from)}</text><text x=${W - RIGHT} y=${H - 8} text-anchor="end">${when(to)}</text></svg>`;
}
