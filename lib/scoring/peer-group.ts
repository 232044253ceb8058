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
  const { plan, product, createdAt } = customer;
  const band = tenureBand(createdAt, now);
  let plans = chains.get(product);
  if (plans === undefined) {
    if (chains.size >= MAX_PRODUCTS) chains.clear();
    plans = new Map();
    chains.set(product, plans);
  }
  let bands = plans.get(plan);
  if (bands === undefined) {
    if (plans.size >= MAX_PLANS) plans.clear();
    bands = new Map();
    plans.set(plan, bands);
  }
  let groups = bands.get(band);
  if (groups === undefined) {
    groups = [`${product}/${plan}/${band}`, `${product}/${plan}`, product, 'everyone'];
    bands.set(band, groups);
  }
  return groups;
}

export type PeerGroups = readonly [string, string, string, string];

/** One list for all accounts of a group: what is worked out for a group can be remembered by it. */
const chains = new Map<string, Map<string, Map<string, PeerGroups>>>();
/** Far more than anybody sells; beyond it names are noise, and remembering begins anew. */
const MAX_PRODUCTS = 256;
const MAX_PLANS = 256;
