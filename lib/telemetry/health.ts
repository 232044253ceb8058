import type { ReadFacts } from './entry-facts.ts';
import { HEALTH_RULES, type HealthRule, SAID_BY } from './health-rules.ts';
import { type HealthShares, HealthTally } from './health-tally.ts';
import type { Reason } from './reason.ts';
import { type BlindSlice, SliceHealth, type SliceKind } from './slice-health.ts';
import type { UsageEvent } from './usage-event.ts';

/**
 * Whether telemetry can be judged at all. Detection goes blind without a sound when prompts are not logged, replaced by one
 * text, or lose where they came from: these shares say so before anybody believes that nobody extracts. They are taken of all
 * that was read, and of each thousand events by itself: what began an hour ago would drown in what was well before.
 */

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
  readonly #whole: HealthTally;
  readonly #now: () => number;
  readonly #slices = new SliceHealth();
  #run: Run | undefined;
  /** the worst run of each rule */
  readonly #worst = new Map<HealthRule, HealthWarning>();

  /** @param now the clock, ms since 1970, by which times are in the future; without one none is */
  constructor(now: () => number = () => Number.POSITIVE_INFINITY) {
    this.#now = now;
    this.#whole = new HealthTally(now);
  }

  /** @param read what was found out when its exchange was read, where it was read here */
  event(event: UsageEvent, read: ReadFacts = {}): void {
    this.#whole.event(event, read);
    this.#slices.event(event, read);
    const run = this.#run ?? {
      tally: new HealthTally(this.#now, false),
      from: event.time,
      until: event.time,
    };
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
