import type { FactPlace } from '../lib/console/finding-view.ts';
import { html } from './html.ts';

const WIDTH = 360;
const HEIGHT = 30;
const EDGE = 8;

/** One fact in words, and where the account stands among its peers. */
export function Place({ place }: { place: FactPlace }) {
  const { title, evidence, spread, at, value, rarity, group } = place;
  // the evidence begins with the fact's own name: said once
  const words = evidence.toLowerCase().startsWith(title.toLowerCase())
    ? evidence.slice(title.length).replace(/^[\s:,]+/, '')
    : evidence;
  return html`<p><strong>${title.charAt(0).toUpperCase()}${title.slice(1)}</strong>: ${words}</p>${spread.length < 2 ? null : html`<${Strip} spread=${spread} at=${at} value=${value} />`}<p class="small muted">${rarity.charAt(0).toUpperCase()}${rarity.slice(1)} shows as much.${group === '' || spread.length < 2 ? '' : ` The bar: ${group === 'all accounts' ? group : `all ${group} accounts`}.`}</p>`;
}

function Strip({ spread, at, value }: { spread: readonly number[]; at: readonly number[]; value: number }) {
  const quantile = (share: number): number => spread[at.indexOf(share)] ?? (spread[0] as number);
  const low = Math.min(value, spread[0] as number);
  const high = Math.max(value, spread.at(-1) as number);
  const span = high - low || 1;
  const x = (held: number): number => EDGE + ((held - low) / span) * (WIDTH - 2 * EDGE);
  const bar = (from: number, to: number, height: number, fill: string) =>
    html`<rect x=${x(quantile(from))} y=${(HEIGHT - height) / 2} width=${Math.max(2, x(quantile(to)) - x(quantile(from)))} height=${height} rx="2" fill=${fill} />`;
  const short = (held: number): string => Number(held.toPrecision(3)).toLocaleString('en-US');
  return html`<svg class="strip" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`value ${short(value)}; half of the peers lie between ${short(quantile(0.25))} and ${short(quantile(0.75))}, their median is ${short(quantile(0.5))}`}>
    <line x1=${EDGE} x2=${WIDTH - EDGE} y1=${HEIGHT / 2} y2=${HEIGHT / 2} stroke="var(--rule)" />
    ${bar(0.05, 0.95, 8, 'var(--rule)')}${bar(0.25, 0.75, 14, 'var(--benign)')}
    <path d=${`M${x(value)} ${HEIGHT / 2 - 9} l7 9 l-7 9 l-7 -9 z`} fill="var(--extraction)" stroke="var(--paper)" stroke-width="1.5" />
  </svg>`;
}
