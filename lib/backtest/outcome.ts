import type { Notice } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import type { Level } from '../scoring/level.ts';
import type { LearntFrom } from './learnt-from.ts';
import type { Measurement } from './measure.ts';

/** What `backtest --json` prints; fields are only ever added. */
export interface BacktestResult extends Partial<Measurement> {
  events: { read: number; used: number; quarantined: number; late: number; repeated: number };
  flags: {
    account: string;
    level: string;
    firstAt: string;
    score: number;
    log10E: number;
    via: 'account' | 'campaign';
  }[];
  throughput: { eventsPerSecond: number; seconds: number; bytesPerAccount: number };
  versions: { policy: string; calibration: string; code: string };
  /** whether the calibration can have learnt from these accounts; absent in outcomes of earlier versions */
  learntFrom?: LearntFrom;
  cost: Cost;
}

/** What the replay would have written to the profile table. */
export interface Cost {
  /** conditional writes of hot items, and sealed parts written once */
  writes: number;
  parts: number;
  /** write units of both, from the encoded size of every so-many-th item */
  writeUnits: number;
  writeUnitsPerEvent: number;
}

/** One account after a replay, with what was said of it. Times are ms of event time. */
export interface AccountOutcome {
  /** the label's own id, else the pseudonym */
  readonly id: string;
  readonly account: string;
  readonly label: 'benign' | 'extraction' | 'grey' | '';
  readonly kind: string;
  readonly campaign: string;
  /** narrowest peer group that it was compared with */
  readonly group: string;
  readonly events: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** highest score, when, and the smallest chance (per account and month) that a benign peer shows as much */
  readonly peak: number;
  readonly peakAt: number;
  readonly p: number;
  /** facts that brought most points at the peak */
  readonly reasons: readonly string[];
  /** the level that it reached and its first flag; absent where it was never flagged */
  readonly flag?: {
    readonly level: Level;
    readonly at: number;
    readonly events: number;
    readonly via: 'account' | 'campaign';
    readonly finding?: string;
  };
  /** [time, score, p] while it was near a level, at most a few dozen points */
  readonly trace?: readonly (readonly [number, number, number])[];
}

/**
 * All that a backtest found, one small record an account: what reports, comparisons and the console stand on.
 * `backtest --save FILE` writes it as JSON.
 */
export interface BacktestOutcome {
  readonly v: 1;
  readonly result: BacktestResult;
  readonly policy: Policy;
  /** the budget of everyone as it was judged: what the calibration supports of it, 0 where a level cannot be reached */
  readonly inForce?: Readonly<Record<'watch' | 'suspect' | 'critical', number>>;
  readonly accounts: readonly AccountOutcome[];
  /** newest notice of every finding */
  readonly notices: readonly Notice[];
}
