import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newCampaign } from '../lib/campaigns/campaign.ts';
import { COMMON } from '../lib/campaigns/content/nearest.ts';
import { judgeCampaign } from '../lib/campaigns/judging/judge-campaign.ts';
import { memberOf } from '../lib/campaigns/run-member.ts';
import { MOST_LINK_SHARDS } from '../lib/contract/link-steps.ts';
import { processBatch } from '../lib/detection/process-batch.ts';
import { FOUND_BY_CONTENT } from '../lib/infra/cost/linking.ts';
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
import { foundByContent } from './fleet/found-by-content.ts';
import {
  ALONE_SECONDS,
  LINK_WAITS,
  type LinkCosts,
  type LinkPass,
  linkAlone,
  linkMost,
  linkPass,
  linkReach,
} from './fleet/link.ts';
import { type Growth, measureLink, processorMs } from './fleet/measure-link.ts';
import { fleetOptions, type Size } from './fleet/options.ts';
import { type AccountCosts, calibrationOf, type Pass } from './fleet/passes.ts';

/**
 * `npm run bench:fleet [-- --accounts N --rate N --html FILE --json FILE]`: what a fleet of up to ten million accounts and 100,000 events a
 * second, or of that size, would meet: how it flows, how far it falls behind after a burst of ten times the rate, how long a calibration
 * and a run of `link` take and cost, and which limit comes first. A simulation: what an event and an account take is measured in the run, on the
 * traffic that ships; waiting for AWS is assumed, and said. The bill is `siphonwatch plan`'s.
 */
const values = options();

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
const SIZES: readonly Size[] = [
  { accounts: 10_000, rate: 100 },
  { accounts: 100_000, rate: 1000 },
  { accounts: 1_000_000, rate: 10_000 },
  { accounts: 10_000_000, rate: 100_000 },
];

