/**
 * An account that sends more than one shard takes is divided: its events lie under several partition keys, lanes, and what is folded of
 * each lane is a profile of its own, under the name of the account and the lane. Lane 0 is the account's own name: there it is judged.
 */
const MARK = '/';

/** The name of a lane's profile. */
export function laneName(account: string, lane: number): string {
  return lane === 0 ? account : `${account}${MARK}${lane}`;
}

/** The account that a profile is of, whichever of its lanes. */
export function accountOf(name: string): string {
  const end = name.indexOf(MARK);
  return end < 0 ? name : name.slice(0, end);
}

/** The lane that a profile is of; 0: the one in which the account is judged. */
export function laneNumber(name: string): number {
  const end = name.indexOf(MARK);
  return end < 0 ? 0 : Number(name.slice(end + 1));
}
