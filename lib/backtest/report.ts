import { chartColours, chartSvg, type VegaLiteSpec } from '../report/chart.ts';
import { type Html, html, page, raw, table } from '../report/html.ts';
import { SIGNALS } from '../signals/index.ts';
import { compare } from './compare.ts';
import type { AccountOutcome, Outcome } from './outcome.ts';
import { areaUnder, roc } from './roc.ts';

/**
 * A backtest as one HTML file that stands alone: what was promised and what came, score distributions by peer group,
 * ROC and delays where there are labels, whom it hit and why, and what it would have cost to run.
 * @param candidate a second policy over the same traffic, set beside the first
 */
export async function backtestReport(outcome: Outcome, candidate?: Outcome): Promise<string> {
  const { result, policy } = outcome;
  const body = html`
<header><h1>Backtest of policy ${policy.id}</h1>
<p class="muted">${int(result.events.read)} events of ${int(outcome.accounts.length)} accounts, ${span(outcome)}. Calibration ${result.versions.calibration}, code ${result.versions.code}. Times are event times in UTC.</p></header>
${headline(outcome)}
${candidate === undefined ? '' : comparison(outcome, candidate)}
${await distributions(outcome)}
${await rocSection(outcome)}
${await delays(outcome)}
${whoAndWhy(outcome)}
${cost(outcome)}
<footer>Replayed through the production code, in order of arrival, looking ahead nowhere. A rate says what happened on this traffic; its interval (95 %, Clopper-Pearson) says how far such a number can be trusted.</footer>`;
  return page({ title: `Backtest of policy ${policy.id}`, body });
}

const HOUR = 3_600_000;
const int = (value: number): string => Math.round(value).toLocaleString('en-US');
const share = (value: number): string =>
  `${(value * 100).toFixed(value !== 0 && Math.abs(value) < 0.01 ? 2 : 1)} %`;
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const chance = (p: number): string => (p >= 0.001 ? p.toPrecision(2) : p.toExponential(1));

function span({ accounts }: Outcome): string {
  if (accounts.length === 0) return 'no time at all';
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const held of accounts) {
    from = Math.min(from, held.firstSeen);
    to = Math.max(to, held.lastSeen);
  }
  return `${time(from)} to ${time(to)}`;
}

function fact(key: string, value: string, detail: string): Html {
  return html`<div><div class="k">${key}</div><div class="v">${value}</div><div class="d">${detail}</div></div>`;
}

function headline({ result, policy, accounts }: Outcome): Html {
  const flagged = accounts.filter((held) => held.flag !== undefined).length;
  const measured = result.accounts;
  const campaigns = result.campaigns ?? [];
  const verdict =
    measured === undefined
      ? html`<div class="card"><p>No labels were given: this says what would have been flagged, not whether it was right.</p></div>`
      : html`<div class="card ${measured.fprInterval[0] > policy.budget.suspect ? 'alarm' : measured.fprInterval[1] <= policy.budget.suspect ? 'calm' : 'unsure'}"><p>${promise(measured, policy.budget.suspect)}</p></div>`;
  return html`<section><h2>In short</h2>${verdict}
<div class="facts">
${fact('flagged', int(flagged), `of ${int(accounts.length)} accounts (${share(flagged / Math.max(1, accounts.length))})`)}
${
  measured === undefined
    ? ''
    : html`${fact('benign, wronged', `${measured.benignFlagged} of ${int(measured.benign)}`, `${share(measured.fpr)}; 95 %: ${share(measured.fprInterval[0])} to ${share(measured.fprInterval[1])}`)}
${fact('extraction, caught', `${measured.extractionFlagged} of ${int(measured.extraction)}`, `${share(measured.tpr)}; 95 %: ${share(measured.tprInterval[0])} to ${share(measured.tprInterval[1])}`)}
${fact('campaigns, caught', `${campaigns.filter((held) => held.flagged).length} of ${campaigns.length}`, 'with one member flagged or more')}`
}
${fact('write units', result.cost.writeUnitsPerEvent.toFixed(3), 'per event, profile table')}
${fact('replayed', `${int(result.throughput.eventsPerSecond)}/s`, `${int(result.throughput.bytesPerAccount)} bytes an account`)}
</div></section>`;
}

function promise(
  { benign, benignFlagged, fpr, fprInterval }: NonNullable<Outcome['result']['accounts']>,
  budget: number,
): string {
  const measured = `${benignFlagged} of ${int(benign)} benign accounts were flagged (${share(fpr)}), where the policy allows ${share(budget)} a month.`;
  if (fprInterval[0] > budget)
    return `${measured} That is more than chance explains: the calibration does not fit this traffic. Calibrate anew before trusting the promise.`;
  if (fprInterval[1] <= budget) return `${measured} The promise was kept, and the data are enough to say so.`;
  return `${measured} That agrees with the promise, but so few accounts cannot prove it: the rate may be anything from ${share(fprInterval[0])} to ${share(fprInterval[1])}.`;
}

