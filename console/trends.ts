import type { Trend } from '../lib/console/status.ts';
import type { FindingsAnswer } from './api.ts';
import { html } from './html.ts';

const WIDTH = 760;
const HEIGHT = 200;
const LEFT = 40;
const BOTTOM = 34;
/** room for the largest number, also in the larger letters of a phone */
const TOP = 26;

/** So few days have their names below the bars. */
const EACH_DAY = 8;

const OPENED = [
  ['critical', 'var(--critical)'],
  ['suspect', 'var(--suspect)'],
  ['watch', 'var(--watch)'],
] as const;
const JUDGED = [
  ['confirmed', 'var(--extraction)'],
  ['benign', 'var(--benign)'],
] as const;

/** Findings over the last weeks: how many opened, and what people said of them. */
export function Trends({ answer }: { answer: FindingsAnswer }) {
  const { trends, rows } = answer;
  const judged = rows.filter(({ verdict }) => verdict === 'confirmed' || verdict === 'benign');
  const wrong = judged.filter(({ verdict }) => verdict === 'benign').length;
  const waiting = rows.filter(({ state, verdict }) => state === 'open' && verdict === '').length;
  const oldest = rows
    .filter(({ state, verdict }) => state === 'open' && verdict === '')
    .reduce((least, { opened }) => Math.min(least, opened), answer.now);
  return html`<div class="facts">
    <div><div class="key">open without a verdict</div><div class="value">${waiting.toLocaleString('en-US')}</div><div class="detail">${waiting === 0 ? 'nothing waits' : `the oldest since ${new Date(oldest).toISOString().slice(0, 10)}`}</div></div>
    <div><div class="key">judged</div><div class="value">${judged.length.toLocaleString('en-US')}</div><div class="detail">of ${rows.length.toLocaleString('en-US')} findings</div></div>
    <div><div class="key">false positives among the judged</div><div class="value">${judged.length === 0 ? '–' : `${wrong} of ${judged.length}`}</div><div class="detail">verdict benign</div></div>
  </div>
  <${Bars} title="Opened, by highest level" trends=${trends} parts=${OPENED} />
  <${Bars} title="Judged, by day of opening" trends=${trends} parts=${JUDGED} />`;
}

function Bars(props: {
  title: string;
  trends: readonly Trend[];
  parts: readonly (readonly [keyof Trend, string])[];
}) {
  const { title, trends, parts } = props;
  const totals = trends.map((trend) => parts.reduce((sum, [name]) => sum + trend[name], 0));
  const most = Math.max(1, ...totals);
  const step = (WIDTH - LEFT - 8) / Math.max(1, trends.length);
  const y = (count: number): number => TOP + (1 - count / most) * (HEIGHT - TOP - BOTTOM);
  const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const sum = totals.reduce((all, count) => all + count, 0);
  if (sum === 0) return html`<h2>${title}</h2><p class="muted">None in this time.</p>`;
  return html`<h2>${title}</h2>
  <ul class="legend">${parts.map(([name, colour]) => html`<li><i style=${`background:${colour}`}></i>${name}</li>`)}</ul>
  <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} style="max-width:60rem" role="img" aria-label=${`${title}: ${sum} from ${date(trends[0]?.day ?? 0)} to ${date(trends.at(-1)?.day ?? 0)}, at most ${most} on a day`}>
    ${[0, most].map((count) => html`<g><line class="axis" x1=${LEFT} x2=${WIDTH - 8} y1=${y(count)} y2=${y(count)} /><text x=${LEFT - 6} y=${y(count) + 4} text-anchor="end">${count}</text></g>`)}
    ${trends.map((trend, i) => {
      let below = 0;
      return parts.map(([name, colour]) => {
        const count = trend[name];
        if (count === 0) return null;
        below += count;
        return html`<rect x=${LEFT + i * step + 1} width=${Math.max(1, Math.min(40, step - 2))} y=${y(below)} height=${y(below - count) - y(below)} fill=${colour}><title>${`${date(trend.day)}: ${count} ${name}`}</title></rect>`;
      });
    })}
    ${
      trends.length <= EACH_DAY
        ? trends.map(
            (trend, i) =>
              html`<text x=${LEFT + i * step + 1} y=${HEIGHT - 8}>${date(trend.day).slice(5)}</text>`,
          )
        : html`<text x=${LEFT} y=${HEIGHT - 8}>${date(trends[0]?.day ?? 0)}</text><text x=${WIDTH - 8} y=${HEIGHT - 8} text-anchor="end">${date(trends.at(-1)?.day ?? 0)}</text>`
    }
  </svg>`;
}
