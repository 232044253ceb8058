import { LIMITS } from '../../limits.ts';
import { asksForWork } from '../asked.ts';
import type { Exchange } from '../exchange.ts';
import type { ShowValue } from '../marked-value.ts';
import { parseExchange } from '../parse-exchange.ts';
import { kindOf, type Reason } from '../reason.ts';
import { roleKind } from '../turns.ts';
import { CLIENT_NAMED, type ClientTrust } from './claimed-accounts.ts';
import { isPlaceholder, isWithheldName } from './placeholders.ts';
import { hasSeveralPrompts, type ReadMessage, SEVERAL_PROMPTS } from './read-message.ts';

/**
 * Adapters read what gateways already write. One line of a log may hold several exchanges (an OTLP batch) or none
 * (a span that is no model call); what cannot be used has a reason.
 */
export interface Adapted {
  readonly exchanges: readonly Exchange[];
  readonly reasons: readonly Reason[];
  /** entries that are well formed and not calls of a language model: embeddings, tools, ... */
  readonly skipped: number;
  /** optional facts out of range that were left out or cut, one name each time */
  readonly odd?: readonly string[];
}

/** Facts that no gateway log carries by itself; used where an entry does not say. */
export interface AdapterDefaults {
  readonly plan: string;
  readonly product: string;
  /** when accounts were opened that do not say; the epoch puts them in the oldest tenure band */
  readonly createdAt: string;
  /** what becomes of facts that the watched customer can set; default: an account is taken and counted, the rest is not */
  readonly clients?: ClientTrust;
  /** where the operator says that entries name the account: field names with dots between, or one name that has dots */
  readonly accountField?: string;
  /** the account that the entry names there */
  readonly account?: string;
  /** how a reason says a value; without it by kind and length alone */
  readonly show?: ShowValue;
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
  /** the id is the provider's, not the gateway's own: some servers draw ids that come again */
  providerId?: boolean;
  time?: string | undefined;
  account?: string | undefined;
  /** field of the client's that names the account, where nothing else does */
  claimedBy?: string | undefined;
  model?: string | undefined;
  messages: readonly ReadMessage[];
  /** what tells the call from others with the same words: read-message.ts */
  beside?: string | undefined;
  /** the answer's text; empty where it has none, or where messages are those that were sent and cannot hold it */
  completion?: string | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  params?: Record<string, unknown>;
  outcome: Exchange['outcome'];
  ip?: string | undefined;
  asn?: number | string | undefined;
  tls?: string | undefined;
  userAgent?: string | undefined;
  credential?: string | undefined;
  plan?: string | undefined;
  product?: string | undefined;
  createdAt?: string | undefined;
  payment?: string | undefined;
}

/** Ids of two to six digits, as Ollama and others draw them (`chatcmpl-373`): they come again within hours. */
const DRAWN_ID = /^(?:chatcmpl|cmpl)-[1-9]\d{1,5}$/;

/** Ollama, Gemini through Vertex and refused requests have no id: the event's own is then made of its prompt and time. */
const NO_ID = 'unnamed';
/** An exchange's id has so many characters at most; of a longer one the rest is cut, and the content tells it from others. */
const LONGEST_ID = LIMITS.eventId.most;
/** Of a message whose role is an empty text. */
const NO_ROLE = 'unknown';

/** Validates what was found; a missing token count counts as none, everything else missing is a reason. */
export function finish(
  read: Found,
  defaults: AdapterDefaults,
  accountPlaces?: string,
): { exchange: Exchange; odd: readonly string[] } | { reason: Reason } {
  const { account } = defaults;
  const found = account === undefined ? read : { ...read, account, claimedBy: undefined };
  const messages = askedBehind(found.messages);
  if (messages === undefined)
    return {
      reason: {
        field: 'messages',
        value: kindOf(found.messages.at(-1)?.content),
        message: 'a placeholder stands where the prompt should: message logging is turned off or redacted',
      },
    };
  if (found.account === undefined && found.claimedBy !== undefined)
    return {
      reason: {
        field: 'account',
        value: 'nothing',
        message: `only ${found.claimedBy} names it, which the customer controls: let the gateway write account beside it, or say --trust-client-fields ${found.claimedBy}`,
      },
    };
  if (found.account === undefined && accountPlaces !== undefined)
    return {
      reason: {
        field: 'account',
        value: 'nothing',
        message: `missing: none of ${accountPlaces} is there; --account-field NAME says where this log names it`,
      },
    };
  if (found.account !== undefined && found.claimedBy === undefined && isWithheldName(found.account))
    return {
      reason: {
        field: 'account',
        value: 'a placeholder',
        message:
          'a placeholder stands where the account should: let the gateway write whose key it checked, or say --account-field NAME',
      },
    };
  const parsed = parseExchange(
    {
      v: 1,
      ...present({
        id: found.id?.slice(0, LONGEST_ID) ?? NO_ID,
        time: found.time,
        account: found.account,
        model: found.model,
        completion: found.completion ?? answerAmong(found.messages),
        beside: found.beside,
      }),
      ...(found.id === undefined ||
      found.id.length > LONGEST_ID ||
      (found.providerId === true && DRAWN_ID.test(found.id))
        ? { reusedId: true }
        : {}),
      messages: messages.map((message) => (message.role === '' ? { ...message, role: NO_ROLE } : message)),
      usage: { inputTokens: count(found.inputTokens), outputTokens: count(found.outputTokens) },
      ...(found.params === undefined ? {} : { params: present(found.params) }),
      outcome: found.outcome,
      origin: present({
        ip: found.ip,
        asn: found.asn,
        tls: found.tls,
        userAgent: found.userAgent,
        credential: told(found.credential),
      }),
      customer: {
        plan: found.plan ?? defaults.plan,
        product: found.product ?? defaults.product,
        createdAt: found.createdAt ?? defaults.createdAt,
        ...present({ payment: told(found.payment) }),
      },
    },
    defaults.show,
  );
  if (!parsed.ok) return { reason: parsed.reason };
  const claimed = found.claimedBy === undefined ? [] : [`${CLIENT_NAMED}${found.claimedBy}`];
  const several = hasSeveralPrompts(found.messages) ? [SEVERAL_PROMPTS] : [];
  return { exchange: parsed.exchange, odd: [...parsed.odd, ...claimed, ...several] };
}

