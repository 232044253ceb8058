import type { Rules } from '../detection/judge.ts';
import type { Notice } from '../findings/finding.ts';
import { NO_PROMPTS, type PromptSamples, samplePrompts } from '../profile/prompt-sample.ts';
import { chunksOf, type Frame, type Resumable } from '../profile/resumable.ts';
import { sliceStart } from '../profile/slice.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { timeOf } from '../telemetry/utc-time.ts';
import { DAY_MS } from '../time.ts';
import { type Campaign, KEPT_DAYS } from './campaign.ts';
import { asGroup } from './content/content-groups.ts';
import { linkContents } from './content/link-contents.ts';
import { runNow } from './eventual.ts';
import { MemberWindows } from './judging/member-window.ts';
import { type ActiveWeek, enough, weekOf } from './linking/active-week.ts';
import { ClockOverlaps } from './linking/clock-overlaps.ts';
import { findGroups, type Group, type GroupOptions, type GroupSearch } from './linking/find-groups.ts';
import { collectFacts } from './linking/link-facts.ts';
import { LinkIndex, type LinkIndexOptions } from './linking/link-index.ts';
import { accountsToCompare, rounds, type SynchronousPair, synchronousPairs } from './linking/synchrony.ts';
import { campaignRun } from './run.ts';
import type { RunMember } from './run-member.ts';
import { heldNames } from './run-plan.ts';

export interface TrackerOptions extends GroupOptions, LinkIndexOptions {
  /** the permutation null is checked again when the base has grown by this share; default 0.1 */
  readonly recheckGrowth?: number;
}

/** What one run found. */
export interface TrackerRun {
  readonly notices: readonly Notice[];
  /** all campaigns that have been judged, convicted or not */
  readonly campaigns: readonly Campaign[];
  readonly groups: number;
  readonly search: GroupSearch | undefined;
}

export interface TrackerPorts {
  /** An account as it is now; undefined where nothing is held of it. A slice that changed is a new object. */
  memberOf(account: string): RunMember | undefined;
  /** accounts whose clocks are worth comparing at `at` (ms), those that matter most first: see accountsToCompare */
  watched(at: number): Iterable<string>;
}

/** An account's clock at the last comparison; undefined before the first, and where it is to be read anew. */
interface Clock {
  week: ActiveWeek | undefined;
  /** from when on it has changed since, ms */
  changed: number;
}

/**
 * The campaign engine over a stream: keeps link facts up to date, links, and makes the same run as the `link` Lambda
 * (run.ts) on what it holds in memory, for backtests and benchmarks.
 */
export class CampaignTracker implements Resumable {
  readonly index: LinkIndex;
  readonly #options: TrackerOptions;
  /** of accounts whose clocks have been compared; read anew after a restart: what is remembered of them is a saving */
  readonly #clocks = new Map<string, Clock>();
  #campaigns = new Map<string, Campaign>();
  #search: GroupSearch | undefined;
  readonly #prompts = new Map<string, PromptSamples>();
  /** slice in which contents were compared last, and what came of it: samples speak of slices that are over */
  #compared: { readonly slice: number; readonly groups: readonly Group[] } | undefined;
  #checkedSize = 0;
  readonly #windows = new MemberWindows();
  readonly #overlaps = new ClockOverlaps();

  constructor(options: TrackerOptions = {}) {
    this.#options = options;
    this.index = new LinkIndex(options);
  }

  /** Takes an accepted event. `arrived` in ms; event times ahead of it count as arriving with it. */
  observe(account: string, event: UsageEvent, arrived: number): void {
    const time = Math.min(timeOf(event.time), arrived);
    this.touched(account, time);
    const facts = this.index.facts(account);
    const next = collectFacts(facts, [event]);
    if (next !== undefined && next !== facts) this.index.put(account, next);
    const prompts = this.#prompts.get(account);
    const sampled = samplePrompts(prompts ?? NO_PROMPTS, [event]);
    if (sampled !== prompts) this.asked(account, sampled);
  }

  /** What `observe` does, of events that were seen elsewhere: the account's slices changed from event time `from` on (ms). */
  touched(account: string, from: number): void {
    const clock = this.#clocks.get(account);
    if (clock !== undefined && from < clock.changed) clock.changed = sliceStart(from);
  }

  /** ... and what is sampled of what the account asks. Its link facts go to the index. */
  asked(account: string, samples: PromptSamples): void {
    this.#prompts.set(account, samples);
  }

