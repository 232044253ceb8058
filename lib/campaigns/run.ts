import type { Rules } from '../detection/judge.ts';
import type { Notice } from '../findings/finding.ts';
import { largest } from '../statistics/extremes.ts';
import { type Allowance, RunAllowance } from './allowance.ts';
import type { Campaign } from './campaign.ts';
import { type Eventual, got, type Procedure } from './eventual.ts';
import type { CampaignCase, CampaignVerdict } from './judging/campaign-case.ts';
import { closeMerged, judgeCampaign } from './judging/judge-campaign.ts';
import { closeInShadow, judgeInShadow } from './judging/judge-in-shadow.ts';
import { MemberWindows } from './judging/member-window.ts';
import type { Group } from './linking/find-groups.ts';
import type { RunMember } from './run-member.ts';
import { isDue, planRun, unlinked } from './run-plan.ts';

/** What one run starts from. */
export interface RunInput {
  /** newest arrival of all accounts, linked or not, ms: the clock of the traffic, which a replay of March has in March */
  readonly at: number;
  /** campaigns as they are stored */
  readonly known: readonly Campaign[];
  readonly groups: readonly Group[];
  /** no other run is on: only then accounts are named by count (allowance.ts) */
  readonly alone: boolean;
}

/** What a run works on: tables in production, memory in a backtest. */
export interface RunPorts {
  /** in the order of `accounts`, without those that are forgotten or never sent anything */
  members(accounts: readonly string[]): Eventual<readonly RunMember[]>;
  save(next: Campaign): Eventual<'saved' | 'conflict'>;
  /** milliseconds that are left for this run */
  remaining(): number;
  /** what is remembered from earlier runs: the same verdicts, sooner */
  readonly windows?: MemberWindows;
}

/** What one run did. */
export interface RunReport {
  readonly judged: number;
  /** due, but left to the next run for want of time */
  readonly postponed: number;
  /** another run was faster with these */
  readonly conflicts: number;
  readonly notices: readonly Notice[];
}

/** A campaign is not begun with less time left than this, ms: one that is being written is always finished. */
const RESERVE_MS = 15_000;

/** A campaign that is to be judged, with the group that carries it; plain data. */
export interface DueCase {
  readonly campaign: Campaign;
  readonly group: Group;
}

/** What all cases of a run are judged by. */
export interface RunCircumstances {
  /** see RunInput */
  readonly at: number;
  /** groups that share the month's error budget */
  readonly tested: number;
}

/** The allowances under both policies. */
export interface Allowances {
  readonly active: Allowance;
  readonly shadow: Allowance;
}

/**
 * One run over campaigns: carry identity on, end what went on elsewhere, judge what is due, and save campaign by campaign.
 * It may die anywhere: what was saved is whole, the rest is due in the next run, and ids are made of what they name, so
 * nothing doubles. What time does not allow is postponed, those longest unjudged first. Production (stored-run.ts) and
 * backtests (tracker.ts) both run this; they differ in where members come from and campaigns go to. A run that is divided
 * (divided-run.ts) does the same parts in several invocations.
 */
export function* campaignRun(input: RunInput, ports: RunPorts, rules: Rules): Procedure<RunReport> {
  const counts = new RunCounts();
  const { due, tested } = yield* beginRun(input, ports, rules, counts);
  const left = new RunAllowances(input, rules);
  const { windows = new MemberWindows() } = ports;
  for (const held of due) {
    const judged = yield* judgeCase(held, { at: input.at, tested }, left.now(), { ports, rules, windows });
    if (judged === 'postponed') counts.postponed++;
    if (typeof judged === 'string') continue;
    left.take(judged.campaign);
    yield* counts.save(ports, judged, 'judged');
  }
  return counts.report();
}

/**
 * Plans a run and ends what went on elsewhere: an account must never stand in two open threads because time ran out in
 * between. @returns what may be due, in the order in which it is judged
 */
