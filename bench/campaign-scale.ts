import { findGroups } from '../lib/campaigns/find-groups.ts';
import { Funnel, type LinkEntry } from '../lib/campaigns/funnel.ts';
import type { AccountFacts, SeenValue } from '../lib/campaigns/link-facts.ts';
import { entryValues } from '../lib/stores/link-store.ts';
import { random } from './random.ts';

/** Linking from scratch on made-up bases with planted campaigns: time, memory, and the same in partitions. */
export interface ScaleRow {
  readonly accounts: number;
  readonly seconds: number;
  /** growth of the process's memory while entries are read and linked */
  readonly megabytes: number;
  readonly planted: number;
  readonly found: number;
  /** innocent accounts in the groups of planted campaigns */
  readonly wrong: number;
  /** planted campaigns whose group holds another planted one: same relays, same sampling parameters */
  readonly mixed: number;
  readonly partitions: number;
  readonly same: boolean;
  readonly largestPartitionAccounts: number;
}

const PARTITIONS = 16;
const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');

interface Base {
  readonly facts: ReadonlyMap<string, AccountFacts>;
  readonly campaigns: readonly ReadonlySet<string>[];
}

const seen = (value: string): SeenValue => ({ value, seen: START });

/** Nine in ten accounts alone; companies of two to six; relays and campuses where strangers meet; ten planted campaigns. */
function makeBase(accounts: number): Base {
  const draw = random(accounts);
  const facts = new Map<string, AccountFacts>();
  const campaigns: Set<string>[] = [];
  let number = 0;
  const clients = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const settings = ['0//64', '0//512', '0.2//1024', '0.7//1024', '0.7//4096', '1//1024', '1//2048', '//'];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const relays = Array.from({ length: Math.max(10, accounts / 500) }, (_, i) => `relay${i}`);
  const add = (payment: string, network: string, client: string, setting: string): string => {
    const account = `a${number++}`;
    facts.set(account, {
      v: 1,
      plan: 'payg',
      product: 'api',
      createdAt: START - Math.floor(draw() * 700) * DAY,
      firstSeen: START,
      values: {
        payment: [seen(payment)],
        credential: [seen(`key${account}`)],
        network: [seen(network)],
        client: [seen(`${network}.${client}`)],
        setting: [seen(`${network}.${setting}`)],
      },
    });
    return account;
  };
  for (let c = 0; c < 10; c++) {
    const members = new Set<string>();
    const size = 40 + Math.floor((accounts / 2000) * (c + 1));
    const blocks = Array.from({ length: Math.ceil(size / 12) }, (_, i) =>
      i % 2 === 0 ? `dc${c}-${i}` : pick(relays),
    );
    const setting = pick(settings.slice(0, 7));
    const client = pick(clients);
    const payments = Math.ceil(size / 7);
    for (let i = 0; i < size; i++)
      members.add(add(`card${c}-${i % payments}`, pick(blocks), client, setting));
    campaigns.push(members);
  }
  while (number < accounts) {
    const chance = draw();
    const network = draw() < 0.15 ? pick(relays) : `net${number}`;
    if (chance < 0.02) {
      const size = 2 + Math.floor(draw() * 5);
      const payment = `company${number}`;
      for (let i = 0; i < size; i++) add(payment, network, pick(clients), pick(settings));
    } else add(`pm${number}`, network, pick(clients), pick(settings));
  }
  return { facts, campaigns };
}

function entriesOf({ facts }: Base): LinkEntry[] {
  const entries: LinkEntry[] = [];
  for (const [account, held] of facts)
    for (const value of entryValues(account, held)) entries.push({ value, account, facts: held });
  return entries.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
}

export function measureScale(sizes: readonly number[], say: (line: string) => void): ScaleRow[] {
  return sizes.map((accounts) => {
    const base = makeBase(accounts);
    const entries = entriesOf(base);
    (globalThis as { gc?: () => void }).gc?.();
    const before = process.memoryUsage().rss;
    const began = performance.now();
    const funnel = new Funnel();
    for (const entry of entries) funnel.add(entry);
    const { groups } = findGroups(funnel.index(), { totalAccounts: funnel.accounts });
    const seconds = (performance.now() - began) / 1000;
    const megabytes = Math.max(0, process.memoryUsage().rss - before) / 1e6;
    say(`${accounts} accounts: ${seconds.toFixed(1)} s`);
    const partitioned = inPartitions(entries);
    let found = 0;
    const wrong = new Set<string>();
    let mixed = 0;
    const planted = new Set(base.campaigns.flatMap((campaign) => [...campaign]));
    for (const campaign of base.campaigns) {
      const touching = groups.filter((group) => group.members.some((member) => campaign.has(member)));
      const best = Math.max(
        0,
        ...touching.map((group) => group.members.filter((member) => campaign.has(member)).length),
      );
      if (best >= 0.95 * campaign.size) found++;
      const others = touching.flatMap((group) => group.members.filter((member) => !campaign.has(member)));
      for (const member of others) if (!planted.has(member)) wrong.add(member);
      if (others.some((member) => planted.has(member))) mixed++;
    }
    return {
      accounts: base.facts.size,
      seconds,
      megabytes,
      planted: base.campaigns.length,
      found,
      wrong: wrong.size,
      mixed,
      partitions: PARTITIONS,
      same: sameGroups(groups, partitioned.groups),
      largestPartitionAccounts: partitioned.largest,
    };
  });
}

/** The same base, its values dealt to partitions by hash, each read by a funnel of its own, then what was kept together. */
function inPartitions(entries: readonly LinkEntry[]) {
  const parts = Array.from({ length: PARTITIONS }, () => new Funnel());
  for (const entry of entries) parts[partOf(entry.value)]?.add(entry);
  const largest = Math.max(...parts.map((part) => part.accounts));
  const whole = new Funnel();
  for (const part of parts) whole.merge(part);
  return { groups: findGroups(whole.index(), { totalAccounts: whole.accounts }).groups, largest };
}

function partOf(value: string): number {
  let hash = 7;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}

function sameGroups(
  a: readonly { readonly members: readonly string[] }[],
  b: readonly { readonly members: readonly string[] }[],
): boolean {
  const name = (groups: typeof a): string =>
    groups
      .map((group) => group.members.join(','))
      .sort()
      .join(';');
  return name(a) === name(b);
}
