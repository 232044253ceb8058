import type { Exchange } from '../telemetry/exchange.ts';
import { failedOn, type Reason } from '../telemetry/reason.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';

/** The event of an exchange, or why there is none: an exchange that makes the recorder throw costs itself alone. */
export function recorded(
  recorder: Recorder,
  exchange: Exchange,
): { readonly event: UsageEvent } | { readonly reason: Reason } {
  try {
    return { event: recorder.record(exchange) };
  } catch (error) {
    return { reason: failedOn(exchange, error) };
  }
}
