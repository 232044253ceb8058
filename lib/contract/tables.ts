/** Names of tables' keys, items and indexes that the stack declares and the functions read and write. */

/** Items end at this attribute (seconds since 1970); deletion lags, so readers filter by it too. */
export const EXPIRY_ATTRIBUTE = 'expiresAt';
/** Sparse index of items with notices that wait for delivery. */
export const UNDELIVERED_INDEX = 'undelivered';
/** Findings in order of their last change. */
export const UPDATED_INDEX = 'byUpdated';

export type IndexName = 'undelivered' | 'byUpdated';
export interface TableDeclaration {
  readonly partition: string;
  readonly sort: string;
  readonly stream: boolean;
  readonly index?: IndexName;
}

/** All keys are strings. One owner file in lib/aws for each table. */
export const TABLES = {
  profile: { partition: 'account', sort: 'item', stream: true, index: UNDELIVERED_INDEX },
  finding: { partition: 'finding', sort: 'item', stream: false, index: UPDATED_INDEX },
  link: { partition: 'value', sort: 'member', stream: false },
  campaign: { partition: 'campaign', sort: 'item', stream: true, index: UNDELIVERED_INDEX },
} as const satisfies Readonly<Record<string, TableDeclaration>>;

/** Name of the second profile table, which a rebuild makes beside the live one. */
export const rebuiltTableOf = (profileTable: string): string => `${profileTable}-rebuilt`;

/** Keys of the indexes; all strings. */
export const INDEX_KEYS = {
  undelivered: { partition: 'noticeShard', sort: 'noticeSince' },
  byUpdated: { partition: 'listing', sort: 'updatedAt' },
} as const satisfies Readonly<Record<IndexName, { readonly partition: string; readonly sort: string }>>;

export type TableName = keyof typeof TABLES;

/** Sort keys of an account's items in the profile table. */
export const PROFILE_ITEMS = {
  /** open slices, evidence, level, notices: what changes with every batch */
  hot: 'hot',
  /** what links the account with others */
  facts: 'facts',
  /** a sample of what it asks */
  prompts: 'prompts',
} as const;

/** Sort key of a campaign's state in the campaign table. */
export const CAMPAIGN_STATE_ITEM = 'state';

/**
 * Shards of a table's stream: one for each partition of the table; a new on-demand table has four (amazondynamodb/latest/developerguide,
 * "On-demand capacity mode": 4,000 writes a second, 1,000 a partition).
 */
export const TABLE_STREAM_SHARDS = 4;
