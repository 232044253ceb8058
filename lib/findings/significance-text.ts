import { DAY_MS } from '../time.ts';
import type { Notice } from './finding.ts';
import { amount, count, oneIn, plural, power } from './format.ts';
import { defanged } from './sanitize.ts';

/** How sure a notice is, in sentences that can be quoted: each says what was measured and against whom. */
export interface SignificanceText {
  /** the one to quote: how rare this is, and among whom */
  readonly sentence: string;
  /** why it is as urgent as it is; empty for what is over */
  readonly urgency: string;
  /** the error budget of the level */
  readonly promise: string;
  /** the same as a p-value */
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
  const bound = notice.pIsBound === true;
  const over = notice.transition === 'calmed' || notice.transition === 'closed';
  const group = account ? 'benign accounts' : 'benign linked groups';
  // the chance is ranked among all of the past; the narrow group alone would not support it
  const beyond =
    p < 1 && 1 / p > peers.accounts
      ? ` The rarity rests on all ${account ? 'accounts' : 'groups'} of the calibration together: ${count(peers.accounts)} alone could not show it.`
      : '';
  // a rank above all of the past says no more than their number allows
  const about = `${bound ? 'at most 1' : 'about 1'} in ${oneIn(p)} ${group}`;
  const finer = bound ? '; anything rarer than that the calibration cannot tell' : '';
  const rare =
    p >= 1
      ? `There are too few peers to say how rare this ${subject.type}'s behaviour is.`
      : over
        ? `When it was opened or last raised, ${about} would have shown as much within a month${finer}.`
        : `${capital(about)} shows as much within a month${finer}.`;
  // a share that is finer than a group of so many can show holds over all of them together
  const among = 1 / promise > peers.accounts ? ', over all peer groups together,' : ' of the peer group';
  return {
    sentence: rare,
    urgency: over ? '' : urgencyOf(notice),
    promise: account
      ? `Error budget: at most 1 in ${oneIn(promise)} ${group}${among} may reach ${over || notice.level === 'clear' || notice.level === 'watch' ? 'the level of a finding' : 'this level'} in a month.`
      : `Error budget: at most ${trim(promise)} false-positive campaigns a month over all customers.`,
    place:
      p >= 1
        ? 'No p-value.'
        : `p-value ${bound ? 'at most ' : ''}${trim(p)}, over a month${bound ? ', the smallest that the calibration can show' : ''}.`,
    evidence: `Score ${trim(score)}; e-value ${power(log10E)}, where the average over ${group} is at most 1.`,
    limits: `Peer group: ${defanged(peers.group, 80)}, ${count(peers.accounts)} ${account ? 'accounts' : 'groups'}.${beyond} The rates hold as far as benign customers behave like those of the calibration. They describe behaviour, not intent.`,
    ...(notice.oneByOne === undefined ? {} : { oneByOne: aloneWords(notice.oneByOne, notice) }),
  };
}

/** Why people are asked to look by when they are: the level that is reached, and how fast answers leave. */
function urgencyOf({ level, highestLevel, window, stake, since }: Notice): string {
  // over the part of the window in which there was traffic: an account of two days has not had seven
  const active = (Date.parse(window.to) - Math.max(Date.parse(window.from), Date.parse(since))) / DAY_MS;
  const daily = stake.outputTokens / Math.max(1, active);
  const leaving = `about ${amount(daily)} tokens leave a day`;
  if (level === 'critical') return `Urgent, because the rarest level is reached and ${leaving}.`;
  if (level !== 'suspect') return '';
  // not to have reached what cannot be reached says nothing
  return highestLevel === undefined
    ? `It can wait for working hours: the level is suspect, not critical, and ${leaving}.`
    : `It can wait for working hours: ${leaving}. Suspect is the highest level here: the calibration has too few accounts for critical.`;
}

/** How rare one fact is, never finer than those it is compared with can show: `about 1 peer in 100`. */
export function rarityWords(p: number, notice: Pick<Notice, 'subject' | 'peers'>): string {
  const { accounts } = notice.peers;
  return accounts > 0 && p > 0 && 1 / p <= accounts
    ? `about 1 ${peerName(notice)} in ${oneIn(p)}`
    : `fewer than 1 ${peerName(notice)} in ${count(Math.max(1, accounts))}`;
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

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
