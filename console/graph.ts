import { useState } from 'preact/hooks';
import { html } from './html.ts';

export interface GraphMember {
  readonly account: string;
  readonly events: number;
  /** by the thresholds as they are tried */
  readonly level: string;
  readonly links: readonly string[];
  /** class of its label's colour */
  readonly tone: string;
}

interface GraphProps {
  readonly members: readonly GraphMember[];
  readonly hubs: readonly string[];
  /** kinds of links that are shown */
  readonly kinds: ReadonlySet<string>;
  /** the account that is pointed at, here or in the list */
  readonly hot: string;
  readonly onHot: (account: string) => void;
  readonly onOpen: (account: string) => void;
}

const SIZE = 520;
const MOST = 120;

const at = (turn: number, radius: number): readonly [number, number] => [
  SIZE / 2 + Math.cos(turn * 2 * Math.PI - Math.PI / 2) * radius,
  SIZE / 2 + Math.sin(turn * 2 * Math.PI - Math.PI / 2) * radius,
];

/** Members on a ring around what links them; whoever is pointed at stands out with its links. */
export function Graph({ members, hubs, kinds, hot, onHot, onOpen }: GraphProps) {
  const [focused, setFocused] = useState('');
  const bright = hot === '' ? focused : hot;
  const shown = members.slice(0, MOST);
  const hubAt = new Map(
    hubs.map((hub, k) => [hub, hubs.length === 1 ? at(0, 0) : at(k / hubs.length, 95)] as const),
  );
  const place = (k: number) => at(k / shown.length, 225);
  return html`<svg viewBox=${`0 0 ${SIZE} ${SIZE}`} class="graph" role="group" aria-label=${`${members.length} members, linked by ${hubs.join(', ')}`}>
    ${shown.map(({ account, links }, k) => {
      const [x, y] = place(k);
      return hubs.map((hub) => {
        const [hx, hy] = hubAt.get(hub) as readonly [number, number];
        if (!links.includes(hub) || !kinds.has(hub)) return null;
        const on = bright === account || bright === hub;
        return html`<line x1=${x} y1=${y} x2=${hx} y2=${hy} stroke=${on ? 'var(--accent)' : 'var(--rule)'} stroke-width=${on ? 2.5 : 1} opacity=${bright === '' || on ? 1 : 0.25} />`;
      });
    })}
    ${shown.map(({ account, events, level, tone }, k) => {
      const [x, y] = place(k);
      const radius = 5 + Math.min(8, Math.log10(1 + events) * 2);
      return html`<circle cx=${x} cy=${y} r=${radius} class=${tone} stroke=${bright === account ? 'var(--ink)' : 'none'} stroke-width="2" style="cursor:pointer" role="button" tabindex="0" aria-label=${`${account}, ${level}, ${events} events`}
        onMouseEnter=${() => onHot(account)} onMouseLeave=${() => onHot('')} onFocus=${() => setFocused(account)} onBlur=${() => setFocused('')}
        onClick=${() => onOpen(account)} onKeyDown=${(event: KeyboardEvent) => (event.key === 'Enter' || event.key === ' ') && onOpen(account)}><title>${`${account}, ${level}, ${events} events`}</title></circle>`;
    })}
    ${hubs
      .filter((hub) => kinds.has(hub))
      .map((hub) => {
        const [x, y] = hubAt.get(hub) as readonly [number, number];
        const half = 12 + hub.length * 4.4;
        return html`<g onMouseEnter=${() => onHot(hub)} onMouseLeave=${() => onHot('')}><rect x=${x - half} y=${y - 13} width=${2 * half} height="26" rx="6" fill="var(--panel)" stroke="var(--muted)" /><text x=${x} y=${y + 4} text-anchor="middle" style="fill:var(--ink);font-weight:600">${hub}</text></g>`;
      })}</svg>${members.length > shown.length ? html`<p class="small muted">The first ${shown.length} of ${members.length} members.</p>` : null}`;
}
