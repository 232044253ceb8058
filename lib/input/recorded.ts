import { isUnreadable } from '../telemetry/adapters/unreadable.ts';
import { type Exchange, textOf } from '../telemetry/exchange.ts';
import { failedOn, type Reason } from '../telemetry/reason.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { roleKind } from '../telemetry/turns.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';

/** An event says nothing of whether its prompt could be read, and the exchange is gone: known of each for as long as it is held. */
const unreadable = new WeakSet<UsageEvent>();

/** Whether an event was recorded of a prompt in which nothing can be read; for the health of telemetry. */
export function hasUnreadablePrompt(event: UsageEvent): boolean {
  return unreadable.has(event);
}

/** The event of an exchange, or why there is none: an exchange that makes the recorder throw costs itself alone. */
export function recorded(
  recorder: Recorder,
  exchange: Exchange,
): { readonly event: UsageEvent } | { readonly reason: Reason } {
  try {
    const event = recorder.record(exchange);
    const said = exchange.messages.findLast(({ role }) => roleKind(role) === 'user');
    if (said !== undefined && isUnreadable(textOf(said.content))) unreadable.add(event);
    return { event };
  } catch (error) {
    return { reason: failedOn(exchange, error) };
  }
}
