import { learnGroupNull } from '../lib/campaigns/judging/group-null.ts';
import { scoreRules } from '../lib/campaigns/judging/group-score.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { addEvent, copySlice, emptySlice, type Slice, sliceStart } from '../lib/profile/slice.ts';
import type { Calibration } from '../lib/scoring/calibration.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';
import { foldOf, openTraffic } from './traffic.ts';

/** Labelled traffic as the campaign benchmarks use it: events in order of arrival, accounts in folds, nulls of each fold. */

export const FOLDS = 3;
export const HOUR = 3_600_000;
export const policy = defaultPolicy;

export interface Account {
  readonly account: string;
  readonly label: 'benign' | 'extraction' | 'grey';
  readonly kind: string;
  readonly campaign: string;
  readonly fold: number;
  readonly payment: string | undefined;
  readonly customer: { plan: string; product: string; createdAt: number };
  readonly first: number;
  readonly slices: readonly Slice[];
}

export interface Row {
  readonly event: UsageEvent;
  readonly time: number;
  readonly arrived: number;
}

export async function read(data: string): Promise<{ rows: Row[]; accounts: Map<string, Account> }> {
  const traffic = await openTraffic(data);
  const rows: Row[] = [];
  const seen = new Set<string>();
  const owned = new Set<Slice>();
  const drafts = new Map<string, { slices: Map<number, Slice>; event: UsageEvent; first: number }>();
  let arrived = 0;
  for await (const { event } of traffic.events()) {
    const time = Date.parse(event.time);
    arrived = Math.max(arrived, time);
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    rows.push({ event, time, arrived });
    let draft = drafts.get(event.account);
    if (draft === undefined) {
      draft = { slices: new Map(), event, first: time };
      drafts.set(event.account, draft);
    }
    draft.first = Math.min(draft.first, time);
    put(draft.slices, event, time, owned);
  }
  const accounts = new Map<string, Account>();
  for (const [account, { slices, event, first }] of drafts) {
    const label = traffic.byPseudonym.get(account);
    if (label === undefined) continue;
    const payment = event.prints[0]?.payment;
    accounts.set(account, {
      account,
      label: label.label,
      kind: label.kind,
      campaign: label.kind.startsWith('solo') ? '' : label.campaign,
      fold: foldOf(label, payment, FOLDS),
      payment,
      customer: {
        plan: event.customer.plan,
        product: event.customer.product,
        createdAt: Date.parse(event.customer.createdAt),
      },
      first,
      slices: ascending(slices),
    });
  }
  return { rows, accounts };
}

/**
 * Adds an event to its slice.
 * @param owned slices that nobody has looked at yet, which alone may change in place: a slice that a tracker has seen must
 *   stay what it was, as in a state, because what the tracker remembers is taken off again slice by slice
 */
export function put(slices: Map<number, Slice>, event: UsageEvent, time: number, owned: Set<Slice>): void {
  const start = sliceStart(time);
  const held = slices.get(start);
  const slice = held === undefined ? emptySlice(start) : owned.has(held) ? held : copySlice(held);
  owned.add(slice);
  slices.set(start, slice);
  addEvent(slice, event, time);
}

export function ascending(slices: ReadonlyMap<number, Slice>): Slice[] {
  return [...slices.values()].sort((a, b) => a.start - b.start);
}

/** Nulls of groups from the benign accounts of all other folds, with their true groups. */
export function calibrate(accounts: readonly Account[], fold: number): Calibration {
  const benign = accounts.filter((held) => held.label === 'benign' && held.fold !== fold);
  const byPayment = new Map<string, string[]>();
  for (const { payment, account } of benign) {
    if (payment === undefined) continue;
    const list = byPayment.get(payment);
    if (list === undefined) byPayment.set(payment, [account]);
    else list.push(account);
  }
  const linked = [...byPayment.values()].filter((list) => list.length >= 2);
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { slices } of benign) {
    from = Math.min(from, slices[0]?.start ?? from);
    to = Math.max(to, slices[slices.length - 1]?.start ?? to);
  }
  return {
    ...defaultCalibration,
    id: `bench-${fold}`,
    days: Math.max(1, (to - from) / (24 * HOUR)),
    groupScore: learnGroupNull(benign, scoreRules(policy), { linked }),
  };
}
