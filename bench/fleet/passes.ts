/**
 * Passes over all accounts (`calibrate`), by what one account was measured to take. Prices: eu-central-1 differs by a tenth;
 * these are us-east-1's (aws.amazon.com/dynamodb/pricing/on-demand, aws.amazon.com/lambda/pricing).
 */
const READ_MILLION_USD = 0.125;
const GB_SECOND_USD = 0.0000133334;
/** Memory of `calibrate`, GB: a vCPU and a little more. */
const MEMORY_GB = 2;
/** An invocation ends at 900 s; what is left is for its end. */
const USABLE_SECONDS = 780;
/** Two passes: one to learn from, one to measure. */
const PASSES = 2;
/** A segment of a scan brings about a page of a megabyte in so many seconds; segments wait beside each other. */
const PAGE_SECONDS = 0.06;
const PAGE_BYTES = 1_000_000;
const SEGMENTS = 16;

export interface AccountCosts {
  /** bytes of its hot item and sealed parts */
  readonly bytes: number;
  /** ms to decode it and to see it, and to decode and measure it */
  readonly seeMs: number;
  readonly measureMs: number;
}

export interface Pass {
  readonly accounts: number;
  /** of one invocation alone, s */
  readonly alone: number;
  /** shards that the learner would have to be divided into for an invocation to end in time; 1: one is enough */
  readonly shards: number;
  /** with so many shards side by side, s */
  readonly sharded: number;
  readonly usd: number;
}

export function calibrationOf(accounts: number, costs: AccountCosts): Pass {
  const computing = (accounts * (costs.seeMs + costs.measureMs)) / 1000;
  const reading = (PASSES * accounts * costs.bytes * PAGE_SECONDS) / PAGE_BYTES / SEGMENTS;
  // pages are read while others are computed
  const alone = Math.max(computing, reading);
  const shards = Math.max(1, Math.ceil(alone / PASSES / USABLE_SECONDS));
  // eventually consistent: half a unit for each 4 KB
  const units = (PASSES * accounts * costs.bytes) / 4096 / 2;
  return {
    accounts,
    alone,
    shards,
    sharded: alone / shards,
    usd: (units / 1e6) * READ_MILLION_USD + alone * MEMORY_GB * GB_SECOND_USD,
  };
}
