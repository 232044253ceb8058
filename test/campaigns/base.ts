import type { AccountFacts, SeenValue } from '../../lib/campaigns/linking/link-facts.ts';
import { LinkIndex } from '../../lib/campaigns/linking/link-index.ts';
import { START } from '../events.ts';

const seen = (value: string): SeenValue => ({ value, seen: START });

/** Facts of an account with what a test cares about; one client configuration unless it says otherwise. */
export function factsOf(
  of: {
    payment?: string | readonly string[];
    credential?: string;
    networks?: readonly string[];
    setting?: string;
    createdAt?: number;
    product?: string;
  } = {},
): AccountFacts {
  const networks = of.networks ?? [];
  const payments = of.payment === undefined ? [] : [of.payment].flat();
  return {
    v: 1,
    plan: 'payg',
    product: of.product ?? 'api',
    createdAt: of.createdAt ?? START,
    firstSeen: START,
    values: {
      payment: payments.map(seen),
      credential: of.credential === undefined ? [] : [seen(of.credential)],
      network: networks.map(seen),
      client: networks.map((network) => seen(`${network}.client`)),
      setting: networks.map((network) => seen(`${network}.${of.setting ?? '0.7//1024'}`)),
    },
  };
}

export function indexOf(accounts: Readonly<Record<string, AccountFacts>>): LinkIndex {
  const index = new LinkIndex();
  for (const [account, facts] of Object.entries(accounts)) index.put(account, facts);
  return index;
}

/** Accounts that share nothing with anybody, on blocks and payments of their own. */
export function strangers(
  count: number,
  of: Parameters<typeof factsOf>[0] = {},
): Record<string, AccountFacts> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `stranger${String(i).padStart(5, '0')}`,
      factsOf({ payment: `pm-s${i}`, networks: [`net-s${i}`], ...of }),
    ]),
  );
}
