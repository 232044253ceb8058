import type { AccountState } from '../detection/account-state.ts';
import type { Rules } from '../detection/judge.ts';
import { sliceStart } from '../profile/slice.ts';
import { DAY_MS } from '../time.ts';
import { type Campaign, KEPT_DAYS } from './campaign.ts';
import { stillStands } from './content/comparison.ts';
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
import { campaignRun, type RunReport } from './run.ts';
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
/** Beyond so many accounts a sample of those that share nothing is kept: it only tells how common places are. */
const STRANGERS = 100_000;
/** How long it is noted whose finding names an account, ms: as long as a campaign is stored. */
const ACCUSED_MS = KEPT_DAYS * DAY_MS;
/** Accounts whose profiles are held at once. */
const MEMBERS_AT_ONCE = 2000;

/**
 * One run over what is stored: read the link table, group, and judge campaign by campaign (see campaignRun), each saved
 * under the version that was read.
 */
export async function linkRun(ports: LinkPorts, rules: Rules, strangerShare = 1): Promise<LinkReport> {
  // before campaigns are read: what another run saves after that is not counted
  const alone = await ports.turn.take();
  const report = await linkStored(ports, rules, { strangerShare, alone });
  // a run that dies leaves its turn to time
  if (alone) await ports.turn.end();
  return report;
}

async function linkStored(
  ports: LinkPorts,
  rules: Rules,
  { strangerShare, alone }: { readonly strangerShare: number; readonly alone: boolean },
): Promise<LinkReport> {
  const known = new Map<string, StoredCampaign>();
  for await (const held of ports.campaigns.all()) known.set(held.campaign.id, held);
  const campaigns = [...known.values()].map(({ campaign }) => campaign);
  const funnel = await readLinks(ports.links, strangerShare);
  const at = Math.max(await ports.clock.newestArrival(), ...campaigns.map(({ seenAt }) => seenAt));
  // no account has been heard of: there is no time yet
  if (at === 0) return { accounts: 0, groups: 0, judged: 0, postponed: 0, conflicts: 0, notices: [] };
  const index = funnel.index();
  const held = heldNames(campaigns);
  const states = new StateReader(ports);
  const { groups } = findGroups(index, {
    heldBy: (account) => held.get(account),
    totalAccounts: funnel.accounts,
    synchronous: await compareClocks(ports, index, states, at),
  });
  const report = await runLater(
    campaignRun(
      {
        at,
        known: campaigns,
        groups: [...groups, ...(await linkContents(ports, at, rules))],
        alone,
      },
      {
        members: (accounts) => states.members(accounts),
        save: (campaign) => save(ports, campaign, known.get(campaign.id)),
        remaining: () => ports.remaining(),
      },
      rules,
    ),
  );
  return { accounts: funnel.accounts, groups: groups.length, ...report };
}

/** Saves a campaign, and whom it names: noted before, taken back after, so that nobody named is ever without a note. */
async function save(
  { accusations, campaigns }: LinkPorts,
  campaign: Campaign,
  held: StoredCampaign | undefined,
): Promise<'saved' | 'conflict'> {
  const before = held?.campaign.accused ?? new Map<string, number>();
  const joined = [...campaign.accused.keys()].filter((account) => !before.has(account));
  const left = [...before.keys()].filter((account) => !campaign.accused.has(account));
  await accusations.note(campaign.id, joined, campaign.seenAt + ACCUSED_MS);
  const outcome = await campaigns.save(campaign, held?.version ?? 0);
  if (outcome === 'saved') await accusations.forget(campaign.id, left);
  return outcome;
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
  const last = await comparisons.last();
  if (last !== undefined && stillStands(last, at, by))
    return last.groups.map((members) => asGroup({ members }));
  const linker = new ContentLinker(sliceStart(at), groups.content);
  for await (const { account, samples } of links.prompts()) linker.add(account, samples);
  const found = linker.groups();
  await comparisons.keep({ ...by, at, groups: found.map(({ members }) => members) });
  return found.map(asGroup);
}

function* chunks<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

async function readLinks(links: LinkStore, strangerShare: number): Promise<CandidateBlocking> {
  const parts = await Promise.all(
    Array.from({ length: PARTS }, async (_, part) => {
      const funnel = new CandidateBlocking({ strangerShare });
      for await (const entry of links.scan(part, PARTS)) funnel.add(entry);
      return funnel;
    }),
  );
  const whole = new CandidateBlocking({ strangerShare });
  for (const part of parts) whole.merge(part);
  return whole;
}

/** Reads states, and keeps the last ones read. */
class StateReader {
  readonly #ports: LinkPorts;
  #kept = new Map<string, AccountState>();

  constructor(ports: LinkPorts) {
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

/** Share of the accounts that share nothing to keep, from the number of accounts of the last run. */
export function strangerShareFor(accounts: number): number {
  return accounts <= STRANGERS ? 1 : STRANGERS / accounts;
}