export function* beginRun(
  { at, known, groups }: Omit<RunInput, 'alone'>,
  ports: RunPorts,
  rules: Rules,
  counts: RunCounts,
): Procedure<{ due: readonly DueCase[]; tested: number }> {
  const plan = planRun(known, groups, at, rules.policy);
  for (const { campaign, into } of plan.merged) {
    const found = plan.carried.find((carried) => carried.campaign.id === into);
    const members = found && (yield* got(ports.members(found.group.members)));
    const successor = found && members && { group: found.group, members };
    const ended = closeMerged(campaign, into, successor, at, rules);
    const inBoth = closeInShadow(ended.campaign, into, successor, at, rules);
    yield* counts.save(ports, { campaign: inBoth, notice: ended.notice }, 'ended');
  }
  const due = [...plan.carried, ...unlinked(plan.resting)]
    // a group that is due under no circumstances is not read at all
    .filter(({ campaign, group }) => isDue(campaign, group, true, at, rules))
    .sort((a, b) => a.campaign.judgedAt - b.campaign.judgedAt || (a.campaign.id < b.campaign.id ? -1 : 1));
  return { due, tested: plan.tested };
}

/** What came of a case: nothing that is to be saved, or the campaign as it is to be saved. */
export type Judged = 'postponed' | 'idle' | Pick<CampaignVerdict, 'campaign' | 'notice'>;

/** Judges what is due by both policies, if there is time and any member was active; saves nothing. */
export function* judgeCase(
  { campaign, group }: DueCase,
  { at, tested }: RunCircumstances,
  allowances: Allowances,
  { ports, rules, windows }: { ports: RunPorts; rules: Rules; windows: MemberWindows },
): Procedure<Judged> {
  if (ports.remaining() < RESERVE_MS) return 'postponed';
  const members = yield* got(ports.members(group.members));
  const active = isActive(campaign, members);
  if (!isDue(campaign, group, active, at, rules)) return 'idle';
  const latest = active ? largest(members.map(({ lastSeen }) => lastSeen)) : at;
  const own: CampaignCase = {
    group,
    members,
    at: latest,
    tested,
    allowance: allowances.active,
    allowanceInShadow: allowances.shadow,
  };
  const verdict = judgeCampaign(campaign, own, rules, windows);
  const judged = judgeInShadow(verdict.campaign, own, rules, windows);
  const judgedArrival = newestOf(campaign, members);
  return { campaign: { ...judged, judgedAt: at, judgedArrival }, notice: verdict.notice };
}

/** The allowances of a run, over all campaigns. */
export class RunAllowances {
  readonly #active: RunAllowance;
  readonly #shadow: RunAllowance;
  readonly #alone: boolean;

  constructor({ known, at, alone }: Omit<RunInput, 'groups'>, rules: Rules) {
    this.#active = new RunAllowance(known, at, rules, ({ unranked }) => unranked);
    this.#shadow = new RunAllowance(known, at, rules.candidate ?? rules, ({ shadow }) => shadow?.unranked);
    this.#alone = alone;
  }

  now(): Allowances {
    return { active: this.#active.now(this.#alone), shadow: this.#shadow.now(this.#alone) };
  }

  /** Counts whom a campaign names. */
  take(campaign: Campaign): void {
    this.#active.take(campaign);
    this.#shadow.take(campaign);
  }
}

/** What a run, or a part of it, has done so far. */
export class RunCounts {
  postponed = 0;
  #judged = 0;
  #conflicts = 0;
  readonly #notices: Notice[] = [];

  /** Saves a campaign that was judged, or ended because it went on elsewhere. */
  *save(
    ports: RunPorts,
    { campaign, notice }: Exclude<Judged, string>,
    why: 'judged' | 'ended',
  ): Procedure<void> {
    if (why === 'judged') this.#judged++;
    if ((yield* got(ports.save(campaign))) === 'conflict') this.#conflicts++;
    else if (notice !== undefined) this.#notices.push(notice);
  }

  add({ judged, postponed, conflicts, notices }: RunReport): void {
    this.#judged += judged;
    this.postponed += postponed;
    this.#conflicts += conflicts;
    for (const notice of notices) this.#notices.push(notice);
  }

  report(): RunReport {
    return {
      judged: this.#judged,
      postponed: this.postponed,
      conflicts: this.#conflicts,
      notices: this.#notices,
    };
  }
}

/**
 * Whether a member sent anything since the campaign was judged. Arrivals are compared with arrivals of members, not with
 * the clock of all traffic: the shard that a campaign floods may lag behind all others.
 */
function isActive({ judgedArrival, judgedAt }: Campaign, members: readonly RunMember[]): boolean {
  return members.some(({ arrived }) => arrived > (judgedArrival ?? judgedAt));
}

function newestOf({ judgedArrival = 0 }: Campaign, members: readonly RunMember[]): number {
  return largest(
    members.map(({ arrived }) => arrived),
    judgedArrival,
  );
}
