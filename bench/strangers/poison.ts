import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { random, shuffled } from '../random.ts';
import { linesOf, type Recorded } from './product.ts';

/**
 * A past with another share of attackers: fewer of its own, or more, who are the test's extraction accounts a fortnight
 * earlier under other names. That is the worst case: the past holds the very campaigns that are to be found.
 */
export interface Poison {
  /** share of the past's accounts that extract, 0 to 1 */
  readonly share: number;
  /** extraction accounts by pseudonym, those of the past and of the test */
  readonly extraction: ReadonlySet<string>;
}

const FORTNIGHT_MS = 14 * 86_400_000;

export interface Poisoned {
  /** accounts of the past that extract */
  readonly hidden: number;
  /** pseudonym of an account that was planted -> whose it is a copy of */
  readonly copies: ReadonlyMap<string, string>;
}

/** Writes the past anew. */
export async function poisoned(of: Recorded, { share, extraction }: Poison, to: string): Promise<Poisoned> {
  const own = await eventsOf(of.past, () => true);
  const benign = new Set(own.flatMap(({ account }) => (extraction.has(account) ? [] : [account])));
  const wanted = Math.round((share * benign.size) / (1 - share));
  const there = [...new Set(own.flatMap(({ account }) => (extraction.has(account) ? [account] : [])))].sort();
  const kept = new Set([...benign, ...shuffled(there, random(3)).slice(0, wanted)]);
  const events = own.filter(({ account }) => kept.has(account));
  const hidden = Math.min(wanted, there.length);
  const { planted, copies } = await plantedFrom(of.test, extraction, wanted - hidden);
  const all = [...events, ...planted].sort((a, b) => (a.time < b.time ? -1 : 1));
  await pipeline(Readable.from(all.map((event) => `${JSON.stringify(event)}\n`)), createWriteStream(to));
  return { hidden: hidden + copies.size, copies };
}

async function plantedFrom(
  file: string,
  extraction: ReadonlySet<string>,
  accounts: number,
): Promise<{ readonly planted: readonly UsageEvent[]; readonly copies: ReadonlyMap<string, string> }> {
  const planted: UsageEvent[] = [];
  const copies = new Map<string, string>();
  if (accounts <= 0) return { planted, copies };
  const events = await eventsOf(file, (account) => extraction.has(account));
  const names = shuffled([...new Set(events.map(({ account }) => account))].sort(), random(5));
  for (let i = 0; i < accounts; i++) {
    const source = names[i % names.length] as string;
    const round = Math.floor(i / names.length);
    const account = renamed(source, round);
    copies.set(account, source);
    for (const event of events)
      if (event.account === source)
        planted.push({
          ...event,
          id: `${event.id}-${round}`,
          account,
          // copies of one account do not act in the same seconds
          time: new Date(Date.parse(event.time) - FORTNIGHT_MS + round * 977_000).toISOString(),
        });
  }
  return { planted, copies };
}

/** Another pseudonym of the same form. */
function renamed(account: string, round: number): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  return `a_${[...account.slice(2)].map((c) => digits[(digits.indexOf(c) + 11 + 5 * round) % 32]).join('')}`;
}

async function eventsOf(file: string, wanted: (account: string) => boolean): Promise<UsageEvent[]> {
  const events: UsageEvent[] = [];
  for await (const line of linesOf(file)) {
    const event = JSON.parse(line) as UsageEvent;
    if (wanted(event.account)) events.push(event);
  }
  return events;
}
