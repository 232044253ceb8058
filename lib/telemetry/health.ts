import type { ReadFacts } from './entry-facts.ts';
import { type HealthShares, HealthTally } from './health-tally.ts';
import type { Reason } from './reason.ts';
import { type BlindSlice, SliceHealth, type SliceKind } from './slice-health.ts';
import type { UsageEvent } from './usage-event.ts';

/**
 * Whether telemetry can be judged at all. Detection goes blind without a sound when prompts are not logged, replaced by one
 * text, or lose where they came from: these shares say so before anybody believes that nobody extracts. They are taken of all
 * that was read, and of each thousand events by itself: what began an hour ago would drown in what was well before.
 */

/** What a share means when it is too large. */
interface HealthRule {
  readonly share: keyof HealthShares;
  /** above this, something is wrong */
  readonly above: number;
  /** fewer events say nothing */
  readonly atLeast: number;
  /** nothing should be concluded from silence */
  readonly severe: boolean;
  /** looked for in each thousand events too */
  readonly inRuns: boolean;
  readonly words: string;
}

const rule = (
  share: keyof HealthShares,
  above: number,
  atLeast: number,
  how: { readonly severe?: boolean; readonly inRuns?: boolean },
  words: string,
): HealthRule => ({ share, above, atLeast, severe: how.severe === true, inRuns: how.inRuns === true, words });
const BLIND = { severe: true, inRuns: true } as const;
const BLIND_WHOLE = { severe: true } as const;
const RUNS = { inRuns: true } as const;

/**
 * Thresholds: honest gateways have prompts in nearly all calls, no prompt that a third of the events of many accounts are, and
 * no origin that most accounts share. The severer rule of a share comes first.
 */
