import { otlpField } from '../../telemetry/adapters/otlp.ts';
import { describeReason, type Reason } from '../../telemetry/reason.ts';

/**
 * Calls of OpenTelemetry that came without what was asked. A span without messages is held, as log events of it may bring them; it
 * is answered as taken before anybody knows. So the sender is warned: at once where no log event has ever come, and with the next
 * answer where calls were given up.
 */
export class UntoldCalls {
  #sawLogs = false;
  #held = 0;
  #lost = 0;
  #reason: Reason | undefined;

  /** Calls that were held, and whose messages did not come. */
  givenUp(reasons: readonly Reason[]): void {
    this.#lost += reasons.length;
    this.#reason = reasons[0] ?? this.#reason;
  }

  /** What the sender of an export should know. @param held calls that are without messages after it */
  warning(documents: readonly unknown[], held: number): string | undefined {
    const more = held - this.#held;
    this.#held = held;
    this.#sawLogs ||= documents.some((json) => Array.isArray(otlpField(json, 'resourceLogs')));
    const { count, reason } = { count: this.#lost, reason: this.#reason };
    this.#lost = 0;
    if (count > 0 && reason !== undefined)
      return `${count} calls before were not used: ${describeReason(reason)}`;
    return more > 0 && !this.#sawLogs
      ? `${more} calls have no messages, and no log events have come that may bring them: switch on message capture in the instrumentation`
      : undefined;
  }
}
