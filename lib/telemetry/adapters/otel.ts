import { entryFacts, entryFactsOf, keepEntryFacts } from '../entry-facts.ts';
import type { Exchange } from '../exchange.ts';
import { isOverfull } from '../json-size.ts';
import { failedOn, fieldName, printable, type Reason } from '../reason.ts';
import { isAsked } from '../turns.ts';
import {
  ADAPTER_DEFAULTS,
  type Adapted,
  type Adapter,
  type AdapterDefaults,
  finish,
  overfull,
  refused,
  tooMany,
} from './adapter.ts';
import { at, objectOf } from './fields.ts';
import { HeldWeight } from './held-weight.ts';
import { OTEL_ACCOUNT_PLACES } from './otel-accounts.ts';
import { callIn } from './otel-call.ts';
import { isCall, modelIn } from './otel-calls.ts';
import { textIn } from './otel-endings.ts';
import { bodyTold, DETAILS, messageOfEvent, otelMessages, quoted, whyNoMessages } from './otel-messages.ts';
import { spelt } from './otel-vocabularies.ts';
import {
  type Attributes,
  anyValue,
  isCrowdedOtlp,
  isOtlp,
  isWithoutCalls,
  type OtlpEntry,
  otlpEntries,
  otlpField,
} from './otlp.ts';
import type { ReadMessage } from './read-message.ts';
import { readMessages } from './request.ts';
import { whyAgentEvent } from './textless.ts';

interface HeldSpan {
  readonly span: OtlpEntry;
  readonly origin: unknown;
}

interface HeldLogs {
  readonly messages: unknown[];
  /** the same with texts as they stood, for a conversation in which else nobody asks */
  readonly quoted: unknown[];
  readonly words: string[];
  readonly origin: unknown;
  /** facts that details events told, where the span alone says what call it is */
  readonly attributes?: Attributes;
  /** why a details event that told all of a call made none by itself: the span may name the account */
  readonly missing?: Reason;
}

/** What a reader of spans holds between two entries. */
export interface HeldOtel {
  readonly spans: ReadonlyMap<string, HeldSpan>;
  readonly logs: ReadonlyMap<string, HeldLogs>;
  readonly told: ReadonlySet<string>;
}

/**
 * OpenTelemetry GenAI in OTLP/JSON, as the collector's file exporter writes it: one export request a line. Which
 * instrumentations' messages are read stands in otel-messages.ts; message capture has to be switched on in each.
 *
 * The account is the attribute `siphonwatch.account`, `enduser.id`, `user.id` or `enduser.pseudo.id`, of the span or its
 * resource, or what LiteLLM's proxy says of its key; `siphonwatch.plan|product|created_at|payment|credential|asn|tls` fill in
 * the rest.
 *
 * A call may be told by a span and by log events of that span, in either order and in different exports: the reader holds
 * what is half told, at most `MAX_HELD` calls, until its other half comes or the input ends.
 */
export class OtelReader {
  readonly #defaults: AdapterDefaults;
  /** spans without messages, by their key */
  readonly #spans: Map<string, HeldSpan>;
  /** messages and ends that log events told, by the key of their span */
  readonly #logs: Map<string, HeldLogs>;
  /** calls that are events already */
  readonly #told: Set<string>;
  readonly #weight = new HeldWeight();
  #late: Late[] = [];
  #aging: ReadonlySet<string> = new Set();

