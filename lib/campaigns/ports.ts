import type { PromptSamples } from '../profile/prompt-sample.ts';
import type { Level } from '../scoring/level.ts';
import type { Campaign } from './campaign.ts';
import type { Comparison } from './content/comparison.ts';
import type { LinkEntry } from './linking/blocking.ts';
import type { AccountFacts } from './linking/link-facts.ts';

/** Port: whose thread an account's own notices belong to. */
export interface CampaignMembershipIndex {
  /** Notes who is to be named by a campaign, before the campaign is saved. @param until ms; forgotten after that */
  note(campaign: string, accounts: readonly string[], until: number): Promise<void>;
  /** Takes back what was noted of accounts that the campaign names no longer. */
  forget(campaign: string, accounts: readonly string[]): Promise<void>;
  /** The open finding that names the account, as the campaign itself has it: a note alone says nothing. */
  of(account: string): Promise<OpenMembership | undefined>;
}

/** The open finding of a campaign that names an account. */
export interface OpenMembership {
  readonly id: string;
  readonly finding: string;
  readonly level: Level;
}

/** Port: the clock of the traffic. */
export interface TrafficClock {
  /** Newest arrival of all accounts, linked or not, ms; 0 before the first. It never goes back. */
  newestArrival(): Promise<number>;
}

/**
 * Port: one run at a time. Runs may overlap, and whatever both save is one of theirs; but what is counted over all campaigns only one
 * of them may add to.
 */
export interface RunTurn {
  /** false: another run has it, and may still be on */
  take(): Promise<boolean>;
  end(): Promise<void>;
}

/** Port: what came of the last comparison of what accounts ask. */
export interface ContentComparisons {
  last(): Promise<Comparison | undefined>;
  keep(comparison: Comparison): Promise<void>;
}

/** Port of the campaign table. */
export interface CampaignStore {
  /** All campaigns; those that cannot be read are passed over and reported. */
  all(): AsyncIterable<StoredCampaign>;
  find(id: string): Promise<StoredCampaign | undefined>;
  /**
   * Writes where the stored version is still `read` (0: where there is none); its new notices are appended to those that
   * wait. `conflict`: another run was faster, and nothing changed.
   */
  save(next: Campaign, read: number): Promise<'saved' | 'conflict'>;
}

/** A campaign as it is stored, with the version that a write has to name. */
export interface StoredCampaign {
  readonly campaign: Campaign;
  readonly version: number;
}

/** Of which state of the account's stored items an entry is made. */
export interface SourceState {
  /** of the item, which grows with each of its writes: an entry that was made from a newer one stays. Without: 0 */
  readonly version?: number;
  /** when the item was written so, ms, by the store's own clock: tells lives of an account apart, whose versions begin anew */
  readonly at?: number;
  /** ms; what is noted is forgotten after that; without, by the store's own retention */
  readonly until?: number;
}

/**
 * Port of the link table: accounts under each of their hard values, each entry with all of the account's facts. Puts are
 * idempotent: the same facts, however often, leave the same entries; those of an older version change nothing.
 */
export interface LinkStore {
  /**
   * Brings the entries of an account from its facts `before` (as the profile table's stream has them; undefined where
   * there were none) to its facts now. Undefined `facts`: the account is forgotten.
   */
  put(
    account: string,
    facts: AccountFacts | undefined,
    before: AccountFacts | undefined,
    from?: SourceState,
  ): Promise<void>;
  /** Notes that an account is watched (its own level is not clear), or no longer; without `until` it is gone. */
  watch(account: string, watched: boolean, from: SourceState): Promise<void>;
  /** Accounts that are watched: those whose clocks are worth comparing, though they share nothing. */
  watched(): Promise<readonly string[]>;
  /** Facts of up to `limit` accounts that stand under a hard value. Eventually consistent. */
  sharing(value: string, limit: number): Promise<readonly AccountFacts[]>;
  /**
   * Notes an account among those whose contents are compared.
   * @param until ms, when what it asks says nothing any more; 0: it does not ask enough; undefined: it is forgotten
   */
  noteContent(account: string, until: number | undefined, from?: SourceState): Promise<void>;
  /** Accounts whose contents are compared, with their samples: all, or those of a block (content/blocks.ts). Eventually consistent. */
  prompts(
    block?: number,
    blocks?: number,
  ): AsyncIterable<{ readonly account: string; readonly samples: PromptSamples }>;
  /** Entries of partition `part` of `parts`, all of a value together. Eventually consistent. */
  scan(part: number, parts: number): AsyncIterable<LinkEntry>;
}
