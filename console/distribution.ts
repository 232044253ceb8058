import { type Budget, type Histogram, LEVELS } from './effect.ts';
import { html } from './html.ts';

export const LABEL_CLASS = ['benign', 'plain', 'grey', 'extraction'] as const;
export const LABEL_NAME = ['benign', 'not labelled', 'grey', 'extraction'] as const;

const WIDTH = 760;
const HEIGHT = 250;
/** margins hold the larger letters of a phone too */
const LEFT = 56;
const BOTTOM = 34;
const TOP = 48;

/** Accounts by rarity, stacked by label, on a logarithmic scale so that single accounts are seen; levels as lines. */
export function Distribution({ histogram, budget }: { histogram: Histogram; budget: Budget }) {
  const { bins, counts, most, to } = histogram;
  const width = (WIDTH - LEFT - 8) / bins;
  const x = (rarity: number): number => LEFT + (Math.min(to, Math.max(0, rarity)) / to) * (WIDTH - LEFT - 8);
  const y = (count: number): number =>
    HEIGHT - BOTTOM - (Math.log1p(count) / Math.log1p(most)) * (HEIGHT - BOTTOM - TOP);
  const bars = [];
  for (let bin = 0; bin < bins; bin++) {
    let below = 0;
    for (let label = 0; label < 4; label++) {
      const count = counts[label * bins + bin] as number;
      if (count === 0) continue;
      bars.push(
        html`<rect class=${`f-${LABEL_CLASS[label]}`} x=${LEFT + bin * width} width=${Math.max(1, width - 1)} y=${y(below + count)} height=${y(below) - y(below + count)} />`,
      );
      below += count;
    }
  }
  const ticks = [1, 10, 100, 1000, 10_000, 100_000].filter((count) => count <= most);
  return html`<svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`Accounts by rarity among their peers; ${LEVELS.filter(
    (level) => budget[level] > 0,
  )
    .map((level) => `${level} begins at one in ${Math.round(1 / budget[level]).toLocaleString('en-US')}`)
    .join(', ')}`}>
    ${ticks.map((count) => html`<g><line class="axis" x1=${LEFT} x2=${WIDTH - 8} y1=${y(count)} y2=${y(count)} /><text x=${LEFT - 6} y=${y(count) + 4} text-anchor="end">${count < 1000 ? count : `${count / 1000}k`}</text></g>`)}
    ${bars}
    ${[0, 1, 2, 3, 4, 6].map((rarity) => html`<text class=${rarity % 2 === 1 || rarity === 6 ? 'wide' : ''} x=${x(rarity)} y=${HEIGHT - BOTTOM + 7} dominant-baseline="hanging" text-anchor=${rarity === 6 ? 'end' : rarity === 0 ? 'start' : 'middle'}>${rarity === 0 ? 'common' : `1 in ${(10 ** rarity).toLocaleString('en-US')}`}</text>`)}
    ${LEVELS.filter((level) => budget[level] > 0).map((level, i) => {
      const at = x(-Math.log10(budget[level]));
      return html`<g><line x1=${at} x2=${at} y1=${TOP - 26 + (i % 2) * 22} y2=${HEIGHT - BOTTOM} stroke="var(--ink)" stroke-width=${level === 'suspect' ? 2 : 1} stroke-dasharray=${level === 'suspect' ? '' : '4 3'} /><text x=${at + 4} y=${TOP - 30 + (i % 2) * 22} style="fill:var(--ink);font-weight:${level === 'suspect' ? 700 : 400}">${level}</text></g>`;
    })}
  </svg><p class="small muted caption">Rarity of the account’s highest score among benign peers, within a month; how many accounts, on a logarithmic scale.</p>`;
}

export function Legend({ labels }: { labels: readonly number[] }) {
  return html`<ul class="legend">${labels.map((label) => html`<li><i class=${`b-${LABEL_CLASS[label]}`}></i>${LABEL_NAME[label]}</li>`)}</ul>`;
}
