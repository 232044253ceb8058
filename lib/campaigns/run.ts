import type { Rules } from '../detection/judge.ts';
import type { Notice } from '../findings/finding.ts';
import { RunAllowance } from './allowance.ts';
import type { Campaign } from './campaign.ts';
import { type Eventual, got, type Procedure } from './eventual.ts';
import type { CampaignCase } from './judging/campaign-case.ts';
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

/**
 * One run over campaigns: carry identity on, end what went on elsewhere, judge what is due, and save campaign by campaign.
 * It may die anywhere: what was saved is whole, the rest is due in the next run, and ids are made of what they name, so
 * nothing doubles. What time does not allow is postponed, those longest unjudged first. Production (stored-run.ts) and
 * backtests (tracker.ts) both run this; they differ in where members come from and campaigns go to.
 */
export function* campaignRun(input: RunInput, ports: RunPorts, rules: Rules): Procedure<RunReport> {
  const { at, known, groups, alone } = input;
  const plan = planRun(known, groups, at, rules.policy);
  const windows = ports.windows ?? new MemberWindows();
  const allowances = {
    active: new RunAllowance(known, at, rules, ({ unranked }) => unranked),
    shadow: new RunAllowance(known, at, rules.candidate ?? rules, ({ shadow }) => shadow?.unranked),
  };
  const report = { judged: 0, postponed: 0, conflicts: 0, notices: [] as Notice[] };
  function* save(campaign: Campaign, notice: Notice | undefined): Procedure<void> {
    if ((yield* got(ports.save(campaign))) === 'conflict') report.conflicts++;
    else if (notice !== undefined) report.notices.push(notice);
  }
  // merges first: an account must never stand in two open threads because time ran out in between
  for (const { campaign, into } of plan.merged) {
    const found = plan.carried.find((carried) => carried.campaign.id === into);
    const members = found && (yield* got(ports.members(found.group.members)));
    const successor = found && members && { group: found.group, members };
    const ended = closeMerged(campaign, into, successor, at, rules);
    yield* save(closeInShadow(ended.campaign, into, successor, at, rules), ended.notice);
  }
  const due = [...plan.carried, ...unlinked(plan.resting)].sort(
    (a, b) => a.campaign.judgedAt - b.campaign.judgedAt || (a.campaign.id < b.campaign.id ? -1 : 1),
  );
  for (const { campaign, group } of due) {
    // a group that is due under no circumstances is not read at all
    if (!isDue(campaign, group, true, at, rules)) continue;
    if (ports.remaining() < RESERVE_MS) {
      report.postponed++;
      continue;
    }
    const members = yield* got(ports.members(group.members));
    const active = isActive(campaign, members);
    if (!isDue(campaign, group, active, at, rules)) continue;
    const latest = active ? Math.max(...members.map(({ lastSeen }) => lastSeen)) : at;
    const own: CampaignCase = {
      group,
      members,
      at: latest,
      tested: plan.tested,
      allowance: allowances.active.now(alone),
      allowanceInShadow: allowances.shadow.now(alone),
    };
    const verdict = judgeCampaign(campaign, own, rules, windows);
    const judged = judgeInShadow(verdict.campaign, own, rules, windows);
    allowances.active.take(judged);
    allowances.shadow.take(judged);
    yield* save({ ...judged, judgedAt: at, judgedArrival: newestOf(campaign, members) }, verdict.notice);
    report.judged++;
  }
  return report;
}

/**
 * Whether a member sent anything since the campaign was judged. Arrivals are compared with arrivals of members, not with
 * the clock of all traffic: the shard that a campaign floods may lag behind all others.
 */
function isActive({ judgedArrival, judgedAt }: Campaign, members: readonly RunMember[]): boolean {
  return members.some(({ arrived }) => arrived > (judgedArrival ?? judgedAt));
}

function newestOf({ judgedArrival = 0 }: Campaign, members: readonly RunMember[]): number {
  return Math.max(judgedArrival, ...members.map(({ arrived }) => arrived));
}
