import { writeFile } from 'node:fs/promises';
import { rateInterval } from '../lib/backtest/measure.ts';
import { findGroups } from '../lib/campaigns/find-groups.ts';
import { learnGroupNull } from '../lib/campaigns/group-null.ts';
import { groupCertainty, lookAtGroup, scoreGroup } from '../lib/campaigns/group-score.ts';
import { campaignLevels, customerOf } from '../lib/campaigns/judge-campaign.ts';
import { CampaignTracker } from '../lib/campaigns/tracker.ts';
import { type Rules, scoreRules } from '../lib/detection/judge.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { addEvent, copySlice, emptySlice, type Slice, sliceStart } from '../lib/profile/slice.ts';
import type { Calibration } from '../lib/scoring/calibration.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';
import { CODE_VERSION } from '../lib/version.ts';
import { measureScale, type ScaleRow } from './campaign-scale.ts';
import { random, shuffled } from './random.ts';
import { dataFolder, foldOf, openTraffic } from './traffic.ts';

/**
 * Campaigns on labelled traffic, streamed in order of arrival, one run an hour:
 * `npm run bench:campaigns -- --data DIR [--json FILE]`. Three folds keep campaigns, payments, courses and
 * companies whole; a group is judged with the nulls of the other folds' benign accounts. Linking sees everybody.
 */

const FOLDS = 3;
const HOUR = 3_600_000;
const policy = defaultPolicy;

interface Account {
  readonly account: string;
  readonly label: 'benign' | 'extraction' | 'grey';
  readonly kind: string;
  readonly campaign: string;
  readonly fold: number;
  readonly payment: string | undefined;
  readonly customer: { plan: string; product: string; createdAt: number };
  readonly first: number;
  readonly slices: readonly Slice[];
}

interface Row {
  readonly event: UsageEvent;
  readonly time: number;
  readonly arrived: number;
}

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
  const scale = measureScale([10_000, 30_000, 100_000], say);
  const result = {
    policy: policy.id,
    budget: policy.campaigns.budget,
    ...streamed,
    scrambled: scrambled.totals,
    tenfold,
    promise,
    scale,
  };
  print(result);
  const at = process.argv.indexOf('--json');
  const json = at >= 0 ? process.argv[at + 1] : undefined;
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  say('done');
}

async function read(data: string): Promise<{ rows: Row[]; accounts: Map<string, Account> }> {
  const traffic = await openTraffic(data);
  const rows: Row[] = [];
  const seen = new Set<string>();
  const drafts = new Map<string, { slices: Map<number, Slice>; event: UsageEvent; first: number }>();
  let arrived = 0;
  for await (const { event } of traffic.events()) {
    const time = Date.parse(event.time);
    arrived = Math.max(arrived, time);
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    rows.push({ event, time, arrived });
    let draft = drafts.get(event.account);
    if (draft === undefined) {
      draft = { slices: new Map(), event, first: time };
      drafts.set(event.account, draft);
    }
    draft.first = Math.min(draft.first, time);
    put(draft.slices, event, time);
  }
  const accounts = new Map<string, Account>();
  for (const [account, { slices, event, first }] of drafts) {
    const label = traffic.byPseudonym.get(account);
    if (label === undefined) continue;
    const payment = event.prints[0]?.payment;
    accounts.set(account, {
      account,
      label: label.label,
      kind: label.kind,
      campaign: label.kind.startsWith('solo') ? '' : label.campaign,
      fold: foldOf(label, payment, FOLDS),
      payment,
      customer: {
        plan: event.customer.plan,
        product: event.customer.product,
        createdAt: Date.parse(event.customer.createdAt),
      },
      first,
      slices: ascending(slices),
    });
  }
  return { rows, accounts };
}

function put(slices: Map<number, Slice>, event: UsageEvent, time: number): void {
  const start = sliceStart(time);
  let slice = slices.get(start);
  if (slice === undefined) {
    slice = emptySlice(start);
    slices.set(start, slice);
  }
  addEvent(slice, event, time);
}

