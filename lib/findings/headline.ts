import type { Notice } from './finding.ts';
import { count } from './format.ts';
import { defanged } from './sanitize.ts';

/** A pseudonym that fits a subject line: enough to find it, not enough to break the line. */
export function shortId(id: string, max = 14): string {
  const letters = [...defanged(id, 80)];
  return letters.length <= max ? letters.join('') : `${letters.slice(0, max - 3).join('')}...`;
}

/** What happened, in a few words: `account a_mzxw6ytb... escalated from suspect to critical`. */
export function headline(notice: Notice): string {
  const { subject, transition, level, previous } = notice;
  const members = subject.memberCount ?? subject.members?.length;
  const who =
    subject.type === 'campaign'
      ? `campaign ${shortId(subject.id)}${members === undefined ? '' : ` (${count(members)} accounts)`}`
      : `account ${shortId(subject.id)}`;
  switch (transition) {
    case 'opened':
      return `extraction suspected: ${who}`;
    case 'escalated':
      return `${who} escalated from ${previous} to ${level}`;
    case 'reopened':
      return `${who} is back at ${level}`;
    case 'updated':
      return `${who} continues at ${level}`;
    case 'calmed':
      return `${who} fell below the threshold, from ${previous} to ${level}`;
    case 'closed':
      return `${who} stayed below the threshold, finding closed`;
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
