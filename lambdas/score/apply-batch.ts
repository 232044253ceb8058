import { type AccountFacts, collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { asksForLook, type BatchResult, isBehind, processHot } from '../../lib/detection/process-batch.ts';
import { accountOf, laneNumber } from '../../lib/profile/lane.ts';
import type { Position } from '../../lib/profile/position.ts';
import { type IngestedEvent, unapplied } from '../../lib/profile/profile.ts';
import { mergePromptSamples, NO_PROMPTS, type PromptSamples } from '../../lib/profile/prompt-sample.ts';
import { isPermanent, UnusableEvent } from '../../lib/stores/failures.ts';
import type { StoredStates } from '../../lib/stores/lineage.ts';
import type { EarlierPromptStore, LinkFactStore, ProfileStore } from '../../lib/stores/profile-store.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';

/** Events that are set aside, with what is wrong with them or with their account's item. */
export interface Unusable {
  readonly arrivals: readonly IngestedEvent[];
  readonly error: Error;
}

/** What is kept of accounts beside their profiles. */
export interface BesideProfiles {
  readonly links?: LinkFactStore;
  readonly prompts?: EarlierPromptStore;
}

/** What became of the run of events of one account, or of one lane of it. */
export interface Applied {
  /** the name of the profile (lib/profile/lane.ts) */
  readonly account: string;
  readonly steps: readonly BatchResult[];
  readonly unusable: readonly Unusable[];
  /** what the store is known to hold; undefined: nothing is known */
  readonly state: AccountState | undefined;
  /** from this position on nothing was applied, for a reason that passes: the stream gives it again */
  readonly deferred?: { readonly from: Position; readonly error: Error };
}

/** Somebody else writes the same account at the same time only after a reshard or as a zombie: rare, and soon over. */
const ATTEMPTS = 5;
/** Pause before the second attempt, ms; it doubles with every further one. */
const FIRST_PAUSE = 50;
const CONCURRENCY = 24;
/** Events that one write takes on at most: the ids of a write stay in the hot item until the next one. */
const EVENTS_PER_WRITE = 4096;

/**
 * Advances every account of a batch and stores it. What is wrong with an event or an item costs that event or that
 * account; what passes is deferred, with the writes of all others done.
 * @param arrivals by the names of profiles (lib/profile/lane.ts)
 * @throws what the store answers where no account could be loaded at all
 */
export async function applyBatch(
  arrivals: ReadonlyMap<string, readonly IngestedEvent[]>,
  store: ProfileStore,
  rules: Rules,
  beside: BesideProfiles = {},
): Promise<Applied[]> {
  const names = [...arrivals.keys()];
  const unreadable = new Map<string, Error>();
  // first: what a warm function remembers beside a profile belongs to that profile
  const loaded = await store.load(names, (name, error) => unreadable.set(name, error), 'recent');
  // hardly any batch has a lane
  const groups = names.some((name) => laneNumber(name) > 0) ? profilesByAccount(names) : NO_GROUPS;
  // of accounts with lanes they are read with each run: what one lane has added the next one has to know
  const alone = groups.size === 0 ? names : names.filter((name) => !groups.has(accountOf(name)));
  const [facts, prompts] = await Promise.all([
    beside.links?.load(alone, loaded, 'recent'),
    earlierPrompts(beside, loaded),
  ]);
  const ports = { store, rules, beside };
  const applied: Applied[] = [];
  /** Returns the event time, ms, up to which a look at the account is asked for; 0: none. */
  const applyOne = async (name: string): Promise<number> => {
    const run = arrivals.get(name) ?? [];
    const error = unreadable.get(name);
    if (error !== undefined) {
      applied.push({ account: name, steps: [], unusable: [{ arrivals: run, error }], state: undefined });
      return 0;
    }
    const known = groups.has(accountOf(name)) ? undefined : { facts: facts?.get(name) };
    const one = new AccountRun(name, ports, known, prompts.get(name));
    applied.push(await one.apply(run, loaded.get(name)));
    return one.asked;
  };
  const applyGroup = async (account: string, profiles: readonly string[]): Promise<void> => {
    let asked = 0;
    for (const name of profiles) asked = Math.max(asked, await applyOne(name));
    if (asked > 0) applied.push(...(await lookAgain(account, asked, ports)));
  };
  const all = [...groups, ...alone];
  let at = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = all[at++];
      if (next === undefined) return;
      if (typeof next === 'string') await applyOne(next);
      else await applyGroup(...next);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, all.length) }, worker));
  return applied;
}

/** Profiles of a batch by the accounts that are divided. */
type Groups = ReadonlyMap<string, readonly string[]>;

const NO_GROUPS: Groups = new Map();

