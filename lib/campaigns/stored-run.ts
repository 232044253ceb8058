import type { AccountState } from '../detection/account-state.ts';
import type { Rules } from '../detection/judge.ts';
import { sliceStart } from '../profile/slice.ts';
import { largest } from '../statistics/extremes.ts';
import { DAY_MS } from '../time.ts';
import { type Campaign, KEPT_DAYS } from './campaign.ts';
import { type ComparedBy, type Comparison, stillStands } from './content/comparison.ts';
import { asGroup } from './content/content-groups.ts';
import { ContentLinker } from './content/link-contents.ts';
import { runLater } from './eventual.ts';
import { type ActiveWeek, activeWeek } from './linking/active-week.ts';
import { CandidateBlocking } from './linking/blocking.ts';
import { findGroups, type Group } from './linking/find-groups.ts';
import type { LinkIndex } from './linking/link-index.ts';
import { accountsToCompare, rounds, type SynchronousPair, synchronousPairs } from './linking/synchrony.ts';
import type {
  CampaignMembershipIndex,
  CampaignStore,
  ContentComparisons,
  LinkStore,
  RunTurn,
  StoredCampaign,
  TrafficClock,
} from './ports.ts';
import { campaignRun, type RunPorts, type RunReport } from './run.ts';
import { memberOf, type RunMember } from './run-member.ts';
import { heldNames } from './run-plan.ts';

/** What a run over stored campaigns works on. */
export interface LinkPorts {
  readonly clock: TrafficClock;
  readonly turn: RunTurn;
  readonly links: LinkStore;
  readonly comparisons: ContentComparisons;
  readonly campaigns: CampaignStore;
  readonly accusations: Pick<CampaignMembershipIndex, 'note' | 'forget'>;
  /** stored states of accounts; accounts that are not stored come as new ones */
  readonly profiles: { load(accounts: readonly string[]): Promise<Map<string, AccountState>> };
  /** milliseconds that are left for this run */
  remaining(): number;
}

export interface LinkReport extends RunReport {
  readonly accounts: number;
  readonly groups: number;
}

/** Partitions that the link table is read in, side by side. */
const PARTS = 8;
/** How long it is noted whose finding names an account, ms: as long as a campaign is stored. */
const ACCUSED_MS = KEPT_DAYS * DAY_MS;
/** Accounts whose profiles are held at once. */
const MEMBERS_AT_ONCE = 2000;

/**
 * One run over what is stored: read the link table, group, and judge campaign by campaign (see campaignRun), each saved
 * under the version that was read.
 */
export async function linkRun(ports: LinkPorts, rules: Rules): Promise<LinkReport> {
  // before campaigns are read: what another run saves after that is not counted
  const alone = await ports.turn.take();
  const report = await linkStored(ports, rules, alone);
  // a run that dies leaves its turn to time
  if (alone) await ports.turn.end();
  return report;
}

async function linkStored(ports: LinkPorts, rules: Rules, alone: boolean): Promise<LinkReport> {
  const known = await knownCampaigns(ports);
  const campaigns = [...known.values()].map(({ campaign }) => campaign);
  const blocking = await readLinks(ports.links);
  const at = await runTime(ports, campaigns);
  // no account has been heard of: there is no time yet
  if (at === 0) return NOTHING;
  const states = new StateReader(ports);
  const groups = await linkGroups(ports, blocking, { campaigns, at, states });
  const contents = await linkContents(ports, at, rules);
  const report = await runLater(
    campaignRun(
      { at, known: campaigns, groups: [...groups, ...contents], alone },
      runPorts(ports, states, known),
      rules,
    ),
  );
  return { accounts: blocking.accounts, groups: groups.length, ...report };
}

/** Of a run before the first event. */
export const NOTHING: LinkReport = {
  ...{ accounts: 0, groups: 0 },
  ...{ judged: 0, postponed: 0, conflicts: 0, notices: [] },
};

export async function knownCampaigns({
  campaigns,
}: Pick<LinkPorts, 'campaigns'>): Promise<Map<string, StoredCampaign>> {
  const known = new Map<string, StoredCampaign>();
  for await (const held of campaigns.all()) known.set(held.campaign.id, held);
  return known;
}

/** The time of a run, ms; 0 before the first event. */
export async function runTime(
  { clock }: Pick<LinkPorts, 'clock'>,
  campaigns: readonly Campaign[],
): Promise<number> {
  return largest(
    campaigns.map(({ seenAt }) => seenAt),
    await clock.newestArrival(),
  );
}

/** Groups by infrastructure and clocks. */
export async function linkGroups(
  ports: LinkPorts,
  blocking: CandidateBlocking,
  of: { readonly campaigns: readonly Campaign[]; readonly at: number; readonly states: StateReader },
): Promise<readonly Group[]> {
  const index = blocking.index();
  const held = heldNames(of.campaigns);
  const { groups } = findGroups(index, {
    heldBy: (account) => held.get(account),
    totalAccounts: blocking.accounts,
    synchronous: await compareClocks(ports, index, of.states, of.at),
  });
  return groups;
}

