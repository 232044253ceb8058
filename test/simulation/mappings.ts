import * as z from 'zod';
import { MINUTE } from '../events.ts';
import type { CodeVersion } from './code-versions.ts';
import type { FaultRates } from './faults.ts';
import { type Handle, type SimulatedFunction, start } from './functions.ts';
import { withClock } from './virtual-time.ts';
import type { Caller, World } from './world.ts';

interface Environment {
  readonly version: CodeVersion;
  readonly caller: Caller;
  readonly handle: Handle;
}

type Outcome =
  | { readonly what: 'done'; readonly answer: unknown }
  | { readonly what: 'failed' | 'died' | 'timed out' };

/** Environments of one function: an invocation has one for itself; what dies or times out is not used again. */
export class Pool {
  readonly #name: SimulatedFunction;
  readonly #world: World;
  readonly #rates: FaultRates | undefined;
  #idle: Environment[] = [];

  constructor(name: SimulatedFunction, world: World, rates: FaultRates | undefined) {
    this.#name = name;
    this.#world = world;
    this.#rates = rates;
  }

  async invoke(event: object, sure = false): Promise<Outcome> {
    const { random, tally } = this.#world;
    const environment = this.#take();
    environment.caller.sure = sure || this.#rates === undefined;
    const death = new Promise<Outcome>((resolve) => {
      environment.caller.onDeath = () => resolve({ what: 'died' });
    });
    const work = environment.handle(event).then(
      (answer): Outcome => ({ what: 'done', answer }),
      (): Outcome => ({ what: 'failed' }),
    );
    const racers = [work, death];
    if (!environment.caller.sure && random() < (this.#rates?.zombie ?? 0)) racers.push(this.#timeOut());
    const outcome = await Promise.race(racers);
    if (outcome.what === 'timed out') {
      tally.zombies++;
      // some go on beside their retry, some are still at it when later batches are done
      const { slow } = this.#rates ?? {};
      if (slow !== undefined && random() < slow) environment.caller.slow = random() < 0.5 ? 0.1 : 0.02;
    }
    if (outcome.what === 'failed') tally.failures++;
    if (outcome.what === 'done' || outcome.what === 'failed') this.#idle.push(environment);
    return outcome;
  }

  #take(): Environment {
    const { random } = this.#world;
    const versions = this.#versions();
    // a call that a failed invocation left behind may have killed it since; another version is deployed
    this.#idle = this.#idle.filter(({ caller, version }) => !caller.dead && versions.includes(version));
    const cold = this.#idle.length === 0 || random() < (this.#rates?.cold ?? 0);
    const [warm] = cold ? [] : this.#idle.splice(Math.floor(random() * this.#idle.length), 1);
    if (warm !== undefined) return warm;
    const caller: Caller = { dead: false, sure: false };
    const clock = random() < (this.#rates?.clock ?? 0) ? (random() - 0.5) * 2 * MINUTE : 0;
    const several = versions.length > 1 ? Math.floor(random() * versions.length) : 0;
    const version = versions[several] ?? this.#world.newestCode;
    const handle = start(this.#name, this.#world, caller, version);
    return { caller, version, handle: (event) => withClock(clock, () => handle(event)) };
  }

  /** What the environments are of that an invocation may find. Without faults, all is deployed. */
  #versions(): readonly CodeVersion[] {
    const { deployment, newestCode, tally } = this.#world;
    return deployment === undefined || this.#rates === undefined
      ? [newestCode]
      : deployment.versionsAt(tally.operations);
  }

  /** The mapping goes on; the invocation does not know, and neither do its calls. */
  #timeOut(): Promise<Outcome> {
    return new Promise((resolve) =>
      this.#world.timer(() => resolve({ what: 'timed out' }), this.#world.random() ** 2 * 400),
    );
  }
}

const partial = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).optional(),
});

/** Attempts after which no fault comes any more: outages end. */
const FAULTY_ATTEMPTS = 14;

/**
 * Delivers a batch until it is done: again as a whole, in halves, or from the first record that failed
 * (lambda/latest/dg/kinesis-on-failure... and services-kinesis-batchfailurereporting).
 */
export async function deliverBatch<R>(
  pool: Pool,
  world: World,
  records: readonly R[],
  sequenceOf: (record: R) => string,
): Promise<void> {
  let left = records;
  for (let attempt = 0; left.length > 0; attempt++) {
    const outcome = await pool.invoke({ Records: left }, attempt >= FAULTY_ATTEMPTS);
    if (outcome.what === 'done') {
      const failed = partial.safeParse(outcome.answer).data?.batchItemFailures ?? [];
      if (failed.length === 0) return;
      const names = new Set(failed.map(({ itemIdentifier }) => itemIdentifier));
      left = left.slice(
        Math.max(
          0,
          left.findIndex((record) => names.has(sequenceOf(record))),
        ),
      );
    } else if (attempt < FAULTY_ATTEMPTS && left.length > 1 && world.random() < 0.7) {
      const half = left.length >> 1;
      await deliverBatch(pool, world, left.slice(0, half), sequenceOf);
      left = left.slice(half);
    }
  }
}

/**
 * A shard's batches in order; now and then one of the last is delivered again, beside what follows or before it.
 * @param turn what each batch waits for
 */
export async function deliverShard<R>(
  pool: Pool,
  world: World,
  batches: readonly (readonly R[])[],
  sequenceOf: (record: R) => string,
  rates: FaultRates | undefined,
  turn?: (batch: readonly R[]) => Promise<void>,
): Promise<void> {
  for (const [i, batch] of batches.entries()) {
    if (turn !== undefined) await turn(batch);
    await deliverBatch(pool, world, batch, sequenceOf);
    if (rates === undefined || world.random() >= rates.duplicate) continue;
    world.tally.repeats++;
    const again = batches[Math.max(0, i - Math.floor(world.random() * 3))] ?? batch;
    const repeat = pool.invoke({ Records: again });
    if (world.random() < 0.5) await repeat;
  }
}
