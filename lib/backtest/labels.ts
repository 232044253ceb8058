import type { LabelledAccount } from './measure.ts';

/** What people know of accounts, for evaluation. */

export const LABELS = ['benign', 'extraction', 'grey'] as const;

export interface Label {
  /** the account as the file names it; results print this */
  readonly account: string;
  /** the account as usage events carry it */
  readonly pseudonym: string;
  readonly label: (typeof LABELS)[number];
  readonly kind: string;
  /** empty where the account belongs to no campaign */
  readonly campaign: string;
}

export interface Labels {
  readonly list: readonly Label[];
  readonly byPseudonym: ReadonlyMap<string, Label>;
}

/** What is measured against, by pseudonym. */
export function labelledAccounts({ list }: Labels): ReadonlyMap<string, LabelledAccount> {
  return new Map(
    list.map((held) => [held.pseudonym, { ...held, id: held.account, account: held.pseudonym }]),
  );
}
