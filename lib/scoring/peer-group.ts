import { LRUCache } from 'lru-cache';
import type { CustomerFacts } from '../profile/profile.ts';

/** Tenure bands: age of the account at the end of the window, in days. */
export const TENURE_BANDS = [
  { band: 'new', below: 30 },
  { band: 'settled', below: 365 },
  { band: 'old', below: Number.POSITIVE_INFINITY },
] as const;

const DAY = 86_400_000;

export function tenureBand(createdAt: number, now: number): string {
  const days = Math.max(0, now - createdAt) / DAY;
  return (
    (TENURE_BANDS.find(({ below }) => days < below) ?? TENURE_BANDS[TENURE_BANDS.length - 1])?.band ?? 'old'
  );
}

/**
 * Peer groups of an account, narrowest first: plan x product x tenure, then plan x product, product, everyone.
 * Never country or nationality, nor anything that stands for them.
 */
export function peerGroups(customer: CustomerFacts, now: number): PeerGroups {
  const { plan, product } = customer;
  const band = tenureBand(customer.createdAt, now);
  const key = `${product}/${plan}/${band}`;
  let groups = chains.get(key);
  if (groups === undefined) {
    groups = [key, `${product}/${plan}`, product, 'everyone'];
    chains.set(key, groups);
  }
  return groups;
}

export type PeerGroups = readonly [string, string, string, string];

/** One list for all accounts of a group: what is worked out for a group can be remembered by it. */
const chains = new LRUCache<string, PeerGroups>({ max: 4096 });
