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
export function peerGroups(customer: CustomerFacts, now: number): readonly [string, string, string, string] {
  const { plan, product } = customer;
  return [
    `${product}/${plan}/${tenureBand(customer.createdAt, now)}`,
    `${product}/${plan}`,
    product,
    'everyone',
  ];
}