function ascending(slices: ReadonlyMap<number, Slice>): Slice[] {
  return [...slices.values()].sort((a, b) => a.start - b.start);
}

/** Nulls of groups from the benign accounts of all other folds, with their true groups. */
function calibrate(accounts: readonly Account[], fold: number): Calibration {
  const benign = accounts.filter((held) => held.label === 'benign' && held.fold !== fold);
  const byPayment = new Map<string, string[]>();
  for (const { payment, account } of benign) {
    if (payment === undefined) continue;
    const list = byPayment.get(payment);
    if (list === undefined) byPayment.set(payment, [account]);
    else list.push(account);
  }
  const linked = [...byPayment.values()].filter((list) => list.length >= 2);
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { slices } of benign) {
    from = Math.min(from, slices[0]?.start ?? from);
    to = Math.max(to, slices[slices.length - 1]?.start ?? to);
  }
  return {
    ...defaultCalibration,
    id: `bench-${fold}`,
    days: Math.max(1, (to - from) / (24 * HOUR)),
    groupScore: learnGroupNull(benign, scoreRules(policy), { linked }),
  };
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
  const ports = { slicesOf: (account: string) => ascending(live.get(behaves(account)) ?? new Map()) };
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
      next += HOUR;
    }
    let slices = live.get(event.account);
    if (slices === undefined) {
      slices = new Map();
      live.set(event.account, slices);
    }
    put(slices, event, time);
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
    benignInterval: rateInterval(benignAccused, benign),
    memberPrecision: extractionAccused / Math.max(1, extractionAccused + benignAccused),
  };
}

interface PromiseRow {
  readonly groups: number;
  /** share of benign groups that reached so small a chance within fourteen days, by chance */
  readonly reached: Readonly<Record<string, number>>;
}

/** Does the promise hold? Benign groups of one fold, random and look-alike in turn, under the nulls of the others. */
function measurePromise(accounts: readonly Account[], calibrations: readonly Calibration[]): PromiseRow {
  const draw = random(17);
  const chances: number[] = [];
  for (let fold = 0; fold < FOLDS; fold++)
    for (const product of ['api', 'chat']) {
      const pool = accounts.filter(
        (held) => held.label === 'benign' && held.fold === fold && held.customer.product === product,
      );
      const kinds = [...new Set(pool.map((held) => held.kind))];
      for (const size of [3, 6, 12, 24])
        for (let r = 0; r < 12; r++) {
          const kind = kinds[Math.floor(draw() * kinds.length)];
          const from = r % 2 === 0 ? pool : pool.filter((held) => held.kind === kind);
          const members = shuffled(from, draw).slice(0, size);
          if (members.length < 3) continue;
          const calibration = { ...(calibrations[fold] as Calibration), days: 30 };
          chances.push(
            smallestChance(
              members.map((held) => held.slices),
              members,
              calibration,
            ),
          );
        }
    }
  const reached = Object.fromEntries(
    [0.1, 0.05, 0.01, 0.001].map((p) => [
      String(p),
      chances.filter((held) => held <= p).length / chances.length,
    ]),
  );
  return { groups: chances.length, reached };
}

interface TenfoldRow {
  readonly group: string;
  readonly members: number;
  /** clones ask what the originals ask */
  readonly copies: number;
  /** clones behave like the originals, but every opening is one of their own: the hardest case */
  readonly fresh: number;
  /** chance that a finding needs */
  readonly needed: number;
}

