import { useCallback, useMemo } from 'preact/hooks';
import { Distribution } from './distribution.ts';
import { type Accounts, effect, histogram, limits, presentLimits } from './effect.ts';
import { EffectFacts, FlagLists } from './effect-view.ts';
import { html } from './html.ts';
import type { ThresholdsProps } from './thresholds.ts';
import type { Weights } from './weights.ts';

export interface WeightsProps extends Pick<ThresholdsProps, 'data' | 'budget' | 'overrides' | 'onOpen'> {
  /** as recorded, and under the weights */
  readonly recorded: Accounts;
  readonly accounts: Accounts;
  readonly weights: Weights;
  readonly onWeight: (signal: number, value: number) => void;
  readonly onReset: () => void;
}

/** A slider's last step counts as silence. */
const MAX_SHOWN = 3;

export function WeightsView(props: WeightsProps) {
  const { data, recorded, accounts, weights, budget, overrides, onWeight, onReset, onOpen } = props;
  const before = useMemo(() => presentLimits(data), [data]);
  const now = effect(accounts, before, limits(data.groups, budget, overrides, 'suspect'), -1, recorded);
  const was = useMemo(() => effect(recorded, before, before, -1), [recorded, before]);
  const bars = useMemo(() => histogram(accounts, -1), [accounts]);
  const input = useCallback(
    (signal: number) => (event: Event) =>
      onWeight(signal, Number((event.currentTarget as HTMLInputElement).value)),
    [onWeight],
  );
  if (data.signals.length === 0)
    return html`<p class="muted">These accounts carry no steps by signal: weights can be tried on what <code>siphonwatch backtest --save</code> wrote.</p>`;
  return html`<div class="columns">
  <section class="panel" aria-label="Weights">
    <h2>Points per step</h2>
    <p class="small muted">An estimate: each account by its strongest window, against null distributions learnt again from the accounts shown. A policy with other weights needs a calibration made under them (<code>tune</code> or <code>calibrate --policy</code>).</p>
    ${data.signals.map(
      (
        { id, title, weight },
        i,
      ) => html`<div class="field"><label for=${`weight-${id}`}>${title}<output for=${`weight-${id}`}>${shown(weights[i] as number)}${weights[i] === weight ? '' : ` (now ${shown(weight)})`}</output></label>
      <input id=${`weight-${id}`} type="range" min="0" max=${MAX_SHOWN} step="0.05" value=${weights[i]} onInput=${input(i)} /></div>`,
    )}
    <button class="button" onClick=${onReset}>Back to ${data.policy.id}</button>
  </section>
  <div class="stays"><${EffectFacts} data=${data} now=${now} was=${was} />
    <${Distribution} histogram=${bars} budget=${budget} />
    <${FlagLists} data=${data} accounts=${accounts} now=${now} onOpen=${onOpen} hint=${accounts === recorded ? 'Move a weight to see who would be newly flagged, and who no longer.' : 'With these weights the same accounts are flagged.'} />
  </div></div>`;
}

const shown = (weight: number): string => Number(weight.toPrecision(3)).toString();
