import type { WindowScore } from '../scoring/score.ts';
import type { GroupSight } from './group-score.ts';

/**
 * Whether a member's own behaviour fits the finding on its group. A link brings an account under suspicion, the group
 * convicts, and the account itself must not speak against it: nobody is swept up with a payment that he shares.
 */
export type Fit =
  /** shows what the group is accused of */
  | 'core'
  /** linked, but too little traffic to say */
  | 'edge'
  /** enough traffic, and without what the group is accused of */
  | 'against';

/** Requests below which an account has said nothing. */
const FEWEST_REQUESTS = 8;
/** One-sided normal quantile for 0.5 %. */
const Z = 2.576;
/** An account speaks against when it surely shows less than this part of what the group shows. */
const PART = 0.5;

/** Upper end of Wilson's score interval for a share. */
function upperShare(share: number, trials: number): number {
  const square = (Z * Z) / trials;
  const half = Z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return (share + square / 2 + half) / (1 + square);
}

export interface MemberFit {
  readonly fit: Fit;
  /** share of its requests that are what the group is accused of */
  readonly share: number;
}

/** For every member of the group whether it fits, by the signal that brought most of the score. */
export function fits(group: GroupSight, score: WindowScore): MemberFit[] {
  const signal = score.contributions()[0]?.signal;
  const shares = group.members.map((member, i) => {
    const { events } = member.counts;
    if (events === 0) return 0;
    if (signal === 'reasoning-harvest') return member.counts.reasoning / events;
    if (signal === 'grading-harvest') return member.counts.grading / events;
    return group.novel[i] ?? 0;
  });
  const typical = median(shares.filter((_, i) => (group.members[i]?.counts.events ?? 0) >= FEWEST_REQUESTS));
  return group.members.map((member, i) => {
    const { events } = member.counts;
    const share = shares[i] ?? 0;
    if (events < FEWEST_REQUESTS) return { fit: 'edge', share };
    return { fit: upperShare(share, events) < PART * typical ? 'against' : 'core', share };
  });
}

function median(values: number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
