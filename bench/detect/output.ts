import { chartSvg } from '../../lib/report/chart.ts';
import { html, page, raw, table } from '../../lib/report/html.ts';
import type { NullCheck } from './null-accounts.ts';
import type { Outcome } from './outcomes.ts';
import type { Result } from './summary.ts';

const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
const range = ([low, high]: [number, number]): string => `${percent(low)} to ${percent(high)}`;

function kindRows(result: Result): string[][] {
  const [clean, one, five] = result.byContamination;
  return Object.entries(clean?.byKind ?? {}).map(([kind, row]) => [
    kind,
    row.label,
    String(row.accounts),
    String(row.flagged),
    range(row.interval),
    row.medianEvents === null ? '-' : String(row.medianEvents),
    row.medianHours === null ? '-' : row.medianHours.toFixed(1),
    String(one?.byKind[kind]?.flagged ?? '-'),
    String(five?.byKind[kind]?.flagged ?? '-'),
  ]);
}

const KIND_HEAD = [
  'kind',
  'label',
  'accounts',
  'flagged',
  '95 % interval',
  'events',
  'hours',
  'at 1 % mixed in',
  'at 5 %',
];

function detectorRows(result: Result): string[][] {
  return result.detectors.map(({ name, own, at }) => [
    name,
    own === null ? '-' : `${own.caught} / ${own.wronged}`,
    ...at.map(
      ({ caught }) =>
        `${caught} of ${result.totals.extraction} (${percent(caught / result.totals.extraction)})`,
    ),
  ]);
}

const DETECTOR_HEAD = [
  'detector',
  'own threshold: caught / wronged',
  'caught at 0.1 % wronged',
  'caught at 1 % wronged',
];

/** Accounts over the threshold of each detector, at both rates, by kind. */
function rateRows(result: Result): string[][] {
  return Object.entries(result.byContamination[0]?.byKind ?? {}).map(([kind, { label, accounts }]) => [
    kind,
    label,
    String(accounts),
    ...result.detectors.map(({ at }) => at.map(({ byKind }) => byKind[kind] ?? 0).join(' / ')),
  ]);
}

function rateHead({ detectors }: Result): string[] {
  return ['over the threshold at 0.1 % / 1 %', 'label', 'accounts', ...detectors.map(({ name }) => name)];
}

const ABLATION_HEAD = ['weights', 'caught', 'wronged', 'caught at 5 % mixed in', 'kinds that change'];

function ablationRows({ ablation }: Result): string[][] {
  const [shipped] = ablation;
  return ablation.map(({ name, clean, contaminated }) => [
    name,
    String(clean.caught),
    String(clean.wronged),
    String(contaminated.caught),
    Object.entries(clean.byKind)
      .filter(([kind, caught]) => caught !== shipped?.clean.byKind[kind])
      .map(([kind, caught]) => `${kind} ${shipped?.clean.byKind[kind] ?? 0} -> ${caught}`)
      .join(', '),
  ]);
}

export function print(result: Result): void {
  const out = (rows: readonly (readonly string[])[]) => {
    const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
    for (const row of rows)
      process.stdout.write(
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
      );
    process.stdout.write('\n');
  };
  process.stdout.write(
    `Shipped policy ${result.policy.id}: suspect at ${percent(result.policy.suspect, 2)} of benign accounts a month\n\n`,
  );
  out([KIND_HEAD, ...kindRows(result)]);
  for (const { contamination, benign } of result.byContamination)
    process.stdout.write(
      `benign wronged, calibration with ${percent(contamination, 0)} extraction: ${benign.flagged} of ${benign.accounts} (${range(benign.interval)})\n`,
    );
  process.stdout.write(
    `flagged within 500 events: ${Object.entries(result.within500)
      .filter(([, n]) => n > 0)
      .map(([kind, n]) => `${kind} ${n}`)
      .join(', ')}\n\n`,
  );
  out([DETECTOR_HEAD, ...detectorRows(result)]);
  out([rateHead(result), ...rateRows(result)]);
  out([ABLATION_HEAD, ...ablationRows(result)]);
  for (const check of result.nulls) {
    out([
      [`${check.name} (${check.accounts})`, 'measured', '95 % interval'],
      ...check.rates.map((rate) => [
        `promised ${percent(rate.promised)}`,
        percent(rate.measured, 2),
        range(rate.interval),
      ]),
    ]);
    process.stdout.write(`${uniformLine(check)}\n\n`);
  }
}

