import { LIMITS } from '../limits.ts';
import { DAY_MS } from '../time.ts';
import { outcome as outcomeSchema } from './exchange.ts';
import { kindOf, openValue, printable, type Reason, reasonOf } from './reason.ts';
import { BEHAVIOURS, SCRIPTS, type UsageEvent, usageEvent } from './usage-event.ts';
import { FIRST_YEAR, isUtcTimeAt, timeOf } from './utc-time.ts';

export type ParsedEvent =
  | { readonly ok: true; readonly event: UsageEvent }
  | { readonly ok: false; readonly reason: Reason };

export interface ArrivalCheck {
  /** arrival time, ms since 1970; without it times in the future cannot be told and are not checked */
  readonly arrival?: number;
  /** how far a gateway's clock may run ahead of arrival, ms; default five minutes */
  readonly permittedSkew?: number;
}

/** How old an event may be when it arrives, ms; backfills of a year pass, and no profile begins decades ago. */
const MAX_EVENT_AGE = LIMITS.eventAgeDays.most * DAY_MS;

export const DEFAULT_PERMITTED_SKEW = 5 * 60_000;

/**
 * Validates a parsed JSON value as a usage event.
 *
 * The zod schema is the definition. It takes several microseconds an event, more than the whole budget of a
 * backtest, so a plain check accepts what is surely valid first, and zod decides on everything else and names the
 * reason. A property test holds the two together.
 * An accepted event is the same object, not a copy, unless one of its names holds half of a surrogate pair: UTF-8 cannot
 * hold that, so names that differ in it would be counted apart and stored as one. It is replaced first.
 *
 * @example
 * import { parseUsageEvent } from '@siphonwatch/recorder';
 *
 * const parsed = parseUsageEvent({ v: 2 });
 * parsed.ok; // => false
 * parsed.reason.field; // => 'v'
 */
export function parseUsageEvent(json: unknown, check?: ArrivalCheck): ParsedEvent {
  let event: UsageEvent;
  if (surelyValid(json)) event = json;
  else {
    const version = typeof json === 'object' && json !== null && 'v' in json ? json.v : undefined;
    if (version !== undefined && version !== 1) {
      return {
        ok: false,
        reason: {
          field: 'v',
          value: kindOf(version),
          message: 'unknown version of the usage event; this build knows 1',
        },
      };
    }
    const parsed = usageEvent.safeParse(json);
    if (!parsed.success) return { ok: false, reason: reasonOf(parsed.error, json, openValue) };
    event = parsed.data;
  }
  return checkedTimes(areWellFormed(event) ? event : wellFormed(event), check);
}

function areWellFormed({ id, model, customer, prints }: UsageEvent): boolean {
  if (!id.isWellFormed() || !model.isWellFormed()) return false;
  if (!customer.plan.isWellFormed() || !customer.product.isWellFormed()) return false;
  for (const { epoch } of prints) if (!epoch.isWellFormed()) return false;
  return true;
}

/** Half of a surrogate pair becomes U+FFFD (developer.mozilla.org, String.prototype.toWellFormed). */
function wellFormed(event: UsageEvent): UsageEvent {
  const { plan, product, createdAt } = event.customer;
  return {
    ...event,
    id: event.id.toWellFormed(),
    model: event.model.toWellFormed(),
    customer: { plan: plan.toWellFormed(), product: product.toWellFormed(), createdAt },
    prints: event.prints.map((made) => ({ ...made, epoch: made.epoch.toWellFormed() })),
  };
}

/** What the schema does not say of an event that it accepts: times that no clock can have meant. */
export function checkedTimes(event: UsageEvent, check?: ArrivalCheck): ParsedEvent {
  const early = earlyFault(event, check?.arrival);
  if (early !== undefined) return { ok: false, reason: early };
  if (check?.arrival !== undefined) {
    const skew = check.permittedSkew ?? DEFAULT_PERMITTED_SKEW;
    if (timeOf(event.time) > check.arrival + skew) {
      return {
        ok: false,
        reason: {
          field: 'time',
          value: printable(event.time),
          message: `in the future: more than ${skew} ms after its arrival at ${new Date(check.arrival).toISOString()}`,
        },
      };
    }
  }
  return { ok: true, event };
}

function earlyFault({ time, customer }: UsageEvent, arrival: number | undefined): Reason | undefined {
  if (time < FIRST_YEAR)
    return { field: 'time', value: printable(time), message: `before ${FIRST_YEAR}: a clock that is wrong` };
  if (arrival !== undefined && arrival - timeOf(time) > MAX_EVENT_AGE)
    return {
      field: 'time',
      value: printable(time),
      message: `more than ${MAX_EVENT_AGE / DAY_MS} days before its arrival at ${new Date(arrival).toISOString()}`,
    };
  if (customer.createdAt < '1970')
    return { field: 'customer.createdAt', value: printable(customer.createdAt), message: 'before 1970' };
  return undefined;
}

type Json = Readonly<Record<string, unknown>>;

const OUTCOMES = new Set<unknown>(outcomeSchema.options);
const KNOWN_SCRIPTS = new Set<unknown>(SCRIPTS);
const KNOWN_BEHAVIOURS = new Set<unknown>(BEHAVIOURS);

