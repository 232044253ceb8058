import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type RunTriggers, triggeredBy } from '../campaigns/linking/run-triggers.ts';
import type { RunTurn, TrafficClock } from '../campaigns/ports.ts';
import { ASKED_ITEM, RUN_PARTITION } from '../contract/run-request-names.ts';

const PRESSURE_ITEM = 'pressure';
const CLOCK_ITEM = 'clock';
const TURN_ITEM = 'turn';
/** How long after its own end a run's turn lasts that was not given back, ms: clocks of machines differ. */
const TURN_SPARE_MS = 60_000;

export interface RunRequestOptions {
  /** least time between two runs: none is asked for sooner after the last one was asked for or began */
  readonly minutes: number;
}

/**
 * The one owner of the campaign table's `link-run` items:
 *
 *   pressure   changes, watched, bursts: what came since a run last began; begunAt (ms)
 *   asked      at (ms), because: written once per run that is asked for; the table's stream wakes `link` with it
 *   clock      newest (ms): newest arrival of all accounts, the time of a run
 *   turn       until (ms): a run is on, and no later than that over
 *
 * Whoever adds to the pressure asks, if it is enough; the condition on `asked` lets one of them through in an interval.
 * What is refused stays in the counters, so the first change after the interval asks again.
 */
export class RunRequests implements TrafficClock {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #intervalMs: number;
  #told = 0;

  constructor(client: DynamoDBClient, table: string, options: RunRequestOptions) {
    this.#client = client;
    this.#table = table;
    this.#intervalMs = options.minutes * 60_000;
  }

  /** Adds what changed, and asks for a run where that makes enough. @param now processing time, ms */
  async add({ changes, watched, bursts }: RunTriggers, now: number): Promise<'asked' | 'early' | 'calm'> {
    if (changes + watched + bursts === 0) return 'calm';
    const { Attributes = {} } = await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: this.#key(PRESSURE_ITEM),
        UpdateExpression: 'ADD changes :changes, watched :watched, bursts :bursts',
        ExpressionAttributeValues: {
          ':changes': { N: String(changes) },
          ':watched': { N: String(watched) },
          ':bursts': { N: String(bursts) },
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const number = (name: string): number => Number(Attributes[name]?.N ?? 0);
    const because = triggeredBy({
      changes: number('changes'),
      watched: number('watched'),
      bursts: number('bursts'),
    });
    if (because === undefined) return 'calm';
    if (now - number('begunAt') < this.#intervalMs) return 'early';
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...this.#key(ASKED_ITEM), at: { N: String(now) }, because: { S: because } },
          ConditionExpression: 'attribute_not_exists(#at) OR #at <= :before',
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: { ':before': { N: String(now - this.#intervalMs) } },
        }),
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'early';
      throw error;
    }
    return 'asked';
  }

  /**
   * Moves the clock of the traffic on; it never goes back. At most one write, and none where this instance knows of a newer
   * arrival. @param arrived newest arrival of a batch, ms
   */
  async moveClock(arrived: number): Promise<void> {
    if (arrived <= this.#told) return;
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: this.#key(CLOCK_ITEM),
          UpdateExpression: 'SET newest = :arrived',
          ConditionExpression: 'attribute_not_exists(newest) OR newest < :arrived',
          ExpressionAttributeValues: { ':arrived': { N: String(arrived) } },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    // only now: a write that failed is tried again with the next batch
    this.#told = arrived;
  }

  async newestArrival(): Promise<number> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: this.#key(CLOCK_ITEM), ConsistentRead: true }),
    );
    return Number(Item?.newest?.N ?? 0);
  }

  /** A run begins: what it is about to read presses no longer. @param now processing time, ms */
  async begin(now: number): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: this.#key(PRESSURE_ITEM),
        UpdateExpression: 'SET begunAt = :now REMOVE changes, watched, bursts',
        ExpressionAttributeValues: { ':now': { N: String(now) } },
      }),
    );
  }

  /**
   * One run's turn among those that overlap.
   * @param begun processing time, ms
   * @param remaining milliseconds after which the run is over, whatever happens
   */
  turn(begun: number, remaining: number): RunTurn {
    const until = { N: String(begun + remaining + TURN_SPARE_MS) };
    const names = {
      TableName: this.#table,
      Key: this.#key(TURN_ITEM),
      ExpressionAttributeNames: { '#until': 'until' },
    };
    return {
      take: () =>
        this.#unlessRefused(
          new UpdateItemCommand({
            ...names,
            UpdateExpression: 'SET #until = :until',
            ConditionExpression: 'attribute_not_exists(#until) OR #until < :now',
            ExpressionAttributeValues: { ':until': until, ':now': { N: String(begun) } },
          }),
        ),
      end: async () => {
        await this.#unlessRefused(
          new UpdateItemCommand({
            ...names,
            UpdateExpression: 'REMOVE #until',
            ConditionExpression: '#until = :until',
            ExpressionAttributeValues: { ':until': until },
          }),
        );
      },
    };
  }

  async #unlessRefused(command: UpdateItemCommand): Promise<boolean> {
    try {
      await this.#client.send(command);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  #key(item: string): Record<string, AttributeValue> {
    return { campaign: { S: RUN_PARTITION }, item: { S: item } };
  }
}
