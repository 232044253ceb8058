import type { Notice } from './finding.ts';
import { count, oneIn, plural, power } from './format.ts';
import { defanged } from './sanitize.ts';

/** How sure a notice is, in sentences that can be quoted: each says what was measured and against whom. */
export interface SignificanceText {
  /** the error budget of the level */
  readonly promise: string;
  /** where this subject stands */
  readonly place: string;
  /** score and e-value */
  readonly evidence: string;
  /** what the numbers do not say */
  readonly limits: string;
  /** of a campaign: what its accounts show one by one */
  readonly oneByOne?: string;
}

export function significanceText(notice: Notice): SignificanceText {
  const { subject, peers, p, promise, log10E, score } = notice;
  const account = subject.type === 'account';
  const over = p < 1 && (notice.transition === 'calmed' || notice.transition === 'closed');
  const group = account ? 'benign accounts of the peer group' : 'benign linked groups';
  // A rarity beyond the number that was measured is an extrapolation, and has to say so.
  const beyond =
    p < 1 && 1 / p > peers.accounts
      ? ` A p-value below 1 in ${count(peers.accounts)} is extrapolated from wider groups and from the shape of their tail.`
      : '';
  return {
    promise: account
      ? `Error budget: at most 1 in ${oneIn(promise)} ${group} may reach ${over || notice.level === 'clear' || notice.level === 'watch' ? 'the level of a finding' : 'this level'} in a month.`
      : `Error budget: at most ${trim(promise)} false-positive campaigns a month over all customers.`,
    place: over
      ? `When it was opened or last raised, evidence such as this ${subject.type}'s would have been seen in 1 of ${oneIn(p)}${account ? ' of them' : ` ${group} in a month`} (p-value ${trim(p)}).`
      : p >= 1
        ? `There are too few peers for a p-value of this ${subject.type}'s evidence.`
        : `Evidence such as this ${subject.type}'s would be seen in 1 of ${oneIn(p)}${account ? ' of them' : ` ${group} in a month`} (p-value ${trim(p)}).`,
    evidence: `Score ${trim(score)}; e-value ${power(log10E)}, where the average over ${group} is at most 1.`,
    limits: `Peer group: ${defanged(peers.group, 80)}, ${count(peers.accounts)} ${account ? 'accounts' : 'groups'}.${beyond} The rates hold as far as benign customers behave like those of the calibration. They describe behaviour, not intent.`,
    ...(notice.oneByOne === undefined ? {} : { oneByOne: aloneWords(notice.oneByOne, notice) }),
  };
}

function aloneWords(
  { accounts, log10E, found }: NonNullable<Notice['oneByOne']>,
  { subject }: Notice,
): string {
  const members = plural(subject.memberCount ?? accounts, 'member');
  return `Judged individually, the e-values of the ${plural(accounts, 'linked account')} average ${power(log10E)} (benign accounts: at most 1); ${count(found)} of ${members} would have been found without the group.`;
}

/** What one of those is called that a subject is compared with. */
export function peerName({ subject }: Pick<Notice, 'subject'>): string {
  return subject.type === 'account' ? 'peer' : 'benign group';
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
