import { OBJECTS_AHEAD } from '../../input/s3.ts';
import { PRICES } from './prices.ts';

/** What a backtest in shards is reckoned to take. */
export interface BacktestCost {
  /** dividing, then the shards side by side, then merging */
  readonly minutes: number;
  readonly usd: number;
  readonly lines: readonly { readonly what: string; readonly usd: number }[];
}

/**
 * Seconds of a processor for each megabyte of the archive, as it is packed, and objects that steps put of it: measured by
 * `npm run bench:backtest -- --data DIR --only distributed`. Merging is of traffic of that kind: it rests on accounts and hours too.
 */
const PER_PACKED_MB = { divide: 0.49, replay: 0.99, merge: 0.47, objects: 8.8 };
/** From asking for an object to its bytes, s, of so many at a time (lib/input/s3.ts); assumed, not measured. */
const FIRST_BYTE_SECONDS = 0.03;
/** A turn of a step: its task and the choice behind it (aws.amazon.com/step-functions/pricing: a transition for each state). */
const TURN_TRANSITIONS = 2;
/** Of a shard in the map: it starts, a turn, its end; and those of the run itself. */
const TRANSITIONS = { shard: 4, run: 8 };
/** Seconds of a turn that are work (lambdas/backtest/handler.ts). */
export const TURN_SECONDS = 600;
/** Memory at which Lambda gives a function one whole processor, MB (lambda/latest/dg/configuration-memory.html). */
const PROCESSOR_MB = 1769;

/** @param of policies beside each other, objects of the archive and their bytes as they lie there, shards, and memory of an invocation */
export function backtestCost(of: {
  readonly policies: number;
  readonly objects: number;
  readonly bytes: number;
  readonly shards: number;
  readonly memoryMb: number;
}): BacktestCost {
  const mb = of.bytes / 1e6;
  // no step uses more than one processor
  const slower = Math.max(1, PROCESSOR_MB / of.memoryMb);
  const divide = PER_PACKED_MB.divide * mb * slower + (FIRST_BYTE_SECONDS * of.objects) / OBJECTS_AHEAD;
  const replay = PER_PACKED_MB.replay * mb * slower * of.policies;
  const merge = PER_PACKED_MB.merge * mb * slower * of.policies;
  // each shard has an object of events and one of reports at least
  const puts = Math.max(2 * of.shards, PER_PACKED_MB.objects * mb * of.policies);
  const turns = turnsOf({ divide, replay, merge }, of.shards);
  const further = turns.divide - 1 + of.shards * (turns.replay - 1) + turns.merge - 1;
  const transitions = TRANSITIONS.run + of.shards * TRANSITIONS.shard + further * TURN_TRANSITIONS;
  const noted = notesOf(turns, of.shards, further);
  const lines = [
    { what: 'reads of the archive', usd: (of.objects / 1000) * PRICES.s3.getThousand },
    {
      what: 'objects that steps hand each other',
      usd: (puts / 1000) * (PRICES.s3.putThousand + PRICES.s3.getThousand),
    },
    {
      what: 'requests, lists and records of turns',
      usd: (noted.puts * PRICES.s3.putThousand + noted.gets * PRICES.s3.getThousand) / 1000,
    },
    {
      what: 'time of the function',
      usd: (divide + replay + merge) * (of.memoryMb / 1024) * PRICES.lambda.gbSecond,
    },
    { what: 'steps of the state machine', usd: (transitions / 1000) * PRICES.states.transitionThousand },
  ];
  return {
    minutes: (divide + replay / of.shards + merge) / 60,
    usd: lines.reduce((sum, { usd }) => sum + usd, 0),
    lines,
  };
}

/** Turns of a step; of replaying, of each shard. */
interface Turns {
  readonly divide: number;
  readonly replay: number;
  readonly merge: number;
}

function turnsOf(seconds: Turns, shards: number): Turns {
  const turns = (of: number): number => Math.max(1, Math.ceil(of / TURN_SECONDS));
  return {
    divide: turns(seconds.divide),
    replay: turns(seconds.replay / shards),
    merge: turns(seconds.merge),
  };
}

/**
 * Objects beside what steps hand each other, put and asked for (lambdas/backtest, lib/aws/backtest-runs.ts). Each turn asks for the request and whether it
 * stands already, one of a shard for all records of dividing, one of merging for those of all shards; a turn that is not the last leaves
 * a state of one object at least.
 */
function notesOf({ divide, replay, merge }: Turns, shards: number, further: number) {
  const records = divide + shards * replay + merge;
  return {
    // a list of names, the request and the outcome
    puts: 3 + records + further,
    gets: 1 + 3 * divide + shards * replay * (2 + divide) + merge * (2 + shards * replay) + 2 * further,
  };
}