/** How chances lie against uniform, in words. */
function uniformLine({ uniform: { excess, at, band } }: NullCheck): string {
  return `chances against uniform: at most ${percent(excess)} too many at or below a chance, at ${percent(at)}; 95 % of such samples stay below ${percent(band)}`;
}

export async function reportOf(result: Result, clean: readonly Outcome[]): Promise<string> {
  const benign = clean
    .filter(({ account }) => account.label === 'benign')
    .map(({ p }) => p)
    .sort((a, b) => a - b);
  const roc = [
    ...new Set(
      clean.filter(({ account }) => account.label === 'extraction').map(({ account }) => account.kind),
    ),
  ].flatMap((kind) => {
    const of = clean.filter(({ account }) => account.kind === kind);
    return Array.from({ length: 60 }, (_, i) => {
      const rate = 10 ** (-3.1 + (i / 59) * 3.1);
      const threshold = benign[Math.floor(rate * benign.length)] ?? 1;
      return { kind, rate, caught: of.filter(({ p }) => p <= threshold).length / of.length };
    });
  });
  const delay = clean.flatMap(({ account, events }) =>
    account.label === 'extraction' && events !== undefined ? [{ kind: account.kind, events }] : [],
  );
  const charts = await Promise.all([
    chartSvg({
      data: { values: roc },
      width: 560,
      height: 300,
      mark: { type: 'line', interpolate: 'step-after' },
      encoding: {
        x: { field: 'rate', type: 'quantitative', scale: { type: 'log' }, title: 'benign accounts wronged' },
        y: { field: 'caught', type: 'quantitative', title: 'accounts caught' },
        color: { field: 'kind', type: 'nominal' },
      },
    }),
    chartSvg({
      data: { values: delay },
      width: 560,
      height: 300,
      transform: [
        { window: [{ op: 'cume_dist', as: 'share' }], sort: [{ field: 'events' }], groupby: ['kind'] },
      ],
      mark: { type: 'line', interpolate: 'step-after' },
      encoding: {
        x: {
          field: 'events',
          type: 'quantitative',
          scale: { type: 'log' },
          title: "the account's requests up to the flag",
        },
        y: { field: 'share', type: 'quantitative', title: 'share of flagged accounts' },
        color: { field: 'kind', type: 'nominal' },
      },
    }),
  ]);
  const body = html`<h1>Detection of single accounts</h1>
<p>Five folds that keep campaigns, payments, courses and companies whole. Every account is judged, event by event, with a calibration of the other folds' benign accounts.</p>
<h2>At the shipped policy</h2>${table(KIND_HEAD, kindRows(result), [2, 3, 5, 6, 7, 8])}
<h2>Against other detectors</h2>${table(DETECTOR_HEAD, detectorRows(result))}
<h3>By kind</h3>${table(rateHead(result), rateRows(result), [2])}
<h2>Caught against wronged</h2><figure>${raw(charts[0] ?? '')}</figure>
<h2>Delay</h2><figure>${raw(charts[1] ?? '')}</figure>
<h2>What each signal brings</h2>${table(ABLATION_HEAD, ablationRows(result), [1, 2, 3])}
<h2>The promise</h2>${result.nulls.map(
    (check) =>
      html`<h3>${check.name} (${check.accounts})</h3>${table(
        ['promised', 'measured', '95 % interval'],
        check.rates.map((rate) => [percent(rate.promised), percent(rate.measured, 2), range(rate.interval)]),
        [0, 1],
      )}<p>${uniformLine(check)}</p>`,
  )}`;
  return page({ title: 'Siphonwatch: detection of single accounts', body });
}
