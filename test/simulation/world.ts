import {
  EXPIRY_ATTRIBUTE,
  type IndexName,
  TABLES,
  type TableDeclaration,
} from '../../lib/contract/tables.ts';
import type { Uniform } from '../../lib/statistics/random.ts';
import type { CodeVersion, Deployment } from './code-versions.ts';
import { Configuration } from './services/configuration.ts';
import { Messages } from './services/messages.ts';
import { Objects } from './services/objects.ts';
import type { ImportedFindings } from './services/security-hub.ts';
import { type TableShape, Tables } from './services/tables.ts';

/** Who makes calls: one environment of a function, or a command. It dies with all that it had not sent yet. */
export interface Caller {
  dead: boolean;
  /** no fault may hit it: the last attempt of many, or the time after the faults */
  sure: boolean;
  /** its calls are under way for long: chance that one of them goes on when anything does; undefined: like everybody's */
  slow?: number;
  onDeath?: () => void;
}

export type ServiceName = 'dynamodb' | 's3' | 'messages' | 'appConfig' | 'securityHub';

/** One call that is on its way to a service. */
export interface Call {
  readonly caller: Caller;
  readonly service: ServiceName;
  readonly command: object;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Timer {
  readonly due: number;
  readonly run: () => void;
}

/** What happens to a call that was picked; see faults.ts. */
export type Interference = (call: Call, world: World) => boolean;

export interface Tally {
  operations: number;
  deaths: number;
  zombies: number;
  failures: number;
  repeats: number;
}

const SORTED_BY: Readonly<Record<IndexName, { partition: string; sort: string }>> = {
  undelivered: { partition: 'noticeShard', sort: 'noticeSince' },
  byUpdated: { partition: 'listing', sort: 'updatedAt' },
};

/** The tables of the stack, by the names that the simulation's functions are told. */
const SHAPES: Readonly<Record<string, TableShape>> = Object.fromEntries(
  Object.entries<TableDeclaration>(TABLES).map(([name, { partition, sort, index }]) => [
    `${name}s`,
    { partition, sort, indexes: index === undefined ? {} : { [index]: SORTED_BY[index] } },
  ]),
);

/** Chance that the time to live is at work beside a call. */
const EXPIRIES = 0.01;

/** Calls that change something: their effect may have happened though their answer was an error. */
const WRITES = /Put|Import|Update|Delete|Publish|Copy|BatchWrite|Transact/;

/** All services and one clock, in one process: nothing happens but what `step` picks. */
export class World {
  readonly tables = new Tables(SHAPES, () => this.now);
  readonly objects = new Objects();
  readonly messages = new Messages();
  readonly configuration = new Configuration();
  readonly tally: Tally = { operations: 0, deaths: 0, zombies: 0, failures: 0, repeats: 0 };
  readonly random: Uniform;
  /** processing time, ms */
  now: number;
  interference: Interference | undefined;
  /** undefined: findings do not go there */
  securityHub: ImportedFindings | undefined;
  /** undefined: all is of today's code */
  deployment: Deployment | undefined;
  #names = 0;
  #calls: Call[] = [];
  #timers: Timer[] = [];

  constructor(now: number, random: Uniform) {
    this.now = now;
    this.random = random;
  }

  /** Version of whoever comes when everything is deployed. */
  get newestCode(): CodeVersion {
    return this.deployment?.newest ?? 'current';
  }

  newName(): string {
    return `name-${++this.#names}`;
  }

  call(caller: Caller, service: ServiceName, command: object): Promise<unknown> {
    if (caller.dead) return new Promise(() => undefined);
    return new Promise((resolve, reject) => this.#calls.push({ caller, service, command, resolve, reject }));
  }

  timer(run: () => void, ms: number): void {
    this.#timers.push({ due: this.now + ms, run });
  }

  /** Whether a call changes something. */
  static isWrite({ command }: Call): boolean {
    return WRITES.test(command.constructor.name);
  }

  /** Does what a call asks for, now. */
  perform({ service, command }: Call): unknown {
    switch (service) {
      case 'dynamodb':
        return this.tables.run(
          command,
          (size) => this.#unprocessed(size),
          () => this.#lag(),
        );
      case 's3':
        return this.objects.run(command);
      case 'messages':
        return this.messages.run(command);
      case 'appConfig':
        return this.configuration.run(command);
      case 'securityHub':
        return this.securityHub?.run(command);
    }
  }

  #unprocessed(size: number): number {
    const hit = this.interference !== undefined && size > 1 && this.random() < 0.05;
    return hit ? Math.floor(size / 2) : 0;
  }

  /** Writes that an eventually consistent read misses. */
  #lag(): number {
    const hit = this.interference !== undefined && this.random() < 0.3;
    return hit ? 1 + Math.floor(this.random() * 4) : 0;
  }

  answer(call: Call, work: () => unknown): void {
    let answer: unknown;
    try {
      answer = work();
    } catch (error) {
      if (!call.caller.dead) call.reject(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (!call.caller.dead) call.resolve(answer);
  }

  kill(caller: Caller): void {
    caller.dead = true;
    this.tally.deaths++;
    // what is on the wire may still arrive, at once or long after
    if (this.random() < 0.5) caller.slow = 0.03;
    this.#calls = this.#calls.filter((call) => call.caller !== caller || this.random() < 0.5);
    caller.onDeath?.();
  }

  /**
   * What the time to live deletes: items past their expiry, of which each is found with this chance; it may take days
   * (howitworks-ttl.html).
   */
  expire(chance: number): void {
    const past = (at: string | undefined): boolean => at !== undefined && Number(at) * 1000 <= this.now;
    for (const table of this.tables.names())
      this.tables.expire(
        table,
        ({ [EXPIRY_ATTRIBUTE]: expiry }) => past(expiry?.N) && this.random() < chance,
      );
  }

  /** Runs until `work` has ended; everything that the world knows happens in the order that `random` picks. */
  async until<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const result = work.finally(() => {
      ended = true;
    });
    // whoever waits for the result hears of its failure
    result.catch(() => undefined);
    let idle = 0;
    for (;;) {
      await settled();
      if (ended) return result;
      if (this.#step()) idle = 0;
      else if (++idle > 50) throw new Error('nothing is on its way, and nobody has finished');
    }
  }

  /** Lets everything happen that is on its way. */
  async drain(): Promise<void> {
    do await settled();
    while (this.#step());
  }

  #step(): boolean {
    const due = this.#timers.findIndex((timer) => timer.due <= this.now);
    const ready = this.#calls.filter(({ caller: { slow } }) => slow === undefined || this.random() < slow);
    const call = ready[Math.floor(this.random() * (ready.length + (due < 0 ? 0 : 1)))];
    if (call !== undefined) return this.#take(call);
    const next = due < 0 ? this.#earliest() : this.#timers[due];
    if (next === undefined) {
      // nobody else has anything to do: the slow ones arrive
      const late = this.#calls[Math.floor(this.random() * this.#calls.length)];
      return late !== undefined && this.#take(late);
    }
    this.#timers.splice(this.#timers.indexOf(next), 1);
    this.now = Math.max(this.now, next.due);
    next.run();
    return true;
  }

  #earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.due < first.due) first = timer;
    return first;
  }

  #take(call: Call): true {
    this.#calls.splice(this.#calls.indexOf(call), 1);
    this.tally.operations++;
    this.now += 3 + this.random() * 20;
    if (this.interference !== undefined && this.random() < EXPIRIES) this.expire(0.5);
    if (this.interference?.(call, this) !== true) this.answer(call, () => this.perform(call));
    return true;
  }
}

/** After it, every promise that could go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
