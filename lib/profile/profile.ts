import type { UsageEvent } from '../telemetry/usage-event.ts';
import { timeOf } from '../telemetry/utc-time.ts';
import { type Guard, GuardCursor, type Position } from './position.ts';
import {
  eventHash,
  HORIZON_SLOTS,
  type IdLog,
  IdWriter,
  isRemembered,
  NO_IDS,
  nextLog,
  slotOf,
} from './recent-ids.ts';
import { addEvent, copySlice, emptySlice, SLICE_MS, type Slice, sliceStart } from './slice.ts';

/** What an account says of itself with its newest event: the facts that choose its peer group. */
export interface CustomerFacts {
  plan: string;
  product: string;
  /** ms since 1970 */
  createdAt: number;
}

/**
 * All that is kept of an account except judgement (scoring/judgement.ts) and sealed slices: the hot part,
 * which is written once per flush under the condition that its version is the one that was read.
 */
export interface Profile {
  readonly account: string;
  /** grows by one with every write; 0 = not stored yet */
  version: number;
  customer: CustomerFacts;
  /** event times, ms */
  firstSeen: number;
  lastSeen: number;
  /** latest arrival time, ms */
  arrived: number;
  guard: Guard;
  /** events of the last hour: what a producer put again is not counted again */
  recent: IdLog;
  /** events that were set aside and put back: each comes back once, whenever and however often that is */
  redriven: IdLog;
  /** open slices and late additions to sealed ones, ascending */
  slices: Slice[];
  /** number of sealed parts written so far: parts 1..sealed hold the older slices */
  sealed: number;
  /** name of the last part, by its content; empty where there is none */
  sealedName: string;
  /** lifetime totals */
  totals: { events: number; late: number; repeated: number };
  /** newest usage event ids, so that an analyst can open the gateway's own logs */
  samples: string[];
}

/** An event on its way into a profile. Times in ms since 1970. */
export interface IngestedEvent {
  readonly event: UsageEvent;
  readonly time: number;
  readonly arrived: number;
  readonly position: Position;
  /** it was set aside, and put back */
  readonly redriven?: boolean;
}

export interface TimeRules {
  /** how far behind the watermark an event may be and still change slices, ms */
  readonly allowedLateness: number;
  /** how far ahead of arrival an event time may be before it holds no watermark, ms */
  readonly permittedSkew: number;
}

export interface FoldResult {
  readonly profile: Profile;
  /** applied to slices */
  readonly used: number;
  /** older than watermark minus allowed lateness: counted and archived, not scored */
  readonly late: number;
  /** ids seen within the horizon */
  readonly repeated: number;
  /** positions at or below the guard: redelivered, already applied */
  readonly replayed: number;
  /** latest event time among the used, undefined where none was */
  readonly latest: number | undefined;
}

export const SAMPLE_IDS = 8;

export function newProfile(account: string): Profile {
  return {
    account,
    version: 0,
    customer: { plan: '', product: '', createdAt: 0 },
    firstSeen: 0,
    lastSeen: 0,
    arrived: 0,
    guard: [],
    recent: NO_IDS,
    redriven: NO_IDS,
    slices: [],
    sealed: 0,
    sealedName: '',
    totals: { events: 0, late: 0, repeated: 0 },
    samples: [],
  };
}

/** An account's watermark: the smaller of its latest event time and its latest arrival plus the permitted skew. */
export function watermark(profile: Profile, rules: TimeRules): number {
  return Math.min(profile.lastSeen, profile.arrived + rules.permittedSkew);
}

/**
 * Folds a run of arrivals, in stream order, into a copy of the profile. Pure: the same profile and arrivals give
 * the same result, and arrivals that the guard has seen change nothing.
 * @param onUsed told after each event that changed slices, with the profile as it is then, but for the guard, and the
 *   newest event time before it (ms); true: what it saw of the slices stays as it was
 */
