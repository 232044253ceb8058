import type { Notice } from '../findings/finding.ts';
import { newProfile, type Profile } from '../profile/profile.ts';
import { type Asked, NOTHING_ASKED } from '../profile/prompt-sample.ts';
import type { Slice } from '../profile/slice.ts';
import type { WindowMemo } from '../profile/window-memo.ts';
import { CLEAR, type LevelState } from '../scoring/level.ts';
import { emptyRunningMax, type RunningMax } from '../scoring/significance.ts';

/** What is thought of an account: kept in the same item as its hot profile, written in the same write. */
export interface Judgement {
  evidence: RunningMax;
  /** start of the newest slice that was looked at, ms; 0: none */
  looked: number;
  level: LevelState;
  /** findings opened so far; the current or last episode's number */
  episode: number;
  /** the open or calmed finding of the episode */
  finding: OpenFinding | undefined;
  /** notices made so far */
  numbered: number;
  /** undelivered notices, ascending: the outbox, emptied by `notify` */
  notices: readonly Notice[];
  /** what a candidate policy thinks, while there is one */
  shadow?: ShadowJudgement;
}

/**
 * A candidate's own evidence, level and finding, begun anew with each candidate. Its notices are numbered and wait with
 * the others: one outbox an item.
 */
export interface ShadowJudgement {
  /** id of the candidate policy */
  readonly policy: string;
  readonly evidence: RunningMax;
  /** as in Judgement; absent: none */
  readonly looked?: number;
  readonly level: LevelState;
  readonly episode: number;
  readonly finding: OpenFinding | undefined;
}

export interface OpenFinding {
  readonly id: string;
  /** event times, ms */
  readonly since: number;
  readonly noticedAt: number;
  readonly noticedEvents: number;
  readonly calmed: boolean;
}

/** All that one account's judgement rests on: the hot part, and the sealed slices that windows still need. */
export interface AccountState {
  readonly profile: Profile;
  readonly judgement: Judgement;
  /** slices that left the hot item, ascending, distinct starts */
  readonly sealed: readonly Slice[];
  /** a sample of what it asks: where it lies, and what waits to be written there */
  readonly asked: Asked;
  /** the sealed parts were not read: `sealed` and `asked.sealed` say nothing (detection/process-batch.ts, processHot) */
  readonly partsUnread?: true;
  /** what lies under further partition keys (lib/profile/lane.ts); hardly any account is so large */
  readonly lanes?: Lanes;
  /** merged windows remembered between flushes; a saving, not a part of the state */
  readonly memo?: WindowMemo;
}

/** The other lanes of an account that is divided. */
export interface Lanes {
  /** ascending */
  readonly numbers: readonly number[];
  /** as they were a moment ago, without the ids of their events; undefined: they were not read */
  readonly states?: readonly AccountState[];
}

export function newJudgement(since = 0): Judgement {
  return {
    evidence: emptyRunningMax(since),
    looked: 0,
    level: { ...CLEAR },
    episode: 0,
    finding: undefined,
    numbered: 0,
    notices: [],
  };
}

export function newAccount(account: string): AccountState {
  return { profile: newProfile(account), judgement: newJudgement(), sealed: [], asked: NOTHING_ASKED };
}
