import { type ComponentChildren, render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/console/console-data.ts';
import type { Notice } from '../lib/findings/finding.ts';
import { AccountsView } from './accounts.ts';
import { ApiError, api, type FindingsAnswer, words } from './api.ts';
import { Campaigns } from './campaigns.ts';
import {
  type Accounts,
  accountsOf,
  type Budget,
  budgetOf,
  LEVELS,
  type Level,
  type Overrides,
} from './effect.ts';
import { Health } from './health.ts';
import { html } from './html.ts';
import { PolicyView } from './policy.ts';
import { Queue } from './queue.ts';
import { Reasons } from './reasons.ts';
import { Review } from './review.ts';
import { go, linkTo, type Route, useRoute } from './route.ts';
import { type Tab, Tabs } from './tabs.ts';
import { Thresholds } from './thresholds.ts';
import { Trends } from './trends.ts';
import { VIEWS } from './views.ts';

/** What was read so long ago is read anew when the page is loaded, ms. */
const STALE_MS = 5000;

/** A level that is moved past another takes it along: a budget never grows from watch to critical. */
function moved(budget: Budget, level: Level, value: number): Budget {
  const rounded = Number(value.toPrecision(3));
  const next: Record<Level, number> = { ...budget, [level]: rounded };
  const at = LEVELS.indexOf(level);
  LEVELS.forEach((other, i) => {
    if (i < at) next[other] = Math.max(next[other], rounded);
    if (i > at) next[other] = Math.min(next[other], rounded);
  });
  return next;
}

function App({ first }: { first: FindingsAnswer }) {
  const route = useRoute();
  const [answer, setAnswer] = useState(first);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ text: string; gone: boolean } | undefined>();
  const view = VIEWS.find((name) => name === route.view) ?? 'findings';
  const tell = (error: unknown): void =>
    setFault({ text: words(error), gone: error instanceof ApiError && error.gone });
  const read = useCallback((how: () => Promise<FindingsAnswer>) => {
    setBusy(true);
    how()
      .then((made) => {
        setAnswer(made);
        setFault(undefined);
      })
      .catch(tell)
      .finally(() => setBusy(false));
  }, []);
  const onChanged = useCallback(() => read(api.findings), [read]);
  // the page that was asked for is there at once; what has become old meanwhile is read anew behind it
  useEffect(() => {
    if (first.author !== '' && Date.now() - Date.parse(first.status.readAt) > STALE_MS) read(api.refresh);
  }, []);
  const open = answer.rows.filter(({ state }) => state === 'open').length;
  return html`<a class="skip" href="#view">to the content</a><header class="top"><h1><a href="#/findings">Siphonwatch</a></h1><p class="muted">${answer.title} · policy <strong>${answer.status.policy.id}</strong>${answer.status.lastEvent === '' ? '' : ` · last event ${answer.status.lastEvent.slice(0, 16).replace('T', ' ')} UTC`} · <span role="status">${busy ? `as read at ${clock(answer.status.readAt)}, reading anew …` : `read at ${clock(answer.status.readAt)}`}</span></p><button class="button small" onClick=${() => read(api.refresh)} disabled=${busy} title=${`read at ${clock(answer.status.readAt)}`}>${busy ? 'Reading …' : 'Refresh'}</button></header>
  <${Tabs} tabs=${VIEWS.map((name): Tab => ({ name, ...badgeOf(name, open, answer.status.warnings.length) }))} shown=${view} />
  ${view === route.view || route.view === '' ? null : html`<div class="banner" role="status"><p>There is no view “${route.view}”: these are the findings.</p></div>`}
  ${fault === undefined ? null : html`<div class=${`banner${fault.gone ? ' gone' : ''}`} role="alert"><p>${fault.gone ? html`<strong>Disconnected.</strong> What you see is as of ${answer.status.readAt.slice(0, 16).replace('T', ' ')} UTC. ` : null}${fault.text}</p><button class="button small" onClick=${() => read(api.refresh)}>Try again</button></div>`}
  <main id="view" tabindex="-1"><div id="panel" role="tabpanel" aria-labelledby=${`nav-${view}`}>${
    view === 'findings'
      ? html`<${Queue} answer=${answer} route=${route} onChanged=${onChanged} />`
      : view === 'trends'
        ? html`<${Trends} answer=${answer} />`
        : view === 'reasons'
          ? html`<${Reasons} answer=${answer} />`
          : view === 'review'
            ? html`<${Review} answer=${answer} />`
            : view === 'health'
              ? html`<${Health} answer=${answer} />`
              : html`<${Population} view=${view} route=${route} readAt=${answer.status.readAt} command=${answer.command} onFault=${tell} />`
  }</div></main>`;
}

