import type { AccountFacts } from '../../campaigns/linking/link-facts.ts';
import type { CustomerFacts } from '../../profile/profile.ts';
import type { PromptSamples } from '../../profile/prompt-sample.ts';
import type { RunningMax } from '../../scoring/significance.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import type { Standing, ToldStep } from '../outcome-collector.ts';

/**
 * What a divided replay sends: parts of flushes to its shards, and what they come to back. Plain data, which structured
 * cloning keeps exactly; of a part of a flush JSON does, too. Times are ms, sequences are numbers of events among all read.
 */

export type Arrival = readonly [sequence: number, arrived: number, event: UsageEvent];

/** A shard's part of one flush of all traffic. */
export interface FlushPart {
  /** number of the flush, from 1 */
  readonly flush: number;
  /** arrival time at which it ends */
  readonly at: number;
  /** whether campaigns are looked for behind it: all shards have a part then, though it may hold no events */
  readonly link: boolean;
  /** accounts whose item is encoded after it, to know its size */
  readonly sampled: readonly string[];
  readonly arrivals: readonly Arrival[];
}

/** What one step said to more than its own account, and how the account then stood. */
export interface ShardStep extends ToldStep {
  /** of the account's first event in the flush: the order of steps in it */
  readonly sequence: number;
  readonly events: number;
  readonly firstSeen: number;
}

/** How an account changed since campaigns were looked for the last time. */
export interface MemberChange {
  readonly account: string;
  readonly customer: CustomerFacts;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly arrived: number;
  readonly events: number;
  readonly samples: readonly string[];
  readonly evidence: RunningMax;
  /** start of its oldest slice: those before are dropped */
  readonly oldest: number;
  /** slices from this start on, encoded: they take the place of those that were known */
  readonly from: number;
  readonly slices: Uint8Array;
}

/** What looking for campaigns needs of a shard: what changed since the last time. */
export interface LinkPart {
  /** each change of an account's link facts, with the event that made it */
  readonly facts: readonly (readonly [sequence: number, account: string, facts: AccountFacts])[];
  /** prompts as they are sampled now, with the event that was the first of them */
  readonly prompts: readonly (readonly [first: number, account: string, samples: PromptSamples])[];
  /** accounts whose level began or ceased to be clear */
  readonly watched: readonly (readonly [account: string, watched: boolean])[];
  readonly members: readonly MemberChange[];
}

/** What a part of a flush came to. */
export interface FlushReport {
  readonly flush: number;
  readonly at: number;
  readonly steps: readonly ShardStep[];
  /** where campaigns are looked for */
  readonly link?: LinkPart;
}

/** Sums over the accounts of a shard at its end. */
export interface ShardTotals {
  used: number;
  late: number;
  repeated: number;
  /** hot items and sealed parts that were written */
  writes: number;
  parts: number;
  accounts: number;
  bytes: number;
  /** items that were encoded, and their write units */
  items: number;
  units: number;
}

/** How accounts of a shard stand at its end, each with the first of its events. */
export type ShardStandings = readonly (readonly [first: number, account: string, held: Standing])[];
