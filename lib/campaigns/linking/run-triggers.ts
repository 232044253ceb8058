import type { AccountFacts } from './link-facts.ts';

/**
 * When linking must not wait for its schedule: what has changed in the link table since the last run began, and how
 * much of it is enough. RunTriggers only decides when a run takes place, never what it finds.
 */
export interface RunTriggers {
  /** accounts whose link facts changed */
  readonly changes: number;
  /** accounts that came to be watched: their clocks are compared (see synchrony.ts) */
  readonly watched: number;
  /** hard values that a burst of new accounts came to share (see isBurst) */
  readonly bursts: number;
}

/** Each kind of pressure, and from how much of it on a run is asked for. */
export const TRIGGER_LIMITS = {
  bursts: {
    from: 1,
    why: 'several accounts opened within two days on one payment or credential are how a campaign begins',
  },
  watched: {
    from: 20,
    why: 'twenty accounts that stand out by themselves within one interval may have one operator',
  },
  changes: {
    from: 5000,
    why: 'so many accounts with new payments, credentials or places leave the last groups behind',
  },
} as const satisfies Readonly<Record<keyof RunTriggers, { readonly from: number; readonly why: string }>>;

/** New accounts on one hard value that make a burst. */
const BURST_ACCOUNTS = 5;
/** An account is new on the day of its first event and the day after, ms: days are all that link facts keep. */
const NEW_FOR_MS = 86_400_000;
/** Accounts of a value that are looked at. A value that more accounts show is no news: the schedule sees to it. */
export const BURST_LOOKS_AT = 50;

/** True where a burst of new accounts shares a value. @param sharing facts of accounts that show it */
export function isBurst(sharing: readonly AccountFacts[]): boolean {
  if (sharing.length >= BURST_LOOKS_AT) return false;
  const newest = Math.max(...sharing.map(({ firstSeen }) => firstSeen));
  return sharing.filter(({ firstSeen }) => newest - firstSeen <= NEW_FOR_MS).length >= BURST_ACCOUNTS;
}

/** The kind of pressure that asks for a run now, if any does. */
export function triggeredBy(pressure: RunTriggers): keyof RunTriggers | undefined {
  const kinds = Object.keys(TRIGGER_LIMITS) as (keyof RunTriggers)[];
  return kinds.find((kind) => pressure[kind] >= TRIGGER_LIMITS[kind].from);
}
