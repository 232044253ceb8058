import { writeFile } from 'node:fs/promises';
import { findGroups } from '../lib/campaigns/linking/find-groups.ts';
import type { RunMember } from '../lib/campaigns/run-member.ts';
import { CampaignTracker } from '../lib/campaigns/tracker.ts';
import type { Rules } from '../lib/detection/judge.ts';
import type { Slice } from '../lib/profile/slice.ts';
import type { Calibration } from '../lib/scoring/calibration.ts';
import { binomialInterval } from '../lib/statistics/binomial-interval.ts';
import { CODE_VERSION } from '../lib/version.ts';
import {
  type Account,
  ascending,
  calibrate,
  FOLDS,
  HOUR,
  policy,
  put,
  type Row,
  read,
} from './campaign-base.ts';
import { measurePromise, measureTenfold, type PromiseRow, type TenfoldRow } from './campaign-innocents.ts';
import { measureReach, measureScale, type ReachRow, type ScaleRow } from './campaign-scale.ts';
import { random } from './random.ts';
import { dataFolder } from './traffic.ts';

/**
 * Campaigns on labelled traffic, streamed in order of arrival, one run an hour:
 * `npm run bench:campaigns -- --data DIR [--json FILE]`. Three folds keep campaigns, payments, courses and
 * companies whole; a group is judged with the nulls of the other folds' benign accounts. Linking sees everybody.
 */

/** Accounts that are linked from scratch; and that are read in partitions. */
const SIZES = [10_000, 30_000, 100_000];
const REACH = [300_000, 1_000_000];

interface CampaignRow {
  readonly campaign: string;
  readonly kind: string;
  readonly accounts: number;
  readonly flagged: number;
  readonly memberRecall: number;
  /** benign accounts, or members of another campaign, in the findings that name its members */
  readonly foreignMembers: number;
  readonly foreignBenign: number;
  /** from the campaign's first event to the first finding that names one of its members */
  readonly hoursToFinding: number | null;
  readonly findings: number;
}

