import { type HealthShares, HealthTally } from './health-tally.ts';
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
  rule('models', 0.5, 100, {}, 'as many models as events: something else stands where the model should'),
  rule(
    'oneAccount',
    0.5,
    1000,
    {},
    'of events are of one account: its name may be the gateway’s own, not the customers’',
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
}

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
  #run: Run | undefined;
  /** the worst run of each rule */
  readonly #worst = new Map<HealthRule, HealthWarning>();

  /** @param unreadable nothing can be read in the prompt, as its text says */
  event(event: UsageEvent, unreadable = false): void {
    this.#whole.event(event, unreadable);
    const run = this.#run ?? { tally: new HealthTally(), from: event.time, until: event.time };
    this.#run = run;
    run.tally.event(event, unreadable);
    run.until = event.time;
    if (run.tally.events < RUN) return;
    this.#keepWorst(run);
    this.#run = undefined;
  }

  /** Entries that did not become events. */
  unused(counts: { readonly rejected: number; readonly skipped: number }): void {
    this.#whole.unused(counts);
    this.#run?.tally.unused(counts);
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
    return [...found.values()].sort((a, b) => Number(b.severe) - Number(a.severe));
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
    text: `${Math.round(100 * value)} % ${held.words}`,
  };
}
