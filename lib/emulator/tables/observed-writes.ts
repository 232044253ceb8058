import type { IncomingHttpHeaders } from 'node:http';
import { type Item, itemBytes, writeUnits } from './item-size.ts';
import { KeyLocks } from './key-locks.ts';
import type { TableMeters } from './table-meter.ts';
import { batchWrites, keyOf, type TableShape, tableName, transactWrites } from './table-shape.ts';
import { type Answer, type Body, rewritten, type Upstream } from './upstream.ts';

interface KeyedWrite {
  readonly table: string;
  readonly key: Item;
}

/** What was there, or how the emulator refused to say. */
interface StoredItem {
  readonly item: Item | undefined;
  readonly refused?: string;
}

/**
 * Writes with an image of each item before and after, under a lock per item, so that the order of the images is the
 * order of the writes. The images go to the table's stream and to its meter.
 */
export class ObservedWrites {
  readonly #upstream: Upstream;
  readonly #shapes: ReadonlyMap<string, TableShape>;
  readonly #meters: TableMeters;
  readonly #locks = new KeyLocks();

  constructor(upstream: Upstream, shapes: ReadonlyMap<string, TableShape>, meters: TableMeters) {
    this.#upstream = upstream;
    this.#shapes = shapes;
    this.#meters = meters;
  }

  /** PutItem, UpdateItem or DeleteItem. */
  async one(operation: string, headers: IncomingHttpHeaders, body: Body): Promise<Answer> {
    const table = tableName(body.TableName);
    const shape = this.#shapes.get(table);
    if (!shape || (!shape.stream && shape.indexes.length === 0))
      return this.#unobserved(table, headers, body);
    const key = operation === 'PutItem' ? keyOf(shape, body.Item as Item) : (body.Key as Item);
    const write = { table, key };
    return this.#locks.run([lockName(write)], () => this.#locked(operation, headers, body, write));
  }

  /** BatchWriteItem and TransactWriteItems: all keys under lock, an image of each before and after. */
  async many(operation: string, headers: IncomingHttpHeaders, body: Body): Promise<Answer> {
    const writes = operation === 'BatchWriteItem' ? batchWrites(body) : transactWrites(body);
    const keyed = writes.map(({ table, key, item }): KeyedWrite => {
      const shape = this.#shapes.get(table);
      return { table, key: key ?? (shape && item ? keyOf(shape, item) : {}) };
    });
    const factor = operation === 'TransactWriteItems' ? 2 : 1;
    return this.#locks.run(keyed.map(lockName), async () => {
      const reads = await Promise.all(keyed.map((write) => this.#readItem(headers, write)));
      const answer = await this.#upstream.forward(headers, JSON.stringify(body));
      if (answer.status !== 200 || reads.some((read) => read.refused)) return answer;
      const after = await Promise.all(keyed.map((write) => this.#image(headers, write)));
      keyed.forEach((write, i) => {
        this.#record(write, reads[i]?.item, after[i], factor);
      });
      return answer;
    });
  }

  async #locked(
    operation: string,
    headers: IncomingHttpHeaders,
    body: Body,
    write: KeyedWrite,
  ): Promise<Answer> {
    const read = await this.#readItem(headers, write);
    // a bad key is refused here first; the caller gets the emulator's words for the operation that it asked for
    if (read.refused) return this.#upstream.forward(headers, JSON.stringify(body));
    const before = read.item;
    const wanted = body.ReturnValues ?? 'NONE';
    // UpdateItem can return the new image for nothing; only UPDATED_* has to be read afterwards
    const inBand = operation === 'UpdateItem' && !String(wanted).startsWith('UPDATED_');
    const answer = await this.#upstream.forward(
      headers,
      JSON.stringify(inBand ? { ...body, ReturnValues: 'ALL_NEW' } : body),
    );
    if (answer.status !== 200) return this.#failedCondition(answer, body, write, before);
    const response = JSON.parse(answer.body.toString()) as { Attributes?: Item };
    const after =
      operation === 'PutItem'
        ? (body.Item as Item)
        : operation === 'DeleteItem'
          ? undefined
          : inBand
            ? response.Attributes
            : await this.#image(headers, write);
    this.#record(write, before, after);
    if (!inBand || wanted === 'ALL_NEW') return answer;
    const { Attributes: _, ...rest } = response;
    return rewritten(answer, wanted === 'ALL_OLD' && before ? { ...rest, Attributes: before } : rest);
  }

  #failedCondition(answer: Answer, body: Body, write: KeyedWrite, before: Item | undefined): Answer {
    const error = JSON.parse(answer.body.toString()) as { __type?: string; Item?: Item };
    if (!error.__type?.endsWith('ConditionalCheckFailedException')) return answer;
    const counted = this.#meters.of(write.table);
    counted.conditionFailures++;
    counted.writes++;
    counted.writeUnits += writeUnits(before, before, []);
    return body.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before
      ? rewritten(answer, { ...error, Item: before })
      : answer;
  }

  /** A table without stream and indexes: the emulator's own count of units is right. */
  async #unobserved(table: string, headers: IncomingHttpHeaders, body: Body): Promise<Answer> {
    const { answer, units } = await this.#upstream.withCapacity(headers, body);
    const counted = this.#meters.of(table);
    counted.writes++;
    if (answer.status === 200) counted.writeUnits += units.get(table) ?? 0;
    else if (answer.body.includes('ConditionalCheckFailedException')) {
      counted.conditionFailures++;
      counted.writeUnits++; // at least one; the item that was there is not known here
    }
    return answer;
  }

  async #readItem(headers: IncomingHttpHeaders, { table, key }: KeyedWrite): Promise<StoredItem> {
    const answer = await this.#upstream.forward(
      headers,
      JSON.stringify({ TableName: table, Key: key, ConsistentRead: true }),
      'DynamoDB_20120810.GetItem',
    );
    const text = answer.body.toString();
    if (answer.status === 400) return { item: undefined, refused: text };
    if (answer.status !== 200) throw new Error(`reading an image of ${table} failed: ${text}`);
    return { item: (JSON.parse(text) as { Item?: Item }).Item };
  }

  async #image(headers: IncomingHttpHeaders, write: KeyedWrite): Promise<Item | undefined> {
    const { item, refused } = await this.#readItem(headers, write);
    if (refused) throw new Error(`reading an image of ${write.table} was refused: ${refused}`);
    return item;
  }

  #record({ table, key }: KeyedWrite, before: Item | undefined, after: Item | undefined, factor = 1): void {
    const shape = this.#shapes.get(table);
    const counted = this.#meters.of(table);
    counted.writes++;
    counted.writeUnits += factor * writeUnits(before, after, shape?.indexes ?? []);
    if (after) counted.largestItemBytes = Math.max(counted.largestItemBytes, itemBytes(after));
    shape?.stream?.append(key, before, after, Date.now());
  }
}

function lockName({ table, key }: KeyedWrite): string {
  return `${table}|${JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}
