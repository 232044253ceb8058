import type { AccountState } from '../detection/account-state.ts';
import type { Rules } from '../detection/judge.ts';
import type { Notice } from '../findings/finding.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import type { Campaign } from './campaign.ts';
import { closeMerged, judgeCampaign } from './judging/judge-campaign.ts';
import { closeInShadow, judgeInShadow } from './judging/judge-in-shadow.ts';
import type { Member } from './judging/member.ts';
import { activeWeek } from './linking/active-week.ts';
import { CandidateBlocking } from './linking/blocking.ts';
import { findGroups, type Group } from './linking/find-groups.ts';
import type { LinkIndex } from './linking/link-index.ts';
import { MAX_COMPARED, rounds, type SynchronousPair, synchronousPairs } from './linking/synchrony.ts';
import type { CampaignMembershipIndex, CampaignStore, LinkStore } from './ports.ts';
import { heldNames, isDue, planRun, unlinked } from './run-plan.ts';

/** What a run works on. */
export interface LinkPorts {
  readonly links: LinkStore;
  readonly campaigns: CampaignStore;
  readonly accusations: Pick<CampaignMembershipIndex, 'note' | 'forget'>;
  /** stored states of accounts; accounts that are not stored come as new ones */
  readonly profiles: { load(accounts: readonly string[]): Promise<Map<string, AccountState>> };
  /** milliseconds that are left for this run */
  remaining(): number;
}

export interface LinkReport {
  readonly accounts: number;
  readonly groups: number;
  readonly judged: number;
  /** due, but left to the next run for want of time */
  readonly postponed: number;
  /** another run was faster with these */
  readonly conflicts: number;
  readonly notices: readonly Notice[];
}

/** Partitions that the link table is read in, side by side. */
const PARTS = 8;
/** Beyond so many accounts a sample of those that share nothing is kept: it only tells how common places are. */
const STRANGERS = 100_000;
/** A campaign is not begun with less time left than this, ms: one that is being written is always finished. */
const RESERVE_MS = 15_000;
/** How long it is noted whose finding names an account, ms: as long as a campaign is remembered. */
const ACCUSED_MS = 120 * 86_400_000;
/** Accounts whose profiles are held at once. */
const MEMBERS_AT_ONCE = 2000;

/**
 * One run: read the link table, group, carry identity on, judge what is due, and save campaign by campaign under the version
 * that was read. It may die anywhere: what was saved is whole, the rest is due in the next run, and ids are
 * made of what they name, so nothing doubles. What time does not allow is postponed, those longest unjudged first.
 */
export async function linkRun(ports: LinkPorts, rules: Rules, strangerShare = 1): Promise<LinkReport> {
  const { policy } = rules;
  const known = new Map<string, { campaign: Campaign; version: number }>();
  for await (const held of ports.campaigns.all()) known.set(held.campaign.id, held);
  const funnel = await readLinks(ports.links, strangerShare);
  const index = funnel.index();
  const held = heldNames([...known.values()].map(({ campaign }) => campaign));
  const states = new StateReader(ports);
  const synchronous = await compareClocks(ports, index, states);
  const { groups } = findGroups(index, {
    heldBy: (account) => held.get(account),
    totalAccounts: funnel.accounts,
    synchronous,
  });
  const at = await newestArrival(groups, known, states);
  const plan = planRun(
    [...known.values()].map(({ campaign }) => campaign),
    groups,
    at,
    policy,
  );
  const report = { judged: 0, postponed: 0, conflicts: 0, notices: [] as Notice[] };
  const save = async (campaign: Campaign, notice: Notice | undefined): Promise<void> => {
    const held = known.get(campaign.id);
    const before = held?.campaign.accused ?? new Map<string, number>();
    const joined = [...campaign.accused.keys()].filter((account) => !before.has(account));
    const left = [...before.keys()].filter((account) => !campaign.accused.has(account));
    await ports.accusations.note(campaign.id, joined, campaign.seenAt + ACCUSED_MS);
    const outcome = await ports.campaigns.save(campaign, held?.version ?? 0);
    if (outcome === 'conflict') {
      report.conflicts++;
      return;
    }
    if (notice !== undefined) report.notices.push(notice);
    await ports.accusations.forget(campaign.id, left);
  };
  // merges first: an account must never stand in two open threads because time ran out in between
  for (const { campaign, into } of plan.merged) {
    const found = plan.carried.find((carried) => carried.campaign.id === into);
    const successor = found && { group: found.group, members: await states.members(found.group) };
    const ended = closeMerged(campaign, into, successor, at, rules);
    await save(closeInShadow(ended.campaign, into, successor, at, rules), ended.notice);
  }
  const due = [...plan.carried, ...unlinked(plan.resting)].sort(
    (a, b) => a.campaign.judgedAt - b.campaign.judgedAt,
  );
  for (const { campaign, group } of due) {
    if (ports.remaining() < RESERVE_MS) {
      report.postponed++;
      continue;
    }
    // a group that is due under no circumstances is not read at all
    if (!isDue(campaign, group, true, at, rules)) continue;
    const stored = await states.load(group.members);
    const active = [...stored.values()].some(({ profile }) => profile.arrived > campaign.judgedAt);
    if (!isDue(campaign, group, active, at, rules)) continue;
    const members = membersOf(group, stored);
    const latest = active ? Math.max(...members.map((member) => member.lastSeen)) : at;
    const verdict = judgeCampaign(campaign, group, members, latest, plan.tested, rules);
    const beside = { group, members, at: latest, tested: plan.tested };
    const judged = judgeInShadow(verdict.campaign, beside, rules);
    await save({ ...judged, judgedAt: at }, verdict.notice);
    report.judged++;
  }
  return { accounts: funnel.accounts, groups: groups.length, ...report };
}