/** Where members come from and campaigns go to. @param known campaigns as they were read */
export function runPorts(
  ports: LinkPorts,
  states: StateReader,
  known: { get(campaign: string): HeldVersion | undefined },
): RunPorts {
  return {
    members: (accounts) => states.members(accounts),
    save: (campaign) => save(ports, campaign, known.get(campaign.id)),
    remaining: () => ports.remaining(),
  };
}

/** What has to be known of a stored campaign to write the next one. */
export interface HeldVersion {
  readonly campaign: Pick<Campaign, 'accused'>;
  readonly version: number;
}

/** Saves a campaign, and whom it names: noted before, taken back after, so that nobody named is ever without a note. */
async function save(
  { accusations, campaigns }: LinkPorts,
  campaign: Campaign,
  held: HeldVersion | undefined,
): Promise<'saved' | 'conflict'> {
  const before = held?.campaign.accused ?? new Map<string, number>();
  const joined = joinedOf(campaign, held);
  const left = [...before.keys()].filter((account) => !campaign.accused.has(account));
  await accusations.note(campaign.id, joined, notedUntil(campaign));
  const outcome = await campaigns.save(campaign, held?.version ?? 0);
  if (outcome === 'saved') await accusations.forget(campaign.id, left);
  return outcome;
}

/** Whom the campaign names that it did not name before. */
export function joinedOf({ accused }: Campaign, held: HeldVersion | undefined): string[] {
  return [...accused.keys()].filter((account) => held?.campaign.accused.has(account) !== true);
}

/** Until when it is noted whom the campaign names, ms. */
export function notedUntil({ seenAt }: Campaign): number {
  return seenAt + ACCUSED_MS;
}

/** Who is active in the same minutes of the week that ends at `at` (ms). */
async function compareClocks(
  ports: LinkPorts,
  index: LinkIndex,
  states: StateReader,
  at: number,
): Promise<readonly SynchronousPair[]> {
  const compared = accountsToCompare(await ports.links.watched(), index);
  const weeks: ActiveWeek[] = [];
  for (const chunk of chunks([...compared], MEMBERS_AT_ONCE))
    for (const { account, slices } of await states.members(chunk)) {
      const week = activeWeek(account, slices, at);
      if (week !== undefined) weeks.push(week);
    }
  return rounds(synchronousPairs(weeks));
}

/**
 * Who asks the same kinds of things, by slices that are over; only where the calibration can judge such groups. Not every run
 * compares: the groups of the last comparison are judged by what their members did since.
 */
async function linkContents(
  { links, comparisons }: LinkPorts,
  at: number,
  { calibration: { id: calibration, groups }, code }: Rules,
): Promise<Group[]> {
  if (groups === undefined) return [];
  const by = { calibration, code };
  const last = await standing(comparisons, at, by);
  if (last !== undefined) return last.groups.map((members) => asGroup({ members }));
  const linker = new ContentLinker(sliceStart(at), groups.content);
  for await (const { account, samples } of links.prompts()) linker.add(account, samples);
  const found = linker.groups();
  await comparisons.keep({ ...by, at, groups: found.map(({ members }) => members) });
  return found.map(asGroup);
}

/** The last comparison, where it still stands. */
export async function standing(
  comparisons: Pick<ContentComparisons, 'last'>,
  at: number,
  by: ComparedBy,
): Promise<Comparison | undefined> {
  const last = await comparisons.last();
  return last !== undefined && stillStands(last, at, by) ? last : undefined;
}

function* chunks<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

/** Reads a shard of the link table, from 0 of so many, in several segments side by side. */
export async function readLinks(links: LinkStore, shard = 0, shards = 1): Promise<CandidateBlocking> {
  const blocking = new CandidateBlocking();
  await Promise.all(
    Array.from({ length: PARTS }, async (_, part) => {
      const reader = blocking.reader();
      for await (const entry of links.scan(shard * PARTS + part, shards * PARTS)) reader.add(entry);
    }),
  );
  return blocking;
}

/** Reads states, and keeps the last ones read. */
export class StateReader {
  readonly #ports: Pick<LinkPorts, 'profiles'>;
  #kept = new Map<string, AccountState>();

  constructor(ports: Pick<LinkPorts, 'profiles'>) {
    this.#ports = ports;
  }

  async load(accounts: readonly string[]): Promise<Map<string, AccountState>> {
    const missing = accounts.filter((account) => !this.#kept.has(account));
    const found = new Map<string, AccountState>();
    for (const account of accounts) {
      const state = this.#kept.get(account);
      if (state !== undefined) found.set(account, state);
    }
    if (missing.length > 0)
      for (const [account, state] of await this.#ports.profiles.load(missing)) {
        found.set(account, state);
        this.#kept.set(account, state);
      }
    if (this.#kept.size > MEMBERS_AT_ONCE) this.#kept = new Map(found);
    return found;
  }

  /** In the order of `accounts`, without those that the profile table has forgotten. */
  async members(accounts: readonly string[]): Promise<RunMember[]> {
    const stored = await this.load(accounts);
    return accounts.flatMap((account) => {
      const state = stored.get(account);
      return (state && memberOf(state)) ?? [];
    });
  }
}
