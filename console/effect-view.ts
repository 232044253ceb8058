import type { ConsoleData } from '../lib/console/console-data.ts';
import { LABEL_CLASS, LABEL_NAME } from './distribution.ts';
import { type Accounts, BENIGN, type Effect, EXTRACTION, UNLABELLED } from './effect.ts';
import { html } from './html.ts';

/** What a change would do, in numbers. */
export function EffectFacts({ data, now, was }: { data: ConsoleData; now: Effect; was: Effect }) {
  return html`<div class="facts" aria-live="polite" id="effect">
      ${
        data.labelled === 'none'
          ? html`<${Fact} name="flagged" value=${sum(now.flagged)} total=${sum(now.total)} before=${sum(was.flagged)} />`
          : html`<${Fact} name="false positives" value=${now.flagged[BENIGN]} total=${now.total[BENIGN]} before=${was.flagged[BENIGN]} bad=${true} />
          <${Fact} name="extraction found" value=${now.flagged[EXTRACTION]} total=${now.total[EXTRACTION]} before=${was.flagged[EXTRACTION]} />
          ${now.total[UNLABELLED] > 0 ? html`<${Fact} name="not labelled, flagged" value=${now.flagged[UNLABELLED]} total=${now.total[UNLABELLED]} before=${was.flagged[UNLABELLED]} />` : null}`
      }
    </div>`;
}

interface FlagListsProps {
  readonly data: ConsoleData;
  readonly accounts: Accounts;
  readonly now: Effect;
  readonly onOpen: (account: number) => void;
  /** where nothing changed */
  readonly hint: string;
}

/** Whom it would do it to. */
export function FlagLists({ data, accounts, now, onOpen, hint }: FlagListsProps) {
  if (now.gained.length + now.lost.length === 0) return html`<p class="muted">${hint}</p>`;
  return html`<${List} title="Newly flagged" data=${data} accounts=${accounts} indices=${now.gained} counts=${now.gainedByLabel} onOpen=${onOpen} />
    <${List} title="No longer flagged" data=${data} accounts=${accounts} indices=${now.lost} counts=${now.lostByLabel} onOpen=${onOpen} />`;
}

const share = (value: number): string => `${(value * 100).toPrecision(2)} %`;
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
  <div class="scroll" style="max-height:14rem" tabindex="0" role="region" aria-label=${title}><table><thead><tr><th scope="col">account</th><th scope="col">label</th><th scope="col">peer group</th><th scope="col" class="num">p-value</th></tr></thead><tbody>
  ${ordered.slice(0, 50).map((i) => {
    const label = accounts.label[i] as number;
    return html`<tr key=${i}><td><button class="row" onClick=${() => onOpen(i)}>${data.id[i]}</button></td><td><span class=${`tag t-${LABEL_CLASS[label]}`}>${LABEL_NAME[label]}</span> ${data.kinds[data.kind[i] as number]}</td><td>${data.groups[accounts.group[i] as number]}</td><td class="num">${(10 ** (accounts.logP[i] as number)).toPrecision(2)}</td></tr>`;
  })}</tbody></table></div>${total > 50 ? html`<p class="small muted">The first 50, benign ones first.</p>` : null}`;
}
