import { reasonsOf } from '../detection/judge.ts';
import type { BatchResult } from '../detection/process-batch.ts';
import type { Notice } from '../findings/finding.ts';
import { chunksOf, type Frame, type Resumable } from '../profile/resumable.ts';
import { LEVELS, type Level, levelRank } from '../scoring/level.ts';
import type { Activity, Flag } from './measure.ts';

const SUSPECT = levelRank('suspect');

/** One account as it stands after the replay, for distributions and reports. */
export interface Standing {
  events: number;
  firstSeen: number;
  lastSeen: number;
  /** highest score and when; the smallest chance among benign peers within a month */
  peak: number;
  p: number;
  peakAt: number;
  group: string;
  reasons: readonly string[];
  /** time, score, p, time, ... while it was near a level: flat, a third of what lists of three take; see TRACE_BELOW */
  trace: number[];
}

/** What a step says to more than its own account. */
export interface ToldStep {
  readonly account: string;
  /** events that it used */
  readonly used: number;
  readonly level: Level;
  readonly notices: readonly Notice[];
}

const NO_REASONS: readonly string[] = [];

/** An account is traced from the first time that it looks rarer than this. */
const TRACE_BELOW = 0.05;
/** Points of a trace; a full one keeps every second point and goes on in longer steps. */
const TRACE_POINTS = 48;

/** Keeps, while a replay runs, what its figures need: one small record an account, whatever the number of events. */
export class OutcomeCollector implements Resumable {
  readonly standings = new Map<string, Standing>();
  readonly flags = new Map<string, Flag>();
  /** newest notice of every finding */
  readonly latest = new Map<string, Notice>();
  /** hot items and sealed parts that were written */
  writes = 0;
  parts = 0;
  readonly eventsAtFlag = new Map<string, number>();
  private readonly campaignOf: ReadonlyMap<string, string>;
  private readonly campaignEvents = new Map<string, number>();
  /** there are few different lists of reasons: accounts share them */
  private readonly reasons = new Map<string, readonly string[]>();

  /** @param campaignOf account pseudonym to the campaign that it is labelled with */
  constructor(campaignOf: ReadonlyMap<string, string> = new Map()) {
    this.campaignOf = campaignOf;
  }

  step(account: string, step: BatchResult): void {
    this.stand(account, step);
    this.tell({ account, used: step.used, level: step.state.judgement.level.level, notices: step.notices });
  }

  /** How the account stands after a step, and what the step wrote: all that rests on this account alone. */
  stand(account: string, step: BatchResult): void {
    const { profile, judgement } = step.state;
    const held = this.standing(account);
    held.events = profile.totals.events;
    held.firstSeen = profile.firstSeen;
    held.lastSeen = profile.lastSeen;
    if (step.changed) this.writes++;
    if (step.seal !== undefined) this.parts++;
    const top = step.scores[0];
    const p = step.certainty?.p ?? 1;
    if (top !== undefined && (held.trace.length > 0 || p <= TRACE_BELOW))
      trace(held.trace, profile.lastSeen, top.score, p);
    if (p < held.p) {
      held.p = p;
      held.group = step.certainty?.group ?? '';
    }
    if (held.group === '') held.group = step.certainty?.group ?? '';
    const { peak, peakAt } = judgement.evidence;
    if (peak > held.peak) {
      held.peak = peak;
      held.peakAt = peakAt;
      // nobody asks why an ordinary account is where it is
      if (top !== undefined && p <= TRACE_BELOW)
        held.reasons = this.shared(reasonsOf(top).map(({ signal }) => signal));
    }
  }

  /** What a step says to figures that rest on several accounts: in the order of all steps. */
  tell({ account, used, level, notices }: ToldStep): void {
    const campaign = this.campaignOf.get(account);
    if (campaign !== undefined && used > 0)
      this.campaignEvents.set(campaign, (this.campaignEvents.get(campaign) ?? 0) + used);
    for (const notice of notices) this.notice(notice);
    const known = this.flags.get(account);
    if (known !== undefined && levelRank(level) > levelRank(known.level))
      this.flags.set(account, { ...known, level });
  }

  notice(notice: Notice): void {
    this.latest.set(notice.finding, notice);
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

  /** The account's standing, begun where there is none. */
  standing(account: string): Standing {
    let held = this.standings.get(account);
    if (held === undefined) {
      held = {
        events: 0,
        firstSeen: 0,
        lastSeen: 0,
        peak: 0,
        p: 1,
        peakAt: 0,
        group: '',
        reasons: NO_REASONS,
        trace: [],
      };
      this.standings.set(account, held);
    }
    return held;
  }

  private shared(reasons: readonly string[]): readonly string[] {
    const key = reasons.join();
    const known = this.reasons.get(key);
    if (known !== undefined) return known;
    this.reasons.set(key, reasons);
    return reasons;
  }

  *frames(): Generator<Frame> {
    const { flags, latest, writes, parts, eventsAtFlag, campaignEvents } = this;
    const totals: Totals = { flags, latest, writes, parts, eventsAtFlag, campaignEvents };
    yield ['totals', totals];
    for (const chunk of chunksOf(this.standings)) yield ['standings', chunk];
  }

  restore(part: string, value: unknown): void {
    if (part === 'standings') {
      for (const [account, held] of value as [string, Standing][])
        this.standings.set(account, { ...held, reasons: this.shared(held.reasons) });
      return;
    }
    const totals = value as Totals;
    this.writes = totals.writes;
    this.parts = totals.parts;
    for (const name of ['flags', 'latest', 'eventsAtFlag', 'campaignEvents'] as const) {
      const map = this[name] as Map<string, unknown>;
      for (const [key, held] of totals[name]) map.set(key, held);
    }
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

/** All of a scoreboard but its standings. */
type Totals = Pick<OutcomeCollector, 'flags' | 'latest' | 'writes' | 'parts' | 'eventsAtFlag'> & {
  readonly campaignEvents: ReadonlyMap<string, number>;
};

/** Adds a point; points closer together than the trace's own step are folded into the last one, keeping the smallest p. */
function trace(points: number[], at: number, score: number, p: number): void {
  const last = points.length - 3;
  const step = last < 0 ? 0 : Math.max(900_000, (at - (points[0] as number)) / TRACE_POINTS);
  if (last >= 0 && at - (points[last] as number) < step) {
    if (p <= (points[last + 2] as number)) {
      points[last + 1] = score;
      points[last + 2] = p;
    }
    return;
  }
  points.push(at, score, p);
  if (points.length > 3 * TRACE_POINTS) for (let i = points.length - 6; i > 0; i -= 6) points.splice(i, 3);
}
