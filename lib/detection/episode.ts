import { findingId, type Notice, type Transition } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { type LevelState, levelRank } from '../scoring/level.ts';
import type { RunningMax } from '../scoring/significance.ts';
import type { Judgement, OpenFinding } from './account-state.ts';

const HOUR = 3_600_000;
/** A calmed finding is reopened, not followed by a new one, for so long. */
const REOPEN_MS = 14 * 24 * HOUR;
const SUSPECT = levelRank('suspect');

/** What a judgement has come to. Times in ms of event time. */
export interface Change {
  readonly at: number;
  readonly evidence: RunningMax;
  readonly level: LevelState;
  /** requests in the window that was judged */
  readonly events: number;
  /** so much more than at the last notice that an update is worth one, once the cool-down is over */
  readonly grown: boolean;
}

/** A transition of the finding of an account or a campaign, numbered; its notice is still to be written. */
export interface EpisodeStep {
  readonly transition: Transition;
  readonly id: string;
  readonly number: number;
  readonly episode: number;
  readonly finding: OpenFinding;
}

/**
 * The next step in a finding's life, or undefined where there is nothing to tell. One finding an episode. Numbers and ids
 * follow the clock of events: what is forgotten, or set back to an earlier day, never uses a number or an id again that
 * was told before, and the same events give the same ones.
 */
export function nextStep(
  type: Notice['subject']['type'],
  subject: string,
  before: Judgement,
  change: Change,
  policy: Policy,
): EpisodeStep | undefined {
  const { at, level, events } = change;
  const transition = transitionOf(before, change, policy);
  if (transition === undefined) return undefined;
  const held = before.finding;
  const fresh = transition === 'opened' || held === undefined;
  const episode = transition === 'opened' ? before.episode + 1 : before.episode;
  const id = fresh ? findingId(type, subject, at) : held.id;
  return {
    transition,
    id,
    number: nextNumber(before, at),
    episode,
    finding: {
      id,
      since: fresh ? level.since : held.since,
      noticedAt: at,
      noticedEvents: events,
      calmed: transition === 'calmed',
    },
  };
}

/** Number of the next notice of a subject at event time `at`, ms. */
export function nextNumber({ numbered }: Pick<Judgement, 'numbered'>, at: number): number {
  return Math.max(numbered + 1, Math.floor(at / 1000));
}

function transitionOf(
  before: Judgement,
  { at, level, grown }: Change,
  policy: Policy,
): Transition | undefined {
  const was = levelRank(before.level.level);
  const is = levelRank(level.level);
  const open = before.finding;
  if (is >= SUSPECT && (open === undefined || open.calmed))
    return open !== undefined && at - open.noticedAt < REOPEN_MS ? 'reopened' : 'opened';
  if (open === undefined) return undefined;
  // calm for so long that a later suspicion is another one
  if (open.calmed) return at - open.noticedAt >= REOPEN_MS ? 'closed' : undefined;
  if (is < SUSPECT) return 'calmed';
  if (is > was) return 'escalated';
  return grown && at - open.noticedAt >= policy.cooldownHours * HOUR ? 'updated' : undefined;
}

/** The judgement after a step, with the notice of it in the outbox. */
export function judgedWith(before: Judgement, change: Change, step: EpisodeStep, notice: Notice): Judgement {
  return {
    ...before,
    evidence: change.evidence,
    level: change.level,
    episode: step.episode,
    finding: step.transition === 'closed' ? undefined : step.finding,
    numbered: step.number,
    notices: [...before.notices, notice],
  };
}
