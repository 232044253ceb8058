import type { ConsoleData } from '../lib/backtest/console-data.ts';
import { type Calibration, tailAmong } from '../lib/scoring/calibration.ts';
import { nullOfSorted } from '../lib/scoring/null-distribution.ts';
import { toSignificance } from '../lib/scoring/significance.ts';
import { type Accounts, BENIGN, UNLABELLED } from './effect.ts';

/** What accounts would look like under other weights. Pure; nothing of the browser. */

/** Weight of every signal, in the order of `signals`. */
export type Weights = readonly number[];

/** Steps of all accounts: those of account i lie from from[i] to from[i + 1]. */
export interface Steps {
  readonly from: Uint32Array;
  readonly signal: Uint8Array;
  readonly value: Float32Array;
}

export function stepsOf(data: ConsoleData): Steps {
  return {
    from: Uint32Array.from(data.stepsFrom),
    signal: Uint8Array.from(data.stepSignal),
    value: Float32Array.from(data.stepValue),
  };
}

/** Highest score under the weights, of the window that had the highest one when the traffic was replayed. */
function scoresUnder(steps: Steps, weights: Weights, cap: number, count: number): Float64Array {
  const { from, signal, value } = steps;
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let score = 0;
    const end = from[i + 1] as number;
    for (let k = from[i] as number; k < end; k++)
      score += (weights[signal[k] as number] as number) * Math.min(cap, value[k] as number);
    scores[i] = score;
  }
  return scores;
}

/** A group and those that it is a part of, narrowest first; see lib/scoring/peer-group.ts. */
function chainOf(group: string): string[] {
  const parts = group === '' || group === 'everyone' ? [] : group.split('/');
  return [...parts.map((_, n) => parts.slice(0, parts.length - n).join('/')), 'everyone'];
}

/** Points at which a group's chances are worked out; in between log p is taken as straight, as its tail is. */
const POINTS = 256;

/**
 * The accounts with the chances that they would have under the weights: nulls are learnt anew from the accounts shown that
 * are benign (all but known attackers, where nobody is labelled benign), as `calibrate` would from many more.
 */
export function underWeights(
  data: ConsoleData,
  accounts: Accounts,
  steps: Steps,
  weights: Weights,
  cap: number,
): Accounts {
  const { count, label, group } = accounts;
  const scores = scoresUnder(steps, weights, cap, count);
  const innocent = label.includes(BENIGN) ? BENIGN : UNLABELLED;
  const chains = data.groups.map(chainOf);
  let most = 0;
  for (let i = 0; i < count; i++) if ((scores[i] as number) > most) most = scores[i] as number;
  const nulls = nullsOf(scores, most, chains, (i) => (label[i] === innocent ? (group[i] as number) : -1));
  const tables = chains.map((chain) => logChances(nulls, chain, most, data.calibrationDays));
  const logP = new Float32Array(count);
  const scale = most < ALIKE ? 0 : POINTS / most;
  for (let i = 0; i < count; i++) {
    const table = tables[group[i] as number] as Float32Array;
    const at = (scores[i] as number) * scale;
    const low = Math.min(POINTS - 1, Math.floor(at));
    const below = table[low] as number;
    logP[i] = below + ((table[low + 1] as number) - below) * (at - low);
  }
  return { ...accounts, logP, peak: new Float32Array(scores) };
}

/** Scores below this are no scores. */
const ALIKE = 1e-4;
/** Accounts are ordered by scores in so many steps, in two passes of DIGIT bits. */
const DIGIT = 11;
const STEPS = 2 ** (2 * DIGIT) - 1;

/** Accounts in ascending order of their scores (radix sort: a comparison a pair would take most of the time there is). */
function ascending(accounts: Uint32Array, scores: Float64Array, most: number): Uint32Array {
  const scale = STEPS / Math.max(most, ALIKE);
  const mask = 2 ** DIGIT - 1;
  const count = accounts.length;
  const keys = new Uint32Array(scores.length);
  for (let n = 0; n < count; n++) {
    const i = accounts[n] as number;
    keys[i] = (scores[i] as number) * scale;
  }
  let order = accounts;
  for (let shift = 0; shift <= DIGIT; shift += DIGIT) {
    const starts = new Uint32Array(mask + 2);
    for (let n = 0; n < count; n++) {
      const digit = ((keys[order[n] as number] as number) >>> shift) & mask;
      starts[digit + 1] = (starts[digit + 1] as number) + 1;
    }
    for (let digit = 0; digit < mask; digit++)
      starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
    const next = new Uint32Array(count);
    for (let n = 0; n < count; n++) {
      const i = order[n] as number;
      const digit = ((keys[i] as number) >>> shift) & mask;
      const at = starts[digit] as number;
      next[at] = i;
      starts[digit] = at + 1;
    }
    order = next;
  }
  return order;
}

/** One sort for all groups: every group of a chain gets its scores in ascending order. */
function nullsOf(
  scores: Float64Array,
  most: number,
  chains: readonly (readonly string[])[],
  groupOf: (account: number) => number,
): Calibration['score'] {
  let kept = 0;
  const innocent = new Uint32Array(scores.length);
  const members = new Uint32Array(chains.length);
  for (let i = 0; i < scores.length; i++) {
    const group = groupOf(i);
    if (group < 0) continue;
    members[group] = (members[group] as number) + 1;
    innocent[kept++] = i;
  }
  const lists = new Map<string, Ascending>();
  for (const name of new Set(chains.flat())) {
    let size = 0;
    chains.forEach((chain, group) => {
      if (chain.includes(name)) size += members[group] as number;
    });
    lists.set(name, { values: new Float64Array(size), size: 0 });
  }
  const listsOf = chains.map((chain) => chain.map((name) => lists.get(name) as Ascending));
  const order = ascending(innocent.subarray(0, kept), scores, most);
  for (let n = 0; n < kept; n++) {
    const account = order[n] as number;
    const score = scores[account] as number;
    const own = listsOf[groupOf(account)] as readonly Ascending[];
    for (let k = 0; k < own.length; k++) {
      const list = own[k] as Ascending;
      list.values[list.size++] = score;
    }
  }
  return Object.fromEntries([...lists].map(([name, { values }]) => [name, nullOfSorted(values)]));
}

/** Scores of a group while they are filled in. */
interface Ascending {
  readonly values: Float64Array;
  size: number;
}

/** log10 of the chance within a month at POINTS + 1 scores from 0 to `most`. */
function logChances(
  nulls: Calibration['score'],
  chain: readonly string[],
  most: number,
  days: number,
): Float32Array {
  return Float32Array.from({ length: POINTS + 1 }, (_, n) => {
    const place = tailAmong(nulls, chain, (n / POINTS) * most);
    return place === undefined ? 0 : Math.log10(Math.max(1e-12, toSignificance(place, days).p));
  });
}
