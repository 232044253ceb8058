import type { Notice } from '../lib/findings/finding.ts';
import { html } from './html.ts';

const WIDTH = 720;
const LEFT = 8;
const RIGHT = 8;
const TOP = 22;
const ROW = 7;

/** When each member of a campaign was seen, first comers on top, and when the finding was told. */
export function Timeline({ notice }: { notice: Notice }) {
  const members = [...(notice.subject.members ?? [])]
    .map(({ account, firstSeen, lastSeen }) => ({
      account,
      from: Date.parse(firstSeen),
      to: Date.parse(lastSeen),
    }))
    .sort((a, b) => a.from - b.from);
  const told = Date.parse(notice.at);
  const since = Date.parse(notice.since);
  if (members.length === 0) return null;
  const from = Math.min(since, ...members.map((held) => held.from));
  const to = Math.max(told, ...members.map((held) => held.to));
  const x = (at: number): number => LEFT + ((at - from) / Math.max(1, to - from)) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + members.length * ROW;
  const date = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const mark = (at: number, text: string, colour: string) =>
    html`<g><line x1=${x(at)} x2=${x(at)} y1=${TOP - 4} y2=${bottom} stroke=${colour} stroke-width="1.5" stroke-dasharray="4 3" /><text x=${x(at) + (x(at) > WIDTH / 2 ? -4 : 4)} y=${TOP - 8} text-anchor=${x(at) > WIDTH / 2 ? 'end' : 'start'} style=${`fill:${colour}`}>${text}</text></g>`;
  return html`<h3>Course</h3><svg viewBox=${`0 0 ${WIDTH} ${bottom + 20}`} role="img" aria-label=${`${members.length} members, seen from ${date(from)} to ${date(to)}; ${notice.transition} ${date(told)}`}>
    ${members.map(
      ({ account, from: first, to: last }, row) =>
        html`<rect x=${x(first)} y=${TOP + row * ROW} width=${Math.max(2, x(last) - x(first))} height=${ROW - 2} rx="2" fill="var(--accent)"><title>${`${account}: ${date(first)} to ${date(last)}`}</title></rect>`,
    )}
    ${since === from ? null : mark(since, 'seen since', 'var(--muted)')}
    ${mark(told, notice.transition, 'var(--extraction)')}
    <text x=${LEFT} y=${bottom + 14}>${date(from)}</text><text x=${WIDTH - RIGHT} y=${bottom + 14} text-anchor="end">${date(to)}</text></svg>`;
}