/** True only for what zod accepts; false may still be valid (rare forms are left to zod). */
export function surelyValid(json: unknown): json is UsageEvent {
  if (!isObject(json)) return false;
  const { usage, params, customer, shape, behaviours, prints } = json;
  if (
    json.v !== 1 ||
    !isText(json.id, LIMITS.eventId.most) ||
    !isUtcTime(json.time) ||
    !isPseudonym(json.account) ||
    !isText(json.model, LIMITS.eventModel.most) ||
    !OUTCOMES.has(json.outcome) ||
    fields(json) !== 12
  )
    return false;
  if (
    !isObject(usage) ||
    !isCount(usage.inputTokens, 1e9) ||
    !isCount(usage.outputTokens, 1e9) ||
    fields(usage) !== 2
  )
    return false;
  if (!isObject(params) || !areParams(params)) return false;
  if (
    !isObject(customer) ||
    !isText(customer.plan, LIMITS.eventCustomer.most) ||
    !isText(customer.product, LIMITS.eventCustomer.most) ||
    !isUtcTime(customer.createdAt) ||
    fields(customer) !== 3
  )
    return false;
  if (!isObject(shape) || !isShape(shape)) return false;
  if (!Array.isArray(behaviours) || behaviours.length > BEHAVIOURS.length) return false;
  for (const behaviour of behaviours) if (!KNOWN_BEHAVIOURS.has(behaviour)) return false;
  if (!Array.isArray(prints) || prints.length < 1 || prints.length > 2) return false;
  for (const made of prints) if (!isObject(made) || !arePrints(made)) return false;
  return true;
}

function areParams(params: Json): boolean {
  let known = 0;
  if (params.temperature !== undefined) {
    if (!isBetween(params.temperature, 10)) return false;
    known++;
  }
  if (params.topP !== undefined) {
    if (!isBetween(params.topP, 1)) return false;
    known++;
  }
  if (params.maxTokens !== undefined) {
    if (!isCount(params.maxTokens, 1e9)) return false;
    known++;
  }
  if (params.n !== undefined) {
    if (!isCount(params.n, 1e6) || params.n === 0) return false;
    known++;
  }
  if (params.seeded !== undefined) {
    if (typeof params.seeded !== 'boolean') return false;
    known++;
  }
  return fields(params) === known;
}

function isShape(shape: Json): boolean {
  return (
    isCount(shape.turns, 1e6) &&
    typeof shape.system === 'boolean' &&
    isCount(shape.words, 40) &&
    isCount(shape.head, 40) &&
    typeof shape.instruction === 'boolean' &&
    isCount(shape.lines, 40) &&
    KNOWN_SCRIPTS.has(shape.script) &&
    typeof shape.question === 'boolean' &&
    typeof shape.code === 'boolean' &&
    typeof shape.input === 'boolean' &&
    (fields(shape) === 10 || (areAgentFacts(shape) && fields(shape) === 10 + agentFields(shape)))
  );
}

function areAgentFacts(shape: Json): boolean {
  return (
    (shape.steps === undefined || isCount(shape.steps, 1e6)) &&
    (shape.fromTools === undefined || isCount(shape.fromTools, 10)) &&
    (shape.askedByTool === undefined || typeof shape.askedByTool === 'boolean')
  );
}

function agentFields(shape: Json): number {
  return (
    Number(shape.steps !== undefined) +
    Number(shape.fromTools !== undefined) +
    Number(shape.askedByTool !== undefined)
  );
}

/** The prints of an epoch that may be absent, `sketch` apart; the property test fails where this list falls behind. */
function arePrints(made: Json): boolean {
  if (!isText(made.epoch, 32) || !isPrint(made.prompt)) return false;
  let known = 2;
  if (made.sketch !== undefined) {
    if (typeof made.sketch !== 'string' || made.sketch.length > 64) return false;
    known++;
  }
  if (made.opening !== undefined)
    if (isPrint(made.opening)) known++;
    else return false;
  if (made.closing !== undefined)
    if (isPrint(made.closing)) known++;
    else return false;
  if (made.layout !== undefined)
    if (isPrint(made.layout)) known++;
    else return false;
  if (made.system !== undefined)
    if (isPrint(made.system)) known++;
    else return false;
  if (made.address !== undefined)
    if (isPrint(made.address)) known++;
    else return false;
  if (made.network !== undefined)
    if (isPrint(made.network)) known++;
    else return false;
  if (made.asn !== undefined)
    if (isPrint(made.asn)) known++;
    else return false;
  if (made.tls !== undefined)
    if (isPrint(made.tls)) known++;
    else return false;
  if (made.agent !== undefined)
    if (isPrint(made.agent)) known++;
    else return false;
  if (made.credential !== undefined)
    if (isPrint(made.credential)) known++;
    else return false;
  if (made.payment !== undefined)
    if (isPrint(made.payment)) known++;
    else return false;
  return fields(made) === known;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Enumerable fields; an unknown one makes the number differ. */
function fields(object: Json): number {
  let count = 0;
  for (const _ in object) count++;
  return count;
}

/** zod counts code points; what is short enough in code units is short enough. */
function isText(value: unknown, max: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= max;
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function isBetween(value: unknown, max: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= max;
}

const ALPHABET = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
  ALPHABET[character.charCodeAt(0)] = 1;
for (const character of 'abcdefghijklmnopqrstuvwxyz234567') ALPHABET[character.charCodeAt(0)] = 3;

function isPrint(value: unknown): boolean {
  if (typeof value !== 'string' || value.length < 8 || value.length > 22) return false;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit > 127 || ALPHABET[unit] === 0) return false;
  }
  return true;
}

function isPseudonym(value: unknown): boolean {
  if (
    typeof value !== 'string' ||
    value.length !== 28 ||
    value.charCodeAt(0) !== 97 ||
    value.charCodeAt(1) !== 95
  )
    return false;
  for (let i = 2; i < 28; i++) {
    const unit = value.charCodeAt(i);
    if (unit > 127 || ALPHABET[unit] !== 3) return false;
  }
  return true;
}

/** As utc-time.ts reads it; 29 February is left to zod. */
function isUtcTime(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    (value.length === 24 || value.length === 20) &&
    isUtcTimeAt(value, 0, value.length)
  );
}
