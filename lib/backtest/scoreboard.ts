import type { Advance } from '../detection/advance.ts';
import type { Notice } from '../findings/finding.ts';
import { LEVELS, levelRank } from '../scoring/level.ts';
import type { Activity, Flag } from './measure.ts';

const SUSPECT = levelRank('suspect');

/** One account as it stands after the replay, for distributions and reports. */
export interface Standing {
  events: number;
  firstSeen: number;
  lastSeen: number;
  /** highest score, its chance among benign peers within a month, and when */
  peak: number;
  p: number;
  peakAt: number;
  group: string;
  reasons: readonly string[];
}

/** Keeps, while a replay runs, what its figures need: one small record an account, whatever the number of events. */
export class Scoreboard {
  readonly standings = new Map<string, Standing>();
  readonly flags = new Map<string, Flag>();
  readonly notices: Notice[] = [];
  readonly eventsAtFlag = new Map<string, number>();
  private readonly campaignOf: ReadonlyMap<string, string>;
  private readonly campaignEvents = new Map<string, number>();

  /** @param campaignOf account pseudonym to the campaign that it is labelled with */
  constructor(campaignOf: ReadonlyMap<string, string> = new Map()) {
    this.campaignOf = campaignOf;
  }

  step(account: string, step: Advance): void {
    const { profile, judgement } = step.state;
    let held = this.standings.get(account);
    if (held === undefined) {
      held = { events: 0, firstSeen: 0, lastSeen: 0, peak: 0, p: 1, peakAt: 0, group: '', reasons: [] };
      this.standings.set(account, held);
    }
    held.events = profile.totals.events;
    held.firstSeen = profile.firstSeen;
    held.lastSeen = profile.lastSeen;
    const top = step.scores[0];
    if (top !== undefined && top.score >= held.peak) {
      held.peak = top.score;
      held.peakAt = profile.lastSeen;
      held.p = step.certainty?.p ?? 1;
      held.group = step.certainty?.group ?? '';
      held.reasons = top
        .contributions()
        .filter((part) => part.points > 0)
        .slice(0, 3)
        .map((part) => part.signal);
    }
    const campaign = this.campaignOf.get(account);
    if (campaign !== undefined && step.used > 0)
      this.campaignEvents.set(campaign, (this.campaignEvents.get(campaign) ?? 0) + step.used);
    if (step.notice !== undefined) this.notice(step.notice);
    const known = this.flags.get(account);
    if (known !== undefined && levelRank(judgement.level.level) > levelRank(known.level))
      this.flags.set(account, { ...known, level: judgement.level.level });
  }

  notice(notice: Notice): void {
    this.notices.push(notice);
    if (levelRank(notice.level) < SUSPECT) return;
    if (notice.subject.type === 'account') this.flag(notice.subject.id, notice, 'account');
    else for (const member of notice.subject.members ?? []) this.flag(member.account, notice, 'campaign');
  }

  /** Marks an account as flagged; the first flag stands, with its time. */
  flag(account: string, notice: Notice, via: Flag['via']): void {
    if (this.flags.has(account)) return;
    const standing = this.standings.get(account);
    const at = Date.parse(notice.at);
    this.flags.set(account, {
      account,
      level: notice.level,
      firstAt: at,
      score: notice.score,
      log10E: notice.log10E,
      via,
      events: standing?.events ?? 0,
      firstSeen: standing?.firstSeen ?? at,
      ...(via === 'campaign' ? { finding: notice.finding } : {}),
    });
    const campaign = this.campaignOf.get(account);
    if (campaign !== undefined && !this.eventsAtFlag.has(campaign))
      this.eventsAtFlag.set(campaign, this.campaignEvents.get(campaign) ?? 0);
  }

  activity(): ReadonlyMap<string, Activity> {
    return this.standings;
  }

  /** Accounts per level that their notices reached. */
  levels(): Record<string, number> {
    const counts: Record<string, number> = Object.fromEntries(LEVELS.map((level) => [level, 0]));
    for (const flag of this.flags.values()) counts[flag.level] = (counts[flag.level] ?? 0) + 1;
    return counts;
  }
}