/** Those accounts that have lanes in the batch: lanes first, so that an account is looked at with what they have just got. */
function profilesByAccount(names: readonly string[]): Groups {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    if (laneNumber(name) === 0) continue;
    const account = accountOf(name);
    const held = groups.get(account);
    if (held === undefined) groups.set(account, [name]);
    else held.push(name);
  }
  for (const name of names) groups.get(name)?.push(name);
  return groups;
}

/** Link facts of the account that a profile is of. @param stored as in LinkFactStore */
async function factsOf(
  { links }: BesideProfiles,
  name: string,
  stored?: StoredStates,
): Promise<AccountFacts | undefined> {
  const account = accountOf(name);
  return (await links?.load([account], stored))?.get(account);
}

/**
 * Looks at an account of which a lane asked for it, and which may get no event itself for long. A failure is left to its own next event,
 * and to the next lane that asks: nothing of this batch waits for it.
 * @param asked event time, ms
 */
async function lookAgain(account: string, asked: number, ports: RunPorts): Promise<Applied[]> {
  try {
    const stored = (await ports.store.load([account], () => undefined, 'recent')).get(account);
    if (stored === undefined || !isBehind(stored.judgement, asked)) return [];
    const looked = await new AccountRun(account, ports, undefined).look(stored);
    return looked === undefined ? [] : [looked];
  } catch {
    return [];
  }
}

/** What a run works with. */
interface RunPorts {
  readonly store: ProfileStore;
  readonly rules: Rules;
  readonly beside: BesideProfiles;
}

/** The run of events of one account, or of a lane, on its way into the store. */
class AccountRun {
  /** the name of the profile */
  readonly #account: string;
  readonly #store: ProfileStore;
  readonly #rules: Rules;
  readonly #beside: BesideProfiles;
  /** as they were loaded with the batch, or written since */
  #facts: AccountFacts | undefined;
  /** false: they are to be loaded first */
  #factsKnown: boolean;
  /** the sample that a version before wrote, as long as the state names it */
  #prompts: PromptSamples;
  readonly #steps: BatchResult[] = [];
  readonly #unusable: Unusable[] = [];
  /** what the store is known to hold; undefined: it must be asked */
  #state: AccountState | undefined;
  /** what it was last known to hold, whatever came after */
  #stored: AccountState | undefined;
  /** that is what it holds; a first load may miss what was written a moment ago */
  #sure = false;
  /** of a lane: event time, ms, up to which it asks for a look at its account; 0: it does not */
  asked = 0;

  constructor(
    account: string,
    { store, rules, beside }: RunPorts,
    known: { readonly facts: AccountFacts | undefined } | undefined,
    prompts: PromptSamples = NO_PROMPTS,
  ) {
    this.#account = account;
    this.#store = store;
    this.#rules = rules;
    this.#beside = beside;
    this.#facts = known?.facts;
    this.#factsKnown = known !== undefined;
    this.#prompts = prompts;
  }

  async apply(run: readonly IngestedEvent[], first: AccountState | undefined): Promise<Applied> {
    this.#state = first;
    this.#stored = first;
    const result = () => ({
      account: this.#account,
      steps: this.#steps,
      unusable: this.#unusable,
      state: this.#stored,
    });
    for (let i = 0; i < run.length; i += EVENTS_PER_WRITE) {
      const part = run.slice(i, i + EVENTS_PER_WRITE);
      const error = await this.#applyPart(part);
      const from = part[0]?.position;
      if (error !== undefined && from !== undefined) return { ...result(), deferred: { from, error } };
    }
    return result();
  }