export const HEALTH_RULES: readonly HealthRule[] = [
  rule(
    'withoutPrompt',
    0.5,
    20,
    BLIND,
    'have no prompt: message logging is off, or the prompts are in a place that is not read',
  ),
  rule(
    'samePromptAccounts',
    0.5,
    100,
    BLIND,
    'of accounts send one and the same prompt: a placeholder stands where prompts should',
  ),
  rule(
    'samePrompt',
    0.3,
    100,
    BLIND,
    'of events, of many accounts, have one and the same prompt: a placeholder stands where prompts should',
  ),
  rule(
    'repeatedPrompt',
    0.9,
    100,
    BLIND_WHOLE,
    'of events have one and the same prompt: a health check, or a placeholder. What customers ask is not in this input',
  ),
  rule(
    'unreadablePrompts',
    0.5,
    100,
    BLIND,
    'have prompts in which nothing can be read: encrypted, hashed, tokenised, masked or cut, or stored elsewhere',
  ),
  rule(
    'unreadablePrompts',
    0.2,
    100,
    RUNS,
    'have prompts in which nothing can be read: addresses, ids, digests or ciphertexts may stand where prompts should',
  ),
  rule(
    'unreadablePrompts',
    0.05,
    100,
    {},
    'have prompts in which nothing can be read, of many accounts: part of the traffic may be encrypted, masked or stored elsewhere',
  ),
  rule(
    'cutPrompts',
    0.5,
    100,
    BLIND,
    'have prompts that a logger cut: only their beginnings are compared. Let it log whole prompts, or raise its limit',
  ),
  rule(
    'cutPrompts',
    0.02,
    100,
    RUNS,
    'have prompts that a logger cut: of those only the beginnings are compared; let it log whole prompts',
  ),
  rule(
    'printedPrompts',
    0.5,
    100,
    BLIND,
    'have prompts that are lists of messages as a program prints them, and cannot be read as messages: log JSON',
  ),
  rule(
    'printedPrompts',
    0.02,
    100,
    RUNS,
    'have prompts that are lists of messages as a program prints them, and cannot be read as messages: log JSON',
  ),
  rule(
    'blindAccounts',
    0.05,
    100,
    {},
    'of accounts have hardly a prompt that can be read: none, cut, encrypted or masked. For them detection is blind',
  ),
  rule(
    'sameOpening',
    0.9,
    100,
    {},
    'begin with the same five words, of many accounts: a template, or what a logger wrote around prompts, stands before what was asked',
  ),
  rule('rejected', 0.9, 20, BLIND, 'of entries could not be used: next to nothing is watched'),
  rule('rejected', 0.1, 20, RUNS, 'of entries could not be used'),
  rule('oddTime', 0.1, 20, BLIND, 'have a time before 2015: the pipeline refuses them'),
  rule(
    'shortPrompts',
    0.8,
    100,
    RUNS,
    'have prompts of at most three words: ids, digests or markers may stand where prompts should',
  ),
  rule(
    'withoutOrigin',
    0.9,
    100,
    RUNS,
    'have neither address nor credential: linking accounts into campaigns is blind',
  ),
  rule(
    'sameOrigin',
    0.5,
    100,
    RUNS,
    'of accounts come from one address or with one credential, perhaps the gateway’s own: linking accounts is blind',
  ),
  rule('withoutTokens', 0.9, 100, RUNS, 'have no output tokens: volumes cannot be judged'),
  rule('failed', 0.9, 100, RUNS, 'end in an error: endings may be read wrongly'),
  rule('sameTime', 0.5, 100, {}, 'have one and the same time: pace and hours cannot be judged'),
  rule(
    'sameMinute',
    0.5,
    500,
    {},
    'lie within one minute: if that is when they were exported, pace and hours cannot be judged',
  ),
  rule(
    'dateOnly',
    0.5,
    100,
    {},
    'are at midnight: dates without a time of day stand where times should, and pace and hours cannot be judged',
  ),
  rule('models', 0.5, 100, {}, 'as many models as events: something else stands where the model should'),
  rule(
    'sharedAccount',
    0.9,
    100,
    BLIND_WHOLE,
    'of events are of one account that stands for many: it may be the gateway’s own. Say where customers are named with --account-field',
  ),
  rule(
    'sharedAccount',
    0.25,
    200,
    {},
    'of events are of one account that stands for many: if it is the gateway’s own, say where customers are named with --account-field',
  ),
  rule(
    'crowdedAccount',
    0.9,
    100,
    {},
    'of events are of one account, under many credentials, from many addresses or in many sessions: its name may be the gateway’s own, not the customers’',
  ),
  rule(
    'oneAccount',
    0.5,
    1000,
    {},
    'of events are of one account: its name may be the gateway’s own, not the customers’',
  ),
  rule(
    'singleAccounts',
    0.9,
    500,
    {},
    'as many accounts as events: if the account is an id of requests or of sessions, nothing adds up to a customer. Say where customers are named with --account-field',
  ),
  rule(
    'crowdedOrigins',
    0.25,
    500,
    {},
    'as many accounts as events, ten and more of each address: if the account is an id of sessions, no customer adds up. Say where customers are named with --account-field',
  ),
  rule(
    'repeatedIds',
    0.05,
    100,
    {},
    'repeat an id of another event: the ids are not unique, or the input was given twice; events that are the same in all count once',
  ),
  rule(
    'skipped',
    0.99,
    1000,
    {},
    'of entries are no model calls: the calls may be in entries of another kind',
  ),
];

/** A sentence for people, and whether detection is blind. */
export interface HealthWarning {
  readonly share: keyof HealthShares;
  readonly value: number;
  readonly severe: boolean;
  readonly text: string;
  /** event times between which it was so, where it is not so of all that was read */
  readonly from?: string;
  readonly until?: string;
  /** the part of the traffic of which it is so, where it is not so of the whole */
  readonly slice?: { readonly by: SliceKind; readonly name: string };
}

type Share = keyof HealthShares;

/** What is not said beside something worse that says it too, from the worst on. `severe`: only where that means blindness. */
const SAID_BY: readonly {
  readonly by: readonly Share[];
  readonly not: readonly Share[];
  readonly severe?: true;
}[] = [
  { by: ['sharedAccount'], not: ['crowdedAccount', 'oneAccount'] },
  { by: ['crowdedAccount'], not: ['oneAccount'] },
  { by: ['singleAccounts'], not: ['crowdedOrigins'] },
  { by: ['oddTime', 'sameTime'], not: ['sameMinute', 'dateOnly'] },
  { by: ['sameMinute'], not: ['dateOnly'] },
  { by: ['samePrompt', 'samePromptAccounts'], not: ['repeatedPrompt'] },
  {
    by: [
      ...(['withoutPrompt', 'samePromptAccounts', 'samePrompt'] as const),
      ...(['unreadablePrompts', 'cutPrompts', 'printedPrompts'] as const),
    ],
    not: ['blindAccounts', 'sameOpening'],
    severe: true,
  },
];

