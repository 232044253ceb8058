import { writeFile } from 'node:fs/promises';
import { rateInterval } from '../lib/backtest/measure.ts';
import { startReplay } from '../lib/backtest/replay.ts';
import { levelRules, scoreRules } from '../lib/detection/judge.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { addEvent, copySlice, emptySlice, type Slice, sliceStart } from '../lib/profile/slice.ts';
import { chartSvg } from '../lib/report/chart.ts';
import { html, page, raw, table } from '../lib/report/html.ts';
import { type CalibrationAccount, learnCalibration, peakScore } from '../lib/scoring/calibrate.ts';
import { type Calibration, tailAmong } from '../lib/scoring/calibration.ts';
import { levelRank } from '../lib/scoring/level.ts';
import { peerGroups } from '../lib/scoring/peer-group.ts';
import { MemoryProfileStore } from '../lib/stores/profile-memory.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';
import { CODE_VERSION } from '../lib/version.ts';
import { emptyView, look, type PeerView, pooledMmd, prada, rules as ruleScore, volume } from './peers.ts';
import { beta, normal, random, shuffled } from './random.ts';
import { dataFolder, foldOf, openTraffic } from './traffic.ts';

/**
 * Single-account detection on labelled traffic: `npm run bench:detect -- --data DIR [--json FILE] [--report FILE.html]`.
 * Five folds keep campaigns, payments, courses and companies whole; each fold is judged with a calibration of the other
 * folds' benign accounts, with 0, 1 and 5 % extraction mixed in. Never with the shipped calibration.
 */

const FOLDS = 5;
const CONTAMINATIONS = [0, 0.01, 0.05] as const;
const SIMULATED = 10_000;

interface Account extends CalibrationAccount {
  readonly label: 'benign' | 'extraction' | 'grey';
  readonly kind: string;
  readonly fold: number;
  readonly events: number;
  readonly view: PeerView;
}

interface Outcome {
  readonly account: Account;
  readonly score: number;
  /** chance among benign peers within a month */
  readonly p: number;
  /** events and hours to the flag at the shipped policy; undefined: not flagged */
  readonly events: number | undefined;
  readonly hours: number | undefined;
}

