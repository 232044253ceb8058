import { DAY_MS } from '../time.ts';
import { type Keyring, keyring } from './keys.ts';

/** What making keys needs of the world. */
export interface KeySource {
  /** now, ms since 1970 */
  readonly now: number;
  /** that many bytes from a cryptographic source, for example `randomBytes` of node:crypto */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Days for which two epochs serve side by side: as long as the default policy keeps profiles. */
export const DEFAULT_OVERLAP_DAYS = 35;

/**
 * A keyring with fresh secrets of 256 bits and one epoch, named for the month and open at its end.
 *
 * @example
 * import { randomBytes } from 'node:crypto';
 * import { newKeyring } from '@siphonwatch/recorder';
 *
 * const keys = newKeyring({ now: Date.parse('2026-03-01T08:00:00Z'), randomBytes });
 * keys.epochs[0].id; // => '2026-03'
 */
export function newKeyring(source: KeySource): Keyring {
  const from = minute(source.now);
  return keyring.parse({
    account: { secret: secretOf(source) },
    epochs: [{ id: from.slice(0, 7), secret: secretOf(source), from }],
  });
}

/**
 * The keyring with a next epoch that begins now; the one that served until now serves beside it for the overlap. Epochs
 * that have ended stay: events of their time are still recorded under them. The account's secret stays as it is.
 * @throws Error where an epoch begins in this minute or later, or where the overlap of the last rotation has not ended: three epochs would serve at once
 *
 * @example
 * import { randomBytes } from 'node:crypto';
 * import { newKeyring, rotatedKeyring } from '@siphonwatch/recorder';
 *
 * const keys = newKeyring({ now: Date.parse('2026-03-01T08:00:00Z'), randomBytes });
 * const next = rotatedKeyring(keys, { now: Date.parse('2026-06-01T08:00:00Z'), randomBytes });
 * next.epochs.map(({ id, until }) => [id, until]); // => [['2026-03', '2026-07-06T08:00:00.000Z'], ['2026-06', undefined]]
 */
export function rotatedKeyring(
  ring: Keyring,
  source: KeySource,
  overlapDays: number = DEFAULT_OVERLAP_DAYS,
): Keyring {
  const from = minute(source.now);
  const start = Date.parse(from);
  if (ring.epochs.some((epoch) => Date.parse(epoch.from) >= start))
    throw new Error('keyring: an epoch begins in this minute or later: rotate after that');
  const serving = ring.epochs.filter(
    ({ from, until }) => Date.parse(from) <= start && (until === undefined || Date.parse(until) > start),
  );
  if (serving.length > 1) {
    const ends = serving.map(({ until }) => until).filter((until) => until !== undefined);
    throw new Error(`keyring: two epochs serve already, until ${ends.sort()[0]}: rotate after that`);
  }
  const until = new Date(start + overlapDays * DAY_MS).toISOString();
  const closed = ring.epochs.map((epoch) => (epoch.until === undefined ? { ...epoch, until } : epoch));
  const ids = new Set(ring.epochs.map(({ id }) => id));
  let id = from.slice(0, 7);
  for (let again = 2; ids.has(id); again++) id = `${from.slice(0, 7)}.${again}`;
  return keyring.parse({ ...ring, epochs: [...closed, { id, secret: secretOf(source), from }] });
}

/** 256 bits as base64url: 43 characters. */
function secretOf(source: KeySource): string {
  return Buffer.from(source.randomBytes(32)).toString('base64url');
}

function minute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}:00.000Z`;
}
