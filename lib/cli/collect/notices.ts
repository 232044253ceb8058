import type { HealthWarning } from '../../telemetry/health.ts';
import { describeReason, type Reason } from '../../telemetry/reason.ts';

/** Kinds of reasons that are said by themselves; who sends entries can make many. */
const MOST_REASONS = 50;

/**
 * What a listener says while it runs, each thing once: many senders read no answers, and whoever set one up must not have to wait for
 * its end to learn that nothing comes, that nothing of it can be used, or that it is blind.
 */
export class Notices {
  readonly #say: (line: string) => void;
  readonly #said = new Set<string>();
  #reasons = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** What came of a request. */
  counted(source: string, events: number, reasons: readonly Reason[]): void {
    if (events > 0 && source !== 'auto') this.#once(source, `first event of ${source}`);
    for (const reason of reasons) {
      if (this.#reasons >= MOST_REASONS) return;
      const line = `an entry of ${source} cannot be used: ${describeReason(reason)} (said once; /metrics counts them)`;
      if (this.#once(`${reason.field} ${reason.message}`, line)) this.#reasons++;
    }
  }

  /** Formats that entries were told apart as, where a request did not name one. */
  recognized(formats: ReadonlySet<string>): void {
    for (const format of formats) this.#once(format, `first event of ${format} (recognized)`);
  }

  /** What is wrong with all that came so far. */
  warned(warnings: readonly HealthWarning[]): void {
    for (const { share, severe, slice, text } of warnings)
      this.#once(`${share} ${severe} ${slice?.by}`, `${severe ? 'WARNING: BLIND: ' : 'warning: '}${text}`);
  }

  #once(key: string, line: string): boolean {
    if (this.#said.has(key)) return false;
    this.#said.add(key);
    this.#say(line);
    return true;
  }
}
