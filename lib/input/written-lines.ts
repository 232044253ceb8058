import { detached } from '../telemetry/held-names.ts';
import { checkedTimes } from '../telemetry/parse-usage-event.ts';
import { KEY } from '../telemetry/scan-keys.ts';
import { MAX_SCANNED, scanUsageEvent } from '../telemetry/scan-usage-event.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';

/** How a recorder begins a usage event. */
const BEGINS = KEY.id.toString('latin1');

/** Room for a line of so many characters, of at most three bytes each, and its end. */
const room = Buffer.allocUnsafe(3 * MAX_SCANNED + 1);
const LINE_FEED = 10;

/**
 * The usage event of a line that is as a recorder wrote it; undefined for any other line, which is read as JSON and
 * checked against the schema, with the same result (test/input/written-lines.test.ts).
 */
export function writtenEvent(line: string): UsageEvent | undefined {
  const { length } = line;
  if (length > MAX_SCANNED || !line.startsWith(BEGINS)) return undefined;
  const size = room.write(line);
  // no value goes on behind it: what stands there is of lines before
  room[size] = LINE_FEED;
  // as many bytes as characters: all of them ASCII
  const event = size === length ? scanUsageEvent(room, line, 0, size) : undefined;
  if (event === undefined || !checkedTimes(event).ok) return undefined;
  // a slice of a line would keep all of its chunk alive
  event.time = detached(event.time);
  event.customer.createdAt = detached(event.customer.createdAt);
  return event;
}
