import { seeded, type Uniform } from '../../lib/statistics/random.ts';
import { DAY, HOUR, MINUTE, START } from '../events.ts';
import type { Deployment } from './code-versions.ts';
import { type FaultRates, faults } from './faults.ts';
import { deliverBatch, deliverShard, Pool } from './mappings.ts';
import { type End, endOf } from './outcome.ts';
import { type Decision, decide, pushPolicies } from './people.ts';
import { ImportedFindings } from './services/security-hub.ts';
import type { StreamRecord } from './services/tables.ts';
import type { Traffic } from './traffic.ts';
import { inVirtualTime } from './virtual-time.ts';
import { type Tally, World } from './world.ts';

/** What one history of the pipeline came to. */
export interface History {
  readonly end: End;
  readonly tally: Tally;
  readonly world: World;
}

/**
 * Lets the pipeline live through the traffic, from the first record until the last digest is told: `score` on its shards, children
 * after their parents, `notify` and `index` behind the table's stream, and the sweeps when the faults are over.
 * @param rates undefined: nothing goes wrong, which says what must be
 */
export async function live(
  traffic: Traffic,
  seed: number,
  rates: FaultRates | undefined,
  also: { readonly deployment?: Deployment; readonly securityHub?: boolean } = {},
): Promise<History> {
  const world = new World(START + 20 * DAY + 8 * HOUR, seeded(seed));
  world.deployment = also.deployment;
  if (also.securityHub === true) world.securityHub = new ImportedFindings();
  return inVirtualTime(world, async () => {
    if (rates !== undefined) world.interference = faults(rates, world);
    const pools = {
      score: new Pool('score', world, rates),
      notify: new Pool('notify', world, rates),
      index: new Pool('index', world, rates),
      triage: new Pool('triage', world, rates),
      link: new Pool('link', world, rates),
    };
    const decisions: Decision[] = [];
    if (rates !== undefined && world.random() < 0.5) pushPolicies(world);
    const followers = [
      new Follower(
        'profiles',
        pools.notify,
        world,
        rates,
        ({ NewImage }) => NewImage?.noticeShard !== undefined,
      ),
      new Follower('profiles', pools.index, world, rates),
    ];
    await world.until(stream(traffic, pools, world, followers, decisions, rates));
    await followToTheEnd(world, followers);
    world.interference = undefined;
    await afterwards(new Pool('notify', world, undefined), world);
    return { end: await world.until(endOf(world, traffic, decisions)), tally: world.tally, world };
  });
}

const sequenceOfRecord = (record: { kinesis: { sequenceNumber: string } }): string =>
  record.kinesis.sequenceNumber;
const sequenceOfChange = (record: StreamRecord): string => record.dynamodb.SequenceNumber;

async function stream(
  traffic: Traffic,
  pools: Readonly<Record<'score' | 'triage' | 'notify', Pool>>,
  world: World,
  followers: readonly Follower[],
  decisions: Decision[],
  rates: FaultRates | undefined,
): Promise<void> {
  const state = { scored: false };
  const { parents = [[], [], [0, 1]], abreast } = traffic;
  const shards: Promise<void>[] = [];
  const race = abreast === undefined ? undefined : new Race(world, abreast);
  // a shard is read when all of those are that it was made of (lambda/latest/dg/with-kinesis.html, streams/latest/dev/kinesis-using-sdk-java-after-resharding.html)
  for (const [i, batches] of traffic.shards.entries()) {
    const read = (): Promise<void> =>
      deliverShard(pools.score, world, batches, sequenceOfRecord, rates, race?.entered(i, batches)).then(() =>
        race?.left(i),
      );
    const of = parents[i] ?? [];
    shards.push(of.length === 0 ? read() : Promise.all(of.map((parent) => shards[parent])).then(read));
  }
  const scoring = Promise.all(shards).then(() => {
    state.scored = true;
  });
  const over = (): boolean => state.scored;
  await Promise.all([
    scoring,
    ...followers.map((one) => one.follow(over)),
    rates === undefined ? undefined : decide(pools.triage, world, decisions, over),
    rates === undefined || world.securityHub === undefined ? undefined : sweep(pools.notify, world, over),
  ]);
}

type Batch = Traffic['shards'][number][number];

/** When a batch's first record arrived, s. */
const arrivalOf = ([first]: Batch): number => first?.kinesis.approximateArrivalTimestamp ?? 0;