const labelName = (label: AccountOutcome['label']): string => (label === '' ? 'not labelled' : label);
const LABEL_ORDER = ['benign', 'not labelled', 'grey', 'extraction'];
const LABEL_COLOURS = [chartColours.null, chartColours.accent, chartColours.unsure, chartColours.alarm];
const MOST_GROUPS = 8;
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

async function distributions({ accounts, policy }: Outcome): Promise<Html> {
  const groups = byGroup(accounts);
  const shown = groups.slice(0, MOST_GROUPS);
  if (shown.length === 0)
    return html`<section><h2>Scores by peer group</h2><p>No account was scored.</p></section>`;
  const most = Math.max(...shown.flatMap(([, list]) => list.map((held) => held.peak)), 1);
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
    const score = thresholdIn(list, policy.budget.suspect);
    if (score !== undefined) lines.push({ group, score });
  }
  const order = shown.map(([group]) => group);
  const charts = await Promise.all(
    order.map(async (group) => {
      const spec: VegaLiteSpec = {
        width: 330,
        height: 110,
        title: `${group} (${int(shown.find(([name]) => name === group)?.[1].length ?? 0)} accounts)`,
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
                scale: { type: 'symlog' },
                title: 'accounts',
                axis: { tickCount: 4 },
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
<p>Each account's highest score, among the peers that it is compared with. The dashed line is where <em>suspect</em> begins in that group; counts are on a logarithmic scale, so that single accounts can be seen.</p>
<p>${LABEL_ORDER.filter((name) => bars.some((bar) => bar.label === name)).map((name) => html`<span class="tag" style="color:${LABEL_COLOURS[LABEL_ORDER.indexOf(name)] ?? ''}">${name}</span> `)}</p>
<div class="pair">${charts}</div>
${groups.length > MOST_GROUPS ? html`<p class="muted">The ${MOST_GROUPS} largest of ${groups.length} groups.</p>` : ''}</section>`;
}

async function rocSection({ accounts, policy, result }: Outcome): Promise<Html> {
  const points = roc(accounts);
  if (points === undefined)
    return html`<section><h2>What a threshold costs</h2><p class="muted">Needs labels of benign and of extraction accounts.</p></section>`;
  const benign = result.accounts?.benign ?? 1;
  const floor = 0.5 / benign;
  const values = points.map((point) => ({ ...point, fpr: Math.max(floor, point.fpr) }));
  const at = (['critical', 'suspect', 'watch'] as const).flatMap((level) => {
    const last = points.filter((point) => point.p <= policy.budget[level]).at(-1);
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
            scale: { type: 'log', domain: [floor, 1] },
            title: 'benign accounts wronged (share, logarithmic)',
            axis: { format: '.2%' },
          },
          y: {
            field: 'tpr',
            type: 'quantitative',
            scale: { domain: [0, 1] },
            title: 'extraction accounts caught',
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
<p>Every threshold on the chance among peers, by the accounts' own evidence alone (campaigns are counted in the tables below). Points are the policy's levels; the leftmost step is nobody wronged. Area under the curve ${areaUnder(points).toFixed(3)}.</p>
<figure>${raw(await chartSvg(spec))}</figure>
${table(['benign accounts wronged', 'share', 'caught', 'share', 'chance to set'], budgets, [1, 2, 3, 4])}</section>`;
}

async function delays({ accounts, result }: Outcome): Promise<Html> {
  const { byKind, campaigns } = result;
  if (byKind === undefined) return html``;
  const values: { kind: string; hours: number; share: number }[] = [];
  const kinds = Object.entries(byKind).filter(([, row]) => row.label === 'extraction');
  for (const [kind] of kinds) {
    const all = accounts.filter((held) => held.kind === kind && held.label === 'extraction');
    const hours = all
      .flatMap((held) => (held.flag === undefined ? [] : (held.flag.at - held.firstSeen) / HOUR))
      .sort((a, b) => a - b);
    values.push({ kind, hours: 0, share: 0 });
    hours.forEach((h, i) => {
      values.push({ kind, hours: Math.max(0, h), share: (i + 1) / all.length });
    });
    const longest = Math.max(...all.map((held) => (held.lastSeen - held.firstSeen) / HOUR));
    values.push({ kind, hours: longest, share: hours.length / all.length });
  }
  const spec: VegaLiteSpec = {
    width: 560,
    height: 260,
    data: { values },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
    encoding: {
      x: { field: 'hours', type: 'quantitative', title: "hours since the account's first event" },
      y: {
        field: 'share',
        type: 'quantitative',
        scale: { domain: [0, 1] },
        title: 'accounts flagged',
        axis: { format: '.0%' },
      },
      color: { field: 'kind', type: 'nominal', title: null, scale: { scheme: 'tableau10' } },
      strokeDash: { field: 'kind', type: 'nominal', title: null },
    },
  };
  const number = (value: number | null, digits: number): string =>
    value === null ? '–' : value.toFixed(digits);
  return html`<section><h2>How long it took</h2>
${kinds.length === 0 ? html`<p class="muted">No account is labelled extraction.</p>` : html`<figure>${raw(await chartSvg(spec))}<figcaption>Where a curve ends flat, the rest was not caught within the recording.</figcaption></figure>`}
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
          'members caught',
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

const MOST_ROWS = 200;
const signalTitle = (id: string): string => SIGNALS.find((signal) => signal.id === id)?.title ?? id;

function tone(label: AccountOutcome['label']): string {
  return label === 'benign'
    ? 'alarm'
    : label === 'extraction'
      ? 'calm'
      : label === 'grey'
        ? 'unsure'
        : 'plain';
}

function accountTable(accounts: readonly AccountOutcome[], evidence: ReadonlyMap<string, string>): Html {
  return table(
    ['account', 'label', 'peers', 'first flag', 'level', 'chance', 'why'],
    accounts.map((held) => [
      html`<code>${held.id}</code>`,
      html`<span class="tag ${tone(held.label)}">${labelName(held.label)}</span> ${held.kind}`,
      held.group,
      held.flag === undefined ? '–' : time(held.flag.at),
      held.flag === undefined
        ? '–'
        : `${held.flag.level}${held.flag.via === 'campaign' ? ', by its campaign' : ''}`,
      chance(held.p),
      evidence.get(held.account) ?? held.reasons.map(signalTitle).join('; '),
    ]),
    [5],
  );
}

function evidenceOf({ notices }: Outcome): Map<string, string> {
  const evidence = new Map<string, string>();
  for (const notice of notices)
    if (notice.subject.type === 'account')
      evidence.set(notice.subject.id, notice.reasons.map((reason) => reason.evidence).join(' '));
  return evidence;
}

function whoAndWhy(outcome: Outcome): Html {
  const rank = (held: AccountOutcome): number =>
    held.label === 'benign' ? 0 : held.label === 'grey' ? 1 : 2;
  const flagged = outcome.accounts
    .filter((held) => held.flag !== undefined)
    .sort((a, b) => rank(a) - rank(b) || a.p - b.p || (a.flag?.at ?? 0) - (b.flag?.at ?? 0));
  return html`<section><h2>Whom it hit, and why</h2>
${flagged.length === 0 ? html`<p>Nobody was flagged.</p>` : html`<p>Benign accounts first: they are the price.</p>${accountTable(flagged.slice(0, MOST_ROWS), evidenceOf(outcome))}`}
${flagged.length > MOST_ROWS ? html`<p class="muted">The first ${MOST_ROWS} of ${int(flagged.length)}; <code>backtest --save</code> keeps all.</p>` : ''}</section>`;
}

function cost({ result }: Outcome): Html {
  const { cost: held, events } = result;
  return html`<section><h2>What it costs to run</h2>
<p>${int(held.writes)} writes of profiles and ${int(held.parts)} sealed parts for ${int(events.used)} events: ${int(held.writeUnits)} write units, ${held.writeUnitsPerEvent.toFixed(3)} an event, from the encoded size of sampled items. Flushes follow a batching window of fifteen minutes of traffic; under heavier traffic an account is written less often per event. <code>siphonwatch plan</code> turns units into capacity and money.</p>
${table(
  ['read', 'used', 'late', 'repeated', 'set aside'],
  [[int(events.read), int(events.used), int(events.late), int(events.repeated), int(events.quarantined)]],
  [0, 1, 2, 3, 4],
)}</section>`;
}

function comparison(active: Outcome, candidate: Outcome): Html {
  const change = compare(active, candidate);
  const row = (name: string, of: (held: Outcome) => string) => [name, of(active), of(candidate)];
  const later = change.medianHoursLater;
  return html`<section><h2>${active.policy.id} beside ${candidate.policy.id}</h2>
<p>${candidate.policy.id} newly catches ${change.newlyCaught} and newly wrongs ${change.newlyWronged}; it no longer catches ${change.noLongerCaught} and no longer wrongs ${change.noLongerWronged}.${later === null ? '' : ` Where both flag an account, the median first flag comes ${later === 0 ? 'at the same time' : `${Math.abs(later).toFixed(1)} hours ${later > 0 ? 'later' : 'earlier'}`}.`}</p>
${table(
  ['', active.policy.id, candidate.policy.id],
  [
    row('flagged', (held) => int(held.accounts.filter((one) => one.flag !== undefined).length)),
    ...(active.result.accounts === undefined
      ? []
      : [
          row(
            'benign, wronged',
            ({ result }) => `${result.accounts?.benignFlagged ?? 0} (${share(result.accounts?.fpr ?? 0)})`,
          ),
          row(
            'extraction, caught',
            ({ result }) =>
              `${result.accounts?.extractionFlagged ?? 0} (${share(result.accounts?.tpr ?? 0)})`,
          ),
        ]),
    row('write units an event', ({ result }) => result.cost.writeUnitsPerEvent.toFixed(3)),
  ],
  [1, 2],
)}
<h3>Only ${candidate.policy.id} flags</h3>${change.gained.length === 0 ? html`<p>Nobody.</p>` : accountTable(change.gained.slice(0, 50), evidenceOf(candidate))}
<h3>Only ${active.policy.id} flags</h3>${change.lost.length === 0 ? html`<p>Nobody.</p>` : accountTable(change.lost.slice(0, 50), evidenceOf(active))}</section>`;
}
