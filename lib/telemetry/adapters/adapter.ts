import type { Exchange } from '../exchange.ts';
import { parseExchange } from '../parse-exchange.ts';
import type { Reason } from '../reason.ts';

/**
 * Adapters read what gateways already write. One line of a log may hold several exchanges (an OTLP batch) or none
 * (a span that is no model call); what cannot be used has a reason.
 */
export interface Adapted {
  readonly exchanges: readonly Exchange[];
  readonly reasons: readonly Reason[];
  /** entries that are well formed and not calls of a language model: embeddings, tools, ... */
  readonly skipped: number;
}

/** Facts that no gateway log carries by itself; used where an entry does not say. */
export interface AdapterDefaults {
  readonly plan: string;
  readonly product: string;
  /** when accounts were opened that do not say; the epoch puts them in the oldest tenure band */
  readonly createdAt: string;
}

export const ADAPTER_DEFAULTS: AdapterDefaults = {
  plan: 'unknown',
  product: 'api',
  createdAt: '1970-01-01T00:00:00Z',
};

export type Adapter = (json: unknown, defaults?: AdapterDefaults) => Adapted;

/** What an adapter found for one exchange; anything may be missing, validation speaks afterwards. */
export interface Found {
  id?: string | undefined;
  time?: string | undefined;
  account?: string | undefined;
  model?: string | undefined;
  messages: { role: string; content: unknown }[];
  completion?: string | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  params?: Record<string, unknown>;
  outcome: Exchange['outcome'];
  ip?: string | undefined;
  asn?: number | undefined;
  tls?: string | undefined;
  userAgent?: string | undefined;
  credential?: string | undefined;
  plan?: string | undefined;
  product?: string | undefined;
  createdAt?: string | undefined;
  payment?: string | undefined;
}

/** Validates what was found; a missing token count counts as none, everything else missing is a reason. */
export function finish(found: Found, defaults: AdapterDefaults): { exchange: Exchange } | { reason: Reason } {
  const parsed = parseExchange({
    v: 1,
    ...present({
      id: found.id,
      time: found.time,
      account: found.account,
      model: found.model,
      completion: found.completion,
    }),
    messages: found.messages,
    usage: { inputTokens: found.inputTokens ?? 0, outputTokens: found.outputTokens ?? 0 },
    ...(found.params === undefined ? {} : { params: present(found.params) }),
    outcome: found.outcome,
    origin: present({
      ip: found.ip,
      asn: found.asn,
      tls: found.tls,
      userAgent: found.userAgent,
      credential: found.credential,
    }),
    customer: {
      plan: found.plan ?? defaults.plan,
      product: found.product ?? defaults.product,
      createdAt: found.createdAt ?? defaults.createdAt,
      ...present({ payment: found.payment }),
    },
  });
  return parsed.ok ? { exchange: parsed.exchange } : { reason: parsed.reason };
}

/** An adapter's answer for a single entry. */
export function single(found: Found, defaults: AdapterDefaults): Adapted {
  const done = finish(found, defaults);
  return 'exchange' in done
    ? { exchanges: [done.exchange], reasons: [], skipped: 0 }
    : { exchanges: [], reasons: [done.reason], skipped: 0 };
}

/** An adapter's answer for an entry of the wrong shape. */
export function refused(field: string, value: string, message: string): Adapted {
  return { exchanges: [], reasons: [{ field, value, message }], skipped: 0 };
}

function present(facts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined && value !== null),
  );
}
