import type { CustomerFacts } from '../../profile/profile.ts';
import type { Slice } from '../../profile/slice.ts';
import type { RunningMax } from '../../scoring/significance.ts';

/** What judging a campaign needs of a member. Times in ms. */
export interface Member {
  readonly account: string;
  readonly customer: CustomerFacts;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** ascending, distinct starts */
  readonly slices: readonly Slice[];
  readonly sampleEvents?: readonly string[];
  /** of the account alone, under the active policy */
  readonly evidence?: RunningMax | undefined;
}

/** A member with what the group shows of it. */
export interface JudgedMember {
  readonly member: Member;
  readonly fit: Fit;
  readonly events: number;
  readonly outputTokens: number;
  /** share of its requests that are what the group is accused of */
  readonly share: number;
}

/** The facts by which a group's null is chosen: its most frequent product, and plan for the reader. */
export function customerOf(members: readonly Member[]): CustomerFacts {
  const products = new Map<string, number>();
  const plans = new Map<string, number>();
  let createdAt = Number.POSITIVE_INFINITY;
  for (const { customer } of members) {
    products.set(customer.product, (products.get(customer.product) ?? 0) + 1);
    plans.set(customer.plan, (plans.get(customer.plan) ?? 0) + 1);
    createdAt = Math.min(createdAt, customer.createdAt);
  }
  return { product: mostFrequent(products), plan: mostFrequent(plans), createdAt };
}

export function mostFrequent(counts: ReadonlyMap<string, number>): string {
  let best = '';
  let most = 0;
  for (const [name, count] of counts)
    if (count > most || (count === most && name < best)) {
      best = name;
      most = count;
    }
  return best;
}

/**
 * Whether a member's own behaviour fits the finding on its group. A link brings an account under suspicion, the group
 * convicts, and the account itself must not speak against it: nobody is swept up with a payment that he shares. A clock
 * is less than a payment: who is joined by clocks alone must stand out by himself.
 */
export type Fit =
  /** shows what the group is accused of */
  | 'core'
  /** too little traffic to say, but of one owner with a member that shows it, or standing out by itself */
  | 'edge'
  /** linked, and its own behaviour is ordinary: no member of the finding */
  | 'bystander';
