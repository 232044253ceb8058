import type { Notice, Transition } from './finding.ts';
import { count } from './people.ts';
import { defanged } from './plain.ts';

const DID: Readonly<Record<Transition, string>> = {
  opened: 'opened',
  escalated: 'escalated',
  updated: 'updated',
  calmed: 'calmed down',
  closed: 'closed',
  reopened: 'reopened',
};

/** A pseudonym that fits a subject line: enough to find it, not enough to break the line. */
export function shortId(id: string, max = 14): string {
  const letters = [...defanged(id, 80)];
  return letters.length <= max ? letters.join('') : `${letters.slice(0, max - 3).join('')}...`;
}

/** What happened, in a few words: `account a_mzxw6ytb... escalated to critical`. */
export function headline(notice: Notice): string {
  const { subject, transition, level, previous } = notice;
  const members = subject.memberCount ?? subject.members?.length;
  const who =
    subject.type === 'campaign'
      ? `campaign ${shortId(subject.id)}${members === undefined ? '' : ` (${count(members)} accounts)`}`
      : `account ${shortId(subject.id)}`;
  switch (transition) {
    case 'escalated':
      return `${who} escalated from ${previous} to ${level}`;
    case 'calmed':
      return `${who} calmed down from ${previous} to ${level}`;
    default:
      return `${who} ${DID[transition]} at ${level}`;
  }
}

/** One sentence on what is suspected, or no longer. */
export function summary(notice: Notice): string {
  const { subject, transition } = notice;
  if (transition === 'calmed' || transition === 'closed')
    return `This ${subject.type} no longer shows the behaviour that the finding was opened for.`;
  return subject.type === 'campaign'
    ? 'Linked accounts together behave as if they collect training data from the model.'
    : 'This account behaves as if it collects training data from the model.';
}