/** How far shards may be ahead of each other. */
class Race {
  readonly #world: World;
  readonly #abreast: number;
  /** of each shard that is read, when its next record arrived, s */
  readonly #next = new Map<number, number>();

  /** @param abreast ms */
  constructor(world: World, abreast: number) {
    this.#world = world;
    this.#abreast = abreast / 1000;
  }

  /** From now on the shard is read. Returns what each of its batches waits for. */
  entered(shard: number, [first]: Traffic['shards'][number]): (batch: Batch) => Promise<void> {
    if (first !== undefined) this.#next.set(shard, arrivalOf(first));
    return (batch) => this.#turn(shard, arrivalOf(batch));
  }

  left(shard: number): void {
    this.#next.delete(shard);
  }

  async #turn(shard: number, arrived: number): Promise<void> {
    this.#next.set(shard, arrived);
    while (arrived > Math.min(...this.#next.values()) + this.#abreast)
      await new Promise<void>((resolve) => this.#world.timer(resolve, 20));
  }
}

/** The schedule's invocations while everything goes on: they may die, and stand beside each other. */
async function sweep(notify: Pool, world: World, over: () => boolean): Promise<void> {
  while (!over()) {
    await new Promise<void>((resolve) => world.timer(resolve, world.random() * 600));
    await notify.invoke({});
  }
}

/** A mapping onto a table's stream, with its filter; now and then one of the last batches is delivered again. */
export class Follower {
  readonly #changes: readonly StreamRecord[];
  readonly #pool: Pool;
  readonly #world: World;
  readonly #rates: FaultRates | undefined;
  readonly #wants: (change: StreamRecord['dynamodb']) => boolean;
  #at = 0;

  constructor(
    table: string,
    pool: Pool,
    world: World,
    rates: FaultRates | undefined,
    wants: (change: StreamRecord['dynamodb']) => boolean = () => true,
  ) {
    this.#changes = world.tables.streams.get(table) ?? [];
    this.#pool = pool;
    this.#world = world;
    this.#rates = rates;
    this.#wants = wants;
  }

  get behind(): boolean {
    return this.#at < this.#changes.length;
  }

  /** Goes on until nothing has come and nothing will. */
  async follow(over: () => boolean): Promise<void> {
    const world = this.#world;
    for (;;) {
      if (!this.behind) {
        if (over()) return;
        await new Promise<void>((resolve) => world.timer(resolve, 20));
        continue;
      }
      const batch = this.#changes.slice(this.#at, this.#at + 1 + Math.floor(world.random() * 20));
      this.#at += batch.length;
      const wanted = batch.filter(({ dynamodb }) => this.#wants(dynamodb));
      if (wanted.length === 0) continue;
      await deliverBatch(this.#pool, world, wanted, sequenceOfChange);
      await this.#again();
    }
  }

  async #again(): Promise<void> {
    const { random, tally } = this.#world;
    if (this.#rates === undefined || random() >= this.#rates.duplicate) return;
    tally.repeats++;
    const again = this.#changes
      .slice(Math.max(0, this.#at - 30), this.#at - random() * 15)
      .filter(({ dynamodb }) => this.#wants(dynamodb));
    const repeat = this.#pool.invoke({ Records: again });
    if (random() < 0.5) await repeat;
  }
}

/** Lets all that is on its way happen; what those that were given up write last is in the tables' streams too. */
export async function followToTheEnd(world: World, followers: readonly Follower[]): Promise<void> {
  await world.drain();
  for (; followers.some((one) => one.behind); await world.drain())
    await world.until(Promise.all(followers.map((one) => one.follow(() => true))));
}

/** The sweeps of the next half hour, then one on each of the next days, when digests are due. */
export async function afterwards(notify: Pool, world: World): Promise<void> {
  for (const pause of [...Array.from({ length: 6 }, () => 5 * MINUTE), DAY, DAY, DAY]) {
    world.now += pause;
    world.expire(pause === DAY ? 1 : 0);
    await world.until(notify.invoke({}, true));
  }
}

/** A source of random numbers for one purpose of one seed: others do not move it. */
export function randomFor(seed: number, purpose: string): Uniform {
  let mixed = seed >>> 0;
  for (const character of purpose) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return seeded(mixed);
}