/** Ends with a line that says what is wrong, and what is allowed. */
function options() {
  try {
    return fleetOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench:fleet: ${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}

interface Measured {
  readonly eventMs: number;
  readonly account: AccountCosts;
  /** to grow the forests, from how many accounts */
  readonly fit: { readonly seconds: number; readonly accounts: number };
  readonly link: LinkCosts;
  readonly growth: readonly Growth[];
}

/** Numbers of accounts among which topics are looked for. */
const LOOKED_AMONG = [200_000, 250_000] as const;
/** Accounts that forests are grown from at most (lib/scoring/learn-model.ts). */
const MOST_GROWN = 4000;

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
  began = processorMs();
  learner.fit();
  const fit = { seconds: (processorMs() - began) / 1000, accounts: store.accounts };
  began = processorMs();
  for (const held of past()) learner.measure(held);
  const measureMs = (processorMs() - began) / store.accounts;
  const calibration = {
    ...learner.finish({ id: 'fleet' }),
    groups: {
      accounts: { accounts: 5000, ranks: [1, 5000], values: [0.3, 0] },
      groups: { accounts: 60, ranks: [1, 60], values: [0.3, 0.1] },
      content: [],
    },
  };
  const { costs, growth } = measureLink(judgeMs(store, { ...rules, calibration }));
  return {
    fit,
    link: costs,
    growth,
    eventMs,
    account: { bytes: store.bytes() / store.accounts, seeMs, measureMs },
  };
}

/** Accounts of a group that is judged, as in the bases that link is measured on. */
const JUDGED_TOGETHER = 6;

/** To decode and judge a member of a group, ms. */
function judgeMs(store: MemoryProfileStore, rules: Parameters<typeof judgeCampaign>[2]): number {
  const accounts = [...store.states()].map(({ profile }) => profile.account);
  const began = processorMs();
  for (let from = 0; from < accounts.length; from += JUDGED_TOGETHER) {
    const names = accounts.slice(from, from + JUDGED_TOGETHER);
    const members = names.flatMap((account) => memberOf(store.one(account)) ?? []);
    const group = {
      members: names,
      links: [{ key: `payment#${from}`, kind: 'payment' as const, members: names, accounts: names.length }],
      bodies: [names],
    };
    const at = Math.max(0, ...members.map(({ lastSeen }) => lastSeen));
    judgeCampaign(newCampaign(group, at), { group, members, at, tested: 25 }, rules);
  }
  return (processorMs() - began) / accounts.length;
}

interface Row {
  readonly accounts: number;
  readonly rate: number;
  readonly shards: number;
  readonly lanes: number;
  readonly flow: Flow;
  readonly calibration: Pass;
  /** undefined: no number of shards is enough */
  readonly link: LinkPass | undefined;
  /** of `link` in one invocation, s and bytes */
  readonly linkAlone: ReturnType<typeof linkAlone>;
  readonly firstLimit: string;
}

function rowOf({ accounts, rate }: Size, { eventMs, account, link: linkCosts }: Measured): Row {
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
  const link = linkPass(accounts, linkCosts);
  return {
    accounts,
    rate,
    shards,
    lanes,
    flow: flowOf(fleet, costs, BURST),
    calibration,
    link,
    linkAlone: linkAlone(accounts, linkCosts),
    firstLimit: firstLimitOf(rate, lanes, calibration, link),
  };
}

/** Default quotas: Lambda's concurrency, a table's write units (at about one and a half an event). */
function firstLimitOf(rate: number, lanes: number, calibration: Pass, link: LinkPass | undefined): string {
  if (link === undefined) return 'link: no number of shards is enough: several stacks';
  const ends = [
    { name: 'calibrate', shards: calibration.shards },
    { name: 'link', shards: link.shards },
  ].filter(({ shards }) => shards > 1);
  if (ends.length > 0)
    return `one invocation ends before all accounts are read: ${ends.map(({ name, shards }) => `${name} (${shards} shards do)`).join(', ')}`;
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
  'link alone',
  'link in shards',
  'link, USD',
  'both, one after the other',
  'first limit',
];

const minutes = (seconds: number): string => `${Math.max(1, Math.round(seconds / 60))} min`;

function cells(row: Row): string[] {
  const { accounts, rate, shards, lanes, flow, calibration, link, linkAlone: alone, firstLimit } = row;
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
    minutes(calibration.alone),
    calibration.usd.toFixed(2),
    `${minutes(alone.seconds)}, ${(alone.memory / 1e9).toFixed(1)} GB`,
    link === undefined ? 'in none' : link.shards === 1 ? '' : `${minutes(link.seconds)} (${link.shards})`,
    link?.usd.toFixed(2) ?? '',
    link === undefined
      ? ''
      : `${minutes(calibration.sharded + grownSeconds() + link.seconds)}, USD ${(calibration.usd + link.usd).toFixed(2)}`,
    firstLimit,
  ];
}

/** What `link` takes and holds of an account, where one invocation ends, and how that grows. */
function linkText(): string {
  const { link, growth, fit } = figures;
  const ms = (value: number): string => value.toFixed(3);
  return [
    `link, an account: ${link.entries.toFixed(2)} entries of ${Math.round(link.entryBytes)} bytes, ${ms(link.entryMs)} ms each; ${(100 * link.kept).toFixed(1)} % held for linking, ${Math.round(link.keptMemory)} bytes, ${ms(link.mergeMs + link.linkMs)} ms each; what it asks ${Math.round(link.askedMemory)} bytes, ${ms(link.sampleMs)} ms to read, ${ms(link.indexMs + link.nearMs + link.likeMs + link.groupMs)} ms to compare; ${(100 * link.members).toFixed(1)} % in groups that are judged, ${ms(link.judgeMs)} ms each`,
    `link in one invocation (${ALONE_SECONDS} s, 2 GB) ends at ${reach.accounts.toLocaleString('en')} accounts that all ask enough, by ${reach.by}; in ${MOST_LINK_SHARDS} shards at ${linkMost(link).toLocaleString('en')}`,
    ...growth.map(
      ({ what, from, to, exponent }) =>
        `growth of ${what}: accounts to the power of ${exponent.toFixed(2)} (${from.toLocaleString('en')} to ${to.toLocaleString('en')})`,
    ),
    `found by what they ask, of accounts that share a topic: ${found.map(({ accounts, share }) => `${Math.round(100 * share)} % among ${accounts.toLocaleString('en')} accounts`).join(', ')}; on average a feature is shown by ${COMMON} accounts, the most that it may be, at ${FOUND_BY_CONTENT.toLocaleString('en')}`,
    `growing forests: ${fit.seconds.toFixed(1)} s from ${fit.accounts.toLocaleString('en')} accounts, some ${grownSeconds().toFixed(0)} s from ${MOST_GROWN.toLocaleString('en')}, the most there are`,
    `assumed: ${JSON.stringify(LINK_WAITS)}; clocks of 1,500 accounts are in no time`,
  ].join('\n');
}

