import { type AccountFacts, collectFacts } from '../../campaigns/linking/link-facts.ts';
import { memberOf } from '../../campaigns/run-member.ts';
import { WRITE_UNIT_BYTES } from '../../detection/hot-size.ts';
import type { Rules } from '../../detection/judge.ts';
import type { BatchResult } from '../../detection/process-batch.ts';
import { encodeSlices } from '../../profile/codec.ts';
import type { IngestedEvent } from '../../profile/profile.ts';
import { NO_PROMPTS, type PromptSamples, samplePrompts } from '../../profile/prompt-sample.ts';
import { chunksOf, type Frame, type Resumable } from '../../profile/resumable.ts';
import { sliceStart } from '../../profile/slice.ts';
import { itemBytes } from '../../stores/profile-item.ts';
import type { MemoryProfileStore } from '../../stores/profile-memory.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { timeOf } from '../../telemetry/utc-time.ts';
import { CODE_VERSION } from '../../version.ts';
import { replayStore } from '../backtest-run.ts';
import { OutcomeCollector } from '../outcome-collector.ts';
import { replayed, stepAccount } from '../replay.ts';
import type {
  FlushPart,
  FlushReport,
  LinkPart,
  MemberChange,
  ShardStandings,
  ShardStep,
  ShardTotals,
} from './messages.ts';

/** What a shard knows of an account beside its profile. */
interface Linked {
  /** number of its first event */
  readonly first: number;
  facts: AccountFacts | undefined;
  prompts: PromptSamples;
  /** number of the first event whose prompt was sampled */
  prompted: number;
}

/** What a shard has not told yet: it does where campaigns are looked for. */
interface News {
  /** start of the oldest slice that an account may have changed since */
  touched: Map<string, number>;
  facts: (readonly [number, string, AccountFacts])[];
  prompted: Set<string>;
  turned: Map<string, boolean>;
}

const newsOf = (): News => ({ touched: new Map(), facts: [], prompted: new Set(), turned: new Map() });

/** What a shard remembers of its accounts together. */
interface Held extends News {
  /** accounts whose level is not clear */
  readonly watched: Set<string>;
  readonly totals: Pick<ShardTotals, 'used' | 'late' | 'repeated' | 'items' | 'units'>;
}

