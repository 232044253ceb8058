import { useMemo, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/backtest/console-data.ts';
import { Distribution, LABEL_CLASS, LABEL_NAME, Legend } from './distribution.ts';
import {
  type Accounts,
  BENIGN,
  type Budget,
  EXTRACTION,
  effect,
  histogram,
  LEVELS,
  type Level,
  limits,
  type Overrides,
  UNLABELLED,
} from './effect.ts';
import { html } from './html.ts';

export interface ThresholdsProps {
  readonly data: ConsoleData;
  readonly accounts: Accounts;
  readonly budget: Budget;
  readonly overrides: Overrides;
  /** by level, for everyone or for a peer group */
  readonly onBudget: (group: string | undefined, level: Level, value: number) => void;
  readonly onReset: () => void;
  readonly onOpen: (account: number) => void;
}

const MEANING: Readonly<Record<Level, string>> = {
  watch: 'looked at here, nobody is told',
  suspect: 'a finding is opened and told',
  critical: 'told as urgent',
};
const LEAST = -6;
const MOST = -0.7;

const share = (value: number): string => `${(value * 100).toPrecision(2)} %`;
const perTenThousand = (value: number): string =>
  value * 10_000 >= 1
    ? `${Number((value * 10_000).toPrecision(2))} in 10,000`
    : `1 in ${Math.round(1 / value).toLocaleString('en-US')}`;

/** A group's own budget where it has one, else the general one. */
export function budgetOf(group: string | undefined, budget: Budget, overrides: Overrides): Budget {
  if (group === undefined) return budget;
  const parts = group.split('/');
  for (let n = parts.length; n > 0; n--) {
    const own = overrides[parts.slice(0, n).join('/')];
    if (own !== undefined) return { ...budget, ...own };
  }
  return budget;
}

export function Thresholds(props: ThresholdsProps) {
  const { data, accounts, budget, overrides, onBudget, onReset, onOpen } = props;
  const [group, setGroup] = useState(-1);
  const name = group < 0 ? undefined : data.groups[group];
  const shown = budgetOf(name, budget, overrides);
  const bars = useMemo(() => histogram(accounts, group), [accounts, group]);
  const before = useMemo(
    () => limits(data.groups, data.policy.budget, data.policy.peerGroups as Overrides, 'suspect'),
    [data],
  );
  const now = effect(accounts, before, limits(data.groups, budget, overrides, 'suspect'), group);
  const was = useMemo(() => effect(accounts, before, before, group), [accounts, before, group]);
  const labels = [0, 1, 2, 3].filter((label) => (now.total[label] ?? 0) > 0);
  const changed = now.gained.length + now.lost.length > 0;
  return html`<div class="columns">
  <section class="panel" aria-label="Thresholds">
    <h2>Error budget</h2>
    <p class="small muted">The largest share of benign accounts that may reach a level within a month. Nothing changes anywhere until the policy is exported and pushed.</p>
    <div class="field"><label for="group">Peer group</label>
      <select id="group" onChange=${(event: Event) => setGroup(Number((event.currentTarget as HTMLSelectElement).value))}>
        <option value="-1" selected=${group < 0}>all accounts</option>
        ${data.groups.map((one, i) => (one === '' ? null : html`<option value=${i} selected=${i === group}>${one}${overrides[one] === undefined ? '' : ' (own budget)'}</option>`))}
      </select></div>
    ${LEVELS.map(
      (
        level,
      ) => html`<div class="field"><label for=${`slider-${level}`}>${level}<output for=${`slider-${level}`}>${perTenThousand(shown[level])}</output></label>
      <input id=${`slider-${level}`} type="range" min=${LEAST} max=${MOST} step="0.02" value=${Math.log10(shown[level])}
        aria-valuetext=${`${perTenThousand(shown[level])} benign accounts a month`}
        onInput=${(event: Event) => onBudget(name, level, 10 ** Number((event.currentTarget as HTMLInputElement).value))} />
      <small>${MEANING[level]}</small></div>`,
    )}
    <button class="button" onClick=${onReset}>Back to ${data.policy.id}</button>
  </section>
  <div>
    <div class="facts" aria-live="polite" id="effect">
      ${
        data.labelled === 'none'
          ? html`<${Fact} name="flagged" value=${sum(now.flagged)} total=${sum(now.total)} before=${sum(was.flagged)} />`
          : html`<${Fact} name="benign, wronged" value=${now.flagged[BENIGN]} total=${now.total[BENIGN]} before=${was.flagged[BENIGN]} bad=${true} />
          <${Fact} name="extraction, caught" value=${now.flagged[EXTRACTION]} total=${now.total[EXTRACTION]} before=${was.flagged[EXTRACTION]} />
          ${now.total[UNLABELLED] > 0 ? html`<${Fact} name="not labelled, flagged" value=${now.flagged[UNLABELLED]} total=${now.total[UNLABELLED]} before=${was.flagged[UNLABELLED]} />` : null}`
      }
    </div>
    <${Distribution} histogram=${bars} budget=${shown} />
    <${Legend} labels=${labels} />
    ${changed ? null : html`<p class="muted">Move <em>suspect</em> to see who would be newly flagged, and who no longer.</p>`}
    <${List} title="Newly flagged" data=${data} accounts=${accounts} indices=${now.gained} counts=${now.gainedByLabel} onOpen=${onOpen} />
    <${List} title="No longer flagged" data=${data} accounts=${accounts} indices=${now.lost} counts=${now.lostByLabel} onOpen=${onOpen} />
  </div></div>`;
}

const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);