/** Parts that are said by name. */
const NAMED_SLICES = 8;

/** Events that are looked at by themselves. */
const RUN = 1000;
/** The run that is not full says something from so many events on. */
const LAST_RUN = 500;

interface Run {
  readonly tally: HealthTally;
  readonly from: string;
  until: string;
}

/** Counts events as they pass, all of them and by the thousand; memory is bounded, whatever the traffic. */
export class TelemetryHealth {
  readonly #whole = new HealthTally();
  readonly #slices = new SliceHealth();
  #run: Run | undefined;
  /** the worst run of each rule */
  readonly #worst = new Map<HealthRule, HealthWarning>();

  /** @param read what was found out when its exchange was read, where it was read here */
  event(event: UsageEvent, read: ReadFacts = {}): void {
    this.#whole.event(event, read);
    this.#slices.event(event, read);
    const run = this.#run ?? { tally: new HealthTally(false), from: event.time, until: event.time };
    this.#run = run;
    run.tally.event(event, read);
    run.until = event.time;
    if (run.tally.events < RUN) return;
    this.#keepWorst(run);
    this.#run = undefined;
  }

  /** Entries that did not become events. @param reasons against those that were rejected */
  unused(
    counts: { readonly rejected: number; readonly skipped: number },
    reasons: readonly Reason[] = [],
  ): void {
    this.#whole.unused(counts);
    this.#run?.tally.unused(counts);
    for (const reason of reasons) this.#slices.reject(reason);
  }

  shares(): HealthShares {
    return this.#whole.shares();
  }

  /** What is wrong, the severest first, each share once; empty for traffic that can be judged. */
  warnings(): readonly HealthWarning[] {
    if (this.#run !== undefined && this.#run.tally.events >= LAST_RUN) this.#keepWorst(this.#run);
    const shares = this.#whole.shares();
    const found = new Map<keyof HealthShares, HealthWarning>();
    for (const held of HEALTH_RULES) {
      const whole = broken(held, this.#whole, shares);
      const said = whole ?? this.#worst.get(held);
      if (said !== undefined && !found.has(held.share)) found.set(held.share, said);
    }
    for (const { by, not, severe } of SAID_BY)
      if (by.some((share) => found.get(share)?.severe === true || (severe !== true && found.has(share))))
        for (const share of not) found.delete(share);
    const whole = [...found.values()];
    return [...whole, ...this.#ofSlices(whole)].sort((a, b) => Number(b.severe) - Number(a.severe));
  }

  /** Parts that are worse than the whole. */
  #ofSlices(whole: readonly HealthWarning[]): readonly HealthWarning[] {
    const isSaid = ({ share, severe }: BlindSlice) =>
      whole.some(
        (warning) => warning.share === share && (warning.severe || !severe) && warning.from === undefined,
      );
    return this.#slices
      .blind()
      .filter((slice) => !isSaid(slice))
      .slice(0, NAMED_SLICES)
      .map(({ share, value, severe, by, name, entries }) => {
        const words = HEALTH_RULES.find((held) => held.share === share)?.words ?? '';
        const of = share === 'rejected' ? 'entries' : 'events';
        const text = `${by} ${name}: ${Math.round(100 * value)} % of ${entries} ${of} ${words.replace(/^of (?:events|entries)[, ]*/, '')}`;
        return { share, value, severe, text, slice: { by, name } };
      });
  }

  #keepWorst({ tally, from, until }: Run): void {
    const shares = tally.shares();
    for (const held of HEALTH_RULES) {
      const found = held.inRuns ? broken(held, tally, shares) : undefined;
      if (found === undefined || found.value <= (this.#worst.get(held)?.value ?? 0)) continue;
      const when = `of ${tally.events} events from ${from} to ${until}`;
      this.#worst.set(held, { ...found, from, until, text: `${found.text} (${when})` });
    }
  }
}

function broken(held: HealthRule, tally: HealthTally, shares: HealthShares): HealthWarning | undefined {
  const value = shares[held.share];
  if (tally.entries(held.share) < held.atLeast || value <= held.above) return undefined;
  return {
    ...{ share: held.share, value, severe: held.severe },
    text: `${Math.round(100 * value)} % ${held.words}${tally.detail(held.share)}`,
  };
}