  /** @param held what another reader of the same input held, to go on from */
  constructor(defaults: AdapterDefaults = ADAPTER_DEFAULTS, held?: HeldOtel) {
    this.#defaults = defaults;
    this.#spans = new Map(held?.spans);
    this.#logs = new Map(held?.logs);
    for (const held of [this.#spans, this.#logs]) for (const [key, half] of held) this.#weight.add(key, half);
    this.#told = new Set(held?.told);
  }

  /** Calls that are half told, and the keys of those that are told; good until the next entry is read. */
  get held(): HeldOtel {
    return { spans: this.#spans, logs: this.#logs, told: this.#told };
  }

  /** @param origin handed back with what is found out about this entry later */
  read(json: unknown, origin?: unknown): Adapted & { readonly late: readonly Late[] } {
    if (!isOtlp(json)) {
      const other = isWithoutCalls(json) ? { exchanges: [], reasons: [], skipped: 1 } : undefined;
      const named = printable(
        Object.keys(objectOf(json) ?? {})
          .slice(0, 6)
          .map(fieldName)
          .join(', '),
      );
      return {
        ...(other ?? refused('resourceSpans', named, 'not an OTLP/JSON export of spans or logs')),
        late: [],
      };
    }
    if (isCrowdedOtlp(json)) return { ...tooMany(), late: [] };
    const exchanges: Exchange[] = [];
    const reasons: Reason[] = [];
    const odd: string[] = [];
    let skipped = 0;
    let entries = 0;
    for (const entry of otlpEntries(json)) {
      entries++;
      const done = alone(() => (entry.isLog ? this.#log(entry, origin) : this.#span(entry, origin)), entry);
      if (done === 'skipped') skipped++;
      else if (done !== 'held' && 'exchange' in done) {
        exchanges.push(done.exchange);
        odd.push(...done.odd);
      } else if (done !== 'held') reasons.push(done.reason);
    }
    if (entries === 0) skipped++;
    const late = this.#late;
    this.#late = [];
    return { exchanges, reasons, skipped, odd, late };
  }

  /** What was half told already at the call before: for listeners, whose input does not end. */
  age(): readonly Late[] {
    for (const key of this.#spans.keys()) if (this.#aging.has(key)) this.#release(key);
    for (const key of this.#logs.keys()) if (this.#aging.has(key)) this.#drop(key);
    this.#aging = new Set([...this.#spans.keys(), ...this.#logs.keys()]);
    const late = this.#late;
    this.#late = [];
    return late;
  }

  /** What is still half told when the input ends: calls whose messages came, and those whose did not. */
  finish(): readonly Late[] {
    for (const key of [...this.#spans.keys()]) this.#release(key);
    for (const key of [...this.#logs.keys()]) this.#drop(key);
    const late = this.#late;
    this.#late = [];
    return late;
  }

  /** Messages whose span did not come. */
  #drop(key: string): void {
    const held = this.#logs.get(key);
    this.#logs.delete(key);
    this.#weight.drop(key);
    if (held === undefined || this.#told.has(key)) return;
    const { missing, origin } = held;
    if (missing !== undefined) {
      const message = `${missing.message}; nor is the event’s span in the input, which may name it`;
      const reason = { ...missing, message };
      const facts = entryFactsOf(missing);
      if (facts !== undefined) keepEntryFacts(reason, facts);
      this.#late.push({ origin, reason });
      return;
    }
    const message =
      'log events of a call whose span is not in the input, or more than 10,000 calls behind: export the spans too';
    this.#late.push({ origin, reason: { field: 'spanId', value: printable(key), message } });
  }

  #span(written: OtlpEntry, origin: unknown): Done {
    const span = { ...written, attributes: spelt(written.attributes) };
    if (!isCall(span)) return 'skipped';
    const { key } = span;
    if (key !== undefined && this.#told.has(key)) return 'held';
    const logs = key === undefined ? undefined : this.#logs.get(key);
    const whole = { ...span, attributes: { ...logs?.attributes, ...span.attributes } };
    const messages = otelMessages(whole);
    if (messages.length > 0 || (logs !== undefined && logs.messages.length > 0) || key === undefined)
      return this.#finish(whole, messages, logs);
    this.#spans.set(key, { span: whole, origin });
    this.#weight.add(key, whole);
    this.#bound();
    return 'held';
  }

  #log(log: OtlpEntry, origin: unknown): Done {
    const name = textIn(otlpField(log.entry, 'eventName')) ?? textIn(log.attributes['event.name']) ?? '';
    if (name === DETAILS) return this.#details(log, origin);
    const body = anyValue(at(log.entry, 'body'));
    const agents = whyAgentEvent([name, body]);
    if (agents !== undefined)
      return { reason: { field: 'event.name', value: printable(name), message: agents } };
    const facts = { ...log.attributes, ...(objectOf(body) ?? { content: body }) };
    const told = bodyTold(body);
    const messages = told?.messages ?? messageOfEvent(name, facts);
    const word = name === 'gen_ai.choice' ? (textIn(at(facts, 'finish_reason')) ?? '') : told?.word;
    if (log.key === undefined || this.#told.has(log.key) || (messages.length === 0 && word === undefined))
      return 'skipped';
    const held = this.#logs.get(log.key) ?? { messages: [], quoted: [], words: [], origin };
    held.messages.push(...messages);
    held.quoted.push(...(told?.messages ?? messageOfEvent(name, facts, quoted)));
    if (word !== undefined && word !== '') held.words.push(word);
    this.#logs.set(log.key, held);
    this.#weight.add(log.key, messages);
    this.#bound();
    return 'held';
  }

  #details(log: OtlpEntry, origin: unknown): Done {
    const held = log.key === undefined ? undefined : this.#spans.get(log.key);
    // an export through kvlists keeps the facts in the body
    const body = objectOf(anyValue(at(log.entry, 'body'))) ?? {};
    const entry = { ...log, attributes: { ...held?.span.attributes, ...body, ...log.attributes } };
    if (log.key !== undefined && this.#told.has(log.key)) return 'held';
    if (log.key !== undefined && isPart(entry, held !== undefined))
      return this.#part(log.key, entry, held, origin);
    if (!isCall(entry)) return 'skipped';
    const done = this.#finish(
      held === undefined ? entry : { ...entry, entry: held.span.entry, resource: held.span.resource },
      otelMessages(entry),
      undefined,
    );
    if (log.key !== undefined) {
      this.#spans.delete(log.key);
      this.#weight.drop(log.key);
    }
    // The account may stand on the span alone, which is still to come.
    if (
      held !== undefined ||
      log.key === undefined ||
      typeof done === 'string' ||
      !('reason' in done) ||
      done.reason.field !== 'account'
    )
      return done;
    this.#told.delete(log.key);
    const messages = otelMessages(entry);
    const told = { messages: [...messages], quoted: [...messages], words: [], origin, missing: done.reason };
    this.#logs.set(log.key, told);
    this.#weight.add(log.key, messages);
    this.#bound();
    return 'held';
  }

  /**
   * A details event that tells a part: what was asked or what was answered, of a call that the span names
   * (@opentelemetry/instrumentation-openai writes two for a call of Responses).
   */
  #part(key: string, entry: OtlpEntry, held: HeldSpan | undefined, origin: unknown): Done {
    if (held !== undefined)
      this.#spans.set(key, { ...held, span: { ...held.span, attributes: entry.attributes } });
    else {
      const logs = this.#logs.get(key) ?? { messages: [], quoted: [], words: [], origin };
      this.#logs.set(key, { ...logs, attributes: { ...logs.attributes, ...entry.attributes } });
      this.#weight.add(key, entry.attributes);
      this.#bound();
    }
    return 'held';
  }

  /** The oldest go where there are too many, or too much of them. */
  #bound(): void {
    if (this.#spans.size > MAX_HELD) this.#release(firstKey(this.#spans));
    if (this.#logs.size > MAX_HELD) this.#drop(firstKey(this.#logs));
    while (this.#weight.isOver && this.#logs.size + this.#spans.size > 0)
      if (this.#logs.size > 0) this.#drop(firstKey(this.#logs));
      else this.#release(firstKey(this.#spans));
  }

  #release(key: string): void {
    const held = this.#spans.get(key);
    this.#spans.delete(key);
    this.#weight.drop(key);
    if (held === undefined) return;
    const done = alone(() => this.#finish(held.span, [], this.#logs.get(key)), held.span);
    if (done !== 'held' && done !== 'skipped') this.#late.push({ origin: held.origin, ...done });
  }

  #finish(entry: OtlpEntry, found: readonly ReadMessage[], logs: HeldLogs | undefined): Done {
    const said = readMessages(logs?.messages ?? []);
    const messages = found.length > 0 ? found : isAsked(said) ? said : readMessages(logs?.quoted ?? []);
    const facts = entryFacts('otel', { ...entry.resource, ...entry.attributes });
    if (messages.length === 0) {
      const reason = whyNoMessages(entry);
      keepEntryFacts(reason, facts);
      return { reason };
    }
    const { key } = entry;
    if (key !== undefined) {
      this.#logs.delete(key);
      this.#weight.drop(key);
      this.#told.add(key);
      if (this.#told.size > 8 * MAX_HELD) this.#told.delete(firstKey(this.#told));
    }
    const call = callIn(entry, messages, logs?.words ?? [], this.#defaults);
    const done = finish(call, this.#defaults, OTEL_ACCOUNT_PLACES);
    keepEntryFacts('exchange' in done ? done.exchange : done.reason, facts);
    return done;
  }
}

/** What becomes of a span or log record; one that makes its reader throw costs no other one of its export. */
function alone(read: () => Done, { entry }: OtlpEntry): Done {
  if (isOverfull(entry)) return { reason: overfull() };
  try {
    return read();
  } catch (error) {
    return { reason: failedOn(entry, error) };
  }
}

/** Whether a details event says less than a call: no model before its span is known, no messages that were asked after. */
function isPart(entry: OtlpEntry, spanIsKnown: boolean): boolean {
  return spanIsKnown
    ? otelMessages(entry).length === 0
    : modelIn(entry.attributes) === undefined && entry.attributes['gen_ai.operation.name'] === undefined;
}

/** What was found out about an entry after it was read. */
export type Late = { readonly origin: unknown } & (
  | { readonly exchange: Exchange; readonly odd: readonly string[] }
  | { readonly reason: Reason }
);

type Done = 'skipped' | 'held' | ReturnType<typeof finish>;

const MAX_HELD = 10_000;
/** One export by itself. */
export const fromOtel: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const reader = new OtelReader(defaults);
  const { late: _, ...read } = reader.read(json);
  const late = reader.finish();
  return {
    exchanges: [...read.exchanges, ...late.flatMap((held) => ('exchange' in held ? [held.exchange] : []))],
    reasons: [...read.reasons, ...late.flatMap((held) => ('reason' in held ? [held.reason] : []))],
    skipped: read.skipped,
    odd: [...(read.odd ?? []), ...late.flatMap((held) => ('odd' in held ? held.odd : []))],
  };
};

function firstKey(held: Map<string, unknown> | Set<string>): string {
  return held.keys().next().value ?? '';
}
