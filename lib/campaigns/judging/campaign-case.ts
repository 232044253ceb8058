import type { Notice } from '../../findings/finding.ts';
import type { Allowance } from '../allowance.ts';
import type { Campaign } from '../campaign.ts';
import type { Group } from '../linking/find-groups.ts';
import type { Member } from './member.ts';

/** What is judged of a campaign. Times in ms. */
export interface CampaignCase {
  readonly group: Group;
  readonly members: readonly Member[];
  /** event time that windows end at */
  readonly at: number;
  /** groups that share the month's error budget */
  readonly tested: number;
  /** accounts that may be named although no rank supports it; without, nobody */
  readonly allowance?: Allowance;
  /** the same under a candidate policy */
  readonly allowanceInShadow?: Allowance;
}

export interface CampaignVerdict {
  readonly campaign: Campaign;
  readonly score: number;
  /** chance that a benign group of the size and product shows as much within a month */
  readonly p: number;
  readonly notice: Notice | undefined;
}
