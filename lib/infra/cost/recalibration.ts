import { PRICES } from './prices.ts';

/** What a calibration of the whole fleet is reckoned to take. */
export interface RecalibrationCost {
  /** of the shards side by side; growing forests, which does not grow with the fleet, is in it */
  readonly minutes: number;
  readonly usd: number;
  readonly lines: readonly { readonly what: string; readonly usd: number }[];
}

/** To decode, see and measure one account, ms of a processor (`npm run bench:fleet`). */
const ACCOUNT_MS = 6;
/** Growing the forests of the sample, at most, s: the first step that is not divided. */
const FIT_SECONDS = 240;
/** Two passes: one to learn from, one to measure. */
const PASSES = 2;
/** Of an eventually consistent scan, a read unit reads 8 KB: amazondynamodb/latest/developerguide/CapacityUnitCalculations.html. */
const UNIT_BYTES = 8192;
/** Of a shard in a map: it starts, its task, its end; and those of the run itself. */
const TRANSITIONS = { shard: 4, run: 6 };

/** Of an invocation's 900 seconds, what is left for accounts: the rest starts, reads and writes. */
const SPENT_ON_ACCOUNTS_MS = 765_000;
/** A shard makes one pass in an invocation; without shards both passes and the forests are in one. */
export const SHARD_ACCOUNTS = Math.floor(SPENT_ON_ACCOUNTS_MS / (ACCOUNT_MS / PASSES));
const ALONE_ACCOUNTS = Math.floor((900_000 - FIT_SECONDS * 1000) / ACCOUNT_MS);

/** Least `calibrateShards` for so many accounts. */
export function calibrateShardsFor(accounts: number): number {
  return accounts <= ALONE_ACCOUNTS ? 1 : Math.max(2, Math.ceil(accounts / SHARD_ACCOUNTS));
}

/** @param of accounts of the fleet, bytes of the profile table, shards, and memory of an invocation */
export function recalibrationCost(of: {
  readonly accounts: number;
  readonly tableBytes: number;
  readonly shards: number;
  readonly memoryMb: number;
}): RecalibrationCost {
  const computing = (of.accounts * ACCOUNT_MS) / 1000;
  const gbSeconds = (computing + FIT_SECONDS) * (of.memoryMb / 1024);
  const transitions = of.shards === 1 ? 0 : TRANSITIONS.run + PASSES * of.shards * TRANSITIONS.shard;
  const lines = [
    {
      what: 'reads of the profile table, twice',
      usd: ((PASSES * of.tableBytes) / UNIT_BYTES / 1e6) * PRICES.dynamodb.readMillion,
    },
    { what: 'time of the function', usd: gbSeconds * PRICES.lambda.gbSecond },
    { what: 'steps of the state machine', usd: (transitions / 1000) * PRICES.states.transitionThousand },
  ];
  return {
    minutes: (computing / of.shards + FIT_SECONDS) / 60,
    usd: lines.reduce((sum, { usd }) => sum + usd, 0),
    lines,
  };
}
