import { LinkTable } from '../../lib/aws/link-table.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { learnGroupNull } from '../../lib/campaigns/judging/group-null.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { CALIBRATION_PREFIX } from '../../lib/contract/object-prefixes.ts';
import { POLICY_PROFILES } from '../../lib/contract/policy-names.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';
import { Clients } from './functions.ts';
import type { Item } from './services/expressions.ts';
import type { Snapshot } from './services/tables.ts';
import { inVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

/** What the tables hold at one moment of a campaign's life, as `score` and `index` leave them. */
export interface Stage {
  readonly tables: Snapshot;
  /** processing time, ms */
  readonly at: number;
}

/** Stages of two campaigns, and the rules that judge them. */
export interface LinkedAccounts {
  /** members of the campaigns */
  readonly linked: readonly string[];
  readonly stages: readonly Stage[];
  readonly policy: Policy;
  readonly calibration: string;
}

const ALONE = 60;
const CAMPAIGNS = [700, 800].map((first) => Array.from({ length: 12 }, (_, i) => account(first + i)));
/** Days of traffic at each stage: the campaigns begin, go on, and have been silent for long. */
const STAGES = [4, 7, 14, 45] as const;

const LINKED = 'linked';
const BARE: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

/** Loads the world's buckets and AppConfig with the rules that judge campaigns of a small world. */
export function deployRules(world: World, { policy, calibration }: LinkedAccounts): void {
  world.objects.held.set(`state/${CALIBRATION_PREFIX}${LINKED}.json`, Buffer.from(calibration));
  world.configuration.deployed.set(POLICY_PROFILES.active, JSON.stringify(policy));
}

/** Applications that share nothing with anybody, of forty-five days; two campaigns of five. */
function traffic(): UsageEvent[] {
  const own = (events: readonly UsageEvent[], payment: number, network: number): UsageEvent[] =>
    events.map((event) => ({
      ...event,
      params: { temperature: 0.7, maxTokens: 1024 },
      prints: event.prints.map((prints) => ({
        ...prints,
        payment: print(payment),
        network: print(network),
      })),
    }));
  const alone = Array.from({ length: ALONE }, (_, i) => [
    ...own(
      application({
        account: account(i),
        events: 90,
        everyMs: 12 * HOUR,
        from: START + i * MINUTE,
        seed: 100 + i,
      }),
      1000 + i,
      2000 + i,
    ),
    ...own(
      harvest({ account: account(i), events: i % 6, everyMs: 15 * HOUR, seed: 300 + i }),
      1000 + i,
      2000 + i,
    ),
  ]).flat();
  const campaigns = CAMPAIGNS.flatMap((members, c) =>
    members.flatMap((name, i) =>
      own(
        harvest({
          account: name,
          events: 60,
          everyMs: 2 * HOUR,
          from: START + c * DAY + i * 7 * MINUTE,
          seed: 2000 + c * 50 + i,
        }),
        4000 + c * 10 + (i % 3),
        4100 + c * 10 + (i % 2),
      ),
    ),
  );
  return [...alone, ...campaigns].sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
}

/** Traffic of one account, as `score` would write it. */
class Writer {
  readonly #profiles: ProfileTable;
  readonly #links: LinkTable;
  readonly #clock: RunRequests;
  readonly #seen = new Map<string, UsageEvent[]>();
  #sequence = 0;

  constructor(world: World) {
    const { dynamodb } = new Clients(world, { dead: false, sure: true });
    this.#profiles = new ProfileTable(dynamodb, 'profiles', { retentionDays: 400 });
    this.#links = new LinkTable(dynamodb, 'links', { retentionDays: 400 });
    this.#clock = new RunRequests(dynamodb, 'campaigns', { minutes: 10 });
  }

  async write(name: string, events: readonly UsageEvent[]): Promise<void> {
    const state = (await this.#profiles.load([name])).get(name);
    if (state === undefined) throw new Error('a new account has a state too');
    const timed = events.map((event) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's', sequence: padSequence(String(++this.#sequence)), index: 0 },
    }));
    const step = processBatch(state, timed, BARE);
    await this.#profiles.save(state, step.state, step.seal);
    const seen = [...(this.#seen.get(name) ?? []), ...events];
    this.#seen.set(name, seen);
    const until = step.state.profile.arrived + 400 * DAY;
    await this.#links.put(name, collectFacts(undefined, seen), undefined, { until });
    await this.#links.watch(name, step.state.judgement.level.level !== 'clear', { until });
    await this.#clock.moveClock(step.state.profile.arrived);
  }

  /** Groups of ordinary accounts, learnt from what is stored of them. */
  async groupScore(): Promise<ReturnType<typeof learnGroupNull>> {
    const stored = await this.#profiles.load(Array.from({ length: ALONE }, (_, i) => account(i)));
    const benign = [...stored.values()].map(({ profile, sealed }) => ({
      account: profile.account,
      customer: profile.customer,
      slices: joinSlices([sealed, profile.slices]),
    }));
    return learnGroupNull(benign, { windows: [24, 168] }, { resamples: 160 });
  }
}

/** Learns the rules from the applications' first days, and stores what each stage has, through the tables' own code. */
export async function linkedAccounts(): Promise<LinkedAccounts> {
  const world = new World(START, () => 0.5);
  return inVirtualTime(world, () => world.until(stagesOf(world)));
}

async function stagesOf(world: World): Promise<LinkedAccounts> {
  const writer = new Writer(world);
  const events = traffic();
  const stages: Stage[] = [];
  let learnt: Awaited<ReturnType<Writer['groupScore']>> | undefined;
  let from = 0;
  for (const days of STAGES) {
    const until = START + days * DAY;
    world.now = until;
    const fresh = events.filter(({ time }) => Date.parse(time) >= from && Date.parse(time) < until);
    for (const name of new Set(fresh.map((event) => event.account)))
      await writer.write(
        name,
        fresh.filter((event) => event.account === name),
      );
    learnt ??= await writer.groupScore();
    // accounts' own notices were told long ago
    for (const { account: name, item } of world.tables.items('profiles'))
      world.tables.damage(
        'profiles',
        { account: name, item } as Item,
        ({ notices, noticeShard, noticeSince, ...rest }) => rest,
      );
    stages.push({ tables: world.tables.snapshot(), at: until });
    from = until;
  }
  return {
    linked: CAMPAIGNS.flat(),
    stages,
    // a world of so few accounts cannot support the shipped budget
    policy: {
      ...defaultPolicy,
      calibration: LINKED,
      campaigns: { ...defaultPolicy.campaigns, budget: 1 },
    },
    calibration: JSON.stringify({ ...testCalibration, id: LINKED, groupScore: learnt }),
  };
}
