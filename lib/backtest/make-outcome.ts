import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { supportedBudget } from '../scoring/supported-budget.ts';
import { learntFrom } from './learnt-from.ts';
import { type LabelledAccount, measure } from './measure.ts';
import type { AccountOutcome, BacktestOutcome, BacktestResult } from './outcome.ts';
import type { OutcomeCollector, Standing } from './outcome-collector.ts';
import type { ReplayCounts } from './replay.ts';

/** A replay at its end: what an outcome is made of. */
export interface FinishedReplay {
  readonly board: OutcomeCollector;
  readonly counts: Readonly<ReplayCounts>;
  readonly policy: Policy;
  readonly versions: BacktestResult['versions'];
  readonly calibration: Calibration;
  /** lines that were no events */
  readonly rejected: number;
  readonly seconds: number;
  /** accounts stored, and bytes of all of them */
  readonly accounts: number;
  readonly bytes: number;
  /** write units of an ordinary write of a hot item, from a sample */
  readonly unitsPerWrite: number;
}

/** @param labels by pseudonym; undefined where nothing is labelled */
export function makeOutcome(
  made: FinishedReplay,
  labels: ReadonlyMap<string, LabelledAccount> | undefined,
): BacktestOutcome {
  const { board, policy } = made;
  const accounts: AccountOutcome[] = [];
  for (const [account, held] of board.standings)
    accounts.push(accountOutcome(account, held, labels?.get(account), board));
  return {
    v: 1,
    result: resultOf(made, labels),
    policy,
    inForce: inForce(made.calibration, policy),
    accounts,
    notices: [...board.latest.values()],
  };
}

function inForce(calibration: Calibration, policy: Policy): NonNullable<BacktestOutcome['inForce']> {
  const { watch, suspect = 0, critical = 0 } = supportedBudget(calibration, policy.budget);
  return { watch, suspect, critical };
}

function resultOf(
  made: FinishedReplay,
  labels: ReadonlyMap<string, LabelledAccount> | undefined,
): BacktestResult {
  const { board, counts, rejected, seconds } = made;
  const writeUnits = Math.round(board.writes * made.unitsPerWrite + board.parts);
  return {
    events: {
      read: counts.read + rejected,
      used: counts.used,
      quarantined: counts.quarantined + rejected,
      late: counts.late,
      repeated: counts.repeated,
    },
    ...(labels === undefined
      ? {}
      : measure([...labels.values()], board.flags, board.activity(), board.eventsAtFlag)),
    flags: [...board.flags.values()]
      .sort((a, b) => a.firstAt - b.firstAt)
      .map((flag) => ({
        account: labels?.get(flag.account)?.id ?? flag.account,
        level: flag.level,
        firstAt: new Date(flag.firstAt).toISOString(),
        score: flag.score,
        log10E: flag.log10E,
        via: flag.via,
      })),
    throughput: {
      eventsPerSecond: Math.round(counts.read / Math.max(seconds, 1e-3)),
      seconds: Number(seconds.toFixed(2)),
      bytesPerAccount: made.accounts === 0 ? 0 : Math.round(made.bytes / made.accounts),
    },
    versions: made.versions,
    learntFrom: learntFrom(made.calibration, firstEvent(board)),
    cost: {
      writes: board.writes,
      parts: board.parts,
      writeUnits,
      writeUnitsPerEvent: Number((writeUnits / Math.max(1, counts.used)).toFixed(4)),
    },
  };
}

function firstEvent(board: OutcomeCollector): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { firstSeen } of board.standings.values()) first = Math.min(first, firstSeen);
  return first;
}

function accountOutcome(
  account: string,
  held: Standing,
  label: LabelledAccount | undefined,
  board: OutcomeCollector,
): AccountOutcome {
  const flag = board.flags.get(account);
  return {
    id: label?.id ?? account,
    account,
    label: label?.label ?? '',
    kind: label?.kind ?? '',
    campaign: label?.campaign ?? '',
    group: held.group,
    events: held.events,
    firstSeen: held.firstSeen,
    lastSeen: held.lastSeen,
    peak: Number(held.peak.toPrecision(5)),
    peakAt: held.peakAt,
    p: Number(held.p.toPrecision(5)),
    reasons: held.reasons,
    ...(flag === undefined
      ? {}
      : {
          flag: {
            level: flag.level,
            at: flag.firstAt,
            events: flag.events,
            via: flag.via,
            ...(flag.finding === undefined ? {} : { finding: flag.finding }),
          },
        }),
    ...(held.trace.length === 0 ? {} : { trace: pointsOf(held.trace) }),
  };
}

function pointsOf(flat: readonly number[]): [number, number, number][] {
  return Array.from({ length: flat.length / 3 }, (_, i) => [
    flat[3 * i] as number,
    Number((flat[3 * i + 1] as number).toPrecision(4)),
    Number((flat[3 * i + 2] as number).toPrecision(4)),
  ]);
}
