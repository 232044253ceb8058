import { deliveryId, type Notice, recordId } from './finding.ts';
import { identifier, plain } from './sanitize.ts';

/**
 * Attributes that subscribers filter by. SNS allows ten where raw delivery is on, so there are ten.
 * Values are strings except `score` and `members`.
 */
export function attributesOf(notice: Notice): Readonly<Record<string, string | number>> {
  return {
    kind: 'finding',
    level: notice.level,
    transition: notice.transition,
    type: notice.subject.type,
    plan: plain(notice.subject.plan, 64) || 'unknown',
    product: plain(notice.subject.product, 64) || 'unknown',
    finding: identifier(recordId(notice)),
    deliveryId: identifier(deliveryId(notice)),
    score: notice.score,
    members: notice.subject.memberCount ?? notice.subject.members?.length ?? 1,
  };
}
