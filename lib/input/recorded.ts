import { promptFacts } from '../telemetry/adapters/prompt-faults.ts';
import { entryFactsOf, type ReadFacts } from '../telemetry/entry-facts.ts';
import { type Exchange, textOf } from '../telemetry/exchange.ts';
import { failedOn, type Reason } from '../telemetry/reason.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { roleKind } from '../telemetry/turns.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';

/** An event says nothing of how its prompt could be read, and the exchange is gone: known of each for as long as it is held. */
const facts = new WeakMap<UsageEvent, ReadFacts>();

/** What was found out about an event when its exchange was read; nothing of events that were recorded elsewhere. */
export function readFacts(event: UsageEvent): ReadFacts {
  return facts.get(event) ?? {};
}

/**
 * The event of an exchange, or why there is none: an exchange that makes the recorder throw costs itself alone. Where a logger cut
 * the prompt, what it wrote there is no part of what was asked: the event is of what is left.
 */
export function recorded(
  recorder: Recorder,
  exchange: Exchange,
): { readonly event: UsageEvent } | { readonly reason: Reason } {
  try {
    const at = exchange.messages.findLastIndex(({ role }) => roleKind(role) === 'user');
    const said = exchange.messages[at];
    const text = said === undefined ? '' : textOf(said.content);
    const found = text === '' ? undefined : promptFacts(text);
    const isCut = found !== undefined && found.text !== text && typeof said?.content === 'string';
    const whole = isCut ? withText(exchange, at, found.text) : exchange;
    const event = recorder.record(whole);
    const entry = entryFactsOf(exchange);
    const people = entry?.people.filter(([, value]) => value !== exchange.account) ?? [];
    facts.set(event, { prompt: found?.facts, entry: entry === undefined ? undefined : { ...entry, people } });
    return { event };
  } catch (error) {
    return { reason: failedOn(exchange, error) };
  }
}

function withText(exchange: Exchange, at: number, content: string): Exchange {
  const messages = exchange.messages.map((message, i) => (i === at ? { ...message, content } : message));
  return { ...exchange, messages };
}
