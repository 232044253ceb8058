import type { ConsoleData } from '../lib/console/console-data.ts';
import { type CalibrationSize, supportedBudget } from '../lib/scoring/supported-budget.ts';

/** The accounts as typed arrays, and what thresholds do to them. Pure; nothing of the browser. */

export const LEVELS = ['watch', 'suspect', 'critical'] as const;
export type Level = (typeof LEVELS)[number];
export type Budget = Readonly<Record<Level, number>>;
export type Overrides = Readonly<Record<string, Partial<Budget>>>;

export const BENIGN = 0;
export const UNLABELLED = 1;
export const EXTRACTION = 3;

export interface Accounts {
  readonly count: number;
  readonly label: Uint8Array;
  readonly group: Uint16Array;
  readonly logP: Float32Array;
  readonly peak: Float32Array;
  readonly byCampaign: Uint8Array;
}

export function accountsOf(data: ConsoleData): Accounts {
  return {
    count: data.count,
    label: Uint8Array.from(data.label),
    group: Uint16Array.from(data.group),
    logP: Float32Array.from(data.logP),
    peak: Float32Array.from(data.peak),
    byCampaign: Uint8Array.from(data.byCampaign),
  };
}

/** A group's own budget where it has one, else the general one: the narrowest override counts, as in the policy. */
export function budgetOf(group: string | undefined, budget: Budget, overrides: Overrides): Budget {
  if (group === undefined) return budget;
  const parts = group.split('/');
  for (let n = parts.length; n > 0; n--) {
    const own = overrides[parts.slice(0, n).join('/')];
    if (own !== undefined) return { ...budget, ...own };
  }
  return budget;
}

/** Levels as they are judged: a budget below what the calibration supports is raised or cannot be reached (0), as in `judge`. */
export function inForce(budget: Budget, size: CalibrationSize): Budget {
  const { watch, suspect = 0, critical = 0 } = supportedBudget(size, budget);
  return { watch, suspect, critical };
}

/** log10 of a level's budget in force for every group code; -Infinity where it cannot be reached. */
export function limits(
  { groups, calibration }: Pick<ConsoleData, 'groups' | 'calibration'>,
  budget: Budget,
  overrides: Overrides,
  level: Level,
): Float32Array {
  return Float32Array.from(
    groups,
    (group) => Math.log10(inForce(budgetOf(group, budget, overrides), calibration)[level]) + ROUNDING,
  );
}

/** p-values come with four digits of their logarithm: the least that is supported must count as reached. */
export const ROUNDING = 1e-4;

/** Limits of the policy that is shown. */
export function presentLimits(data: ConsoleData): Float32Array {
  return limits(data, data.policy.budget, data.policy.peerGroups as Overrides, 'suspect');
}

export interface Effect {
  /** accounts at the level or above, by label code; members of flagged campaigns count */
  readonly flagged: readonly [number, number, number, number];
  readonly total: readonly [number, number, number, number];
  /** indices that only one of the two flags, first hundreds */
  readonly gained: readonly number[];
  readonly lost: readonly number[];
  readonly gainedByLabel: readonly [number, number, number, number];
  readonly lostByLabel: readonly [number, number, number, number];
}

const MAX_LISTED = 200;

/**
 * What is flagged under `after`, against `before` (limits as of `limits`).
 * @param only group code to look at, or -1 for all
 * @param recorded accounts as they were before, where they changed too
 */
export function effect(
  accounts: Accounts,
  before: Float32Array,
  after: Float32Array,
  only: number,
  recorded: Accounts = accounts,
): Effect {
  const flagged: [number, number, number, number] = [0, 0, 0, 0];
  const total: [number, number, number, number] = [0, 0, 0, 0];
  const gainedByLabel: [number, number, number, number] = [0, 0, 0, 0];
  const lostByLabel: [number, number, number, number] = [0, 0, 0, 0];
  const gained: number[] = [];
  const lost: number[] = [];
  const { count, label, group, logP, byCampaign } = accounts;
  for (let i = 0; i < count; i++) {
    const g = group[i] as number;
    if (only >= 0 && g !== only) continue;
    const l = label[i] as 0 | 1 | 2 | 3;
    total[l]++;
    const p = logP[i] as number;
    const linked = byCampaign[i] === 1;
    const is = linked || p <= (after[g] as number);
    const was = linked || (recorded.logP[i] as number) <= (before[g] as number);
    if (is) flagged[l]++;
    if (is && !was) {
      gainedByLabel[l]++;
      if (gained.length < MAX_LISTED) gained.push(i);
    } else if (was && !is) {
      lostByLabel[l]++;
      if (lost.length < MAX_LISTED) lost.push(i);
    }
  }
  return { flagged, total, gained, lost, gainedByLabel, lostByLabel };
}

export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly bins: number;
  /** counts[label * bins + bin] */
  readonly counts: Uint32Array;
  readonly most: number;
}

/** Accounts by rarity, -log10 p, from 0 (common) to 6 (one in a million and rarer). */
export function histogram(accounts: Accounts, only: number, bins = 72, to = 6): Histogram {
  const counts = new Uint32Array(4 * bins);
  const { count, label, group, logP } = accounts;
  for (let i = 0; i < count; i++) {
    if (only >= 0 && group[i] !== only) continue;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((-(logP[i] as number) / to) * bins)));
    const at = (label[i] as number) * bins + bin;
    counts[at] = (counts[at] as number) + 1;
  }
  let most = 1;
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (let l = 0; l < 4; l++) sum += counts[l * bins + bin] as number;
    most = Math.max(most, sum);
  }
  return { from: 0, to, bins, counts, most };
}
