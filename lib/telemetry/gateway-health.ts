import { recentlyUsed } from '../recently-used.ts';
import { HEALTH_RULES } from './health-rules.ts';
import { LOSS_NAMES, LOSSES, type Loss, MANY_ACCOUNTS } from './health-tally.ts';
import { NewestPrompts } from './newest-prompts.ts';
import type { UsageEvent } from './usage-event.ts';

/** What a gateway's telemetry may have lost: what single events lack, or that prompts differ. */
export type GatewayLoss = Loss | 'samePrompt' | 'oddTime';

/** A gateway whose telemetry has lost what detection needs to judge its accounts. */
export interface BlindGateway {
  /** as the producer names it; `unnamed` where it does not */
  readonly gateway: string;
  readonly lost: GatewayLoss;
  /** of its newest events, 0 to 1 */
  readonly share: number;
  /** arrival of the first event after which it was so, ms, as far as this instance has seen */
  readonly since: number;
}

type Counted = Loss | 'oddTime';
const COUNTED: readonly Counted[] = [...LOSS_NAMES, 'oddTime'];

interface Seen {
  events: number;
  readonly lost: Record<Counted, number>;
  readonly since: Map<GatewayLoss, number>;
  readonly newest: NewestPrompts;
}

/** Gateways that are remembered; names come from records, and anybody who may put records can invent them. */
const MAX_GATEWAYS = 200;
/** At so many events all counts are halved: what a gateway did last counts most. */
const HALVED_AT = 2000;
/** Events of a gateway after which its newest prompts are compared. */
const COMPARED_EACH = 20;
export const UNNAMED = 'unnamed';

/** Counts, gateway by gateway, what is missing in telemetry. Bounded, whatever comes. */
export class GatewayHealth {
  readonly #seen = recentlyUsed<string, Seen>(MAX_GATEWAYS);

  /** @param arrived ms */
  add(gateway: string | undefined, event: UsageEvent, arrived: number): void {
    const seen = this.#of(gateway);
    for (const loss of LOSS_NAMES) if (LOSSES[loss](event)) seen.lost[loss]++;
    seen.newest.add(event);
    count(seen, arrived);
  }

  /** An event that was refused for its time, which lies in the future or too long ago. @param arrived ms */
  refuseTime(gateway: string | undefined, arrived: number): void {
    const seen = this.#of(gateway);
    seen.lost.oddTime++;
    count(seen, arrived);
  }

  #of(gateway: string | undefined): Seen {
    const name = gateway ?? UNNAMED;
    const seen = this.#seen.get(name) ?? {
      events: 0,
      lost: { withoutPrompt: 0, withoutOrigin: 0, withoutTokens: 0, oddTime: 0 },
      since: new Map<GatewayLoss, number>(),
      newest: new NewestPrompts(MANY_ACCOUNTS, COMPARED_EACH),
    };
    this.#seen.set(name, seen);
    return seen;
  }

  /** Gateways for whose accounts detection is blind now, in the order of their names. */
  blind(): BlindGateway[] {
    return [...this.#seen.entries()]
      .flatMap(([gateway, seen]) =>
        [...seen.since].map(([lost, since]) => ({ gateway, lost, share: shareOf(seen, lost), since })),
      )
      .sort((a, b) => (a.gateway < b.gateway ? -1 : 1));
  }
}

const GATEWAY_LOSSES: readonly GatewayLoss[] = [...COUNTED, 'samePrompt'];

function count(seen: Seen, arrived: number): void {
  seen.events++;
  for (const loss of GATEWAY_LOSSES)
    if (!isBlind(seen, loss)) seen.since.delete(loss);
    else if (!seen.since.has(loss)) seen.since.set(loss, arrived);
  if (seen.events < HALVED_AT) return;
  seen.events /= 2;
  for (const loss of COUNTED) seen.lost[loss] /= 2;
}

function shareOf({ events, lost, newest }: Seen, loss: GatewayLoss): number {
  return loss === 'samePrompt' ? newest.share : lost[loss] / events;
}

function isBlind(seen: Seen, loss: GatewayLoss): boolean {
  const rule = HEALTH_RULES.find(({ share }) => share === loss);
  return rule !== undefined && seen.events >= rule.atLeast && shareOf(seen, loss) > rule.above;
}
