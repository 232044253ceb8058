import { render } from 'preact';
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/backtest/console-data.ts';
import type { Notice } from '../lib/findings/finding.ts';
import { Campaigns } from './campaigns.ts';
import { accountsOf, type Budget, LEVELS, type Level, type Overrides } from './effect.ts';
import { html } from './html.ts';
import { PolicyView } from './policy.ts';
import { Suspects } from './suspects.ts';
import { budgetOf, Thresholds } from './thresholds.ts';

const TABS = ['Thresholds', 'Suspects', 'Campaigns', 'Policy'] as const;

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

function App({ data, notices }: { data: ConsoleData; notices: readonly Notice[] }) {
  const recorded = useMemo(() => accountsOf(data), [data]);
  const [tab, setTab] = useState<(typeof TABS)[number]>('Thresholds');
  const [budget, setBudget] = useState<Budget>(data.policy.budget);
  const [overrides, setOverrides] = useState<Overrides>(data.policy.peerGroups as Overrides);
  const [open, setOpen] = useState<number | undefined>();
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
  const onOpen = useCallback((account: number) => {
    setOpen(account);
    setTab('Suspects');
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] as (typeof TABS)[number];
    setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  const common = { data, recorded, accounts: recorded, budget, overrides };
  return html`<header class="top"><h1>Siphonwatch</h1><p class="muted">${data.title}: ${data.count.toLocaleString('en-US')} accounts, policy <strong>${data.policy.id}</strong>, calibration ${data.policy.calibration}</p></header>
  <div role="tablist" aria-label="Views" onKeyDown=${onKeyDown}>${TABS.map((name) => html`<button role="tab" id=${`tab-${name}`} aria-selected=${name === tab} aria-controls="view" tabindex=${name === tab ? 0 : -1} onClick=${() => setTab(name)}>${name}</button>`)}</div>
  <main id="view" role="tabpanel" aria-labelledby=${`tab-${tab}`}>
  ${
    tab === 'Thresholds'
      ? html`<${Thresholds} ...${common} onBudget=${onBudget} onReset=${onReset} onOpen=${onOpen} />`
      : tab === 'Suspects'
        ? html`<${Suspects} ...${common} open=${open} onOpen=${setOpen} />`
        : tab === 'Campaigns'
          ? html`<${Campaigns} ...${common} notices=${notices} onOpen=${onOpen} />`
          : html`<${PolicyView} ...${common} />`
  }</main>`;
}

async function read<T>(name: string): Promise<T> {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
  return (await response.json()) as T;
}

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no element #app');
try {
  const [data, notices] = await Promise.all([
    read<ConsoleData>('data.json'),
    read<Notice[]>('campaigns.json'),
  ]);
  root.replaceChildren();
  render(html`<${App} data=${data} notices=${notices} />`, root);
} catch (error) {
  const line = document.createElement('p');
  line.className = 'error';
  line.textContent = String(error);
  root.append(line);
}
