import { deserialize, serialize } from 'node:v8';
import type { Comparison } from '../../lib/campaigns/content/comparison.ts';
import type { DividedParts } from '../../lib/campaigns/divided-parts.ts';
import { DividedRun } from '../../lib/campaigns/divided-run.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import type { LinkPorts, LinkReport } from '../../lib/campaigns/stored-run.ts';
import { type AccountState, newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { timeRules } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { fold, newProfile } from '../../lib/profile/profile.ts';
import { NO_PROMPTS, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { MemoryCampaignStore } from '../../lib/stores/campaign-store.ts';
import { MemoryLinkStore } from '../../lib/stores/link-store.ts';
import { MemoryMembershipIndex } from '../../lib/stores/membership-index.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { DAY, print } from '../events.ts';
import { harvesters, strangers, students } from './histories.ts';

/** Worlds whose accounts are linked by what they pay with, by clocks and by what they ask, and runs over them. */
export interface World {
  readonly sets: readonly [number, number];
  readonly students: number;
  /** accounts of a payment */
  readonly company: number;
  /** the past looks like attacks: new groups are named by the allowance alone */
  readonly robust: boolean;
  /** accounts of the past: two of them may be named so, or five */
  readonly past: number;
  readonly candidate: boolean;
}

export function rulesOf({ robust, past, candidate }: World): Rules {
  const high = robust ? [9, 0.2, 0] : [0.3, 0.2, 0];
  const calibration: Rules['calibration'] = {
    ...testCalibration,
    accounts: past,
    groups: {
      accounts: { accounts: robust ? 500 : 5000, ranks: [1, 40, robust ? 500 : 5000], values: high },
      groups: { accounts: 60, ranks: [1, 60], values: [high[0] as number, 0.1] },
      history: { traces: [], scores: [], margin: 0.3, rises: 40, fresh: 20, standing: 20, tail: 0.1 },
      content: [{ epoch: 'e1', prompts: 50_000, rest: 2, features: [], counts: [] }],
      ...(robust ? { robust: { model: testCalibration.model, floor: 1.5, apart: 3, accounts: 20 } } : {}),
    },
  };
  const other = { ...defaultPolicy, id: 'candidate', windows: [24] as const };
  return {
    ...{ policy: defaultPolicy, calibration, code: 'test', shadow: false },
    ...(candidate ? { candidate: { policy: other as unknown as Rules['policy'], calibration } } : {}),
  };
}

export function historiesOf({ sets, students: pupils, company }: World): UsageEvent[][] {
  const all = [
    ...harvesters(sets[0], 0),
    ...harvesters(sets[1], 100, 3),
    ...students(pupils),
    ...strangers(8),
  ];
  // every other account of those pays with one of two cards: infrastructure and contents link across each other
  return all.map((events, i) =>
    i >= company
      ? events
      : events.map((event) => ({
          ...event,
          prints: event.prints.map((held) => ({
            ...held,
            payment: print(7000 + (i % 2)),
            network: print(8000 + (i % 3)),
          })),
        })),
  );
}

/** What is stored of the accounts once all of their events up to `at` (ms) have come. */
export async function storedAt(histories: readonly UsageEvent[][], at: number, rules: Rules) {
  const states = new Map<string, AccountState>();
  const samples = new Map<string, ReturnType<typeof samplePrompts>>();
  const links = new MemoryLinkStore((account) => samples.get(account));
  let sequence = 0;
  let newest = 0;
  for (const [n, whole] of histories.entries()) {
    const events = whole.filter(({ time }) => Date.parse(time) < at);
    const account = events[0]?.account;
    if (account === undefined) continue;
    const arrivals = events.map((event) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(String(++sequence)), index: 0 },
    }));
    const { profile } = fold(newProfile(account), arrivals, timeRules(rules.policy));
    states.set(account, { ...newAccount(account), profile });
    samples.set(account, samplePrompts(NO_PROMPTS, events));
    newest = Math.max(newest, profile.arrived);
    await links.put(account, collectFacts(undefined, events), undefined);
    await links.noteContent(account, at + 60 * DAY, {});
    if (n % 4 === 0) await links.watch(account, true, { until: at + 60 * DAY });
  }
  return { states, links, newest };
}

export type Stored = Awaited<ReturnType<typeof storedAt>>;

/** Campaigns and all around them, over several runs. */
export class Base {
  readonly campaigns = new MemoryCampaignStore();
  readonly #accusations = new MemoryMembershipIndex(this.campaigns);
  #last: Comparison | undefined;
  readonly #reports: LinkReport[] = [];

  async run(stored: Stored, link: (ports: LinkPorts) => Promise<LinkReport>): Promise<void> {
    const { states, links, newest } = stored;
    this.#reports.push(
      await link({
        clock: { newestArrival: async () => newest },
        turn: { take: async () => true, end: async () => {} },
        links,
        comparisons: {
          last: async () => this.#last,
          keep: async (comparison) => {
            this.#last = comparison;
          },
        },
        campaigns: this.campaigns,
        accusations: this.#accusations,
        profiles: {
          load: async (accounts) =>
            new Map(accounts.map((name) => [name, states.get(name) ?? newAccount(name)])),
        },
        remaining: () => 300_000,
      }),
    );
  }

  /** All that is left of the runs, in an order of its own. */
  async outcome(accounts: Iterable<string>) {
    const campaigns = [];
    for await (const held of this.campaigns.all()) campaigns.push(held);
    campaigns.sort((a, b) => (a.campaign.id < b.campaign.id ? -1 : 1));
    const accused = await Promise.all([...accounts].map((name) => this.#accusations.of(name)));
    const reports = this.#reports.map(({ notices, ...report }) => ({
      ...report,
      notices: notices.toSorted((a, b) => (`${a.finding} ${a.number}` < `${b.finding} ${b.number}` ? -1 : 1)),
    }));
    return { campaigns, accused, reports, last: this.#last };
  }
}

/** Parts as the state bucket keeps them: structured clones. */
export function memoryParts(): DividedParts & { readonly names: () => string[] } {
  const held = new Map<string, Buffer>();
  const parts = {
    keep: async <T>(name: string, value: T): Promise<T> => {
      if (!held.has(name)) held.set(name, serialize(value));
      return parts.need<T>(name);
    },
    get: async <T>(name: string): Promise<T | undefined> => {
      const bytes = held.get(name);
      return bytes === undefined ? undefined : (deserialize(bytes) as T);
    },
    need: async <T>(name: string): Promise<T> => {
      const found = await parts.get<T>(name);
      if (found === undefined) throw new Error(`${name} is not there`);
      return found;
    },
    names: () => [...held.keys()],
  };
  return parts;
}

/** Each step by an invocation of its own, shards in any order; steps but the last may be asked several times. */
export async function divided(
  ports: LinkPorts,
  rules: Rules,
  shards: number,
  parts: DividedParts = memoryParts(),
  times = 1,
): Promise<LinkReport> {
  const run = () => new DividedRun(ports, parts, shards);
  const each = Array.from({ length: shards }, (_, shard) => shard).reverse();
  const steps = [
    () => run().plan(rules, 1),
    ...each.map((shard) => () => run().read(shard)),
    ...(['index', 'compare', 'like'] as const).flatMap((step) =>
      each.map((shard) => () => run().contents(step, shard)),
    ),
    () => run().group(),
    ...each.map((shard) => () => run().judge(shard)),
  ];
  for (const step of steps) for (let time = 0; time < times; time++) await step();
  return run().finish();
}
