import { deliveryId, type Notice, recordId } from '../finding.ts';
import { headline, summary } from '../headline.ts';
import { deadline, nextSteps } from '../next-steps.ts';
import { identifier, plain } from '../sanitize.ts';
import { significanceText } from '../significance-text.ts';

/** SNS and EventBridge: at most 256 KiB for a message, attributes included. */
export const MESSAGE_MAX = 256 * 1024;

/**
 * A notice for machines: the typed object with every string made sanitized, the words that people get, and the steps.
 * @param now processing time, ms
 */
export function jsonView(notice: Notice, now: number): object {
  return {
    schema: 'siphonwatch.notice/1',
    deliveryId: identifier(deliveryId(notice)),
    thread: identifier(recordId(notice)),
    headline: headline(notice),
    summary: summary(notice),
    certainty: significanceText(notice),
    nextSteps: nextSteps(notice, now).map((step) => ({
      deadline: deadline(step),
      withinMinutes: step.within,
      what: step.what,
      command: step.command,
      ...(step.undo === undefined ? {} : { undo: step.undo }),
    })),
    notice: sanitized(notice),
  };
}

/** The same value with every string in it plain; keys are our own. */
export function sanitized<T>(value: T): T;
export function sanitized(value: unknown): unknown {
  if (typeof value === 'string') return plain(value, 1000);
  if (Array.isArray(value)) return value.map((held) => sanitized(held));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, sanitized(held)]));
  return value;
}