async function run(data: string): Promise<void> {
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s  ${line}\n`);
  say('reading');
  const { rows, accounts } = await read(data);
  say(`${accounts.size} accounts, ${rows.length} events; learning the nulls of groups, ${FOLDS} times`);
  const calibrations = Array.from({ length: FOLDS }, (_, fold) => calibrate([...accounts.values()], fold));
  say('streaming, a run an hour');
  const streamed = stream(rows, accounts, calibrations, (account) => account);
  say('streaming with everybody’s behaviour dealt anew from benign accounts');
  const scrambled = stream(rows, accounts, calibrations, dealBehaviour([...accounts.values()]));
  say('groups of innocents at ten times their size');
  const tenfold = measureTenfold([...accounts.values()], calibrations);
  say('benign groups by the hundred: does the promise hold?');
  const promise = measurePromise([...accounts.values()], calibrations);
  say('scale');
  const scale = measureScale(SIZES, say);
  const reach = measureReach(REACH, say);
  const result = {
    policy: policy.id,
    budget: policy.campaigns.budget,
    ...streamed,
    scrambled: scrambled.totals,
    tenfold,
    promise,
    scale,
    reach,
  };
  print(result);
  const at = process.argv.indexOf('--json');
  const json = at >= 0 ? process.argv[at + 1] : undefined;
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  say('done');
}

/** A stand-in for every account's behaviour: a random benign account of its product. Facts stay where they are. */
function dealBehaviour(accounts: readonly Account[]): (account: string) => string {
  const draw = random(5);
  const pools = new Map<string, string[]>();
  for (const held of accounts) {
    if (held.label !== 'benign') continue;
    const list = pools.get(held.customer.product);
    if (list === undefined) pools.set(held.customer.product, [held.account]);
    else list.push(held.account);
  }
  const dealt = new Map<string, string>();
  for (const held of accounts) {
    const pool = pools.get(held.customer.product) ?? [];
    dealt.set(held.account, pool[Math.floor(draw() * pool.length)] ?? held.account);
  }
  return (account) => dealt.get(account) ?? account;
}

/**
 * Streams the rows through one tracker a fold and counts, of each, the campaigns whose members are mostly of its fold.
 * @param behaves whose slices stand for an account's behaviour
 */
function stream(
  rows: readonly Row[],
  accounts: ReadonlyMap<string, Account>,
  calibrations: readonly Calibration[],
  behaves: (account: string) => string,
) {
  const trackers = calibrations.map(() => new CampaignTracker());
  const rules = calibrations.map(
    (calibration): Rules => ({ policy, calibration, code: CODE_VERSION, shadow: false }),
  );
  const live = new Map<string, Map<number, Slice>>();
  const seen = new Map<string, { firstSeen: number; lastSeen: number; arrived: number }>();
  const ports = {
    memberOf(account: string): RunMember | undefined {
      const [held, customer] = [seen.get(account), accounts.get(account)?.customer];
      if (held === undefined || customer === undefined) return undefined;
      return { account, customer, ...held, slices: ascending(live.get(behaves(account)) ?? new Map()) };
    },
    // no account is judged alone here: the busiest of the week stand for those that are watched
    watched: (at: number) => busiest(live, at),
  };
  const owned = new Set<Slice>();
  const accused = new Map<string, { at: number; campaign: string }>();
  const named = new Map<string, Set<string>>();
  let next = Math.ceil((rows[0]?.arrived ?? 0) / HOUR) * HOUR;
  let spent = 0;
  let longest = 0;
  let runs = 0;
  let expectedFalse = 0;
  const runAll = (at: number): void => {
    trackers.forEach((tracker, fold) => {
      const started = performance.now();
      const { campaigns, search } = tracker.run(at, ports, rules[fold] as Rules);
      const took = performance.now() - started;
      spent += took;
      longest = Math.max(longest, took);
      runs++;
      expectedFalse = Math.max(expectedFalse, search?.expectedFalse ?? 0);
      for (const campaign of campaigns) {
        if (campaign.accused.size === 0 || foldOfMembers(campaign.members, accounts) !== fold) continue;
        for (const account of campaign.accused.keys()) {
          if (!accused.has(account)) accused.set(account, { at, campaign: campaign.id });
          const set = named.get(campaign.id) ?? new Set();
          set.add(account);
          named.set(campaign.id, set);
        }
      }
    });
  };
  for (const { event, time, arrived } of rows) {
    while (arrived >= next) {
      runAll(next);
      owned.clear();
      next += HOUR;
    }
    let slices = live.get(event.account);
    if (slices === undefined) {
      slices = new Map();
      live.set(event.account, slices);
    }
    put(slices, event, time, owned);
    const { firstSeen = time, lastSeen = time } = seen.get(event.account) ?? {};
    seen.set(event.account, {
      firstSeen: Math.min(firstSeen, time),
      lastSeen: Math.max(lastSeen, Math.min(time, arrived)),
      arrived,
    });
    for (const tracker of trackers) tracker.observe(event.account, event, arrived);
  }
  runAll(next);
  const groups = findGroups((trackers[0] as CampaignTracker).index).groups;
  return {
    campaigns: campaignRows(accounts, accused, named),
    benignByKind: benignRows(accounts, accused, groups),
    totals: totalsOf(accounts, accused, named),
    linking: { runs, meanMs: spent / runs, longestMs: longest, expectedFalseJoins: expectedFalse },
  };
}

/** Accounts by their events of the seven days before `at` (ms), the busiest first. */
function busiest(live: ReadonlyMap<string, ReadonlyMap<number, Slice>>, at: number): string[] {
  const counts: [account: string, events: number][] = [];
  for (const [account, slices] of live) {
    let events = 0;
    for (const slice of slices.values()) if (at - slice.start < 7 * 24 * HOUR) events += slice.counts.events;
    if (events > 0) counts.push([account, events]);
  }
  return counts.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([account]) => account);
}

function foldOfMembers(members: readonly string[], accounts: ReadonlyMap<string, Account>): number {
  const counts = new Array<number>(FOLDS).fill(0);
  for (const member of members) {
    const fold = accounts.get(member)?.fold ?? 0;
    counts[fold] = (counts[fold] ?? 0) + 1;
  }
  return counts.indexOf(Math.max(...counts));
}

type Accused = ReadonlyMap<string, { at: number; campaign: string }>;

function campaignRows(
  accounts: ReadonlyMap<string, Account>,
  accused: Accused,
  named: ReadonlyMap<string, ReadonlySet<string>>,
): CampaignRow[] {
  const campaigns = new Map<string, Account[]>();
  for (const held of accounts.values()) {
    if (held.campaign === '') continue;
    const list = campaigns.get(held.campaign);
    if (list === undefined) campaigns.set(held.campaign, [held]);
    else list.push(held);
  }
  return [...campaigns]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([campaign, members]) => {
      const flagged = members.flatMap((member) => accused.get(member.account) ?? []);
      const ids = new Set(flagged.map((held) => held.campaign));
      const foreign = new Set<string>();
      for (const id of ids)
        for (const account of named.get(id) ?? [])
          if (accounts.get(account)?.campaign !== campaign) foreign.add(account);
      const first = Math.min(...members.map((member) => member.first));
      return {
        campaign,
        kind: members[0]?.kind ?? '',
        accounts: members.length,
        flagged: flagged.length,
        memberRecall: flagged.length / members.length,
        foreignMembers: foreign.size,
        foreignBenign: [...foreign].filter((account) => accounts.get(account)?.label === 'benign').length,
        hoursToFinding:
          flagged.length === 0 ? null : (Math.min(...flagged.map((held) => held.at)) - first) / HOUR,
        findings: ids.size,
      };
    });
}

function benignRows(
  accounts: ReadonlyMap<string, Account>,
  accused: Accused,
  groups: readonly { readonly members: readonly string[] }[],
) {
  const grouped = new Set(groups.flatMap((group) => group.members));
  const kinds = new Map<string, { accounts: number; grouped: number; accused: number }>();
  for (const held of accounts.values()) {
    if (held.label !== 'benign') continue;
    const row = kinds.get(held.kind) ?? { accounts: 0, grouped: 0, accused: 0 };
    row.accounts++;
    if (grouped.has(held.account)) row.grouped++;
    if (accused.has(held.account)) row.accused++;
    kinds.set(held.kind, row);
  }
  return Object.fromEntries([...kinds].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function totalsOf(
  accounts: ReadonlyMap<string, Account>,
  accused: Accused,
  named: ReadonlyMap<string, ReadonlySet<string>>,
) {
  let benign = 0;
  let benignAccused = 0;
  let extractionAccused = 0;
  for (const held of accounts.values()) {
    if (held.label === 'benign') benign++;
    if (!accused.has(held.account)) continue;
    if (held.label === 'benign') benignAccused++;
    if (held.label === 'extraction') extractionAccused++;
  }
  let falseCampaigns = 0;
  for (const members of named.values())
    if ([...members].every((account) => accounts.get(account)?.label !== 'extraction')) falseCampaigns++;
  return {
    campaigns: named.size,
    falseCampaigns,
    benign,
    benignAccused,
    benignShare: benignAccused / Math.max(1, benign),
    benignInterval: binomialInterval(benignAccused, benign),
    memberPrecision: extractionAccused / Math.max(1, extractionAccused + benignAccused),
  };
}

function print(
  result: ReturnType<typeof stream> & {
    scrambled: ReturnType<typeof totalsOf>;
    tenfold: TenfoldRow[];
    promise: PromiseRow;
    scale: ScaleRow[];
    reach: ReachRow[];
  },
): void {
  const out = (line: string) => process.stdout.write(`${line}\n`);
  out(
    'campaign              kind               accounts  flagged  recall  foreign (benign)  hours  findings',
  );
  for (const row of result.campaigns)
    out(
      `${row.campaign.padEnd(21)} ${row.kind.padEnd(18)} ${String(row.accounts).padStart(8)} ${String(row.flagged).padStart(8)} ${row.memberRecall.toFixed(3).padStart(7)} ${`${row.foreignMembers} (${row.foreignBenign})`.padStart(17)} ${(row.hoursToFinding?.toFixed(1) ?? '-').padStart(6)} ${String(row.findings).padStart(9)}`,
    );
  const { totals, scrambled, linking } = result;
  out(
    `benign accounts in a finding: ${totals.benignAccused} of ${totals.benign} (95 % interval ${totals.benignInterval.map((end) => `${(end * 100).toFixed(2)} %`).join(' to ')}); false campaigns ${totals.falseCampaigns}; member precision ${totals.memberPrecision.toFixed(4)}`,
  );
  for (const [kind, row] of Object.entries(result.benignByKind))
    out(
      `  ${kind.padEnd(18)} ${row.accused} of ${row.accounts} in a finding, ${row.grouped} in a linked group`,
    );
  out(
    `behaviour dealt anew: ${scrambled.campaigns} findings, ${scrambled.benignAccused} benign accounts in them`,
  );
  out(
    `linking: ${linking.runs} runs, ${linking.meanMs.toFixed(0)} ms each, longest ${linking.longestMs.toFixed(0)} ms; joins by chance in dealt data at most ${linking.expectedFalseJoins}`,
  );
  out(
    'innocents at ten times their size: smallest chance reached, copies and fresh openings (a finding needs less than the last)',
  );
  const kinds = new Map<string, TenfoldRow[]>();
  for (const row of result.tenfold) kinds.set(row.group, [...(kinds.get(row.group) ?? []), row]);
  for (const [kind, rows] of kinds)
    out(
      `  ${kind.padEnd(12)} ${String(rows.length).padStart(3)} groups  copies ${Math.min(...rows.map((row) => row.copies)).toExponential(1)}  fresh ${Math.min(...rows.map((row) => row.fresh)).toExponential(1)}  needed ${rows[0]?.needed.toExponential(1)}; would be a finding: ${rows.filter((row) => row.copies <= row.needed).length} copied, ${rows.filter((row) => row.fresh <= row.needed).length} fresh`,
    );
  const { promise } = result;
  out(
    `benign groups (${promise.groups}) that reached a chance of: ${Object.entries(promise.reached)
      .map(
        ([p, { groups, interval }]) =>
          `${p}: ${groups} (${interval.map((end) => (end * 100).toFixed(2)).join(' to ')} %)`,
      )
      .join(', ')}`,
  );
  out('scale: linked from scratch');
  for (const row of result.scale)
    out(
      `  ${String(row.accounts).padStart(7)} accounts  ${row.seconds.toFixed(1)} s  ${row.megabytes.toFixed(0)} MB  planted ${row.planted}, found whole ${row.found}, innocents in them ${row.wrong}, mixed with another ${row.mixed}; in ${row.partitions} partitions the same groups: ${row.same}`,
    );
  printReach(result.reach);
}

function printReach(rows: readonly ReachRow[]): void {
  process.stdout.write('a base read in partitions, and what one invocation has to link\n');
  for (const row of rows)
    process.stdout.write(
      `  ${String(row.accounts).padStart(8)} accounts, ${row.entries} entries: ${row.decodeSeconds.toFixed(0)} s to decode and ${row.funnelSeconds.toFixed(1)} s in funnels, all partitions together; ${row.kept} kept, linked in ${row.linkSeconds.toFixed(1)} s and ${row.linkMegabytes.toFixed(0)} MB, planted campaigns found ${row.found} of 10\n`,
    );
}

const folder = dataFolder(process.argv, 'bench:campaigns');
if (folder !== undefined) await run(folder);
else {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  for (const row of measureScale(SIZES, say)) process.stdout.write(`${JSON.stringify(row)}\n`);
  printReach(measureReach(REACH, say));
}