  /** One run at arrival time `at` (ms). */
  run(at: number, ports: TrackerPorts, rules: Rules): TrackerRun {
    const { policy } = rules;
    if (!policy.campaigns.enabled) return { notices: [], campaigns: [], groups: 0, search: undefined };
    const groups = [...this.#link(this.#compareClocks(at, ports)), ...this.#linkContents(at, rules)];
    const members = (accounts: readonly string[]): RunMember[] =>
      accounts.flatMap((account) => ports.memberOf(account) ?? []);
    const { notices } = runNow(
      campaignRun(
        { at, known: this.campaigns(), groups, alone: true },
        { members, save: (next) => this.#save(next), remaining: () => Infinity, windows: this.#windows },
        rules,
      ),
    );
    for (const { id, seenAt } of this.campaigns())
      if (at - seenAt > KEPT_DAYS * DAY_MS) this.#campaigns.delete(id);
    return { notices, campaigns: this.campaigns(), groups: groups.length, search: this.#search };
  }

  /** Notices are handed to the caller, who delivers them: nothing waits in memory. */
  #save(next: Campaign): 'saved' {
    this.#campaigns.set(next.id, { ...next, judgement: { ...next.judgement, notices: [] } });
    return 'saved';
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
    for (const chunk of chunksOf(this.#prompts)) yield ['prompts', chunk];
    const state: TrackerState = {
      campaigns: this.#campaigns,
      search: this.#search,
      checkedSize: this.#checkedSize,
      compared: this.#compared,
    };
    yield ['tracker', state];
  }

  restore(part: string, value: unknown): void {
    if (part === 'prompts') {
      for (const [account, samples] of value as [string, PromptSamples][])
        this.#prompts.set(account, samples);
      return;
    }
    if (part !== 'tracker') {
      this.index.restore(part, value);
      return;
    }
    const state = value as TrackerState;
    this.#campaigns = state.campaigns;
    this.#search = state.search;
    this.#compared = state.compared;
    this.#checkedSize = state.checkedSize;
  }

  /** Who has been active in the same minutes of the week that ends at `at` (ms). */
  #compareClocks(at: number, ports: TrackerPorts): readonly SynchronousPair[] {
    const compared = [...accountsToCompare(ports.watched(at), this.index)];
    const weeks = compared.flatMap((account) => enough(this.#weekOf(account, at, ports)) ?? []);
    return rounds(synchronousPairs(weeks, this.#overlaps));
  }

  #weekOf(account: string, at: number, ports: TrackerPorts): ActiveWeek {
    let clock = this.#clocks.get(account);
    if (clock === undefined) {
      clock = { week: undefined, changed: Number.NEGATIVE_INFINITY };
      this.#clocks.set(account, clock);
    }
    const idle = clock.week !== undefined && clock.changed === Number.POSITIVE_INFINITY;
    const slices = (idle ? undefined : ports.memberOf(account)?.slices) ?? [];
    clock.week = weekOf(account, slices, at, clock.week, clock.changed);
    // a slice that begins after `at` (a clock ahead of arrival) is read the next time
    const newest = slices[slices.length - 1];
    clock.changed = newest !== undefined && newest.start > at ? newest.start : Number.POSITIVE_INFINITY;
    return clock.week;
  }

  /** Who asks the same kinds of things; only where the calibration can judge such groups. */
  #linkContents(at: number, { calibration: { groups } }: Rules): readonly Group[] {
    if (groups === undefined) return [];
    const slice = sliceStart(at);
    if (this.#compared?.slice !== slice) {
      const found = linkContents(this.#prompts, slice, groups.content);
      this.#compared = { slice, groups: found.map(asGroup) };
    }
    return this.#compared.groups;
  }

  /** The permutation null is checked where the base has grown: its answer holds until then. */
  #link(synchronous: readonly SynchronousPair[]): readonly Group[] {
    const { index } = this;
    const { recheckGrowth = 0.1, ...options } = this.#options;
    const recheck = this.#search === undefined || index.size > this.#checkedSize * (1 + recheckGrowth);
    const held = heldNames(this.#campaigns.values());
    const search = findGroups(index, {
      ...options,
      heldBy: (account) => held.get(account),
      synchronous,
      ...(recheck ? {} : { permutations: 0, falseJoins: this.#search?.falseJoins ?? 0.5 }),
    });
    if (recheck) {
      this.#checkedSize = index.size;
      this.#search = search;
    }
    return search.groups;
  }
}

/** What a tracker remembers from run to run, beside its index. */
interface TrackerState {
  readonly campaigns: Map<string, Campaign>;
  readonly search: GroupSearch | undefined;
  readonly checkedSize: number;
  readonly compared: { readonly slice: number; readonly groups: readonly Group[] } | undefined;
}