export function fold(
  profile: Profile,
  arrivals: readonly IngestedEvent[],
  rules: TimeRules,
  onUsed: (next: Profile, lastSeen: number) => boolean = () => false,
): FoldResult {
  const next = copyOf(profile);
  const owned = new Set<Slice>();
  const logs = new Logs(next);
  const cursor = new GuardCursor(profile.guard);
  let used = 0;
  let late = 0;
  let repeated = 0;
  let replayed = 0;
  let latest: number | undefined;
  let createdAt = '';
  for (const arrival of arrivals) {
    const { event, time, arrived, position } = arrival;
    if (!cursor.advance(position)) {
      replayed++;
      continue;
    }
    // arrival never runs backwards: a record that waited counts as arriving with its account's newest
    next.arrived = Math.max(next.arrived, arrived);
    if (logs.isRepeated(arrival, next.arrived)) {
      next.totals.repeated++;
      repeated++;
      continue;
    }
    if (next.totals.events > 0 && time < watermark(next, rules) - rules.allowedLateness) {
      next.totals.late++;
      late++;
      continue;
    }
    const before = next.lastSeen;
    if (next.totals.events === 0 || time < next.firstSeen) next.firstSeen = time;
    if (next.totals.events === 0 || time >= next.lastSeen) {
      next.lastSeen = Math.max(time, next.lastSeen);
      next.customer.plan = event.customer.plan;
      next.customer.product = event.customer.product;
      // the same text with every event of an account
      if (event.customer.createdAt !== createdAt) {
        ({ createdAt } = event.customer);
        next.customer.createdAt = timeOf(createdAt);
      }
    }
    next.totals.events++;
    used++;
    if (latest === undefined || time > latest) latest = time;
    next.samples.push(event.id);
    if (next.samples.length >= 4 * SAMPLE_IDS) next.samples = newestSamples(next);
    addEvent(ownSlice(next, owned, sliceStart(time)), event, time);
    if (onUsed(next, before)) owned.clear();
  }
  next.guard = cursor.guard;
  next.samples = newestSamples(next);
  return { profile: next, used, late, repeated, replayed, latest };
}

function newestSamples({ samples }: Profile): string[] {
  return samples.length <= SAMPLE_IDS ? samples : samples.slice(-SAMPLE_IDS);
}

/** Oldest slot that can still matter to an account whose newest arrival is `arrived` (ms). */
function oldestSlot(arrived: number): number {
  return slotOf(arrived) - HORIZON_SLOTS;
}

/** Which events a profile has applied, while more are. */
class Logs {
  readonly #recent: IdWriter;
  readonly #redriven: IdWriter;

  constructor({ recent, redriven }: Profile) {
    this.#recent = new IdWriter(recent);
    this.#redriven = new IdWriter(redriven);
  }

  /** Whether an event was applied before, from another position; what was not is remembered. @param arrived newest arrival, ms */
  isRepeated({ event, redriven }: IngestedEvent, arrived: number): boolean {
    const hash = eventHash(event);
    if (redriven === true && !this.#redriven.remember(hash, 0, 0)) return true;
    return !this.#recent.remember(hash, slotOf(arrived), oldestSlot(arrived));
  }
}

/** Whether an event is among those that the profile remembers to have applied. */
export function remembers({ recent, redriven }: Profile, event: UsageEvent): boolean {
  const hash = eventHash(event);
  return isRemembered(recent, hash) || isRemembered(redriven, hash);
}

/** The arrivals that are not in the profile yet, by their positions and ids. */
export function unapplied(profile: Profile, arrivals: readonly IngestedEvent[]): IngestedEvent[] {
  const next = copyOf(profile);
  const logs = new Logs(next);
  const cursor = new GuardCursor(profile.guard);
  return arrivals.filter((arrival) => {
    if (!cursor.advance(arrival.position)) return false;
    next.arrived = Math.max(next.arrived, arrival.arrived);
    return !logs.isRepeated(arrival, next.arrived);
  });
}

/** A profile that can be changed while the given one stays as it is; slices are shared. */
function copyOf(profile: Profile): Profile {
  const { customer, totals } = profile;
  // field by field: the same shape wherever a profile came from
  return {
    account: profile.account,
    version: profile.version,
    customer: { plan: customer.plan, product: customer.product, createdAt: customer.createdAt },
    firstSeen: profile.firstSeen,
    lastSeen: profile.lastSeen,
    arrived: profile.arrived,
    guard: profile.guard,
    recent: nextLog(profile.recent, oldestSlot(profile.arrived)),
    redriven: nextLog(profile.redriven, 0),
    slices: profile.slices.slice(),
    sealed: profile.sealed,
    sealedName: profile.sealedName,
    totals: { events: totals.events, late: totals.late, repeated: totals.repeated },
    samples: profile.samples.slice(),
  };
}

function ownSlice(profile: Profile, owned: Set<Slice>, start: number): Slice {
  const { slices } = profile;
  let at = slices.length;
  while (at > 0 && (slices[at - 1] as Slice).start > start) at--;
  const held = at > 0 ? (slices[at - 1] as Slice) : undefined;
  if (held !== undefined && held.start === start) {
    if (owned.has(held)) return held;
    const copy = copySlice(held);
    owned.add(copy);
    slices[at - 1] = copy;
    return copy;
  }
  const made = emptySlice(start);
  owned.add(made);
  slices.splice(at, 0, made);
  return made;
}

/**
 * The slices of the stored profile that may be sealed: those that ended at least `age` ms before its watermark.
 * Decided from what is stored alone, so that every invocation that reads the same version seals the same bytes;
 * late additions made meanwhile stay in the hot item until the next seal.
 */
export function sealable(stored: Profile, rules: TimeRules, age: number): Slice[] {
  const limit = watermark(stored, rules) - age;
  return stored.slices.filter((slice) => slice.start + SLICE_MS <= limit);
}
