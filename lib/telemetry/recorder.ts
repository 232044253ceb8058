import { LRUCache } from 'lru-cache';
import { LIMITS } from '../limits.ts';
import { recentlyUsed } from '../recently-used.ts';
import { askedOf } from './asked.ts';
import { behaviourNames, behavioursOf, bitOf, TRIGGERS } from './behaviours.ts';
import { shapeOf } from './event-shape.ts';
import type { Exchange } from './exchange.ts';
import { bounded, TextFolder } from './folded-text.ts';
import { accountPseudonym, type EpochKeys, epochKeys, type Keyring, servingEpochs } from './keys.ts';
import { LayoutReader } from './layout.ts';
import { isSound } from './odd-facts.ts';
import { openingDate } from './opening-date.ts';
import { parseExchange } from './parse-exchange.ts';
import { PrintMaker } from './print-maker.ts';
import { describeReason } from './reason.ts';
import type { Prints, UsageEvent } from './usage-event.ts';

/** Turns exchanges into usage events; keeps nothing of an exchange but caches of pseudonyms and system prompts. */
export interface Recorder {
  /**
   * The usage event of one exchange. The exchange must have passed `parseExchange` or be built by code of that type.
   * Synchronous, bounded work, no I/O: safe on a gateway's hot path.
   * @throws TypeError that names the field, where nothing can be made of the exchange
   */
  record(exchange: Exchange): UsageEvent;
  /** The pseudonym under which this recorder's events carry an account. */
  pseudonym(account: string): string;
}

export interface RecorderOptions {
  readonly keys: Keyring;
  /** accounts whose pseudonyms stay in memory; default 100,000 */
  readonly accountCache?: number;
}

interface SystemFacts {
  readonly behaviours: number;
  /** print of the system prompt by epoch id */
  readonly prints: ReadonlyMap<string, string>;
}

const SYSTEM_CACHE = 1024;
const SYSTEM_CACHE_UNITS = 16 * 1024 * 1024;

/**
 * A recorder under a keyring.
 * @throws Error when the keyring has no epoch
 *
 * @example
 * import { createRecorder, developmentKeyring } from '@siphonwatch/recorder';
 *
 * const recorder = createRecorder({ keys: developmentKeyring('for this example only') });
 * const event = recorder.record({
 *   v: 1,
 *   id: 'req-1',
 *   time: '2026-03-01T08:00:00Z',
 *   account: 'acme',
 *   model: 'atlas-2',
 *   messages: [{ role: 'user', content: 'How do tides work?' }],
 *   usage: { inputTokens: 12, outputTokens: 340 },
 *   outcome: 'ok',
 *   customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T00:00:00Z' },
 * });
 * event.shape.question; // => true
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const recorder = new KeyedRecorder(options);
  // functions of their own, so that both can be handed on alone
  return {
    record: (exchange) => recorder.record(exchange),
    pseudonym: (account) => recorder.pseudonym(account),
  };
}

class KeyedRecorder implements Recorder {
  readonly #ring: Keyring;
  readonly #epochs: readonly EpochKeys[];
  readonly #folder = new TextFolder(TRIGGERS);
  readonly #layouts = new LayoutReader();
  readonly #prints = new PrintMaker();
  readonly #pseudonyms: LRUCache<string, string>;
  readonly #systems = new LRUCache<string, SystemFacts>({
    max: SYSTEM_CACHE,
    maxSize: SYSTEM_CACHE_UNITS,
    sizeCalculation: (_, text) => text.length + 1,
  });

  constructor({ keys, accountCache = 100_000 }: RecorderOptions) {
    this.#ring = keys;
    this.#epochs = epochKeys(keys);
    this.#pseudonyms = recentlyUsed(accountCache);
  }

  pseudonym(account: string): string {
    let known = this.#pseudonyms.get(account);
    if (known === undefined) {
      known = accountPseudonym(this.#ring, account);
      this.#pseudonyms.set(account, known);
    }
    return known;
  }

  record(exchange: Exchange): UsageEvent {
    try {
      return this.#event(exchange);
    } catch (error) {
      // only now: what is sound is not parsed for what is not
      const parsed = parseExchange(exchange);
      if (parsed.ok) throw error;
      throw new TypeError(`record: ${describeReason(parsed.reason)}`, { cause: error });
    }
  }

  #event(exchange: Exchange): UsageEvent {
    const asked = askedOf(exchange.messages, exchange.completion, exchange.beside);
    const facts = asked.system === undefined ? undefined : this.#systemFacts(asked.system);
    const text = bounded(asked.prompt);
    const layout = this.#layouts.read(text);
    const folded = this.#folder.fold(text, asked.beside);
    const behaviours = behavioursOf(folded) | (facts?.behaviours ?? 0) | demandedBy(exchange.params);
    const time = Date.parse(exchange.time);
    const prints = servingEpochs(this.#epochs, time).map((epoch) =>
      this.#prints.of({ folded, layout }, exchange, epoch, facts?.prints),
    );
    const { customer, usage } = exchange;
    return {
      v: 1,
      id: eventId(exchange, prints),
      time: isoTime(exchange.time, time),
      account: this.pseudonym(exchange.account),
      model: cut(exchange.model, MAX_MODEL),
      outcome: exchange.outcome,
      usage: {
        inputTokens: oneDigit(tokenCount(usage.inputTokens)),
        outputTokens: twoDigits(tokenCount(usage.outputTokens)),
      },
      params: samplingOf(exchange.params),
      customer: {
        plan: cut(customer.plan, MAX_CUSTOMER),
        product: cut(customer.product, MAX_CUSTOMER),
        createdAt: openingDate(Date.parse(customer.createdAt), time),
      },
      shape: shapeOf(asked, text, folded, layout),
      behaviours: behaviourNames(behaviours),
      prints,
    };
  }

  #systemFacts(text: string): SystemFacts {
    let facts = this.#systems.get(text);
    if (facts === undefined) {
      const folded = this.#folder.fold(bounded(text));
      facts = { behaviours: behavioursOf(folded), prints: this.#prints.system(folded, this.#epochs) };
      this.#systems.set(text, facts);
    }
    return facts;
  }
}

/** Behaviours that the parameters show, as bits. */
function demandedBy(params: Exchange['params']): number {
  if (params === undefined) return 0;
  let found = 0;
  if ((params.n ?? 1) > 1) found |= bitOf('multi-sample');
  if (params.logprobs !== undefined && params.logprobs !== false && params.logprobs !== 0)
    found |= bitOf('logprobs');
  if (demandsFormat(params.responseFormat ?? params.response_format)) found |= bitOf('format');
  return found;
}

