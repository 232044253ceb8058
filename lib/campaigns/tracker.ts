import type { Rules } from '../detection/judge.ts';
import type { Notice } from '../findings/finding.ts';
import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import type { Campaign } from './campaign.ts';
import { findGroups, type Group, type GroupOptions, type GroupSearch } from './find-groups.ts';
import { carryIdentity } from './identity.ts';
import { judgeCampaign, type Member } from './judge-campaign.ts';
import { collectFacts } from './link-facts.ts';
import { LinkIndex, type LinkIndexOptions } from './link-index.ts';

export interface TrackerOptions extends GroupOptions, LinkIndexOptions {
  /** the permutation null is checked again when the base has grown by this share; default 0.1 */
  readonly recheckGrowth?: number;
}

/** What one run found. */
export interface TrackerRun {
  readonly notices: readonly Notice[];
  /** all campaigns known, convicted or not */
  readonly campaigns: readonly Campaign[];
  readonly groups: number;
  readonly search: GroupSearch | undefined;
}

export interface TrackerPorts {
  /** an account's slices, ascending, distinct starts; empty where none are held */
  slicesOf(account: string): readonly Slice[];
  /** newest event ids of an account, for the notice */
  samplesOf?(account: string): readonly string[];
}

/** A campaign without group is forgotten after so long, ms: a successor is recognised until then. */
const FORGET_MS = 90 * 86_400_000;
/** A month: groups judged within it share the budget. */
const MONTH_MS = 30 * 86_400_000;
/** Groups that the budget is shared by at least: a young base does not spend a month's budget on its first groups. */
const FEWEST_TESTED = 25;
/** An open campaign that has gone quiet is looked at again after so long, so that it can calm. */
const IDLE_LOOK_MS = 6 * 3_600_000;

interface Seen {
  customer: CustomerFacts;
  first: number;
  last: number;
}

/**
 * The campaign engine over a stream: keeps link facts up to date, and on every run links, carries identity and judges
 * the groups that had traffic since the last run. The same functions run in the `index` and `link` Lambdas on stored
 * state; this class holds the state in memory, for backtests and benchmarks.
 */
export class CampaignTracker {
  readonly index: LinkIndex;
  readonly #options: TrackerOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #touched = new Set<string>();
  #campaigns = new Map<string, Campaign>();
  #groupsAt = -1;
  #groups: readonly Group[] = [];
  #search: GroupSearch | undefined;
  #checkedSize = 0;

  constructor(options: TrackerOptions = {}) {
    this.#options = options;
    this.index = new LinkIndex(options);
  }

  /** Takes an accepted event. `arrived` in ms; event times ahead of it count as arriving with it. */
  observe(account: string, event: UsageEvent, arrived: number): void {
    const time = Math.min(Date.parse(event.time), arrived);
    const held = this.#seen.get(account);
    if (held === undefined) {
      const { plan, product, createdAt } = event.customer;
      this.#seen.set(account, {
        customer: { plan, product, createdAt: Date.parse(createdAt) },
        first: time,
        last: time,
      });
    } else {
      if (time < held.first) held.first = time;
      if (time > held.last) held.last = time;
    }
    const facts = this.index.facts(account);
    const next = collectFacts(facts, [event]);
    if (next !== undefined && next !== facts) this.index.put(account, next);
    this.#touched.add(account);
  }

  /** One run at arrival time `at` (ms). */
  run(at: number, ports: TrackerPorts, rules: Rules): TrackerRun {
    const { policy } = rules;
    if (!policy.campaigns.enabled) return { notices: [], campaigns: [], groups: 0, search: undefined };
    this.#link();
    const known = [...this.#campaigns.values()].filter((campaign) => at - campaign.seenAt < FORGET_MS);
    const { carried, merged } = carryIdentity(known, this.#groups, at);
    const next = new Map<string, Campaign>();
    const gone = new Set(merged.map(({ campaign }) => campaign.id));
    for (const campaign of known) if (!gone.has(campaign.id)) next.set(campaign.id, campaign);
    const large = carried.filter(({ group }) => group.members.length >= policy.campaigns.smallest);
    const tested = Math.max(
      FEWEST_TESTED,
      large.length,
      known.filter((campaign) => at - campaign.judgedAt < MONTH_MS).length,
    );
    const notices: Notice[] = [];
    for (const { campaign, group } of carried) {
      next.set(campaign.id, campaign);
      if (group.members.length < policy.campaigns.smallest) continue;
      const active = group.members.some((account) => this.#touched.has(account));
      const open = campaign.accused.size > 0 && at - campaign.judgedAt >= IDLE_LOOK_MS;
      if (!active && !open) continue;
      const members = group.members.flatMap((account) => this.#member(account, ports));
      const latest = active ? Math.max(...members.map((member) => member.lastSeen)) : at;
      const verdict = judgeCampaign(campaign, group, members, latest, tested, rules);
      next.set(campaign.id, verdict.campaign);
      if (verdict.notice !== undefined) notices.push(verdict.notice);
    }
    this.#campaigns = next;
    this.#touched.clear();
    return { notices, campaigns: [...next.values()], groups: this.#groups.length, search: this.#search };
  }

  campaigns(): readonly Campaign[] {
    return [...this.#campaigns.values()];
  }

  /** The campaign whose open finding names the account, so that its own notices can be folded into that thread. */
  accuserOf(account: string): Campaign | undefined {
    for (const campaign of this.#campaigns.values()) if (campaign.accused.has(account)) return campaign;
    return undefined;
  }

  #link(): void {
    const { index } = this;
    if (index.changes === this.#groupsAt) return;
    const { recheckGrowth = 0.1, ...options } = this.#options;
    const recheck = this.#search === undefined || index.size > this.#checkedSize * (1 + recheckGrowth);
    const held = this.#held();
    const shared = { ...options, heldBy: (account: string) => held.get(account) };
    const search = findGroups(
      index,
      recheck ? shared : { ...shared, permutations: 0, falseJoins: this.#search?.falseJoins ?? 0.5 },
    );
    if (recheck) {
      this.#checkedSize = index.size;
      this.#search = search;
    }
    this.#groups = search.groups;
    this.#groupsAt = index.changes;
  }

  /** Campaign by account; all campaigns with an open finding count as one name, so that kin may find together. */
  #held(): Map<string, string> {
    const held = new Map<string, string>();
    for (const { id, members, accused } of this.#campaigns.values())
      for (const account of members) held.set(account, accused.size > 0 ? 'accused' : id);
    return held;
  }

  #member(account: string, ports: TrackerPorts): Member[] {
    const seen = this.#seen.get(account);
    if (seen === undefined) return [];
    return [
      {
        account,
        customer: seen.customer,
        firstSeen: seen.first,
        lastSeen: seen.last,
        slices: ports.slicesOf(account),
        sampleEvents: ports.samplesOf?.(account) ?? [],
      },
    ];
  }
}