function Fact(props: { name: string; value: number; total: number; before: number; bad?: boolean }) {
  const { name, value, total, before, bad } = props;
  const change = value - before;
  const tone = change === 0 ? 'muted' : change > 0 === (bad === true) ? 'up' : 'down';
  return html`<div><div class="key">${name}</div><div class="value">${value.toLocaleString('en-US')}</div>
    <div class="detail">of ${total.toLocaleString('en-US')} (${total === 0 ? '–' : share(value / total)}) <span class=${tone}>${change === 0 ? 'as now' : `${change > 0 ? '+' : '−'}${Math.abs(change).toLocaleString('en-US')} against now`}</span></div></div>`;
}

interface ListProps {
  title: string;
  data: ConsoleData;
  accounts: Accounts;
  indices: readonly number[];
  counts: readonly number[];
  onOpen: (account: number) => void;
}

function List({ title, data, accounts, indices, counts, onOpen }: ListProps) {
  if (indices.length === 0) return null;
  const total = sum(counts);
  const ordered = [...indices].sort(
    (a, b) =>
      (accounts.label[a] as number) - (accounts.label[b] as number) ||
      (accounts.logP[a] as number) - (accounts.logP[b] as number),
  );
  return html`<h3>${title}: ${total.toLocaleString('en-US')} (${[0, 1, 2, 3]
    .filter((label) => (counts[label] ?? 0) > 0)
    .map((label) => `${counts[label]} ${LABEL_NAME[label]}`)
    .join(', ')})</h3>
  <div class="scroll" style="max-height:14rem" tabindex="0" role="region" aria-label=${title}><table><thead><tr><th scope="col">account</th><th scope="col">label</th><th scope="col">peers</th><th scope="col" class="num">chance</th></tr></thead><tbody>
  ${ordered.slice(0, 50).map((i) => {
    const label = accounts.label[i] as number;
    return html`<tr key=${i}><td><button class="row" onClick=${() => onOpen(i)}>${data.id[i]}</button></td><td><span class=${`tag t-${LABEL_CLASS[label]}`}>${LABEL_NAME[label]}</span> ${data.kinds[data.kind[i] as number]}</td><td>${data.groups[accounts.group[i] as number]}</td><td class="num">${(10 ** (accounts.logP[i] as number)).toPrecision(2)}</td></tr>`;
  })}</tbody></table></div>${total > 50 ? html`<p class="small muted">The first 50, benign ones first.</p>` : null}`;
}
