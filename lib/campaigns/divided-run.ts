import type { Rules } from '../detection/judge.ts';
import { sliceStart } from '../profile/slice.ts';
import { UndecidedAllowance } from './allowance.ts';
import type { Comparison } from './content/comparison.ts';
import { asGroup } from './content/content-groups.ts';
import { ContentSteps } from './divided-contents.ts';
import { type DividedParts, everyPart } from './divided-parts.ts';
import { runLater } from './eventual.ts';
import { MemberWindows } from './judging/member-window.ts';
import { type BlockingPart, CandidateBlocking } from './linking/blocking.ts';
import type { Group } from './linking/find-groups.ts';
import type { StoredCampaign } from './ports.ts';
import {
  type Allowances,
  beginRun,
  type DueCase,
  type Judged,
  judgeCase,
  RunAllowances,
  type RunCircumstances,
  RunCounts,
  type RunPorts,
  type RunReport,
} from './run.ts';
import {
  type HeldVersion,
  joinedOf,
  knownCampaigns,
  type LinkPorts,
  type LinkReport,
  linkGroups,
  NOTHING,
  notedUntil,
  readLinks,
  runPorts,
  runTime,
  StateReader,
  standing,
} from './stored-run.ts';

/**
 * The run of stored-run.ts divided among invocations, bit for bit: `plan`; `read`, `index`, `compare` and `like` in every
 * shard; `group`; `judge` in every shard; `finish`. Each step keeps what it found and can be asked again. What divides and what does not:
 *
 *   entries of the link table   each value lies in one segment; what shards keep merges in any order (linking/blocking.ts)
 *   what accounts ask           in blocks, which take each other's (content/blocks.ts); counts of features add up
 *   clocks, joining owners      once, in `group`: they rest on all that was kept, which is a tenth of the accounts
 *   judging a group             by its members alone, and by counts that `group` makes
 *   whom no rank supports       counted over all campaigns one after the other, in `finish`: the few verdicts that asked for it
 *   whom two campaigns name     the later one's note stands: written once more in `finish`
 */

/** What all steps of a run work by. */
export interface Basis {
  readonly rules: Rules;
  /** newest arrival of all accounts, ms; 0: there is nothing to do */
  readonly at: number;
  readonly alone: boolean;
  /** processing time of the first step, ms: names the run's turn */
  readonly begun: number;
  /** the last comparison of contents, where it still stands */
  readonly last: Comparison | undefined;
}

/** What `group` leaves, beside the cases of each shard. */
interface Grouped {
  readonly accounts: number;
  readonly groups: number;
  readonly tested: number;
  readonly report: RunReport;
}

/** A case in the order in which a run that is not divided judges it, and the stored campaign that it goes on from. */
interface OrderedCase extends DueCase {
  readonly order: number;
  readonly held: HeldVersion | undefined;
}

/** Accounts that a case has come to name. */
interface Joined {
  readonly order: number;
  readonly campaign: string;
  readonly until: number;
  readonly accounts: readonly string[];
}

/** What `judge` leaves. */
interface JudgedPart {
  readonly report: RunReport;
  readonly joined: readonly Joined[];
  /** verdicts that wait for the allowance */
  readonly waiting: readonly OrderedCase[];
}

/** One run, divided among so many shards. */
export class DividedRun {
  readonly #ports: LinkPorts;
  readonly #parts: DividedParts;
  readonly #shards: number;

  constructor(ports: LinkPorts, parts: DividedParts, shards: number) {
    this.#ports = ports;
    this.#parts = parts;
    this.#shards = shards;
  }