  /** One look without any event; undefined: it failed. */
  async look(first: AccountState): Promise<Applied | undefined> {
    this.#state = first;
    const error = await this.#applyPart([]);
    if (error !== undefined) return undefined;
    return { account: this.#account, steps: this.#steps, unusable: this.#unusable, state: this.#stored };
  }

  /** Returns why the part is deferred; undefined: it is applied, or set aside. */
  async #applyPart(part: readonly IngestedEvent[]): Promise<Error | undefined> {
    let error: Error | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await pause(FIRST_PAUSE * 2 ** (attempt - 1));
      const held = this.#state;
      try {
        let state = held ?? (await this.#load());
        let step = this.#process(state, part);
        if (step === 'parts') {
          state = await this.#store.whole(state);
          step = this.#process(state, part);
        }
        if (step === 'parts') throw new Error(`the store left out the sealed parts of ${this.#account}`);
        if (step === undefined) return await this.#applyHalves(part);
        const now = step.changed ? await this.#save(state, step, part) : state;
        if (now !== undefined) {
          this.#steps.push(step);
          const [before, { lastSeen }] = [state.profile.lastSeen, now.profile];
          if (laneNumber(this.#account) > 0 && asksForLook(lastSeen, before)) this.asked = lastSeen;
          this.#state = now;
          this.#stored = now;
          return undefined;
        }
      } catch (thrown) {
        error = thrown instanceof Error ? thrown : new Error(String(thrown));
        // what is set aside is told by what was applied: that must be what is stored
        if (isPermanent(error) && this.#sure) return this.#setAside(part, held, error);
      }
      this.#state = undefined;
    }
    return error ?? new Error('somebody else kept writing this account');
  }

  async #load(): Promise<AccountState> {
    const accounts = [this.#account];
    this.#sure = true;
    const stored = await this.#store.load(accounts);
    const state = stored.get(this.#account);
    if (state === undefined) throw new Error(`the store answered nothing for ${this.#account}`);
    const [facts, prompts] = await Promise.all([
      factsOf(this.#beside, this.#account, laneNumber(this.#account) === 0 ? stored : undefined),
      earlierPrompts(this.#beside, stored),
    ]);
    this.#facts = facts;
    this.#factsKnown = true;
    this.#prompts = prompts.get(this.#account) ?? NO_PROMPTS;
    this.#state = state;
    this.#stored = state;
    return state;
  }

  /** undefined: an event of several makes the code throw, and is to be found; `parts`: the sealed parts are to be read first */
  #process(state: AccountState, part: readonly IngestedEvent[]): BatchResult | 'parts' | undefined {
    try {
      return processHot(withEarlier(state, this.#prompts), part, this.#rules, true) ?? 'parts';
    } catch (error) {
      if (part.length > 1) return undefined;
      throw new UnusableEvent(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  async #applyHalves(part: readonly IngestedEvent[]): Promise<Error | undefined> {
    const half = part.length >> 1;
    return (await this.#applyPart(part.slice(0, half))) ?? (await this.#applyPart(part.slice(half)));
  }

  /** What is stored now; undefined: somebody else was faster. */
  async #save(
    state: AccountState,
    step: BatchResult,
    part: readonly IngestedEvent[],
  ): Promise<AccountState | undefined> {
    const events = part.map(({ event }) => event);
    if (!this.#factsKnown && events.length > 0) {
      this.#facts = await factsOf(this.#beside, this.#account);
      this.#factsKnown = true;
    }
    // before the profile: facts may be written twice, but are never forgotten for a profile that moved on
    const facts = this.#newFacts(events);
    if (facts !== undefined) await this.#keepFacts(events, facts);
    this.#sure = (await this.#store.save(state, step.state, step.seal)) === 'saved';
    return this.#sure ? step.state : undefined;
  }

  /** undefined: the events say nothing new. Most do not, so that nothing is waited for. */
  #newFacts(events: readonly UsageEvent[]): AccountFacts | undefined {
    if (this.#beside.links === undefined || events.length === 0) return undefined;
    const now = collectFacts(this.#facts, events);
    return now === this.#facts ? undefined : now;
  }

  async #keepFacts(events: readonly UsageEvent[], first: AccountFacts): Promise<void> {
    const { links } = this.#beside;
    let now: AccountFacts | undefined = first;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (links === undefined || now === undefined) return;
      if ((await links.save(accountOf(this.#account), now)) === 'saved') {
        this.#facts = now;
        return;
      }
      // somebody else wrote them: theirs, and what these events add to them
      this.#facts = await factsOf(this.#beside, this.#account);
      now = this.#newFacts(events);
    }
    throw new Error('somebody else kept writing the facts of this account');
  }

  /** Only what is not applied: the rest must not be counted again when it comes back. */
  #setAside(part: readonly IngestedEvent[], held: AccountState | undefined, error: Error): undefined {
    const state = this.#state ?? held;
    const arrivals = state === undefined ? part : unapplied(state.profile, part);
    if (arrivals.length > 0) this.#unusable.push({ arrivals, error });
    return undefined;
  }
}

/** Samples that versions before wrote, of the accounts whose states name one. */
async function earlierPrompts(
  { prompts }: BesideProfiles,
  states: ReadonlyMap<string, AccountState>,
): Promise<ReadonlyMap<string, PromptSamples>> {
  const named: string[] = [];
  for (const [account, { asked }] of states) if (asked.written !== '') named.push(account);
  return named.length === 0 || prompts === undefined ? new Map() : await prompts.load(named);
}

/** A state whose sample lies in an item of its own takes it back: all of it waits, and goes into the next sealed part. */
function withEarlier(state: AccountState, earlier: PromptSamples): AccountState {
  const { written, sealed, pending } = state.asked;
  if (written === '') return state;
  return { ...state, asked: { written: '', sealed, pending: mergePromptSamples(earlier, pending) } };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