function badgeOf(view: string, open: number, warnings: number): Pick<Tab, 'badge'> {
  if (view === 'findings') return { badge: { count: open, of: 'open', warns: false } };
  return view === 'health' ? { badge: { count: warnings, of: 'warnings', warns: true } } : {};
}

/** In UTC, as every other time of the page, to the minute. */
function clock(iso: string): string {
  return `${iso.slice(11, 16)} UTC`;
}

interface PopulationProps {
  readonly view: string;
  readonly route: Route;
  readonly readAt: string;
  readonly command: string;
  readonly onFault: (error: unknown) => void;
}

interface PopulationRead {
  /** what they are as of: the server's own moment of reading */
  readonly readAt: string;
  readonly data: ConsoleData;
  readonly recorded: Accounts;
  readonly notices: readonly Notice[];
}

/** Kept while other views are shown: whoever comes back waits for nothing. */
const kept: { read?: PopulationRead } = {};

/** The views over all accounts; their data are read when the first of them is opened. */
function Population({ view, route, readAt, command, onFault }: PopulationProps): ComponentChildren {
  const [read, setRead] = useState(kept.read);
  useEffect(() => {
    let current = true;
    if (kept.read?.readAt !== readAt)
      Promise.all([api.data(), api.campaigns()])
        .then(([data, notices]) => {
          kept.read = { readAt, data, recorded: accountsOf(data), notices };
          if (current) setRead(kept.read);
        })
        .catch(onFault);
    return () => {
      current = false;
    };
  }, [readAt]);
  if (read === undefined) return html`<p class="muted" role="status">Reading the accounts …</p>`;
  return html`<${Views} data=${read.data} recorded=${read.recorded} notices=${read.notices} view=${view} route=${route} command=${command} />`;
}

interface ViewsProps extends Pick<PopulationProps, 'view' | 'route' | 'command'> {
  readonly data: ConsoleData;
  readonly recorded: Accounts;
  readonly notices: readonly Notice[];
}

function Views(props: ViewsProps) {
  const { data, recorded, notices, view, route } = props;
  const [budget, setBudget] = useState<Budget>(data.policy.budget);
  const [overrides, setOverrides] = useState<Overrides>(data.policy.peerGroups as Overrides);
  const onBudget = useCallback(
    (group: string | undefined, level: Level, value: number) => {
      if (group === undefined) setBudget((held) => moved(held, level, value));
      else setOverrides((held) => ({ ...held, [group]: moved(budgetOf(group, budget, held), level, value) }));
    },
    [budget],
  );
  const onReset = useCallback(() => {
    setBudget(data.policy.budget);
    setOverrides(data.policy.peerGroups as Overrides);
  }, [data]);
  const onOpen = useCallback((account: number) => go(linkTo('accounts', data.id[account] as string)), [data]);
  const common = { data, recorded, accounts: recorded, budget, overrides, onOpen };
  if (data.count === 0)
    return html`<div class="empty"><p><strong>No accounts.</strong> Nothing has been sent yet.</p></div>`;
  if (view === 'thresholds')
    return html`<${Thresholds} ...${common} onBudget=${onBudget} onReset=${onReset} />`;
  if (view === 'accounts') return html`<${AccountsView} ...${common} route=${route} />`;
  if (view === 'campaigns')
    return html`<${Campaigns} ...${common} command=${props.command} notices=${notices} route=${route} />`;
  return html`<${PolicyView} ...${common} command=${props.command} />`;
}

/** Resolves when what the page holds already has been painted; at once in a tab that nobody sees, which paints nothing. */
const painted = (): Promise<unknown> =>
  document.visibilityState === 'hidden'
    ? Promise.resolve()
    : new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no element #app');
try {
  const [first] = await Promise.all([api.findings(), painted()]);
  root.replaceChildren();
  render(html`<${App} first=${first} />`, root);
} catch (error) {
  const line = document.createElement('p');
  line.className = 'error';
  line.setAttribute('role', 'alert');
  line.textContent = words(error);
  root.append(line);
}
