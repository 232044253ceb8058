import type { Finding } from '../findings/finding.ts';
import { plain } from '../findings/sanitize.ts';
import { chartSvg, chartColours as colours } from '../report/chart.ts';
import { type Html, html, raw } from '../report/html.ts';
import type { SupportedBudget } from '../scoring/supported-budget.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import type { Assessment } from './assess.ts';

/** Room for the numbers of a y axis, px. */
const SIDE = { minExtent: 34, maxExtent: 34 } as const;

/** Requests, and how rare the behaviour was, over event time, with the finding's transitions. */
export async function timelineFigure(
  finding: Finding,
  assessed: Assessment,
  inForce: Pick<SupportedBudget, 'suspect' | 'critical'>,
): Promise<Html> {
  if (assessed.timeline.length === 0)
    return html`<p class="muted">No slices were stored any more; there is nothing to draw.</p>`;
  const bars = assessed.timeline.map((entry) => ({
    start: entry.start,
    end: new Date(Date.parse(entry.start) + 6 * HOUR_MS).toISOString(),
    requests: entry.requests,
    rarity: entry.p === null ? null : 1 / entry.p,
  }));
  const span =
    Date.parse(assessed.timeline.at(-1)?.start ?? '') - Date.parse(assessed.timeline[0]?.start ?? '');
  const step = Math.max(1, Math.ceil(span / DAY_MS / 12));
  const x = {
    field: 'start',
    type: 'temporal' as const,
    scale: { type: 'utc' as const },
    axis: { title: null, format: '%-d %b', grid: false, tickCount: { interval: 'day' as const, step } },
  };
  const requests = await chartSvg({
    width: 720,
    height: 130,
    title: 'Requests in each six hours',
    data: { values: bars },
    mark: { type: 'bar', color: colours.null },
    encoding: {
      x,
      x2: { field: 'end' },
      y: { field: 'requests', type: 'quantitative', axis: { title: null, tickCount: 4, ...SIDE } },
      y2: { datum: 0 },
    },
  });
  const figures = [requests];
  if (bars.some((bar) => bar.rarity !== null)) {
    // a level that the calibration does not support does not exist, and is not drawn
    const rules = (['suspect', 'critical'] as const).flatMap((name) => {
      const chance = inForce[name];
      return chance === undefined ? [] : [{ rarity: 1 / chance, name }];
    });
    const marks = finding.history.map((entry) => ({ start: entry.at, name: entry.transition }));
    figures.push(
      await chartSvg({
        width: 720,
        height: 170,
        title: 'One benign peer in so many shows as much within a month',
        layer: [
          // nothing to see: the same span as the chart above, so that both have one axis
          {
            data: { values: [{ start: bars[0]?.start }, { start: bars.at(-1)?.end }] },
            mark: { type: 'point', opacity: 0 },
            encoding: { x },
          },
          {
            data: { values: rules },
            mark: { type: 'rule', strokeDash: [4, 4], color: colours.unsure },
            encoding: { y: { field: 'rarity', type: 'quantitative' } },
          },
          {
            data: { values: rules },
            mark: { type: 'text', align: 'right', dy: -6, color: colours.unsure },
            encoding: {
              x: { value: 716 },
              y: { field: 'rarity', type: 'quantitative' },
              text: { field: 'name' },
            },
          },
          {
            data: { values: marks },
            mark: { type: 'rule', color: colours.alarm, strokeWidth: 1 },
            encoding: { x },
          },
          {
            data: { values: bars.filter((bar) => bar.rarity !== null) },
            mark: { type: 'line', interpolate: 'step-after', color: colours.accent, strokeWidth: 2 },
            encoding: {
              // known when the six hours are over, not when they begin
              x: { ...x, field: 'end' },
              y: {
                field: 'rarity',
                type: 'quantitative',
                scale: { type: 'log', domainMin: 1 },
                axis: { title: null, format: '~s', tickCount: 4, ...SIDE },
              },
            },
          },
        ],
      }),
    );
  }
  return html`<figure class="wide" tabindex="0">${figures.map((svg) => raw(svg))}<figcaption>Event time, UTC; rarity as of the end of each six hours. Red lines: transitions of the finding.</figcaption></figure>`;
}

/** How rare each behaviour is among those that the subject is compared with. */
export async function signalFigure(finding: Finding): Promise<Html | undefined> {
  const { reasons } = finding.notice;
  if (reasons.length === 0) return undefined;
  const svg = await chartSvg({
    width: 420,
    height: { step: 30 },
    title: 'How rare each behaviour is among peers (one in so many)',
    data: {
      values: reasons.map((held) => ({
        title: plain(held.title, 60),
        rarity: Math.min(1 / held.p, Math.max(1, finding.notice.peers.accounts)),
      })),
    },
    mark: { type: 'bar', color: colours.accent, height: 14 },
    encoding: {
      y: {
        field: 'title',
        type: 'nominal',
        sort: null,
        axis: { title: null, labelLimit: 340, ticks: false, domain: false },
      },
      x: {
        field: 'rarity',
        type: 'quantitative',
        scale: { type: 'log', domainMin: 1 },
        axis: { title: null, format: '~s', tickCount: 4 },
      },
      x2: { datum: 1 },
    },
  });
  return html`<figure class="wide" tabindex="0">${raw(svg)}</figure>`;
}