  /** Rules, campaigns and the time are read once: what changes meanwhile counts in all shards or in none. */
  async plan(rules: Rules, begun: number): Promise<Basis> {
    const before = await this.#parts.get<Basis>('basis');
    if (before !== undefined) return before;
    // before campaigns are read: what another run saves after that is not counted
    const alone = await this.#ports.turn.take();
    const known = await this.#parts.keep('known', await knownCampaigns(this.#ports));
    const at = await runTime(
      this.#ports,
      [...known.values()].map(({ campaign }) => campaign),
    );
    const by = { calibration: rules.calibration.id, code: rules.code };
    const last = await standing(this.#ports.comparisons, at, by);
    return this.#parts.keep<Basis>('basis', { rules, at, alone, begun, last });
  }

  /** A shard of the link table, and of what accounts ask. @returns accounts of it */
  async read(shard: number): Promise<number> {
    const basis = await this.basis();
    if (basis.at === 0) return 0;
    if (isCompared(basis)) {
      await this.#contents(basis).read(
        shard,
        sliceStart(basis.at),
        this.#ports.links.prompts(shard, this.#shards),
      );
    }
    const blocking = await readLinks(this.#ports.links, shard, this.#shards);
    await this.#parts.keep(`links-${shard}`, blocking.part());
    return blocking.accounts;
  }

  /** What `read` has found of what accounts ask, compared in three steps: see ContentSteps. */
  async contents(step: 'index' | 'compare' | 'like', shard: number): Promise<number> {
    const basis = await this.basis();
    return isCompared(basis) ? this.#contents(basis)[step](shard) : 0;
  }

  /** All that rests on all accounts: the groups, and what is to be judged where. @returns cases */
  async group(): Promise<number> {
    const basis = await this.basis();
    const { rules, at } = basis;
    if (at === 0) return 0;
    const known = await this.#known();
    const campaigns = [...known.values()].map(({ campaign }) => campaign);
    const states = new StateReader(this.#ports);
    const blocking = new CandidateBlocking();
    for (let shard = 0; shard < this.#shards; shard++)
      blocking.merge(await this.#parts.need<BlockingPart>(`links-${shard}`));
    const groups = await linkGroups(this.#ports, blocking, { campaigns, at, states });
    const contents = await this.#contentGroups(basis);
    const counts = new RunCounts();
    const { due, tested } = await runLater(
      beginRun(
        { at, known: campaigns, groups: [...groups, ...contents] },
        runPorts(this.#ports, states, known),
        rules,
        counts,
      ),
    );
    const dealt = dealtTo(this.#shards, due, known);
    for (const [shard, cases] of dealt.entries()) await this.#parts.keep(`due-${shard}`, cases);
    await this.#parts.keep<Grouped>('grouped', {
      accounts: blocking.accounts,
      groups: groups.length,
      tested,
      report: counts.report(),
    });
    return due.length;
  }

  /** Judges a shard's cases, and saves those whose verdict rests on no other campaign's. */
  async judge(shard: number): Promise<RunReport> {
    const { rules, at } = await this.basis();
    if (at === 0) return NOTHING;
    const ended = await this.#parts.get<JudgedPart>(`judged-${shard}`);
    if (ended !== undefined) return ended.report;
    const { tested } = await this.#parts.need<Grouped>('grouped');
    const cases = await this.#parts.need<readonly OrderedCase[]>(`due-${shard}`);
    const judging = new Judging(this.#ports, cases, { rules, at, tested });
    const waiting: OrderedCase[] = [];
    for (const own of cases) {
      const left = { active: new UndecidedAllowance(at), shadow: new UndecidedAllowance(at) };
      const judged = await judging.judge(own, left);
      if (judged === undefined) continue;
      if (left.active.asked || left.shadow.asked) waiting.push(own);
      else await judging.save(own, judged);
    }
    const part: JudgedPart = { report: judging.counts.report(), joined: judging.joined, waiting };
    return (await this.#parts.keep(`judged-${shard}`, part)).report;
  }

  /** Judges those that waited, in the order of a run that is not divided, and sums up. Gives the run's turn back. */
  async finish(): Promise<LinkReport> {
    const { rules, at, alone } = await this.basis();
    if (at === 0) {
      if (alone) await this.#ports.turn.end();
      return NOTHING;
    }
    const { accounts, groups, tested, report } = await this.#parts.need<Grouped>('grouped');
    const parts = await everyPart<JudgedPart>(this.#parts, 'judged', this.#shards);
    const waiting = parts.flatMap((part) => part.waiting).sort((a, b) => a.order - b.order);
    const known = [...(await this.#known()).values()].map(({ campaign }) => campaign);
    const left = new RunAllowances({ known, at, alone }, rules);
    const judging = new Judging(this.#ports, waiting, { rules, at, tested });
    for (const own of waiting) {
      const judged = await judging.judge(own, left.now());
      if (judged === undefined) continue;
      left.take(judged.campaign);
      await judging.save(own, judged);
    }
    await this.#noteAgain([...parts.flatMap(({ joined }) => joined), ...judging.joined]);
    if (alone) await this.#ports.turn.end();
    for (const part of [report, ...parts.map((held) => held.report)]) judging.counts.add(part);
    return { accounts, groups, ...judging.counts.report() };
  }

  /** Of accounts that several have come to name, the note of the last in order stands. */
  async #noteAgain(joined: readonly Joined[]): Promise<void> {
    const by = new Map<string, Joined>();
    const several = new Set<string>();
    for (const own of joined.toSorted((a, b) => a.order - b.order))
      for (const account of own.accounts) {
        if (by.has(account)) several.add(account);
        by.set(account, own);
      }
    for (const account of several) {
      const { campaign, until } = by.get(account) as Joined;
      await this.#ports.accusations.note(campaign, [account], until);
    }
  }

  basis(): Promise<Basis> {
    return this.#parts.need<Basis>('basis');
  }

  #known(): Promise<ReadonlyMap<string, StoredCampaign>> {
    return this.#parts.need<ReadonlyMap<string, StoredCampaign>>('known');
  }

  #contents({ rules }: Basis): ContentSteps {
    return new ContentSteps(this.#parts, this.#shards, rules.calibration.groups?.content ?? []);
  }

  async #contentGroups(basis: Basis): Promise<Group[]> {
    const { last, at, rules } = basis;
    if (rules.calibration.groups === undefined) return [];
    if (last !== undefined) return last.groups.map((members) => asGroup({ members }));
    const groups = await this.#contents(basis).groups();
    const by = { calibration: rules.calibration.id, code: rules.code };
    await this.#ports.comparisons.keep({ ...by, at, groups: groups.map(({ members }) => members) });
    return groups.map(asGroup);
  }
}

/** Judges cases of a run one after the other, and saves them. */
class Judging {
  readonly counts = new RunCounts();
  readonly joined: Joined[] = [];
  readonly #ports: RunPorts;
  readonly #rules: Rules;
  readonly #by: RunCircumstances;
  readonly #windows = new MemberWindows();

  constructor(
    ports: LinkPorts,
    cases: readonly OrderedCase[],
    { rules, ...by }: RunCircumstances & { readonly rules: Rules },
  ) {
    const held = new Map(cases.map(({ campaign, held: stored }) => [campaign.id, stored]));
    this.#ports = runPorts(ports, new StateReader(ports), held);
    this.#rules = rules;
    this.#by = by;
  }

  /** undefined: nothing is to be saved */
  async judge(own: OrderedCase, left: Allowances): Promise<Exclude<Judged, string> | undefined> {
    const on = { ports: this.#ports, rules: this.#rules, windows: this.#windows };
    const judged = await runLater(judgeCase(own, this.#by, left, on));
    if (judged === 'postponed') this.counts.postponed++;
    return typeof judged === 'string' ? undefined : judged;
  }

  async save({ order, held }: OrderedCase, judged: Exclude<Judged, string>): Promise<void> {
    const { campaign } = judged;
    await runLater(this.counts.save(this.#ports, judged, 'judged'));
    const accounts = joinedOf(campaign, held);
    if (accounts.length > 0)
      this.joined.push({ order, campaign: campaign.id, until: notedUntil(campaign), accounts });
  }
}

function isCompared({ rules, last, at }: Basis): boolean {
  return at > 0 && last === undefined && rules.calibration.groups !== undefined;
}

/** Cases dealt to shards, each to the one that has fewest members so far. */
function dealtTo(
  shards: number,
  due: readonly DueCase[],
  known: ReadonlyMap<string, StoredCampaign>,
): OrderedCase[][] {
  const dealt = Array.from({ length: shards }, () => ({ members: 0, cases: [] as OrderedCase[] }));
  for (const [order, { campaign, group }] of due.entries()) {
    const least = dealt.reduce((a, b) => (b.members < a.members ? b : a));
    const stored = known.get(campaign.id);
    const held = stored && { campaign: { accused: stored.campaign.accused }, version: stored.version };
    least.cases.push({ order, campaign, group, held });
    least.members += group.members.length;
  }
  return dealt.map(({ cases }) => cases);
}
