import type { Rules } from '../detection/judge.ts';
import type { Notice } from '../findings/finding.ts';
import type { CustomerFacts } from '../profile/profile.ts';
import { chunksOf, type Frame, type Resumable } from '../profile/resumable.ts';
import { type Slice, sliceStart } from '../profile/slice.ts';
import type { RunningMax } from '../scoring/significance.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import type { Campaign } from './campaign.ts';
import { closeMerged, judgeCampaign } from './judging/judge-campaign.ts';
import type { Member } from './judging/member.ts';
import { MemberWindows } from './judging/member-window.ts';
import { type ActiveWeek, enough, weekOf } from './linking/active-week.ts';
import { ClockOverlaps } from './linking/clock-overlaps.ts';
import { findGroups, type Group, type GroupOptions, type GroupSearch } from './linking/find-groups.ts';
import { collectFacts } from './linking/link-facts.ts';
import { LinkIndex, type LinkIndexOptions } from './linking/link-index.ts';
import { MAX_COMPARED, rounds, type SynchronousPair, synchronousPairs } from './linking/synchrony.ts';
import { heldNames, isDue, planRun, type RunPlan, unlinked } from './run-plan.ts';

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
  /**
   * An account's slices, ascending, distinct starts; empty where none are held. A slice that changed is a new object.
   */
  slicesOf(account: string): readonly Slice[];
  /** newest event ids of an account, for the notice */
  samplesOf?(account: string): readonly string[];
  /** an account's own evidence, for the notice */
  evidenceOf?(account: string): RunningMax;
}

const WEEK_MS = 7 * 86_400_000;
/** Part of an account's busyness that a slice leaves: a week of 28 slices weighs most. */
const KEPT_PER_SLICE = 0.95;

interface Seen {
  customer: CustomerFacts;
  first: number;
  last: number;
  /** events since the last comparison of clocks, and of those before with less and less weight */
  fresh: number;
  busy: number;
  /** its clock at the last comparison, and from when on it has changed since, ms */
  week: ActiveWeek | undefined;
  changed: number;
}

/**
 * The campaign engine over a stream: keeps link facts up to date, and on every run links, carries identity and judges
 * the groups that had traffic since the last run. The same functions run in the `index` and `link` Lambdas on stored
 * state; this class holds the state in memory, for backtests and benchmarks.
 */
