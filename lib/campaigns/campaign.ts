import { type Judgement, newJudgement, type ShadowJudgement } from '../detection/account-state.ts';
import { hash48 } from '../profile/hashes.ts';
import type { Group } from './linking/find-groups.ts';

/** An account that is named although no rank supports it, and since when, ms of arrival. */
export type Unranked = readonly [account: string, since: number];

/** A campaign over its life: a group that keeps its identity while members come and go. */
export interface Campaign {
  readonly id: string;
  /** when its link first stood, ms of arrival: slices before it are no evidence */
  readonly linkedAt: number;
  /** members of the group now, ascending */
  readonly members: readonly string[];
  /** members that the open finding names, and since when (ms); empty without one */
  readonly accused: ReadonlyMap<string, number>;
  /** of those that it names or has named within a month: whom no rank supports (see allowance.ts); absent: nobody */
  readonly unranked?: readonly Unranked[];
  /** facts that link it, most members first, at most KEYS: by these a successor is known */
  readonly keys: readonly string[];
  readonly judgement: Judgement;
  /** ids of campaigns that went on in this one */
  readonly absorbed: readonly string[];
  /** campaign on whose infrastructure this one was opened */
  readonly predecessor: string | undefined;
  /** run in which it was last judged while a group carried it, ms of arrival */
  readonly seenAt: number;
  /** run in which it was last judged, with a group or without, ms of arrival; 0: not yet */
  readonly judgedAt: number;
  /** newest arrival of its members' events that has been judged, ms */
  readonly judgedArrival?: number;
  /** what a candidate policy thinks, while there is one */
  readonly shadow?: CampaignShadow;
}

/** A campaign is stored for so many days after `seenAt`, and so is whom it names. */
export const KEPT_DAYS = 120;

/** Most link facts remembered of a campaign. */
export const KEYS = 64;

/** Deterministic: a run that is repeated gives a new campaign the same id. */
export function campaignId(group: Group): string {
  const founding = `${group.links[0]?.key ?? ''}\n${group.members[0] ?? ''}`;
  const two = `${hash48(founding).toString(36).padStart(10, '0')}${hash48(`${founding}\n`).toString(36).padStart(10, '0')}`;
  return `c_${two.slice(0, 16)}`;
}

export function newCampaign(group: Group, at: number, predecessor?: string, linkedAt = at): Campaign {
  return {
    id: campaignId(group),
    linkedAt,
    members: group.members,
    accused: new Map(),
    keys: group.links.slice(0, KEYS).map((link) => link.key),
    judgement: newJudgement(linkedAt),
    absorbed: [],
    predecessor,
    seenAt: at,
    judgedAt: 0,
  };
}

/**
 * What a candidate policy thinks of a campaign, begun anew with each candidate. Its notices are numbered and wait with the
 * active policy's: one outbox an item.
 */
export interface CampaignShadow extends ShadowJudgement {
  /** members that its finding names, and since when (ms) */
  readonly accused: ReadonlyMap<string, number>;
  readonly unranked?: readonly Unranked[];
}