/**
 * Who is active in the same minutes: among accounts that are watched for themselves, and those that share an owner. All
 * others are not compared: their pairs are too many, and a synchronous account that shows nothing harvests nothing.
 */
async function compareClocks(
  ports: LinkPorts,
  index: LinkIndex,
  states: StateReader,
): Promise<readonly SynchronousPair[]> {
  const candidates = new Set((await ports.links.watched()).slice(0, MAX_COMPARED));
  for (const [, members] of index.sharedOwners())
    for (const member of members) if (candidates.size < MAX_COMPARED) candidates.add(member);
  const held: { account: string; slices: readonly Slice[] }[] = [];
  let latest = 0;
  for (const chunk of chunks([...candidates], MEMBERS_AT_ONCE))
    for (const [account, { profile, sealed }] of await states.load(chunk)) {
      if (profile.totals.events === 0) continue;
      latest = Math.max(latest, profile.lastSeen);
      held.push({ account, slices: joinSlices([sealed, profile.slices]) });
    }
  const weeks = held.flatMap(({ account, slices }) => activeWeek(account, slices, latest) ?? []);
  return rounds(synchronousPairs(weeks));
}

function* chunks<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

async function readLinks(links: LinkStore, strangerShare: number): Promise<CandidateBlocking> {
  const parts = await Promise.all(
    Array.from({ length: PARTS }, async (_, part) => {
      const funnel = new CandidateBlocking({ strangerShare });
      for await (const entry of links.scan(part, PARTS)) funnel.add(entry);
      return funnel;
    }),
  );
  const whole = new CandidateBlocking({ strangerShare });
  for (const part of parts) whole.merge(part);
  return whole;
}

/** Share of the accounts that share nothing to keep, from the number of accounts of the last run. */
export function strangerShareFor(accounts: number): number {
  return accounts <= STRANGERS ? 1 : STRANGERS / accounts;
}

/**
 * The run's time is the newest arrival among the linked accounts, not the clock on the wall: a replayed March is judged in
 * March.
 */
async function newestArrival(
  groups: readonly Group[],
  known: ReadonlyMap<string, { campaign: Campaign }>,
  states: StateReader,
): Promise<number> {
  let newest = 0;
  for (const { campaign } of known.values()) newest = Math.max(newest, campaign.seenAt);
  for (const group of groups)
    for (const { profile } of (await states.load(group.members)).values())
      newest = Math.max(newest, profile.arrived);
  return newest;
}

/** Reads states, and keeps the last ones read. */
class StateReader {
  readonly #ports: LinkPorts;
  #kept = new Map<string, AccountState>();

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  async load(accounts: readonly string[]): Promise<Map<string, AccountState>> {
    const missing = accounts.filter((account) => !this.#kept.has(account));
    const found = new Map<string, AccountState>();
    for (const account of accounts) {
      const state = this.#kept.get(account);
      if (state !== undefined) found.set(account, state);
    }
    if (missing.length > 0)
      for (const [account, state] of await this.#ports.profiles.load(missing)) {
        found.set(account, state);
        this.#kept.set(account, state);
      }
    if (this.#kept.size > MEMBERS_AT_ONCE) this.#kept = new Map(found);
    return found;
  }

  async members(group: Group): Promise<Member[]> {
    return membersOf(group, await this.load(group.members));
  }
}

function membersOf(group: Group, stored: ReadonlyMap<string, AccountState>): Member[] {
  return group.members.flatMap((account): Member[] => {
    const state = stored.get(account);
    // the index may know an account that the profile table has forgotten
    if (state === undefined || state.profile.totals.events === 0) return [];
    const { profile, sealed, judgement } = state;
    return [
      {
        account,
        customer: profile.customer,
        firstSeen: profile.firstSeen,
        lastSeen: profile.lastSeen,
        slices: joinSlices([sealed, profile.slices]),
        sampleEvents: profile.samples,
        evidence: judgement.evidence,
      },
    ];
  });
}
