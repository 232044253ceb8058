import { CandidateBlocking, type LinkEntry } from '../lib/campaigns/linking/blocking.ts';
import { decodeFacts, encodeFacts } from '../lib/campaigns/linking/facts-codec.ts';
import { findGroups } from '../lib/campaigns/linking/find-groups.ts';
import type { AccountFacts, SeenValue } from '../lib/campaigns/linking/link-facts.ts';
import { entryValues } from '../lib/stores/link-store.ts';
import { DAY_MS } from '../lib/time.ts';
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
/** Planted campaigns grow with the base up to this size of it, then it is only the base that grows. */
const MAX_ACCOUNTS = 100_000;
const START = Date.parse('2026-01-01T00:00:00Z');

interface Base {
  readonly facts: ReadonlyMap<string, AccountFacts>;
  readonly campaigns: readonly ReadonlySet<string>[];
}

const seen = (value: string): SeenValue => ({ value, seen: START });

/** Accounts of one payment, and the planted campaign that they belong to. */
interface Payer {
  readonly accounts: readonly (readonly [account: string, facts: AccountFacts])[];
  readonly campaign: number | undefined;
}

/**
 * Nine in ten accounts alone; companies of two to six; relays and campuses where strangers meet; ten planted campaigns.
 * One payer after the other, so that a base of any size need not be held.
 */
export function* payers(accounts: number): Generator<Payer> {
  const draw = random(accounts);
  let number = 0;
  const clients = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const settings = ['0//64', '0//512', '0.2//1024', '0.7//1024', '0.7//4096', '1//1024', '1//2048', '//'];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const relays = Array.from({ length: Math.max(10, accounts / 500) }, (_, i) => `relay${i}`);
  const make = (payment: string, network: string, client: string, setting: string) => {
    const account = `a${number++}`;
    const facts: AccountFacts = {
      v: 1,
      plan: 'payg',
      product: 'api',
      createdAt: START - Math.floor(draw() * 700) * DAY_MS,
      firstSeen: START,
      values: {
        payment: [seen(payment)],
        credential: [seen(`key${account}`)],
        network: [seen(network)],
        client: [seen(`${network}.${client}`)],
        setting: [seen(`${network}.${setting}`)],
      },
    };
    return [account, facts] as const;
  };
  for (let campaign = 0; campaign < 10; campaign++) {
    const size = 40 + Math.floor((Math.min(accounts, MAX_ACCOUNTS) / 2000) * (campaign + 1));
    const blocks = Array.from({ length: Math.ceil(size / 12) }, (_, i) =>
      i % 2 === 0 ? `dc${campaign}-${i}` : pick(relays),
    );
    const setting = pick(settings.slice(0, 7));
    const client = pick(clients);
    const cards = Math.ceil(size / 7);
    for (let card = 0; card < cards; card++) {
      const count = Math.ceil((size - card) / cards);
      const of = Array.from({ length: count }, () =>
        make(`card${campaign}-${card}`, pick(blocks), client, setting),
      );
      yield { accounts: of, campaign };
    }
  }
  while (number < accounts) {
    const chance = draw();
    const network = draw() < 0.15 ? pick(relays) : `net${number}`;
    const payment = chance < 0.02 ? `company${number}` : `pm${number}`;
    const size = chance < 0.02 ? 2 + Math.floor(draw() * 5) : 1;
    const of = Array.from({ length: size }, () => make(payment, network, pick(clients), pick(settings)));
    yield { accounts: of, campaign: undefined };
  }
}

function makeBase(accounts: number): Base {
  const facts = new Map<string, AccountFacts>();
  const campaigns = Array.from({ length: 10 }, () => new Set<string>());
  for (const payer of payers(accounts))
    for (const [account, held] of payer.accounts) {
      facts.set(account, held);
      if (payer.campaign !== undefined) campaigns[payer.campaign]?.add(account);
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
    const funnel = new CandidateBlocking();
    const reader = funnel.reader();
    for (const entry of entries) reader.add(entry);
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
  const parts = Array.from({ length: PARTITIONS }, () => new CandidateBlocking());
  const readers = parts.map((part) => part.reader());
  for (const entry of entries) readers[partOf(entry.value)]?.add(entry);
  const largest = Math.max(...parts.map((part) => part.accounts));
  const whole = new CandidateBlocking();
  for (const part of parts) whole.merge(part.part());
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

/** What a base of any size costs, read once in partitions as the invocations of `link` would read it. */
export interface ReachRow {
  readonly accounts: number;
  readonly entries: number;
  /** all partitions together: decoding entries (from a sample), and the funnels */
  readonly decodeSeconds: number;
  readonly funnelSeconds: number;
  /** accounts that are left for the one invocation that links */
  readonly kept: number;
  readonly linkSeconds: number;
  /** growth of the process's memory while linking */
  readonly linkMegabytes: number;
  readonly found: number;
}

/** Every so-many-th entry is encoded and decoded, to know what that takes. */
const DECODED_EVERY = 100;

/** Reads bases in sixteen partitions without ever holding one, then links what the funnels kept. */
export function measureReach(sizes: readonly number[], say: (line: string) => void): ReachRow[] {
  return sizes.map((accounts) => {
    const parts = Array.from({ length: PARTITIONS }, () => new CandidateBlocking());
    const readers = parts.map((part) => part.reader());
    const campaigns = Array.from({ length: 10 }, () => new Set<string>());
    let entries = 0;
    let funnel = 0;
    let decode = 0;
    for (const payer of payers(accounts)) {
      const list: LinkEntry[] = [];
      for (const [account, facts] of payer.accounts) {
        if (payer.campaign !== undefined) campaigns[payer.campaign]?.add(account);
        for (const value of entryValues(account, facts)) list.push({ value, account, facts });
      }
      list.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
      const began = performance.now();
      for (const entry of list) readers[partOf(entry.value)]?.add(entry);
      funnel += performance.now() - began;
      for (const entry of list) {
        if (entries++ % DECODED_EVERY !== 0) continue;
        const text = encodeFacts(entry.facts);
        const from = performance.now();
        decodeFacts(text);
        decode += performance.now() - from;
      }
    }
    (globalThis as { gc?: () => void }).gc?.();
    const before = process.memoryUsage().rss;
    const began = performance.now();
    const whole = new CandidateBlocking();
    for (const part of parts) whole.merge(part.part());
    const index = whole.index();
    const { groups } = findGroups(index, { totalAccounts: whole.accounts });
    const linkSeconds = (performance.now() - began) / 1000;
    const found = campaigns.filter((campaign) =>
      groups.some(
        ({ members }) => members.filter((name) => campaign.has(name)).length >= 0.95 * campaign.size,
      ),
    ).length;
    say(`${accounts} accounts in partitions: linked in ${linkSeconds.toFixed(1)} s`);
    return {
      accounts,
      entries,
      decodeSeconds: (decode * DECODED_EVERY) / 1000,
      funnelSeconds: funnel / 1000,
      kept: index.size,
      linkSeconds,
      linkMegabytes: Math.max(0, process.memoryUsage().rss - before) / 1e6,
      found,
    };
  });
}
