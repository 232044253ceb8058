import type { Finding, Notice } from './finding.ts';
import { finding as findingSchema, notice as noticeSchema } from './finding.ts';

/** Stands where an erased account was named. */
export const ERASED = 'erased';

/**
 * A campaign's notice without one of its members: its row is gone, and the example requests with it, for nobody can tell
 * whose they are. Counts and sums stay: they name nobody.
 */
export function noticeWithout(held: Notice, account: string): Notice {
  const { members } = held.subject;
  const left = {
    ...held,
    subject: {
      ...held.subject,
      ...(members === undefined ? {} : { members: members.filter((member) => member.account !== account) }),
    },
    sampleEvents: [],
  };
  return noticeSchema.parse(JSON.parse(JSON.stringify(left).replaceAll(account, ERASED)));
}

/** A campaign's finding without one of its members. Its audit trail is chained, and stays as it is. */
export function findingWithout(held: Finding, account: string): Finding {
  const { audit, ...rest } = held;
  const text = JSON.stringify({ ...rest, notice: noticeWithout(held.notice, account) });
  const left = findingSchema.parse(JSON.parse(text.replaceAll(account, ERASED)));
  return audit === undefined ? left : { ...left, audit };
}
