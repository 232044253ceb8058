import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { random } from '../random.ts';

/**
 * A large slow campaign, planted: many accounts that share no payment, address, client or clock, each asking thirteen things a
 * day out of one query set. The query set is made of prompts that extraction accounts of the same make ask; none is asked twice.
 */
export interface SlowCampaign {
  readonly accounts: number;
  readonly perDay: number;
  readonly days: number;
  /** first day, ms */
  readonly from: number;
  readonly seed: number;
}

const DAY = 86_400_000;
export const SLOW_CAMPAIGN: Omit<SlowCampaign, 'from'> = { accounts: 300, perDay: 13, days: 4, seed: 11 };

/** @param asked exchanges of extraction accounts, whose requests are asked again by others */
export function plant(asked: readonly Exchange[], of: SlowCampaign): Exchange[] {
  const uniform = random(of.seed);
  const pick = (below: number): number => Math.floor(uniform() * below);
  const deck = asked
    .map((exchange) => ({ exchange, at: uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ exchange }) => exchange);
  const customers = Array.from({ length: of.accounts }, (_, i) => ({
    account: `slow-${String(i).padStart(3, '0')}`,
    origin: {
      ip: `198.51.${pick(256)}.${pick(256)}`,
      asn: 64_512 + pick(400),
      tls: `t13d${1500 + pick(900)}h2_${pick(1e9).toString(16)}`,
      userAgent: `client/${1 + pick(9)}.${pick(30)}`,
      credential: `key-slow-${i}`,
    },
    customer: {
      plan: 'payg',
      product: 'api',
      createdAt: new Date(of.from - (2 + pick(90)) * DAY).toISOString(),
      payment: `pm-slow-${i}`,
    },
  }));
  const made: Exchange[] = [];
  for (let day = 0; day < of.days; day++)
    for (const customer of customers)
      for (let n = 0; n < of.perDay; n++) {
        const source = deck[made.length % deck.length];
        if (source === undefined) return made;
        made.push({
          ...source,
          ...customer,
          id: `slow-${made.length}`,
          time: new Date(of.from + day * DAY + pick(DAY)).toISOString(),
        });
      }
  return made.sort((a, b) => (a.time < b.time ? -1 : 1));
}
