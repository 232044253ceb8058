import { levelRank } from '../scoring/level.ts';
import { type Exception, inForce } from './exception.ts';
import type { Disposition, Finding, Notice, Transition } from './finding.ts';

/** How notices reach people: all that is decided, decided purely. */
export const DELIVERY = {
  /** a reopening within so long of the last message waits for the digest, unless its level is higher, ms */
  cooldown: 24 * 3_600_000,
  /** a delivery that takes longer has died; above the timeouts of notify and sweep, ms */
  lease: 130_000,
  /** a list is told so long after it was closed, so that nothing is still being put into it, ms */
  settle: 130_000,
} as const;

/** Worth waking somebody; everything else can wait for the digest. */
const IMMEDIATE: readonly Transition[] = ['opened', 'escalated', 'reopened'];

export interface Decision {
  readonly fate: Exclude<Disposition, 'storm'>;
  /** why it is not told at once; shown with the finding */
  readonly because: string;
}

/**
 * What becomes of a notice.
 * @param held the finding before it, with its verdict
 * @param exception the subject's exception, if it has one
 * @param now processing time, ms
 */
export function decide(
  notice: Notice,
  held: Finding | undefined,
  exception: Exception | undefined,
  now: number,
): Decision {
  if (notice.shadow) return { fate: 'shadow', because: 'of a shadow policy' };
  if (notice.quiet !== undefined)
    return { fate: 'quiet', because: `exception in the policy: ${notice.quiet}` };
  if (exception !== undefined && inForce(exception, now))
    return { fate: 'quiet', because: `benign until ${exception.until}, said ${exception.by}` };
  const { campaign } = notice;
  if (campaign !== undefined && levelRank(notice.level) <= levelRank(campaign.level))
    return { fate: 'digest', because: `named in ${campaign.finding}, the finding of a campaign` };
  const atOnce = IMMEDIATE.includes(notice.transition);
  const verdict = held?.verdict;
  if (verdict?.verdict === 'benign' && verdict.until !== undefined && Date.parse(verdict.until) > now)
    return { fate: 'quiet', because: `benign until ${verdict.until}, said ${verdict.by}` };
  if (!atOnce && verdict?.verdict === 'confirmed')
    return { fate: 'quiet', because: `confirmed already, said ${verdict.by}` };
  if (!atOnce && verdict?.until !== undefined && Date.parse(verdict.until) > now)
    return { fate: 'quiet', because: `no updates until ${verdict.until}, said ${verdict.by}` };
  if (!atOnce) return { fate: 'digest', because: 'not urgent' };
  const told = held?.toldAt === undefined ? undefined : Date.parse(held.toldAt);
  const risen = held === undefined || levelRank(notice.level) > levelRank(held.highest);
  if (notice.transition === 'reopened' && told !== undefined && now - told < DELIVERY.cooldown && !risen)
    return { fate: 'digest', because: 'notified within the last day' };
  return { fate: 'told', because: '' };
}

/** Lists are forgotten after so long, ms; findings are not. */
export const LIST_KEPT = 90 * 86_400_000;

/** Name of the digest that a notice goes into at `now` (ms): one a day, by the UTC date. */
export function digestList(now: number): string {
  return `digest#${new Date(now).toISOString().slice(0, 10)}`;
}