/** UTC with a Z and milliseconds; a canonical time passes as it is. */
function isoTime(text: string, time: number): string {
  return text.length === 24 && text.charCodeAt(23) === 90 ? text : new Date(time).toISOString();
}

/**
 * One significant digit, half up: 1,234 tokens become 1,000. With two, a third of the prompts of an exact dictionary could be
 * told by unkeyed fields alone; with one, a sixteenth (docs/telemetry.md).
 */
export function oneDigit(count: number): number {
  let unit = 1;
  while (count / unit >= 10) unit *= 10;
  return Math.round(count / unit) * unit;
}

/** Two significant digits, half up: sums stay right to half a percent, and no invoice is matched by one exact count. */
function twoDigits(count: number): number {
  let unit = 1;
  while (count / unit >= 100) unit *= 10;
  return Math.round(count / unit) * unit;
}

function demandsFormat(format: unknown): boolean {
  if (typeof format === 'string') return format !== '' && format !== 'text';
  return typeof format === 'object' && format !== null && 'type' in format && format.type !== 'text';
}

/** Parameters that an event can carry; a caller chooses them, and an odd one must not make an event that `score` refuses. */
function samplingOf(params: Exchange['params']): UsageEvent['params'] {
  const sampling: UsageEvent['params'] = {};
  if (params === undefined) return sampling;
  for (const name of ['temperature', 'topP', 'maxTokens', 'n'] as const) {
    const value = params[name];
    if (value !== undefined && isSound(name, value)) sampling[name] = value;
  }
  if (params.seed !== undefined) sampling.seeded = true;
  return sampling;
}

const MAX_ID = LIMITS.eventId.most;
const MAX_MODEL = LIMITS.eventModel.most;
const MAX_CUSTOMER = LIMITS.eventCustomer.most;
const MAX_TOKENS = 1e9;

/**
 * At most so many characters, and at least one: an event's names are never empty. Half of a surrogate pair, which UTF-8 cannot
 * hold and a cut may leave, is replaced, as it would be with the first write.
 */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text === '' ? '?' : text.toWellFormed();
  return text.slice(0, longest).toWellFormed();
}

function tokenCount(count: number): number {
  return count >= 0 ? Math.min(Math.round(count), MAX_TOKENS) : 0;
}

/** Ids that come again for other requests (three digits, of servers that draw them) get the print of the prompt. */
function eventId(exchange: Exchange, prints: readonly Prints[]): string {
  const id = cut(exchange.id, MAX_ID);
  return exchange.reusedId === true ? `${cut(id, MAX_ID - 12)}-${prints.at(-1)?.prompt ?? ''}` : id;
}