/** One policy's replay of the accounts of one shard: all but campaigns, which need the accounts of all. */
export class ShardRun implements Resumable {
  readonly #rules: Rules;
  readonly #labelled: ReadonlySet<string>;
  readonly #store: MemoryProfileStore;
  readonly #board = new OutcomeCollector();
  readonly #parts: Readonly<Record<string, Resumable>>;
  readonly #linked = new Map<string, Linked>();
  #held: Held = {
    watched: new Set(),
    totals: { used: 0, late: 0, repeated: 0, items: 0, units: 0 },
    ...newsOf(),
  };

  /** @param labelled accounts that are labelled with a campaign */
  constructor(rules: Pick<Rules, 'policy' | 'calibration'>, labelled: ReadonlySet<string>) {
    this.#rules = { ...rules, code: CODE_VERSION, shadow: false };
    this.#labelled = labelled;
    this.#store = replayStore(rules.policy);
    this.#parts = { board: this.#board, store: this.#store };
  }

  /** Replays a part of a flush; undefined where nobody but its accounts has to know. */
  take({ flush, at, link, sampled, arrivals }: FlushPart): FlushReport | undefined {
    const pending = new Map<string, { sequence: number; arrivals: IngestedEvent[] }>();
    for (const [sequence, arrived, event] of arrivals) {
      const time = timeOf(event.time);
      this.#observe(event, time, arrived, sequence);
      const arrival = replayed(event, time, arrived, sequence);
      const held = pending.get(event.account);
      if (held === undefined) pending.set(event.account, { sequence, arrivals: [arrival] });
      else held.arrivals.push(arrival);
    }
    const measured = new Set(sampled);
    const steps: ShardStep[] = [];
    for (const [account, held] of pending) {
      const step = stepAccount(this.#store, this.#rules, account, held.arrivals);
      if (!step.changed) throw new Error(`${account}: a step of a replay changed nothing`);
      this.#count(account, step, measured.has(account));
      const said = this.#said(account, held.sequence, step);
      if (said !== undefined) steps.push(said);
    }
    if (!link) return steps.length === 0 ? undefined : { flush, at, steps };
    return { flush, at, steps, link: this.#linkPart() };
  }

  totals(): ShardTotals {
    const { writes, parts } = this.#board;
    return {
      ...this.#held.totals,
      writes,
      parts,
      accounts: this.#store.accounts,
      bytes: this.#store.bytes(),
    };
  }

  /** How its accounts stand, a thousand at a time. */
  *standings(): Generator<ShardStandings> {
    for (const chunk of chunksOf(this.#board.standings))
      yield chunk.map(([account, held]) => [this.#linked.get(account)?.first ?? 0, account, held] as const);
  }

  *frames(): Generator<Frame> {
    yield ['held', this.#held];
    for (const chunk of chunksOf(this.#linked)) yield ['linked', chunk];
    for (const [name, part] of Object.entries(this.#parts))
      for (const [inner, value] of part.frames()) yield [`${name}/${inner}`, value];
  }

  restore(part: string, value: unknown): void {
    if (part === 'held') this.#held = value as Held;
    else if (part === 'linked')
      for (const [account, linked] of value as [string, Linked][]) this.#linked.set(account, linked);
    else {
      const [name = '', inner = ''] = part.split('/');
      this.#parts[name]?.restore(inner, value);
    }
  }

  #observe(event: UsageEvent, time: number, arrived: number, sequence: number): void {
    const { account } = event;
    let linked = this.#linked.get(account);
    if (linked === undefined) {
      linked = { first: sequence, facts: undefined, prompts: NO_PROMPTS, prompted: 0 };
      this.#linked.set(account, linked);
    }
    const start = sliceStart(Math.min(time, arrived));
    const touched = this.#held.touched.get(account);
    if (touched === undefined || start < touched) this.#held.touched.set(account, start);
    const facts = collectFacts(linked.facts, [event]);
    if (facts !== undefined && facts !== linked.facts) {
      linked.facts = facts;
      this.#held.facts.push([sequence, account, facts]);
    }
    const prompts = samplePrompts(linked.prompts, [event]);
    if (prompts === linked.prompts) return;
    if (linked.prompted === 0) linked.prompted = sequence;
    linked.prompts = prompts;
    this.#held.prompted.add(account);
  }

  #count(account: string, step: BatchResult, measured: boolean): void {
    const { totals } = this.#held;
    totals.used += step.used;
    totals.late += step.late;
    totals.repeated += step.repeated;
    this.#board.stand(account, step);
    if (!measured) return;
    totals.items++;
    totals.units += Math.ceil(itemBytes(step.state) / WRITE_UNIT_BYTES);
  }

  #said(account: string, sequence: number, step: BatchResult): ShardStep | undefined {
    const { level } = step.state.judgement.level;
    const isWatched = level !== 'clear';
    if (isWatched !== this.#held.watched.has(account)) {
      if (isWatched) this.#held.watched.add(account);
      else this.#held.watched.delete(account);
      this.#held.turned.set(account, isWatched);
    }
    const counted = this.#labelled.has(account) && step.used > 0;
    if (!isWatched && !counted && step.notices.length === 0) return undefined;
    const { firstSeen, totals } = step.state.profile;
    return {
      account,
      sequence,
      used: step.used,
      level,
      notices: step.notices,
      events: totals.events,
      firstSeen,
    };
  }

  #linkPart(): LinkPart {
    const part: LinkPart = {
      facts: this.#held.facts,
      prompts: [...this.#held.prompted].map((account) => {
        const { prompted = 0, prompts = NO_PROMPTS } = this.#linked.get(account) ?? {};
        return [prompted, account, prompts] as const;
      }),
      watched: [...this.#held.turned],
      members: [...this.#held.touched].flatMap(([account, from]) => this.#changeOf(account, from) ?? []),
    };
    this.#held = { ...this.#held, ...newsOf() };
    return part;
  }

  #changeOf(account: string, from: number): MemberChange | undefined {
    const state = this.#store.one(account);
    const member = memberOf(state);
    if (member === undefined) return undefined;
    const { slices } = member;
    return {
      account,
      customer: member.customer,
      firstSeen: member.firstSeen,
      lastSeen: member.lastSeen,
      arrived: member.arrived,
      events: state.profile.totals.events,
      samples: state.profile.samples,
      evidence: state.judgement.evidence,
      oldest: slices[0]?.start ?? Number.POSITIVE_INFINITY,
      from,
      slices: encodeSlices(slices.filter(({ start }) => start >= from)),
    };
  }
}