/**
 * The messages of a call; undefined where a placeholder stands in the place of the last thing that a user said, and nothing
 * else asks. What asks for work in another turn is then what was asked: nobody gets out of sight by a user message of stars.
 */
function askedBehind(messages: readonly ReadMessage[]): readonly ReadMessage[] | undefined {
  const isUser = ({ role }: ReadMessage) => roleKind(role) === 'user';
  const users = messages.filter(isUser);
  const said = users.at(-1);
  const withheld =
    said === undefined
      ? messages.length > 0 && messages.every(({ content }) => isPlaceholder(content))
      : isPlaceholder(said.content);
  if (!withheld) return messages;
  const others = messages.filter(({ content }) => !isPlaceholder(content));
  const asking = others.filter(({ content }) => asksForWork(content));
  // what a model said counts where nobody else says anything
  const asked =
    asking.findLast(({ role }) => roleKind(role) !== 'assistant') ??
    (others.some(isUser) ? undefined : asking.at(-1));
  if (asked === undefined) return undefined;
  const last = others.indexOf(asked);
  // a tool's result is what is asked where no user has said anything behind it (asked.ts)
  return others
    .filter((message, at) => !isUser(message) || at <= last)
    .map((message) =>
      message === asked && roleKind(message.role) !== 'tool' ? { ...message, role: 'user' } : message,
    );
}

/**
 * Of a log that tells no answer apart: the last turn, where it is the model's. Many write the whole conversation with its answer, and
 * few customers begin the answer themselves.
 */
function answerAmong(messages: readonly ReadMessage[]): string | undefined {
  const last = messages.at(-1);
  return last !== undefined && /^(?:assistant|other)$/.test(roleKind(last.role)) ? last.content : undefined;
}

/** What names somebody; undefined where a placeholder stands in its place. */
function told(name: string | undefined): string | undefined {
  return name === undefined || isWithheldName(name) ? undefined : name;
}

function count(tokens: number | undefined): number {
  return tokens !== undefined && tokens >= 0 ? Math.min(Math.round(tokens), 1e9) : 0;
}

/** An adapter's answer for a single entry. */
export function single(found: Found, defaults: AdapterDefaults, accountPlaces?: string): Adapted {
  const done = finish(found, defaults, accountPlaces);
  return 'exchange' in done
    ? { exchanges: [done.exchange], reasons: [], skipped: 0, odd: done.odd }
    : { exchanges: [], reasons: [done.reason], skipped: 0 };
}

/** An adapter's answer for an entry that is no call of a language model. */
export const NO_CALL: Adapted = { exchanges: [], reasons: [], skipped: 1 };

/** An adapter's answer for an entry of the wrong shape. */
export function refused(field: string, value: string, message: string): Adapted {
  return { exchanges: [], reasons: [{ field, value, message }], skipped: 0 };
}

/** Why an entry of very many values is not read. */
export function overfull(): Reason {
  const message = `more than ${LIMITS.entryValues.most} values in one entry`;
  return { field: '(whole)', value: message, message };
}

/** An adapter's answer for a document of more entries than are read of one. */
export function tooMany(): Adapted {
  const most = LIMITS.documentEntries.most;
  return refused(
    '(whole)',
    `more than ${most} entries`,
    `more than ${most} entries in one document: send fewer at once`,
  );
}

function present(facts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined && value !== null),
  );
}
