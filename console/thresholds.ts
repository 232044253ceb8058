import { useMemo, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/console/console-data.ts';
import { Distribution, Legend } from './distribution.ts';
import {
  type Accounts,
  type Budget,
  budgetOf,
  effect,
  histogram,
  inForce,
  LEVELS,
  type Level,
  limits,
  type Overrides,
  presentLimits,
} from './effect.ts';
import { EffectFacts, FlagLists } from './effect-view.ts';
import { html } from './html.ts';

export interface ThresholdsProps {
  readonly data: ConsoleData;
  /** as recorded, and as they are tried */
  readonly recorded: Accounts;
  readonly accounts: Accounts;
  readonly budget: Budget;
  readonly overrides: Overrides;
  /** by level, for everyone or for a peer group */
  readonly onBudget: (group: string | undefined, level: Level, value: number) => void;
  readonly onReset: () => void;
  readonly onOpen: (account: number) => void;
}

const MEANING: Readonly<Record<Level, string>> = {
  watch: 'shown here, nobody is notified',
  suspect: 'a finding is opened, people are notified',
  critical: 'notified as urgent',
};
const MIN_LOG10 = -6;
const MAX_LOG10 = -0.7;

const perTenThousand = (value: number): string =>
  value * 10_000 >= 1
    ? `${Number((value * 10_000).toPrecision(2))} in 10,000`
    : `1 in ${Math.round(1 / value).toLocaleString('en-US')}`;

/** What the calibration makes of a budget that it cannot support. */
function unreached(asked: number, held: number): string {
  if (held === 0) return '. Cannot be reached: the calibration has too few accounts';
  return held > asked ? `. In force at ${perTenThousand(held)}, the least that the calibration supports` : '';
}

export function Thresholds(props: ThresholdsProps) {
  const { data, recorded, accounts, budget, overrides, onBudget, onReset, onOpen } = props;
  const [group, setGroup] = useState(-1);
  const name = group < 0 ? undefined : data.groups[group];
  const shown = budgetOf(name, budget, overrides);
  const held = inForce(shown, data.calibration);
  const bars = useMemo(() => histogram(accounts, group), [accounts, group]);
  const before = useMemo(() => presentLimits(data), [data]);
  const now = effect(accounts, before, limits(data, budget, overrides, 'suspect'), group, recorded);
  const was = useMemo(() => effect(recorded, before, before, group), [recorded, before, group]);
  const labels = [0, 1, 2, 3].filter((label) => (now.total[label] ?? 0) > 0);
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
      <input id=${`slider-${level}`} type="range" min=${MIN_LOG10} max=${MAX_LOG10} step="0.02" value=${Math.log10(shown[level])}
        aria-valuetext=${`${perTenThousand(shown[level])} benign accounts a month`}
        onInput=${(event: Event) => onBudget(name, level, 10 ** Number((event.currentTarget as HTMLInputElement).value))} />
      <small>${MEANING[level]}${unreached(shown[level], held[level])}</small></div>`,
    )}
    <button class="button" onClick=${onReset}>Back to ${data.policy.id}</button>
  </section>
  <div>
    <${EffectFacts} data=${data} now=${now} was=${was} />
    <${Distribution} histogram=${bars} budget=${held} />
    <${Legend} labels=${labels} />
    <${FlagLists} data=${data} accounts=${accounts} now=${now} onOpen=${onOpen} hint="Move suspect to see who would be newly flagged, and who no longer." />
  </div></div>`;
}
