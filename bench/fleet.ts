import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processBatch } from '../lib/detection/process-batch.ts';
import { readUsageEvents } from '../lib/input/usage-events.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import type { IngestedEvent } from '../lib/profile/profile.ts';
import { joinSlices } from '../lib/profile/window.ts';
import { chartSvg } from '../lib/report/chart.ts';
import { html, page, raw, table } from '../lib/report/html.ts';
import { CalibrationLearner } from '../lib/scoring/learn-calibration.ts';
import type { PastAccount } from '../lib/scoring/looks.ts';
import { UNLEARNT } from '../lib/scoring/unlearnt.ts';
import { MemoryProfileStore } from '../lib/stores/profile-memory.ts';
import { type Costs, type Flow, flowOf } from './fleet/flow.ts';
import { type AccountCosts, calibrationOf, type Pass } from './fleet/passes.ts';

/**
 * `npm run bench:fleet [-- --html FILE --json FILE]`: what a fleet of up to ten million accounts and 100,000 events a second
 * would meet: how it flows, how far it falls behind after a burst of ten times the rate, how long a calibration takes and
 * costs, and which limit comes first. A simulation: what an event and an account take is measured in the run, on the
 * traffic that ships; waiting for AWS is assumed, and said. The bill is `siphonwatch plan`'s.
 */
const { values } = parseArgs({ options: { html: { type: 'string' }, json: { type: 'string' } } });

/** Assumed of AWS, ms. */
const WAITS = { batch: 25, account: 12, concurrency: 24 };
/** Bytes of an event in a record, compressed; a shard takes a megabyte a second. */
const EVENT_BYTES = 250;
const SHARD_INTAKE = 1_000_000 / EVENT_BYTES;
/** Shards are made for so many times the mean. */
const HEADROOM = 3;
/** Events in 6 MB of payload, as base64. */
const PAYLOAD_EVENTS = Math.floor((6 * 1024 * 1024) / ((EVENT_BYTES * 4) / 3));
const LANES_PER_SHARD = 2;
const WINDOW = 60;
const BURST = { times: 10, seconds: 600 };
const SIZES = [
  { accounts: 10_000, rate: 100 },
  { accounts: 100_000, rate: 1000 },
  { accounts: 1_000_000, rate: 10_000 },
  { accounts: 10_000_000, rate: 100_000 },
] as const;

