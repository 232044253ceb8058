import { memberOf } from '../campaigns/run-member.ts';
import { CampaignTracker } from '../campaigns/tracker.ts';
import { WRITE_UNIT_BYTES } from '../detection/hot-size.ts';
import type { Rules } from '../detection/judge.ts';
import type { BatchResult } from '../detection/process-batch.ts';
import type { Policy } from '../policy/policy.ts';
import type { Frame, Resumable } from '../profile/resumable.ts';
import { SLICE_MS } from '../profile/slice.ts';
import { windowMs } from '../profile/window.ts';
import { staleness } from '../scoring/calibration.ts';
import { itemBytes } from '../stores/profile-item.ts';
import { MemoryProfileStore } from '../stores/profile-memory.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { DAY_MS } from '../time.ts';
import { CODE_VERSION } from '../version.ts';
import { isLinkDue, type LinkTimes } from './arrivals.ts';
import { type Labels, labelledAccounts } from './labels.ts';
import { makeOutcome } from './make-outcome.ts';
import type { BacktestOutcome } from './outcome.ts';
import { OutcomeCollector } from './outcome-collector.ts';
import { type Replay, startReplay } from './replay.ts';

/** Every so-many-th item that is written is encoded to know its size. */
export const SAMPLE_EVERY = 499;

/** Where a replay keeps its accounts: what windows may still need, which end with the slice that is not over yet. */
export function replayStore({ windows }: Policy): MemoryProfileStore {
  const needed = windowMs(Math.max(...windows)) + SLICE_MS;
  return new MemoryProfileStore({ retentionDays: needed / DAY_MS });
}

/** What a track remembers beside its parts. */
interface Remembered extends LinkTimes {
  /** hot items that were encoded to know their size, and the write units of all of them */
  items: number;
  units: number;
  /** accounts whose own level is not clear: their clocks are compared */
  readonly watched: Set<string>;
}

/** One policy's replay: its own store, scoreboard and campaigns, over the events that all tracks see. */
export class BacktestRun implements Resumable {
  readonly rules: Rules;
  readonly board: OutcomeCollector;
  readonly store: MemoryProfileStore;
  readonly #replay: Replay;
  readonly #tracker = new CampaignTracker({});
  readonly #parts: Readonly<Record<string, Resumable>>;
  #held: Remembered = { linkAt: undefined, items: 0, units: 0, watched: new Set() };

  /** @param campaignOf account pseudonym to the campaign that it is labelled with */
  constructor(rules: Pick<Rules, 'policy' | 'calibration'>, campaignOf: ReadonlyMap<string, string>) {
    this.rules = { ...rules, code: CODE_VERSION, shadow: false };
    this.board = new OutcomeCollector(campaignOf);
    this.store = replayStore(rules.policy);
    this.#replay = startReplay(this.store, this.rules, {
      onArrival: (event, _, at) => this.#tracker.observe(event.account, event, at),
      onFlush: (at) => this.#linkWhenDue(at),
      onStep: (account, step) => {
        this.board.step(account, step);
        this.#watch(account, step);
        if (!step.changed || this.board.writes % SAMPLE_EVERY !== 0) return;
        this.#held.items++;
        this.#held.units += Math.ceil(itemBytes(step.state) / WRITE_UNIT_BYTES);
      },
    });
    this.#parts = { replay: this.#replay, board: this.board, store: this.store, tracker: this.#tracker };
  }

  get read(): number {
    return this.#replay.counts.read;
  }

  push(event: UsageEvent): void {
    this.#replay.push(event);
  }

  /** Flushes what waits and looks for campaigns a last time. */
  finish(): void {
    this.#replay.finish();
    this.#link(this.#replay.now());
  }

  /** That the calibration is too old for this traffic, in words. */
  stale(): string | undefined {
    return staleness(this.rules.calibration, this.#replay.now());
  }

  outcome(labels: Labels | undefined, rejected: number, seconds: number): BacktestOutcome {
    const { policy, calibration } = this.rules;
    const { items, units } = this.#held;
    return makeOutcome(
      {
        board: this.board,
        counts: this.#replay.counts,
        policy,
        calibration,
        versions: { policy: policy.id, calibration: calibration.id, code: CODE_VERSION },
        rejected,
        seconds,
        accounts: this.store.accounts,
        bytes: this.store.bytes(),
        unitsPerWrite: items === 0 ? 1 : units / items,
      },
      labels && labelledAccounts(labels),
    );
  }

  *frames(): Generator<Frame> {
    yield ['track', this.#held];
    for (const [name, part] of Object.entries(this.#parts))
      for (const [inner, value] of part.frames()) yield [`${name}/${inner}`, value];
  }

  restore(part: string, value: unknown): void {
    if (part === 'track') {
      this.#held = value as Remembered;
      return;
    }
    const [name = '', inner = ''] = part.split('/');
    this.#parts[name]?.restore(inner, value);
  }

  #watch(account: string, { state, changed }: BatchResult): void {
    if (!changed) return;
    if (state.judgement.level.level === 'clear') this.#held.watched.delete(account);
    else this.#held.watched.add(account);
  }

  #linkWhenDue(at: number): void {
    if (isLinkDue(this.#held, at)) this.#link(at);
  }

  #link(at: number): void {
    const { store } = this;
    const { notices } = this.#tracker.run(
      at,
      { memberOf: (account) => memberOf(store.one(account)), watched: () => [...this.#held.watched].sort() },
      this.rules,
    );
    for (const notice of notices) this.board.notice(notice);
  }
}