async function run(data: string): Promise<void> {
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s  ${line}\n`);
  const traffic = await openTraffic(data);
  say('reading');
  const accounts = await readAccounts(traffic);
  say(`${accounts.length} accounts; calibrating ${CONTAMINATIONS.length} x ${FOLDS} times`);
  const calibrations = CONTAMINATIONS.map((share) =>
    Array.from({ length: FOLDS }, (_, fold) => calibrateFor(accounts, fold, share)),
  );
  say('replaying, every account under the calibration of the other folds');
  const outcomes = await replayAll(traffic, accounts, calibrations);
  say('peers');
  const peers = peersOf(accounts);
  say(`null accounts: ${SIMULATED} simulated, and benign ones in shuffled folds`);
  const nulls = nullChecks(accounts);
  const result = summarise(accounts, outcomes, peers, nulls);
  print(result);
  const argument = (name: string): string | undefined =>
    process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
  const json = argument('--json');
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  const report = argument('--report');
  if (report !== undefined) await writeFile(report, await reportOf(result, outcomes[0] ?? []));
  say('done');
}

async function readAccounts(traffic: Awaited<ReturnType<typeof openTraffic>>): Promise<Account[]> {
  const draw = random(11);
  const held = new Map<
    string,
    {
      slices: Map<number, Slice>;
      event: UsageEvent;
      payment: string | undefined;
      events: number;
      view: PeerView;
      ids: Set<string>;
    }
  >();
  for await (const { exchange, event } of traffic.events()) {
    let account = held.get(event.account);
    if (account === undefined) {
      account = {
        slices: new Map(),
        event,
        payment: exchange.customer.payment,
        events: 0,
        view: emptyView(),
        ids: new Set(),
      };
      held.set(event.account, account);
    }
    if (account.ids.has(event.id)) continue;
    account.ids.add(event.id);
    account.events++;
    account.event = event;
    look(account.view, exchange, draw);
    const time = Date.parse(event.time);
    const start = sliceStart(time);
    let slice = account.slices.get(start);
    if (slice === undefined) {
      slice = emptySlice(start);
      account.slices.set(start, slice);
    }
    addEvent(slice, event, time);
  }
  return traffic.labels.flatMap((label) => {
    const account = held.get(label.pseudonym);
    if (account === undefined) return [];
    const { customer } = account.event;
    return {
      account: label.pseudonym,
      customer: { plan: customer.plan, product: customer.product, createdAt: Date.parse(customer.createdAt) },
      slices: [...account.slices.values()].sort((a, b) => a.start - b.start),
      label: label.label,
      kind: label.kind,
      fold: foldOf(label, account.payment, FOLDS),
      events: account.events,
      view: account.view,
    };
  });
}

/** A calibration of the other folds' benign accounts, with a share of extraction mixed in, unlabelled. */
function calibrateFor(accounts: readonly Account[], fold: number, share: number): Calibration {
  const others = accounts.filter((held) => held.fold !== fold);
  const benign = others.filter((held) => held.label === 'benign');
  const extraction = shuffled(
    others.filter((held) => held.label === 'extraction'),
    random(fold + 1),
  );
  const mixed = extraction.slice(0, Math.round((benign.length * share) / (1 - share)));
  return learnCalibration(`fold-${fold}`, [...benign, ...mixed], {
    ...scoreRules(defaultPolicy),
    contamination: share === 0 ? 0 : 0.08,
  });
}

async function replayAll(
  traffic: Awaited<ReturnType<typeof openTraffic>>,
  accounts: readonly Account[],
  calibrations: readonly (readonly Calibration[])[],
): Promise<Outcome[][]> {
  const byId = new Map(accounts.map((held) => [held.account, held]));
  const suspect = levelRank('suspect');
  const runs = calibrations.map((folds) => {
    const peaks = new Map<string, { score: number; p: number }>();
    const flags = new Map<string, { events: number; hours: number }>();
    const replays = folds.map((calibration) =>
      startReplay(
        new MemoryProfileStore({ retentionDays: 8 }),
        { policy: defaultPolicy, calibration, code: CODE_VERSION, shadow: false },
        {
          onStep(account, step) {
            const score = step.state.judgement.evidence.peak;
            peaks.set(account, { score, p: step.certainty?.p ?? peaks.get(account)?.p ?? 1 });
            if (levelRank(step.state.judgement.level.level) >= suspect && !flags.has(account)) {
              const { profile } = step.state;
              flags.set(account, {
                events: profile.totals.events,
                hours: (profile.lastSeen - profile.firstSeen) / 3_600_000,
              });
            }
          },
        },
      ),
    );
    return { peaks, flags, replays };
  });
  for await (const { event } of traffic.events()) {
    const fold = byId.get(event.account)?.fold;
    if (fold !== undefined) for (const { replays } of runs) replays[fold]?.push(event);
  }
  return runs.map(({ peaks, flags, replays }) => {
    for (const replay of replays) replay.finish();
    return accounts.map((account) => {
      const peak = peaks.get(account.account);
      const flag = flags.get(account.account);
      return { account, score: peak?.score ?? 0, p: peak?.p ?? 1, events: flag?.events, hours: flag?.hours };
    });
  });
}

interface PeerResult {
  readonly name: string;
  readonly statistic: (number | undefined)[];
  /** flagged at the threshold that the detector sets itself; undefined where it sets none */
  readonly own: boolean[] | undefined;
}

function peersOf(accounts: readonly Account[]): PeerResult[] {
  const draw = random(5);
  const pool = accounts.filter((held) => held.label === 'benign').flatMap((held) => held.view.queries);
  const mmd = pooledMmd(pool, draw);
  const mmdValues = accounts.map((held) => mmd.statistic(held.view));
  const pradaValues = accounts.map((held) => prada(held.view));
  const ruleValues = accounts.map((held) => ruleScore(held.view));
  return [
    { name: 'volume limit', statistic: accounts.map((held) => volume(held.view)), own: undefined },
    {
      name: 'PRADA (W < 0.95)',
      statistic: pradaValues,
      own: pradaValues.map((value) => value !== undefined && value > 0.05),
    },
    {
      name: 'MMD, pooled null 99.5 %',
      statistic: mmdValues,
      own: mmdValues.map((value) => value !== undefined && value > mmd.threshold(0.995)),
    },
    { name: 'published rules', statistic: ruleValues, own: ruleValues.map((value) => value >= 1) },
  ];
}

interface NullCheck {
  readonly name: string;
  readonly accounts: number;
  /** promised rate (over the calibration's period) to measured count */
  readonly rates: { promised: number; measured: number; interval: [number, number] }[];
}

const PROMISED = [0.1, 0.05, 0.01, 0.005, 0.001];

function rateTable(name: string, ps: readonly number[]): NullCheck {
  return {
    name,
    accounts: ps.length,
    rates: PROMISED.map((promised) => {
      const hits = ps.filter((p) => p <= promised).length;
      return { promised, measured: hits / ps.length, interval: rateInterval(hits, ps.length) };
    }),
  };
}

/** p of an account's peak score over the calibration's own period, so that promise and measurement cover the same time. */
function periodP(held: CalibrationAccount, calibration: Calibration): number {
  const score = peakScore(held, calibration, scoreRules(defaultPolicy));
  const last = held.slices[held.slices.length - 1]?.start ?? 0;
  return tailAmong(calibration.score, peerGroups(held.customer, last), score)?.p ?? 1;
}

function nullChecks(accounts: readonly Account[]): NullCheck[] {
  const draw = random(17);
  const learn = (list: readonly CalibrationAccount[]) =>
    learnCalibration('null', list, { ...scoreRules(defaultPolicy), contamination: 0 });
  const simulated = Array.from({ length: SIMULATED + 1000 }, (_, i) => simulate(i, draw));
  const made = learn(simulated.slice(0, 1000));
  const benign = accounts.filter((held) => held.label === 'benign');
  const ps: number[] = [];
  for (let round = 0; round < 2; round++) {
    const folds = shuffled(benign, draw);
    for (let fold = 0; fold < FOLDS; fold++) {
      const calibration = learn(folds.filter((_, i) => i % FOLDS !== fold));
      for (const held of folds.filter((_, i) => i % FOLDS === fold)) ps.push(periodP(held, calibration));
    }
  }
  return [
    rateTable(
      'simulated null accounts',
      simulated.slice(1000).map((held) => periodP(held, made)),
    ),
    rateTable('benign accounts, folds shuffled twice', ps),
  ];
}

/** A null account: its own rates of tasks, reasoning and grading, its own template habits, pace and burstiness. */
function simulate(n: number, draw: () => number): CalibrationAccount {
  const task = beta(draw, 0.6, 5);
  const reasoning = beta(draw, 0.15, 6);
  const grading = beta(draw, 0.1, 6);
  const templates = Math.ceil(Math.exp(1.5 * Math.abs(normal(draw)) * 2));
  const events = Math.ceil(Math.exp(3 + 1.2 * normal(draw)));
  const spread = 0.3 + 2 * draw();
  const slices = new Map<number, Slice>();
  const from = Date.parse('2026-03-02T00:00:00Z');
  let time = from + draw() * 5 * 86_400_000;
  for (let i = 0; i < Math.min(events, 400); i++) {
    time += Math.exp(Math.log(1_800_000) + 2.5 * normal(draw));
    if (time > from + 14 * 86_400_000) break;
    const start = sliceStart(time);
    let slice = slices.get(start);
    if (slice === undefined) {
      slice = emptySlice(start);
      slices.set(start, slice);
    }
    addEvent(slice, simulatedEvent(n, i, draw, { task, reasoning, grading, templates, spread }), time);
  }
  if (slices.size === 0) slices.set(from, emptySlice(from));
  return {
    account: `null-${n}`,
    customer: {
      plan: draw() < 0.7 ? 'payg' : 'team',
      product: 'api',
      createdAt: from - draw() * 300 * 86_400_000,
    },
    slices: [...slices.values()].map(copySlice).sort((a, b) => a.start - b.start),
  };
}

function simulatedEvent(
  n: number,
  i: number,
  draw: () => number,
  habit: { task: number; reasoning: number; grading: number; templates: number; spread: number },
): UsageEvent {
  const print = () => Array.from({ length: 11 }, () => ALPHABET[Math.floor(draw() * 64)]).join('');
  const own = (k: number) => {
    const seeded = random(n * 1000 + k);
    return Array.from({ length: 11 }, () => ALPHABET[Math.floor(seeded() * 64)]).join('');
  };
  const head = Math.max(0, Math.round(7 + habit.spread * normal(draw)));
  return {
    v: 1,
    id: `${n}-${i}`,
    time: '2026-03-02T00:00:00.000Z',
    account: 'a_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    model: 'm',
    outcome: 'ok',
    usage: { inputTokens: 10, outputTokens: 10 },
    params: {},
    customer: { plan: 'payg', product: 'api', createdAt: '2026-01-01T00:00:00.000Z' },
    shape: {
      turns: 1,
      system: false,
      words: head + 2,
      head,
      instruction: draw() < habit.task,
      lines: 1,
      script: 'latin',
      question: false,
      code: false,
      input: false,
    },
    behaviours: [
      ...(draw() < habit.reasoning ? (['reasoning'] as const) : []),
      ...(draw() < habit.grading ? (['grading'] as const) : []),
    ],
    prints: [
      {
        epoch: 'e',
        prompt: print(),
        opening: draw() < 0.5 ? own(Math.floor(draw() * habit.templates)) : print(),
        closing: print(),
      },
    ],
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

interface Result {
  byContamination: {
    contamination: number;
    byKind: Record<
      string,
      {
        label: string;
        accounts: number;
        flagged: number;
        interval: [number, number];
        medianEvents: number | null;
        medianHours: number | null;
      }
    >;
    benign: { accounts: number; flagged: number; interval: [number, number] };
  }[];
  within500: Record<string, number>;
  detectors: {
    name: string;
    own: { caught: number; wronged: number } | null;
    at: { rate: number; caught: number; byKind: Record<string, number> }[];
  }[];
  nulls: NullCheck[];
  totals: { benign: number; extraction: number };
  policy: { id: string; suspect: number };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? null;
}

function summarise(
  accounts: readonly Account[],
  outcomes: readonly Outcome[][],
  peers: readonly PeerResult[],
  nulls: NullCheck[],
): Result {
  const kinds = [...new Set(accounts.map((held) => held.kind))].sort();
  const benign = accounts.filter((held) => held.label === 'benign');
  const byContamination = CONTAMINATIONS.map((contamination, c) => {
    const list = outcomes[c] ?? [];
    const byKind: Result['byContamination'][number]['byKind'] = {};
    for (const kind of kinds) {
      const of = list.filter(({ account }) => account.kind === kind);
      const hits = of.filter(({ events }) => events !== undefined);
      byKind[kind] = {
        label: of[0]?.account.label ?? '',
        accounts: of.length,
        flagged: hits.length,
        interval: rateInterval(hits.length, of.length),
        medianEvents: median(hits.flatMap(({ events }) => events ?? [])),
        medianHours: median(hits.flatMap(({ hours }) => hours ?? [])),
      };
    }
    const wronged = list.filter(
      ({ account, events }) => account.label === 'benign' && events !== undefined,
    ).length;
    return {
      contamination,
      byKind,
      benign: { accounts: benign.length, flagged: wronged, interval: rateInterval(wronged, benign.length) },
    };
  });
  const clean = outcomes[0] ?? [];
  const within500: Record<string, number> = {};
  for (const kind of kinds)
    within500[kind] = clean.filter(
      ({ account, events }) => account.kind === kind && events !== undefined && events <= 500,
    ).length;
  // by rarity, the same order that the policy thresholds
  const ours: PeerResult = {
    name: 'Siphonwatch',
    statistic: clean.map(({ p, score }) => -Math.log10(p) + score * 1e-6),
    own: clean.map(({ events }) => events !== undefined),
  };
  const detectors = [ours, ...peers].map((detector) => {
    const value = (i: number): number => detector.statistic[i] ?? Number.NEGATIVE_INFINITY;
    const sorted = accounts
      .map((_, i) => i)
      .filter((i) => accounts[i]?.label === 'benign')
      .map(value)
      .sort((a, b) => b - a);
    const caughtAt = (threshold: number) =>
      accounts.map((_, i) => i).filter((i) => accounts[i]?.label === 'extraction' && value(i) > threshold);
    return {
      name: detector.name,
      own:
        detector.own === undefined
          ? null
          : {
              caught: accounts.filter((held, i) => held.label === 'extraction' && detector.own?.[i]).length,
              wronged: accounts.filter((held, i) => held.label === 'benign' && detector.own?.[i]).length,
            },
      at: [0.001, 0.01].map((rate) => {
        const caught = caughtAt(sorted[Math.floor(rate * sorted.length)] ?? Number.POSITIVE_INFINITY);
        const byKind: Record<string, number> = {};
        for (const i of caught) byKind[accounts[i]?.kind ?? ''] = (byKind[accounts[i]?.kind ?? ''] ?? 0) + 1;
        return { rate, caught: caught.length, byKind };
      }),
    };
  });
  return {
    byContamination,
    within500,
    detectors,
    nulls,
    totals: {
      benign: benign.length,
      extraction: accounts.filter((held) => held.label === 'extraction').length,
    },
    policy: { id: defaultPolicy.id, suspect: levelRules(defaultPolicy).suspect },
  };
}

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

function print(result: Result): void {
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
  for (const check of result.nulls)
    out([
      [`${check.name} (${check.accounts})`, 'measured', '95 % interval'],
      ...check.rates.map((rate) => [
        `promised ${percent(rate.promised)}`,
        percent(rate.measured, 2),
        range(rate.interval),
      ]),
    ]);
}

async function reportOf(result: Result, clean: readonly Outcome[]): Promise<string> {
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
<h2>Caught against wronged</h2><figure>${raw(charts[0] ?? '')}</figure>
<h2>Delay</h2><figure>${raw(charts[1] ?? '')}</figure>
<h2>The promise</h2>${result.nulls.map(
    (check) =>
      html`<h3>${check.name} (${check.accounts})</h3>${table(
        ['promised', 'measured', '95 % interval'],
        check.rates.map((rate) => [percent(rate.promised), percent(rate.measured, 2), range(rate.interval)]),
        [0, 1],
      )}`,
  )}`;
  return page({ title: 'Siphonwatch: detection of single accounts', body });
}

const folder = dataFolder(process.argv, 'bench:detect');
if (folder !== undefined) await run(folder);
