import type { AccountState } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { isIdle, reevaluateIdle } from '../../lib/detection/reevaluate-idle.ts';

/** What looking again needs of the profile store. */
export interface IdleSweepPorts {
  load(
    accounts: readonly string[],
    onUnreadable?: (account: string, error: Error) => void,
  ): Promise<Map<string, AccountState>>;
  /** @param since ms, since when its new notices wait */
  save(
    stored: AccountState,
    next: AccountState,
    seal: undefined,
    since: number,
  ): Promise<'saved' | 'conflict'>;
}

/** Accounts whose states are held at once. */
const CONCURRENCY = 100;

/** Who waits for traffic, and the newest arrival (ms). */
export interface SilentPart {
  readonly now: number;
  readonly waiting: readonly string[];
}

/** Remembers, while profiles pass by, whose finding waits for traffic, and what time it is for all of them. */
export class IdleSweep {
  /** newest arrival, ms: the clock of the traffic, which a replay of March has in March */
  #now = 0;
  readonly #waiting: string[] = [];

  get now(): number {
    return this.#now;
  }

  /** What was seen of a part of the accounts. */
  part(): SilentPart {
    return { now: this.#now, waiting: this.#waiting };
  }

  merge({ now, waiting }: SilentPart): void {
    this.#now = Math.max(this.#now, now);
    for (const account of waiting) this.#waiting.push(account);
  }

  see(state: AccountState): void {
    const { profile } = state;
    this.#now = Math.max(this.#now, profile.arrived);
    if (isIdle(state, Number.POSITIVE_INFINITY)) this.#waiting.push(profile.account);
  }

  /**
   * Looks again at all that are silent; returns what came of it. An account that a batch of events changes meanwhile is
   * left to them.
   */
  async lookAgain(
    ports: IdleSweepPorts,
    rules: Rules,
    onUnreadable?: (account: string, error: Error) => void,
  ): Promise<{ silent: number; notices: number }> {
    const names = this.#waiting;
    const made = { silent: 0, notices: 0 };
    for (let i = 0; i < names.length; i += CONCURRENCY)
      for (const stored of (await ports.load(names.slice(i, i + CONCURRENCY), onUnreadable)).values()) {
        if (!isIdle(stored, this.#now)) continue;
        made.silent++;
        const next = reevaluateIdle(stored, this.#now, rules);
        if (next === undefined) continue;
        if ((await ports.save(stored, next, undefined, this.#now)) === 'saved')
          made.notices += next.judgement.notices.length - stored.judgement.notices.length;
      }
    return made;
  }
}