/** Smallest chance (per month) that each group of innocents reaches at ten times its size, all fourteen days in view. */
function measureTenfold(accounts: readonly Account[], calibrations: readonly Calibration[]): TenfoldRow[] {
  const groups = new Map<string, Account[]>();
  const add = (name: string, held: Account): void => {
    const list = groups.get(name);
    if (list === undefined) groups.set(name, [held]);
    else list.push(held);
  };
  for (const held of accounts) {
    if (held.label !== 'benign') continue;
    if (held.kind === 'course') add(`course ${held.payment}`, held);
    else if (held.kind === 'coding-tool') add('coding-tool', held);
    else if (held.kind === 'gateway') add('gateway', held);
  }
  const companies = new Map<string, Account[]>();
  for (const held of accounts)
    if (held.label === 'benign' && held.kind !== 'course' && held.payment !== undefined)
      companies.set(held.payment, [...(companies.get(held.payment) ?? []), held]);
  for (const [payment, list] of companies) if (list.length > 1) groups.set(`company ${payment}`, list);
  const needed = campaignLevels(policy, 25).suspect;
  const rows = [...groups].map(([name, list]) => {
    const calibration = calibrations[list[0]?.fold ?? 0] as Calibration;
    const ten = Array.from({ length: 10 }, () => list).flat();
    return {
      group: name.split(' ')[0] ?? name,
      members: ten.length,
      copies: smallestChance(
        ten.map((held) => held.slices),
        list,
        calibration,
      ),
      fresh: smallestChance(
        ten.map((held, clone) => held.slices.map((slice) => withOwnOpenings(slice, clone))),
        list,
        calibration,
      ),
      needed,
    };
  });
  return rows.sort((a, b) => a.fresh - b.fresh);
}

/**
 * The slice with openings that no other clone has, while the account repeats its own as before: the last bits of each hash
 * are the clone's own, which keeps the order of a sample and what it estimates.
 */
function withOwnOpenings(slice: Slice, clone: number): Slice {
  const copy = copySlice(slice);
  for (const { opening } of copy.samples.values()) {
    const made = opening.hashes
      .map((hash, i) => ({
        hash: (hash ^ (clone + 1)) >>> 0,
        count: opening.counts[i] ?? 0,
        flags: opening.flags[i] ?? 0,
      }))
      .sort((a, b) => a.hash - b.hash);
    opening.hashes = made.map(({ hash }) => hash);
    opening.counts = made.map(({ count }) => count);
    opening.flags = made.map((held) => held.flags);
  }
  return copy;
}

function smallestChance(
  slicesOf: readonly (readonly Slice[])[],
  originals: readonly Account[],
  calibration: Calibration,
): number {
  const customer = customerOf(
    originals.map(({ account, customer: facts, first, slices }) => ({
      account,
      customer: facts,
      firstSeen: first,
      lastSeen: first,
      slices,
    })),
  );
  const starts = [...new Set(slicesOf.flatMap((slices) => slices.map(({ start }) => start)))];
  let least = 1;
  for (const at of starts)
    for (const hours of policy.windows) {
      const sight = lookAtGroup(slicesOf, customer, at, hours, 0);
      const { score } = scoreGroup(sight, scoreRules(policy), calibration.groupScore ?? {});
      const kind = { product: customer.product, members: slicesOf.length };
      least = Math.min(least, groupCertainty(score, kind, scoreRules(policy), calibration).p);
    }
  return least;
}

function print(
  result: ReturnType<typeof stream> & {
    scrambled: ReturnType<typeof totalsOf>;
    tenfold: TenfoldRow[];
    promise: PromiseRow;
    scale: ScaleRow[];
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
      .map(([p, share]) => `${p}: ${(share * 100).toFixed(1)} %`)
      .join(', ')}`,
  );
  out('scale: linked from scratch');
  for (const row of result.scale)
    out(
      `  ${String(row.accounts).padStart(7)} accounts  ${row.seconds.toFixed(1)} s  ${row.megabytes.toFixed(0)} MB  planted ${row.planted}, found whole ${row.found}, innocents in them ${row.wrong}, mixed with another ${row.mixed}; in ${row.partitions} partitions the same groups: ${row.same}`,
    );
}

const folder = dataFolder(process.argv, 'bench:campaigns');
if (folder !== undefined) await run(folder);
else
  for (const row of measureScale([10_000, 30_000, 100_000], (line) => process.stderr.write(`${line}\n`)))
    process.stdout.write(`${JSON.stringify(row)}\n`);
