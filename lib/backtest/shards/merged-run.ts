import { CampaignTracker } from '../../campaigns/tracker.ts';
import type { Rules } from '../../detection/judge.ts';
import { chunksOf, type Frame, type Resumable } from '../../profile/resumable.ts';
import { staleness } from '../../scoring/calibration.ts';
import { CODE_VERSION } from '../../version.ts';
import { type Labels, labelledAccounts } from '../labels.ts';
import { makeOutcome } from '../make-outcome.ts';
import type { BacktestOutcome } from '../outcome.ts';
import { OutcomeCollector } from '../outcome-collector.ts';
import type { Division } from './divider.ts';
import { ShardMembers } from './members.ts';
import type { FlushReport, LinkPart, ShardStandings, ShardTotals } from './messages.ts';

/** What is remembered beside its parts. */
interface Held {
  readonly watched: Set<string>;
  readonly totals: ShardTotals;
}

/**
 * One policy's replay put together from its shards: what they said is taken in the order in which one replay would have
 * come to it, and campaigns are linked and judged over the accounts of all.
 */
export class MergedRun implements Resumable {
  readonly rules: Rules;
  readonly board: OutcomeCollector;
  readonly #tracker = new CampaignTracker({});
  readonly #members = new ShardMembers();
  readonly #parts: Readonly<Record<string, Resumable>>;
  #watched = new Set<string>();
  #totals: ShardTotals = {
    used: 0,
    late: 0,
    repeated: 0,
    writes: 0,
    parts: 0,
    accounts: 0,
    bytes: 0,
    items: 0,
    units: 0,
  };
  readonly #standings: [first: number, account: string, held: ShardStandings[number][2]][] = [];

  /** @param campaignOf account pseudonym to the campaign that it is labelled with */
  constructor(rules: Pick<Rules, 'policy' | 'calibration'>, campaignOf: ReadonlyMap<string, string>) {
    this.rules = { ...rules, code: CODE_VERSION, shadow: false };
    this.board = new OutcomeCollector(campaignOf);
    this.#parts = { board: this.board, tracker: this.#tracker, members: this.#members };
  }

  /** Takes what the shards report of one flush, all that have anything to; flushes in their order. */
  take(reports: readonly FlushReport[]): void {
    const steps = reports.flatMap((report) => report.steps).sort((a, b) => a.sequence - b.sequence);
    for (const step of steps) {
      this.#seen(step.account, step);
      this.board.tell(step);
    }
    const links = reports.flatMap(({ link }) => link ?? []);
    const [report] = reports;
    if (report === undefined || links.length === 0) return;
    this.#learn(links);
    const { notices } = this.#tracker.run(
      report.at,
      {
        memberOf: (account) => this.#members.memberOf(account),
        watched: () => [...this.#watched].sort(),
      },
      this.rules,
    );
    for (const notice of notices) this.board.notice(notice);
  }

  /** Takes what a shard came to at its end. */
  add(totals: ShardTotals): void {
    for (const name of Object.keys(this.#totals) as (keyof ShardTotals)[]) this.#totals[name] += totals[name];
  }

  /** Takes how some accounts of a shard stand at its end. */
  stand(standings: ShardStandings): void {
    for (const [first, account, held] of standings) this.#standings.push([first, account, held]);
  }

  /** @param ended once it is finished: what its outcome rests on is enough then */
  *frames(ended = false): Generator<Frame> {
    const held: Held = { watched: this.#watched, totals: this.#totals };
    yield ['held', held];
    for (const chunk of chunksOf(this.#standings)) yield ['standings', chunk];
    const parts = ended ? { board: this.board } : this.#parts;
    for (const [name, part] of Object.entries(parts))
      for (const [inner, value] of part.frames()) yield [`${name}/${inner}`, value];
  }

  restore(part: string, value: unknown): void {
    if (part === 'held') ({ watched: this.#watched, totals: this.#totals } = value as Held);
    else if (part === 'standings') this.stand(value as ShardStandings);
    else {
      const [name = '', inner = ''] = part.split('/');
      this.#parts[name]?.restore(inner, value);
    }
  }

  /** Puts the accounts into the order in which one replay first saw them: when all shards have ended. */
  finish(): void {
    const { board } = this;
    this.#standings.sort((a, b) => a[0] - b[0]);
    board.standings.clear();
    board.restore(
      'standings',
      this.#standings.map(([, account, held]) => [account, held]),
    );
    this.#standings.length = 0;
    board.writes = this.#totals.writes;
    board.parts = this.#totals.parts;
  }

  /** That the calibration is too old for this traffic, in words. */
  stale({ now }: Division): string | undefined {
    return staleness(this.rules.calibration, now);
  }

  outcome(
    labels: Labels | undefined,
    { read, quarantined }: Division,
    rejected: number,
    seconds: number,
  ): BacktestOutcome {
    const { policy, calibration } = this.rules;
    const { used, late, repeated, accounts, bytes, items, units } = this.#totals;
    return makeOutcome(
      {
        board: this.board,
        counts: { read, used, late, repeated, quarantined },
        policy,
        calibration,
        versions: { policy: policy.id, calibration: calibration.id, code: CODE_VERSION },
        rejected,
        seconds,
        accounts,
        bytes,
        unitsPerWrite: items === 0 ? 1 : units / items,
      },
      labels && labelledAccounts(labels),
    );
  }

  #learn(links: readonly LinkPart[]): void {
    for (const [, account, facts] of links.flatMap((link) => link.facts).sort((a, b) => a[0] - b[0]))
      this.#tracker.index.put(account, facts);
    for (const [, account, samples] of links.flatMap((link) => link.prompts).sort((a, b) => a[0] - b[0]))
      this.#tracker.asked(account, samples);
    for (const { watched, members } of links) {
      for (const [account, isWatched] of watched)
        if (isWatched) this.#watched.add(account);
        else this.#watched.delete(account);
      for (const change of members) {
        this.#members.take(change);
        this.#tracker.touched(change.account, change.from);
        this.#seen(change.account, change);
      }
    }
  }

  #seen(account: string, { events, firstSeen }: { events: number; firstSeen: number }): void {
    const standing = this.board.standing(account);
    standing.events = events;
    standing.firstSeen = firstSeen;
  }
}
