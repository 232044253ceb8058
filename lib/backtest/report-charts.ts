import { chartColours, chartSvg, type VegaLiteSpec } from '../report/chart.ts';
import { type Html, html, raw, table } from '../report/html.ts';
import { largest } from '../statistics/extremes.ts';
import { HOUR_MS } from '../time.ts';
import type { AccountOutcome, BacktestOutcome } from './outcome.ts';
import { chance, int, labelName, share } from './report-format.ts';
import { areaUnder, roc } from './roc.ts';

/** What a report draws: score distributions by peer group, what a threshold costs, how long it took. */

const LABEL_ORDER = ['benign', 'not labelled', 'grey', 'extraction'];
const LABEL_COLOURS = [chartColours.null, chartColours.accent, chartColours.unsure, chartColours.alarm];
const MAX_GROUPS = 8;
const BINS = 40;

function byGroup(accounts: readonly AccountOutcome[]): [string, AccountOutcome[]][] {
  const groups = new Map<string, AccountOutcome[]>();
  for (const held of accounts) {
    if (held.group === '') continue;
    const list = groups.get(held.group);
    if (list === undefined) groups.set(held.group, [held]);
    else list.push(held);
  }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

/** The score at which the chance falls to `budget`, as these accounts show it: halfway between the nearest two. */
function thresholdIn(accounts: readonly AccountOutcome[], budget: number): number | undefined {
  let below = Number.NEGATIVE_INFINITY;
  let above = Number.POSITIVE_INFINITY;
  for (const held of accounts) {
    if (held.p <= budget) above = Math.min(above, held.peak);
    else below = Math.max(below, held.peak);
  }
  if (!Number.isFinite(above)) return undefined;
  return Number.isFinite(below) && below < above ? (below + above) / 2 : above;
}

/** The chance at which a level begins; p-values are written with five digits, so that the least that is supported counts. */
function beginsAt({ inForce, policy }: BacktestOutcome, level: 'watch' | 'suspect' | 'critical'): number {
  return (inForce ?? policy.budget)[level] * 1.0001;
}

export async function distributions(outcome: BacktestOutcome): Promise<Html> {
  const { accounts } = outcome;
  const groups = byGroup(accounts);
  const shown = groups.slice(0, MAX_GROUPS);
  if (shown.length === 0)
    return html`<section><h2>Scores by peer group</h2><p>No account was scored.</p></section>`;
  const most = largest(
    shown.flatMap(([, list]) => list.map((held) => held.peak)),
    1,
  );
  const width = most / BINS;
  const bars: { group: string; from: number; to: number; label: string; accounts: number }[] = [];
  const lines: { group: string; score: number }[] = [];
  for (const [group, list] of shown) {
    const counts = new Map<string, number>();
    for (const held of list) {
      const bin = Math.min(BINS - 1, Math.floor(held.peak / width));
      const key = `${bin}/${labelName(held.label)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) {
      const at = key.indexOf('/');
      const bin = Number(key.slice(0, at));
      bars.push({
        group,
        from: bin * width,
        to: (bin + 1) * width,
        label: key.slice(at + 1),
        accounts: count,
      });
    }
    const score = thresholdIn(list, beginsAt(outcome, 'suspect'));
    if (score !== undefined) lines.push({ group, score });
  }
  const order = shown.map(([group]) => group);
  const tallest = new Map<string, number>();
  for (const [group] of shown) {
    const stacks = new Map<number, number>();
    for (const bar of bars)
      if (bar.group === group) stacks.set(bar.from, (stacks.get(bar.from) ?? 0) + bar.accounts);
    tallest.set(group, Math.max(1, ...stacks.values()));
  }
  const charts = await Promise.all(
    order.map(async (group) => {
      const spec: VegaLiteSpec = {
        width: 330,
        height: 110,
        title: titleOf(group, shown, lines),
        layer: [
          {
            data: { values: bars.filter((bar) => bar.group === group) },
            mark: { type: 'bar' },
            encoding: {
              x: {
                field: 'from',
                type: 'quantitative',
                bin: { binned: true },
                title: 'highest score',
                scale: { domain: [0, most] },
              },
              x2: { field: 'to' },
              y: {
                field: 'accounts',
                type: 'quantitative',
                scale: { type: 'symlog', domain: [0, tallest.get(group) ?? 1] },
                title: 'accounts',
                // single accounts are the ones that matter: every power of ten has its line, and the tallest bar
                axis: { values: ticksTo(tallest.get(group) ?? 1), format: ',d' },
              },
              color: {
                field: 'label',
                type: 'nominal',
                scale: { domain: LABEL_ORDER, range: LABEL_COLOURS },
                legend: null,
              },
              order: { field: 'label' },
            },
          },
          {
            data: { values: lines.filter((line) => line.group === group) },
            mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 1.5, color: chartColours.ink },
            encoding: { x: { field: 'score', type: 'quantitative' } },
          },
        ],
      };
      return html`<figure>${raw(await chartSvg(spec))}</figure>`;
    }),
  );
  return html`<section><h2>Scores by peer group</h2>
<p>Each account's highest score, among the peers that it is compared with. The dashed line is where <em>suspect</em> begins in that group, as these accounts show it; counts are on a logarithmic scale, so that single accounts can be seen.</p>
<p>${LABEL_ORDER.filter((name) => bars.some((bar) => bar.label === name)).map((name) => html`<span class="tag" style="color:${LABEL_COLOURS[LABEL_ORDER.indexOf(name)] ?? ''}">${name}</span> `)}</p>
<div class="pair">${charts}</div>
${groups.length > MAX_GROUPS ? html`<p class="muted">The ${MAX_GROUPS} largest of ${groups.length} groups.</p>` : ''}</section>`;
}

/** 0, the powers of ten that are well below the most, and the most. */
function ticksTo(most: number): number[] {
  return [0, ...[1, 10, 100, 1000, 10_000, 100_000].filter((tick) => tick * 1.6 <= most), most];
}

/** Where nobody reached suspect its beginning lies right of all bars: said, as there is nothing to draw. */
function titleOf(
  group: string,
  shown: readonly [string, AccountOutcome[]][],
  lines: readonly { readonly group: string }[],
): { readonly text: string; readonly subtitle?: string } {
  const count = int(shown.find(([name]) => name === group)?.[1].length ?? 0);
  const text = `${group} (${count} accounts)`;
  return lines.some((line) => line.group === group)
    ? { text }
    : { text, subtitle: 'suspect begins beyond them' };
}

export async function rocSection(outcome: BacktestOutcome): Promise<Html> {
  const { accounts, result } = outcome;
  const points = roc(accounts);
  if (points === undefined)
    return html`<section><h2>What a threshold costs</h2><p class="muted">Needs labels of benign and of extraction accounts.</p></section>`;
  const benign = result.accounts?.benign ?? 1;
  const floor = 0.5 / benign;
  const values = points.map((point) => ({ ...point, fpr: Math.max(floor, point.fpr) }));
  const at = (['critical', 'suspect', 'watch'] as const).flatMap((level) => {
    const last = points.filter((point) => point.p <= beginsAt(outcome, level)).at(-1);
    return last === undefined ? [] : { level, ...last, fpr: Math.max(floor, last.fpr) };
  });
  const spec: VegaLiteSpec = {
    width: 560,
    height: 300,
    layer: [
      {
        data: { values },
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2, color: chartColours.accent },
        encoding: {
          x: {
            field: 'fpr',
            type: 'quantitative',
            scale: { type: 'log', domain: [floor, 1], nice: false },
            title: 'false-positive rate (logarithmic)',
            // a logarithmic scale has no zero: its left end stands for it
            axis: {
              values: [floor, ...[0.001, 0.01, 0.1, 1].filter((rate) => rate > floor * 1.5)],
              labelExpr: `datum.value <= ${floor * 1.01} ? '0' : format(datum.value, '.3~%')`,
            },
          },
          y: {
            field: 'tpr',
            type: 'quantitative',
            scale: { domain: [0, 1] },
            title: 'recall of extraction accounts',
            axis: { format: '.0%' },
          },
        },
      },
      {
        data: { values: at },
        mark: { type: 'point', filled: true, size: 90, color: chartColours.alarm },
        encoding: { x: { field: 'fpr', type: 'quantitative' }, y: { field: 'tpr', type: 'quantitative' } },
      },
      {
        data: { values: at },
        mark: { type: 'text', align: 'left', dx: 8, dy: 10, fontWeight: 600 },
        encoding: {
          x: { field: 'fpr', type: 'quantitative' },
          y: { field: 'tpr', type: 'quantitative' },
          text: { field: 'level' },
        },
      },
    ],
  };
  const budgets = [0, 1, 2, 5, 10, 20, 50].flatMap((wronged) => {
    const last = points.filter((point) => point.wronged <= wronged).at(-1);
    return wronged > benign || last === undefined
      ? []
      : [
          [
            `at most ${wronged}`,
            share(wronged / benign),
            String(last.caught),
            share(last.tpr),
            chance(last.p),
          ],
        ];
  });
  return html`<section><h2>What a threshold costs</h2>
<p>Every threshold on the p-value, by the accounts' own evidence alone (campaigns are counted in the tables below). Points are the policy's levels; the left end of the scale stands for no false positive, the first step right of it for one of ${int(benign)}. Area under the curve ${areaUnder(points).toFixed(3)}.</p>
<figure class="wide" tabindex="0">${raw(await chartSvg(spec))}</figure>
${table(['false positives', 'rate', 'extraction found', 'recall', 'budget.suspect for it'], budgets, [1, 2, 3, 4])}</section>`;
}

export async function delays({ accounts, result }: BacktestOutcome): Promise<Html> {
  const { byKind } = result;
  // one account is no campaign
  const campaigns = result.campaigns?.filter((held) => held.accounts > 1);
  if (byKind === undefined) return html``;
  const values: { kind: string; hours: number; share: number }[] = [];
  const kinds = Object.entries(byKind).filter(([, row]) => row.label === 'extraction');
  for (const [kind] of kinds) {
    const all = accounts.filter((held) => held.kind === kind && held.label === 'extraction');
    const hours = all
      .flatMap((held) => (held.flag === undefined ? [] : (held.flag.at - held.firstSeen) / HOUR_MS))
      .sort((a, b) => a - b);
    values.push({ kind, hours: 0, share: 0 });
    hours.forEach((h, i) => {
      values.push({ kind, hours: Math.max(0, h), share: (i + 1) / all.length });
    });
    const longest = largest(all.map((held) => (held.lastSeen - held.firstSeen) / HOUR_MS));
    values.push({ kind, hours: longest, share: hours.length / all.length });
  }
  const spec: VegaLiteSpec = {
    width: 560,
    height: 260,
    data: { values },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2.5 },
    encoding: {
      x: { field: 'hours', type: 'quantitative', title: "hours since the account's first event" },
      y: {
        field: 'share',
        type: 'quantitative',
        scale: { domain: [0, 1] },
        title: 'accounts flagged',
        axis: { format: '.0%' },
      },
      color: {
        field: 'kind',
        type: 'nominal',
        title: null,
        scale: { scheme: 'category10' },
        legend: { orient: 'bottom', columns: 4, symbolStrokeWidth: 3, symbolSize: 500, labelFontSize: 13 },
      },
      strokeDash: { field: 'kind', type: 'nominal', title: null },
    },
  };
  const number = (value: number | null, digits: number): string =>
    value === null ? '–' : value.toFixed(digits);
  return html`<section><h2>How long it took</h2>
${kinds.length === 0 ? html`<p class="muted">No account is labelled extraction.</p>` : html`<figure class="wide" tabindex="0">${raw(await chartSvg(spec))}<figcaption>Where a curve ends flat, the rest was not found within the recording.</figcaption></figure>`}
${table(
  ['kind', 'label', 'accounts', 'flagged', 'median events', 'median hours'],
  Object.entries(byKind).map(([kind, row]) => [
    kind,
    row.label,
    row.accounts,
    row.flagged > 0 && row.label === 'benign'
      ? html`<strong class="tag alarm">${row.flagged}</strong>`
      : row.flagged,
    number(row.medianEventsToFlag, 0),
    number(row.medianHoursToFlag, 1),
  ]),
  [2, 3, 4, 5],
)}
${
  campaigns === undefined || campaigns.length === 0
    ? ''
    : html`<h3>Campaigns</h3>${table(
        [
          'campaign',
          'kind',
          'accounts',
          'members found',
          'hours to first',
          'events to first',
          'foreign members',
        ],
        campaigns.map((row) => [
          row.campaign,
          row.kind,
          row.accounts,
          share(row.memberRecall),
          number(row.hoursToFlag, 1),
          number(row.eventsToFlag, 0),
          row.foreignMembers,
        ]),
        [2, 3, 4, 5, 6],
      )}`
}</section>`;
}