export class CampaignTracker implements Resumable {
  readonly index: LinkIndex;
  readonly #options: TrackerOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #touched = new Set<string>();
  #campaigns = new Map<string, Campaign>();
  #groupsAt = -1;
  #groups: readonly Group[] = [];
  #search: GroupSearch | undefined;
  #checkedSize = 0;
  #comparedAt = Number.NEGATIVE_INFINITY;
  readonly #windows = new MemberWindows();
  readonly #overlaps = new ClockOverlaps();
  #synchronous: readonly SynchronousPair[] = [];

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
        fresh: 1,
        busy: 0,
        week: undefined,
        changed: sliceStart(time),
      });
    } else {
      if (time < held.first) held.first = time;
      if (time > held.last) held.last = time;
      held.fresh++;
      if (time < held.changed) held.changed = sliceStart(time);
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
    this.#compareClocks(at, ports);
    this.#link();
    const plan = planRun([...this.#campaigns.values()], this.#groups, at, policy);
    const next = new Map(plan.resting.map((campaign) => [campaign.id, campaign]));
    const notices: Notice[] = [];
    for (const { campaign, group } of [...plan.carried, ...unlinked(plan.resting)]) {
      next.set(campaign.id, campaign);
      const active = group.members.some((account) => this.#touched.has(account));
      if (!isDue(campaign, group, active, at, rules)) continue;
      const members = group.members.flatMap((account) => this.#member(account, ports));
      const latest = active ? Math.max(...members.map((member) => member.lastSeen)) : at;
      const verdict = judgeCampaign(campaign, group, members, latest, plan.tested, rules, this.#windows);
      next.set(campaign.id, delivered(verdict.campaign));
      if (verdict.notice !== undefined) notices.push(verdict.notice);
    }
    for (const { campaign, into } of plan.merged) {
      const closed = closeMerged(campaign, into, this.#groupOf(into, plan.carried, ports), at, rules);
      next.set(campaign.id, delivered(closed.campaign));
      if (closed.notice !== undefined) notices.push(closed.notice);
    }
    this.#campaigns = next;
    this.#touched.clear();
    return { notices, campaigns: [...next.values()], groups: this.#groups.length, search: this.#search };
  }

  #groupOf(
    id: string,
    carried: RunPlan['carried'],
    ports: TrackerPorts,
  ): { group: Group; members: readonly Member[] } | undefined {
    const found = carried.find(({ campaign }) => campaign.id === id);
    return (
      found && {
        group: found.group,
        members: found.group.members.flatMap((account) => this.#member(account, ports)),
      }
    );
  }

  campaigns(): readonly Campaign[] {
    return [...this.#campaigns.values()];
  }

  /** The campaign whose open finding names the account, so that its own notices can be folded into that thread. */
  accuserOf(account: string): Campaign | undefined {
    for (const campaign of this.#campaigns.values()) if (campaign.accused.has(account)) return campaign;
    return undefined;
  }

  *frames(): Generator<Frame> {
    yield* this.index.frames();
    // clocks are read anew after a restart: what is remembered of them is a saving
    for (const chunk of chunksOf(this.#seen))
      yield ['seen', chunk.map(([account, seen]) => [account, { ...seen, week: undefined }])];
    const state: TrackerState = {
      touched: this.#touched,
      campaigns: this.#campaigns,
      groupsAt: this.#groupsAt,
      groups: this.#groups,
      search: this.#search,
      checkedSize: this.#checkedSize,
      comparedAt: this.#comparedAt,
      synchronous: this.#synchronous,
    };
    yield ['tracker', state];
  }

  restore(part: string, value: unknown): void {
    if (part === 'seen') {
      for (const [account, held] of value as [string, Seen][]) this.#seen.set(account, held);
      return;
    }
    if (part !== 'tracker') {
      this.index.restore(part, value);
      return;
    }
    const state = value as TrackerState;
    for (const account of state.touched) this.#touched.add(account);
    this.#campaigns = state.campaigns;
    this.#groupsAt = state.groupsAt;
    this.#groups = state.groups;
    this.#search = state.search;
    this.#checkedSize = state.checkedSize;
    this.#comparedAt = state.comparedAt;
    this.#synchronous = state.synchronous;
  }

  /** Once a slice: who has been active in the same minutes of the last seven days. */
  #compareClocks(at: number, ports: TrackerPorts): void {
    const slice = sliceStart(at);
    if (slice === this.#comparedAt) return;
    this.#comparedAt = slice;
    const candidates: [account: string, busy: number][] = [];
    for (const [account, seen] of this.#seen) {
      seen.busy = seen.busy * KEPT_PER_SLICE + seen.fresh;
      seen.fresh = 0;
      if (at - seen.last <= WEEK_MS) candidates.push([account, seen.busy]);
    }
    if (candidates.length > MAX_COMPARED)
      candidates.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).splice(MAX_COMPARED);
    const weeks = candidates.flatMap(([account]) => enough(this.#weekOf(account, at, ports)) ?? []);
    this.#synchronous = rounds(synchronousPairs(weeks, this.#overlaps));
    this.#groupsAt = -1;
  }

  #weekOf(account: string, at: number, ports: TrackerPorts): ActiveWeek {
    const seen = this.#seen.get(account) as Seen;
    const idle = seen.week !== undefined && seen.changed === Number.POSITIVE_INFINITY;
    const slices = idle ? [] : ports.slicesOf(account);
    seen.week = weekOf(account, slices, at, seen.week, seen.week === undefined ? undefined : seen.changed);
    // a slice that begins after `at` (a clock ahead of arrival) is read the next time
    const newest = slices[slices.length - 1];
    seen.changed = newest !== undefined && newest.start > at ? newest.start : Number.POSITIVE_INFINITY;
    return seen.week;
  }

  #link(): void {
    const { index } = this;
    if (index.changes === this.#groupsAt) return;
    const { recheckGrowth = 0.1, ...options } = this.#options;
    const recheck = this.#search === undefined || index.size > this.#checkedSize * (1 + recheckGrowth);
    const held = heldNames(this.#campaigns.values());
    const shared = {
      ...options,
      heldBy: (account: string) => held.get(account),
      synchronous: this.#synchronous,
    };
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
        // read where a notice is written, which is seldom
        get evidence() {
          return ports.evidenceOf?.(account);
        },
      },
    ];
  }
}

/** What a tracker remembers from run to run, beside its index and when accounts were seen. */
interface TrackerState {
  readonly touched: ReadonlySet<string>;
  readonly campaigns: Map<string, Campaign>;
  readonly groupsAt: number;
  readonly groups: readonly Group[];
  readonly search: GroupSearch | undefined;
  readonly checkedSize: number;
  readonly comparedAt: number;
  readonly synchronous: readonly SynchronousPair[];
}

/** Notices are handed to the caller, who delivers them: nothing waits in memory. */
function delivered(campaign: Campaign): Campaign {
  return { ...campaign, judgement: { ...campaign.judgement, notices: [] } };
}
