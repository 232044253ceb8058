import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import type { Campaign } from '../../lib/campaigns/campaign.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { MINUTE } from '../events.ts';
import { type FaultRates, faults, USUAL } from './faults.ts';
import { Clients } from './functions.ts';
import { deployRules, type LinkedAccounts, linkedAccounts } from './linked-accounts.ts';
import { Pool } from './mappings.ts';
import { told, transitions } from './outcome.ts';
import { findingsIn } from './people.ts';
import type { Violation } from './properties.ts';
import { afterwards, Follower, followToTheEnd } from './run.ts';
import type { Snapshot } from './services/tables.ts';
import type { SeedResult } from './simulate.ts';
import { inVirtualTime } from './virtual-time.ts';
import { type Tally, World } from './world.ts';

/** What is left of campaigns when everything is over. */
interface CampaignsEnd {
  /** by campaign: members, whom it names and since when, level; without what depends on the number of writes */
  readonly campaigns: ReadonlyMap<string, string>;
  readonly findings: ReadonlyMap<string, string>;
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
  /** by stage and account: the campaign whose open finding names it, as other functions are told */
  readonly accused: ReadonlyMap<string, string>;
  /** campaigns with notices that still wait */
  readonly waiting: readonly string[];
  readonly claimed: readonly string[];
}

/** Most runs of `link` that are under way beside each other at one stage. */
const RUNS = 3;

/** Runs that were given up go on for long: into the next stage, beside the next runs. */
const RATES: FaultRates = { ...USUAL, zombie: 0.5, slow: 1 };

let accounts: Promise<LinkedAccounts> | undefined;
let must: Promise<CampaignsEnd> | undefined;

/**
 * Two campaigns through their lives, from the first link to the closing, with runs of `link` beside each other and
 * `notify` behind the campaigns' stream; one history without faults and one with them.
 */
export async function simulateLinking(seed: number): Promise<SeedResult> {
  const expected = await campaignsWithoutFaults();
  const { end, tally } = await live(await known(), seed, true);
  return { violations: broken(expected, end).map((found) => ({ seed, ...found })), tally };
}

/** What must be. */
export async function campaignsWithoutFaults(): Promise<CampaignsEnd> {
  must ??= live(await known(), 0, false).then(({ end }) => end);
  return must;
}

function known(): Promise<LinkedAccounts> {
  accounts ??= linkedAccounts();
  return accounts;
}

async function live(
  of: LinkedAccounts,
  seed: number,
  faulty: boolean,
): Promise<{ readonly end: CampaignsEnd; readonly tally: Tally }> {
  const world = new World(of.stages[0]?.at ?? 0, seeded(seed));
  deployRules(world, of);
  const rates = faulty ? RATES : undefined;
  return inVirtualTime(world, async () => {
    if (rates !== undefined) world.interference = faults(rates, world);
    const link = new Pool('link', world, rates);
    const notify = new Pool('notify', world, rates);
    const accused = new Map<string, string>();
    const memberships = membershipsOf(world);
    let over = false;
    const stages = async (): Promise<void> => {
      for (const stage of of.stages) {
        world.now = Math.max(world.now, stage.at);
        advance(world, stage.tables);
        await Promise.all(
          Array.from({ length: faulty ? RUNS : 1 }, async () => {
            await new Promise<void>((resolve) => world.timer(resolve, world.random() * MINUTE));
            await link.invoke({});
          }),
        );
        // the next ones on their schedules, which nothing hits
        await link.invoke({}, true);
        await notify.invoke({}, true);
        for (const account of of.linked) {
          const named = await memberships.of(account);
          if (named !== undefined) accused.set(`${stage.at} ${account}`, `${named.id} ${named.level}`);
        }
      }
      over = true;
    };
    const follower = new Follower('campaigns', notify, world, rates);
    await world.until(Promise.all([stages(), follower.follow(() => over)]));
    await followToTheEnd(world, [follower]);
    world.interference = undefined;
    await afterwards(new Pool('notify', world, undefined), world);
    return { end: await world.until(endOf(world, accused)), tally: world.tally };
  });
}

/** `score` and `index` have gone on: their tables and the traffic's clock are as at that moment. */
function advance(world: World, tables: Snapshot): void {
  for (const table of ['profiles', 'links']) world.tables.restore(tables, table);
  world.tables.adopt('campaigns', tables.get('campaigns') ?? new Map());
}

function membershipsOf(world: World): MembershipItems {
  const { dynamodb } = new Clients(world, { dead: false, sure: true });
  return new MembershipItems(dynamodb, 'campaigns', new CampaignTable(dynamodb, 'campaigns'));
}

async function endOf(world: World, accused: ReadonlyMap<string, string>): Promise<CampaignsEnd> {
  const { dynamodb } = new Clients(world, { dead: false, sure: true });
  const campaigns = new Map<string, string>();
  for await (const { campaign } of new CampaignTable(dynamodb, 'campaigns').all())
    campaigns.set(campaign.id, comparable(campaign));
  const items = world.tables.items('campaigns');
  return {
    campaigns,
    findings: new Map(findingsIn(world).map(({ id, history }) => [id, transitions(history)])),
    told: told(world),
    accused,
    waiting: items.flatMap(({ campaign, notices }) => (notices === undefined ? [] : [campaign?.S ?? ''])),
    claimed: findingsIn(world).flatMap(({ id, claim }) => (claim === undefined ? [] : [id])),
  };
}

function comparable({ accused, judgement, ...rest }: Campaign): string {
  return JSON.stringify({ ...rest, accused: [...accused], judgement: { ...judgement, notices: undefined } });
}

function broken(expected: CampaignsEnd, is: CampaignsEnd): Violation[] {
  const found: Violation[] = [];
  const same = (property: string, a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): void => {
    for (const id of new Set([...a.keys(), ...b.keys()]))
      if (a.get(id) !== b.get(id))
        found.push({
          property,
          detail: `${id}: ${a.get(id) ?? 'none'} became ${b.get(id) ?? 'none'}`.slice(0, 600),
        });
  };
  same('the same campaigns', expected.campaigns, is.campaigns);
  same('the same findings of campaigns', expected.findings, is.findings);
  same('the same accounts are named', expected.accused, is.accused);
  for (const delivery of expected.told.keys())
    if (!is.told.has(delivery)) found.push({ property: 'every transition is told', detail: delivery });
  for (const [delivery, messages] of is.told) {
    if (!expected.told.has(delivery) && delivery.startsWith('c_'))
      found.push({ property: 'nothing else is told', detail: delivery });
    if (messages.size > 1)
      found.push({
        property: 'one transition, one message',
        detail: `${delivery}: ${[...messages].join(' and ')}`,
      });
  }
  for (const id of is.waiting) found.push({ property: 'nothing waits for ever', detail: id });
  for (const id of is.claimed) found.push({ property: 'no claim stays', detail: id });
  return found;
}