interface Measured {
  readonly eventMs: number;
  readonly account: AccountCosts;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function exampleArrivals(): Promise<Map<string, IngestedEvent[]>> {
  const file = fileURLToPath(new URL('../examples/data/events.ndjson.gz', import.meta.url));
  const arrivals = new Map<string, IngestedEvent[]>();
  let count = 0;
  const recorder = (): never => {
    throw new Error('the example is of usage events');
  };
  for await (const { events } of readUsageEvents([file], { format: 'auto', recorder }))
    for (const event of events) {
      const time = Date.parse(event.time);
      const position = { epoch: 'e', sequence: String(count++).padStart(9, '0'), index: 0 };
      const list = arrivals.get(event.account) ?? [];
      arrivals.set(event.account, list);
      list.push({ event, time, arrived: time, position });
    }
  return arrivals;
}

/** What an event takes `score` beside waiting, and an account `calibrate`, on the example. */
async function measured(): Promise<Measured> {
  const arrivals = await exampleArrivals();
  const store = new MemoryProfileStore({ warmAccounts: 1 });
  const rules = { policy: defaultPolicy, calibration: UNLEARNT, code: 'fleet', shadow: false };
  let events = 0;
  let began = processorMs();
  for (const [account, list] of arrivals)
    for (let from = 0; from < list.length; from += 20) {
      const stored = store.one(account);
      const { state, seal } = processBatch(stored, list.slice(from, from + 20), rules);
      store.saveNow(stored, state, seal);
      events += Math.min(20, list.length - from);
    }
  const eventMs = (processorMs() - began) / events;
  const learner = new CalibrationLearner({ windows: defaultPolicy.windows });
  const past = function* (): Generator<PastAccount> {
    for (const { profile, sealed } of store.states())
      yield {
        account: profile.account,
        customer: profile.customer,
        slices: joinSlices([sealed, profile.slices]),
      };
  };
  began = processorMs();
  for (const held of past()) learner.see(held);
  const seeMs = (processorMs() - began) / store.accounts;
  learner.fit();
  began = processorMs();
  for (const held of past()) learner.measure(held);
  const measureMs = (processorMs() - began) / store.accounts;
  return { eventMs, account: { bytes: store.bytes() / store.accounts, seeMs, measureMs } };
}

interface Row {
  readonly accounts: number;
  readonly rate: number;
  readonly shards: number;
  readonly lanes: number;
  readonly flow: Flow;
  readonly calibration: Pass;
  readonly firstLimit: string;
}

function rowOf({ accounts, rate }: (typeof SIZES)[number], { eventMs, account }: Measured): Row {
  const shards = Math.max(1, Math.ceil((HEADROOM * rate) / SHARD_INTAKE));
  const lanes = shards * LANES_PER_SHARD;
  const costs: Costs = {
    ...WAITS,
    event: eventMs,
    // never more than all the accounts of the lane; each sends a hundredth of an event a second
    accountsPerEvent: (events) => (accounts / lanes / events) * -Math.expm1(-events / (accounts / lanes)),
  };
  const fleet = {
    rate,
    lanes,
    shards,
    shardIntake: SHARD_INTAKE,
    window: WINDOW,
    batchEvents: Math.min(10_000, PAYLOAD_EVENTS),
  };
  const calibration = calibrationOf(accounts, account);
  return {
    accounts,
    rate,
    shards,
    lanes,
    flow: flowOf(fleet, costs, BURST),
    calibration,
    firstLimit: firstLimitOf(rate, lanes, calibration),
  };
}

/** Default quotas: Lambda's concurrency, a table's write units (at about one and a half an event). */
function firstLimitOf(rate: number, lanes: number, calibration: Pass): string {
  if (calibration.shards > 1)
    return `calibrate: one invocation ends before all accounts are read (${calibration.shards} would do)`;
  if (rate * 1.5 > 40_000) return 'tables: 40,000 write units a second (quota, can be raised)';
  if (lanes > 900) return 'functions: concurrency of 1,000 (quota, can be raised)';
  return 'none';
}

const HEAD = [
  'accounts',
  'events/s',
  'shards',
  'lanes',
  'busy',
  'lag, quiet',
  'lag, burst',
  'drained after',
  'in producers',
  'calibrate alone',
  'calibrate, USD',
  'first limit',
];

function cells({ accounts, rate, shards, lanes, flow, calibration, firstLimit }: Row): string[] {
  return [
    accounts.toLocaleString('en'),
    rate.toLocaleString('en'),
    String(shards),
    String(lanes),
    `${Math.round(100 * flow.busy)} %`,
    `${Math.round(Math.max(...flow.lags.slice(0, 600)))} s`,
    `${Math.round(flow.peakLag)} s`,
    flow.drained === undefined ? 'not in 4 h' : `${Math.round(flow.drained / 60)} min`,
    Math.round(flow.peakInProducers).toLocaleString('en'),
    `${Math.round(calibration.alone / 60)} min`,
    calibration.usd.toFixed(2),
    firstLimit,
  ];
}

async function drawn(rows: readonly Row[], figures: Measured): Promise<string> {
  const points = rows.flatMap(({ rate, flow }) =>
    flow.lags.flatMap((lag, second) =>
      second % 60 === 0 ? [{ minute: second / 60, lag, fleet: `${rate.toLocaleString('en')} events/s` }] : [],
    ),
  );
  const svg = await chartSvg({
    width: 720,
    height: 260,
    data: { values: points },
    mark: 'line',
    encoding: {
      x: { field: 'minute', type: 'quantitative', title: 'minute; ten times the rate from minute 10 to 20' },
      y: { field: 'lag', type: 'quantitative', title: 'age of the oldest event that waits, s' },
      color: { field: 'fleet', type: 'nominal', sort: null, title: null },
    },
  });
  const numeric = HEAD.map((_, i) => i).slice(0, -1);
  const body = html`<h1>A fleet, simulated</h1>
<p>Measured in this run: ${figures.eventMs.toFixed(3)} ms of computing an event, ${Math.round(figures.account.bytes)} bytes an account. Assumed: ${WAITS.batch} ms for the first load of a batch, ${WAITS.account} ms for a write, ${WAITS.concurrency} at a time.</p>
<figure>${raw(svg)}</figure>
${table(HEAD, rows.map(cells), numeric)}`;
  return page({ title: 'A fleet, simulated', body });
}

const figures = await measured();
const rows = SIZES.map((size) => rowOf(size, figures));
process.stdout.write(
  `measured: ${figures.eventMs.toFixed(3)} ms an event, an account ${Math.round(figures.account.bytes)} bytes, ${figures.account.seeMs.toFixed(2)} ms to see, ${figures.account.measureMs.toFixed(2)} ms to measure; assumed: ${JSON.stringify(WAITS)} ms\n\n`,
);
for (const row of rows) {
  process.stdout.write(
    `${cells(row)
      .map((cell, i) => `${HEAD[i]} ${cell}`)
      .join(' · ')}\n`,
  );
}
if (values.html !== undefined) writeFileSync(values.html, await drawn(rows, figures));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ measured: figures, assumed: WAITS, rows: rows.map(({ flow: { lags: _, ...flow }, ...row }) => ({ ...row, flow })) }, null, 2)}\n`,
  );
