import { recentlyUsed } from '../recently-used.ts';
import { CommonLengths, type LengthOf } from './common-lengths.ts';
import { entryFactsOf, type ReadFacts } from './entry-facts.ts';
import type { HealthShares } from './health-tally.ts';
import { LOSSES, lengthOf, MANY_ACCOUNTS } from './health-tally.ts';
import { LetterPairs } from './letter-pairs.ts';
import { NewestPrompts } from './newest-prompts.ts';
import { printable, type Reason } from './reason.ts';
import type { UsageEvent } from './usage-event.ts';

/**
 * A part of the traffic may be blind inside of a whole that is well: one gateway of several, one route, one model, one source. What
 * is lost is counted for each by itself.
 */
export type SliceKind = 'gateway' | 'route' | 'model' | 'source';

/** What a part may have lost, and from what share and number of entries on. */
interface SliceRule {
  readonly share: keyof HealthShares;
  readonly above: number;
  readonly atLeast: number;
  readonly severe: boolean;
  /** accounts that must have it; what one customer sends is his own */
  readonly accounts: number;
}

const SLICE_RULES: readonly SliceRule[] = [
  { share: 'withoutPrompt', above: 0.5, atLeast: 20, severe: true, accounts: 3 },
  { share: 'unreadablePrompts', above: 0.5, atLeast: 40, severe: true, accounts: 3 },
  { share: 'cutPrompts', above: 0.5, atLeast: 40, severe: true, accounts: 3 },
  { share: 'printedPrompts', above: 0.5, atLeast: 40, severe: true, accounts: 3 },
  { share: 'maskedPrompts', above: 0.5, atLeast: 40, severe: true, accounts: 3 },
  { share: 'chanceLetters', above: 0.5, atLeast: 40, severe: true, accounts: 3 },
  { share: 'samePrompt', above: 0.5, atLeast: 100, severe: true, accounts: MANY_ACCOUNTS },
  { share: 'rejected', above: 0.5, atLeast: 20, severe: true, accounts: 0 },
  { share: 'withoutOrigin', above: 0.9, atLeast: 100, severe: false, accounts: 3 },
  { share: 'withoutTokens', above: 0.9, atLeast: 100, severe: false, accounts: 3 },
];

/** A part of the traffic that has lost something. */
export interface BlindSlice extends SliceRule {
  readonly by: SliceKind;
  /** safe to show */
  readonly name: string;
  readonly value: number;
  /** events and entries that were looked at */
  readonly entries: number;
}

/** Names of each kind that are remembered; customers choose names of models. */
const MAX_NAMES = 100;
/** A part is judged by so many entries at a time: what began an hour ago would drown in what was well before. */
const RUN = 1000;
/** Events of a part after which its newest prompts are compared. */
const COMPARED_EACH = 100;
/** Of a run, so many prompts have their lengths looked at, then one in so many. */
const ALL_LOOKED_AT = 200;
const LOOKED_AT_EACH = 4;
/** A part of nearly all that was read is no part. */
const WHOLE = 0.95;

type Lost = { -readonly [share in keyof HealthShares]?: number };

class Slice {
  total = 0;
  entries = 0;
  rejected = 0;
  lost: Lost = {};
  readonly accounts = new Map<string, Set<string>>();
  /** where the prompts of this run end */
  ends: LengthOf[] = [];
  pairs: LetterPairs | undefined;
  newest = new NewestPrompts(MANY_ACCOUNTS, COMPARED_EACH);
  /** the worst run of each rule */
  readonly worst = new Map<SliceRule, { readonly value: number; readonly entries: number }>();

  event(event: UsageEvent, { prompt }: ReadFacts): void {
    this.total++;
    this.entries++;
    this.newest.add(event);
    if (LOSSES.withoutPrompt(event)) this.#lose('withoutPrompt', event.account);
    if (LOSSES.withoutOrigin(event)) this.#lose('withoutOrigin', event.account);
    if (LOSSES.withoutTokens(event)) this.#lose('withoutTokens', event.account);
    if (prompt?.fault !== undefined) this.#lose(`${prompt.fault}Prompts`, event.account);
    if (prompt !== undefined && this.#isLookedAt()) this.ends.push(lengthOf(event, prompt));
    if (prompt?.forms?.pairs !== undefined) {
      this.pairs ??= new LetterPairs();
      this.pairs.add(prompt.forms.pairs);
      this.#noteAccount('chanceLetters', event.account);
    }
    if (this.entries >= RUN) this.judge();
  }

  /** The first of a run, then one in four: the lengths of some say where all end. */
  #isLookedAt(): boolean {
    return this.entries <= ALL_LOOKED_AT || this.entries % LOOKED_AT_EACH === 0;
  }

  reject(): void {
    this.total++;
    this.entries++;
    this.rejected++;
    if (this.entries >= RUN) this.judge();
  }