function stepsText({ shards, steps, memory }: LinkPass): string {
  const each = steps.map(
    ({ step, seconds, memory: held }) => `${step} ${Math.round(seconds)} s ${(held / 1e9).toFixed(1)} GB`,
  );
  return `${shards} shards of ${Math.ceil(memory / 1024 ** 2)} MB: ${each.join(', ')}`;
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
  const bars = rows.flatMap(({ accounts, link }) =>
    (link?.steps ?? []).map(({ step, seconds }) => ({
      step,
      minutes: seconds / 60,
      fleet: accounts.toLocaleString('en'),
    })),
  );
  const steps = await chartSvg({
    width: 720,
    height: 160,
    data: { values: bars },
    mark: 'bar',
    encoding: {
      x: { field: 'minutes', type: 'quantitative', title: 'minutes of a run of link, step after step' },
      y: { field: 'fleet', type: 'nominal', sort: null, title: 'accounts' },
      color: { field: 'step', type: 'nominal', sort: null, title: null },
    },
  });
  const numeric = HEAD.map((_, i) => i).slice(0, -1);
  const body = html`<h1>A fleet, simulated</h1>
<p>Measured in this run: ${figures.eventMs.toFixed(3)} ms of computing an event, ${Math.round(figures.account.bytes)} bytes an account. Assumed: ${WAITS.batch} ms for the first load of a batch, ${WAITS.account} ms for a write, ${WAITS.concurrency} at a time.</p>
<figure>${raw(svg)}</figure>
<figure>${raw(steps)}</figure>
<p>${linkText()}</p>
${table(HEAD, rows.map(cells), numeric)}`;
  return page({ title: 'A fleet, simulated', body });
}

/** Growing forests from as many accounts as they are grown from at most; it grows with them. */
function grownSeconds(): number {
  const { seconds, accounts } = figures.fit;
  return (seconds * MOST_GROWN) / Math.min(MOST_GROWN, accounts);
}

const figures = await measured();
const rows = (values.size === undefined ? SIZES : [values.size]).map((size) => rowOf(size, figures));
process.stdout.write(
  `measured: ${figures.eventMs.toFixed(3)} ms an event, an account ${Math.round(figures.account.bytes)} bytes, ${figures.account.seeMs.toFixed(2)} ms to see, ${figures.account.measureMs.toFixed(2)} ms to measure; assumed: ${JSON.stringify(WAITS)} ms\n\n`,
);
const found = LOOKED_AMONG.map((accounts) => ({ accounts, share: foundByContent(accounts) }));
const reach = linkReach(figures.link);
process.stdout.write(`${linkText()}\n\n`);
for (const row of rows) {
  process.stdout.write(
    `${cells(row)
      .map((cell, i) => `${HEAD[i]} ${cell}`)
      .join(' · ')}\n`,
  );
}
for (const { accounts, link } of rows)
  if (link !== undefined && link.shards > 1)
    process.stdout.write(`\nlink, ${accounts.toLocaleString('en')} accounts: ${stepsText(link)}\n`);
if (values.html !== undefined) writeFileSync(values.html, await drawn(rows, figures));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ measured: figures, assumed: { ...WAITS, link: LINK_WAITS }, linkReach: reach, foundByContent: found, rows: rows.map(({ flow: { lags: _, ...flow }, ...row }) => ({ ...row, flow })) }, null, 2)}\n`,
  );