  #lose(share: keyof HealthShares, account: string): void {
    this.lost[share] = (this.lost[share] ?? 0) + 1;
    this.#noteAccount(share, account);
  }

  #noteAccount(share: keyof HealthShares, account: string): void {
    const accounts = this.accounts.get(share) ?? new Set<string>();
    this.accounts.set(share, accounts);
    if (accounts.size < MANY_ACCOUNTS) accounts.add(account);
  }

  /** Keeps what was worst, and begins anew where a run is full. */
  judge(): void {
    for (const rule of SLICE_RULES) {
      const value = this.#valueOf(rule);
      const entries = rule.share === 'rejected' ? this.entries : this.entries - this.rejected;
      const isBroken = entries >= rule.atLeast && value > rule.above && this.#isOfMany(rule);
      if (isBroken && value >= (this.worst.get(rule)?.value ?? 0)) this.worst.set(rule, { value, entries });
      if (rule.share !== 'cutPrompts' || isBroken || entries < rule.atLeast) continue;
      const cut = this.#cutAtLength(rule.accounts);
      if (cut > rule.above && cut >= (this.worst.get(rule)?.value ?? 0))
        this.worst.set(rule, { value: cut, entries });
    }
    if (this.entries < RUN) return;
    this.entries = 0;
    this.rejected = 0;
    this.lost = {};
    this.accounts.clear();
    this.ends = [];
    this.pairs = undefined;
    this.newest = new NewestPrompts(MANY_ACCOUNTS, COMPARED_EACH);
  }

  /** Share of prompts that end where a limit is, in this run. */
  #cutAtLength(accountsAtLeast: number): number {
    const accounts = new Set(this.ends.map(({ account }) => account)).size;
    if (accounts < accountsAtLeast) return 0;
    const lengths = new CommonLengths();
    for (const one of this.ends) lengths.add(one);
    const read = this.entries - this.rejected;
    const looked =
      Math.min(read, ALL_LOOKED_AT) + Math.max(0, Math.floor((read - ALL_LOOKED_AT) / LOOKED_AT_EACH));
    return lengths.cut(accounts, this.ends.length) / Math.max(looked, this.ends.length);
  }

  #valueOf({ share }: SliceRule): number {
    if (share === 'rejected') return this.rejected / this.entries;
    if (share === 'chanceLetters') return this.pairs?.areByChance === true ? 1 : 0;
    return share === 'samePrompt'
      ? this.newest.share
      : (this.lost[share] ?? 0) / (this.entries - this.rejected);
  }

  #isOfMany({ share, accounts }: SliceRule): boolean {
    return (
      share === 'rejected' || share === 'samePrompt' || (this.accounts.get(share)?.size ?? 0) >= accounts
    );
  }
}

/** Counts what is lost, part by part; memory is bounded, whatever the traffic. */
export class SliceHealth {
  readonly #slices: Readonly<Record<SliceKind, ReturnType<typeof recentlyUsed<string, Slice>>>> = {
    gateway: recentlyUsed(MAX_NAMES),
    route: recentlyUsed(MAX_NAMES),
    model: recentlyUsed(MAX_NAMES),
    source: recentlyUsed(MAX_NAMES),
  };
  #entries = 0;

  event(event: UsageEvent, read: ReadFacts): void {
    this.#entries++;
    const { entry } = read;
    this.#slice('gateway', entry?.gateway)?.event(event, read);
    this.#slice('route', entry?.route)?.event(event, read);
    this.#slice('model', event.model)?.event(event, read);
    this.#slice('source', entry?.format)?.event(event, read);
  }

  /** An entry that could not be used; a line that no reader knows is of no part. */
  reject(reason: Reason): void {
    this.#entries++;
    const facts = entryFactsOf(reason);
    if (facts === undefined || facts.format === 'unknown') return;
    for (const [by, name] of [
      ['gateway', facts.gateway],
      ['route', facts.route],
      ['model', facts.model],
      ['source', facts.format],
    ] as const)
      this.#slice(by, name)?.reject();
  }

  /** Parts that have lost something, the severest and largest first; the same part under two names once. */
  blind(): readonly BlindSlice[] {
    const found: BlindSlice[] = [];
    for (const by of ['gateway', 'route', 'model', 'source'] as const)
      for (const [name, slice] of this.#slices[by].entries()) {
        if (slice.total >= WHOLE * this.#entries) continue;
        slice.judge();
        for (const [rule, { value, entries }] of slice.worst)
          found.push({ ...rule, by, name: printable(name), value, entries });
      }
    const unlike = found.filter((one, at) => !found.slice(0, at).some((other) => isSame(one, other)));
    return unlike.sort(
      (a, b) => Number(b.severe) - Number(a.severe) || b.entries * b.value - a.entries * a.value,
    );
  }

  #slice(by: SliceKind, name: string | undefined): Slice | undefined {
    if (name === undefined || name === '') return undefined;
    const slices = this.#slices[by];
    let slice = slices.get(name);
    if (slice === undefined) {
      slice = new Slice();
      slices.set(name, slice);
    }
    return slice;
  }
}

function isSame(one: BlindSlice, other: BlindSlice): boolean {
  return one.share === other.share && one.value === other.value && one.entries === other.entries;
}
