import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { holds, type Item, updated } from './expressions.ts';
import { bytesOf } from './tables.ts';

/** Sort keys of the two tables that an event reaches. */
const SORT: Readonly<Record<string, readonly [partition: string, sort: string]>> = {
  profiles: ['account', 'item'],
  links: ['value', 'member'],
};
/** Keys of the sparse index of items with notices; keys only are projected. */
const INDEX = ['noticeShard', 'noticeSince'] as const;

/**
 * Tables in memory that count what DynamoDB bills: a write by the kilobyte of the larger image and of its index entry, a
 * strongly consistent read by four kilobytes, an eventually consistent one by half
 * (amazondynamodb/latest/developerguide/CapacityUnitCalculations.html, GSI.html).
 */
export class MeteredTables {
  /** by kind of item: the sort key up to its first # in profiles, `link` for link entries */
  readonly written = new Map<string, { writes: number; units: number }>();
  readUnits = 0;
  /** told of every item that is put, with what stood there before: what a table's stream would carry */
  onPut: (table: string, before: Item | undefined, after: Item) => void = () => undefined;
  readonly #tables = new Map<string, Map<string, Map<string, Item>>>();

  /** A client of the SDK whose calls end here. */
  client(): DynamoDBClient {
    const send = { value: (command: object) => this.#run(command) };
    return Object.create(DynamoDBClient.prototype, { send, config: { value: {} } });
  }

  get writeUnits(): number {
    return [...this.written.values()].reduce((sum, { units }) => sum + units, 0);
  }

  /** Takes what was delivered out of an item, as its outbox does with a write of its own. */
  delivered(item: Item): void {
    const units = kilobytes(bytesOf(item)) + 1;
    for (const name of ['notices', 'noticeShard', 'noticeSince']) delete item[name];
    const sum = this.written.get('delivered') ?? { writes: 0, units: 0 };
    this.written.set('delivered', { writes: sum.writes + 1, units: sum.units + units });
  }

  /** Bytes of all items. */
  get bytes(): number {
    let sum = 0;
    for (const table of this.#tables.values())
      for (const partition of table.values()) for (const item of partition.values()) sum += bytesOf(item);
    return sum;
  }

  /** Bytes of all items of one sort key, such as the hot ones. */
  sizesOf(table: string, sort: string): number[] {
    return [...(this.#tables.get(table)?.values() ?? [])].flatMap((partition) => {
      const item = partition.get(sort);
      return item === undefined ? [] : [bytesOf(item)];
    });
  }

  async #run(command: object): Promise<unknown> {
    if (command instanceof PutItemCommand) {
      const { TableName = '', Item: item = {} } = command.input;
      this.#check(TableName, item, command.input);
      return this.#write(TableName, item, item);
    }
    if (command instanceof UpdateItemCommand) {
      const { TableName = '', Key = {} } = command.input;
      const before = this.#check(TableName, Key, command.input);
      return this.#write(
        TableName,
        Key,
        updated(command.input.UpdateExpression ?? '', before ?? { ...Key }, command.input),
      );
    }
    if (command instanceof DeleteItemCommand)
      return this.#write(command.input.TableName ?? '', command.input.Key ?? {}, undefined);
    if (command instanceof GetItemCommand) {
      const { TableName = '', Key = {}, ConsistentRead } = command.input;
      const found = this.#find(TableName, Key);
      this.#read(found, ConsistentRead === true);
      return { Item: found };
    }
    if (command instanceof BatchGetItemCommand) return this.#batchGet(command);
    if (command instanceof BatchWriteItemCommand) {
      for (const [table, requests] of Object.entries(command.input.RequestItems ?? {}))
        for (const { PutRequest, DeleteRequest } of requests)
          if (PutRequest?.Item !== undefined) this.#write(table, PutRequest.Item, PutRequest.Item);
          else this.#write(table, DeleteRequest?.Key ?? {}, undefined);
      return {};
    }
    if (command instanceof QueryCommand) return this.#query(command);
    throw new Error(`${command.constructor.name} is not metered`);
  }

  #batchGet({ input }: BatchGetItemCommand): unknown {
    const Responses: Record<string, Item[]> = {};
    for (const [table, { Keys = [], ConsistentRead }] of Object.entries(input.RequestItems ?? {}))
      Responses[table] = Keys.flatMap((key) => {
        const found = this.#find(table, key);
        this.#read(found, ConsistentRead === true);
        return found === undefined ? [] : [found];
      });
    return { Responses };
  }

  #query({ input }: QueryCommand): unknown {
    const [partition] = SORT[input.TableName ?? ''] ?? [];
    const name = Object.values(input.ExpressionAttributeValues ?? {})[0]?.S ?? '';
    if (partition === undefined || !input.KeyConditionExpression?.startsWith(`${partition} = `))
      throw new Error(`this query is not metered: ${input.KeyConditionExpression}`);
    const Items = [
      ...(this.#tables
        .get(input.TableName ?? '')
        ?.get(name)
        ?.values() ?? []),
    ].filter((item) => holds(input.KeyConditionExpression, item, input));
    const bytes = Items.reduce((sum, item) => sum + bytesOf(item), 0);
    this.readUnits += Math.max(1, Math.ceil(bytes / 4096)) * (input.ConsistentRead === true ? 1 : 0.5);
    return { Items };
  }

  #read(item: Item | undefined, consistent: boolean): void {
    const units = item === undefined ? 1 : Math.max(1, Math.ceil(bytesOf(item) / 4096));
    this.readUnits += consistent ? units : units / 2;
  }

  #find(table: string, key: Item): Item | undefined {
    const [partition, sort] = names(table);
    return this.#tables
      .get(table)
      ?.get(key[partition]?.S ?? '')
      ?.get(key[sort]?.S ?? '');
  }

  #check(
    table: string,
    key: Item,
    input: Parameters<typeof holds>[2] & { ConditionExpression?: string | undefined },
  ) {
    const held = this.#find(table, key);
    if (!holds(input.ConditionExpression, held ?? {}, input))
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
    return held;
  }

  #write(table: string, key: Item, after: Item | undefined): unknown {
    const [partition, sort] = names(table);
    const before = this.#find(table, key);
    const held = this.#tables.get(table) ?? new Map<string, Map<string, Item>>();
    this.#tables.set(table, held);
    const name = key[partition]?.S ?? '';
    const items = held.get(name) ?? new Map<string, Item>();
    held.set(name, items);
    const range = key[sort]?.S ?? '';
    if (after === undefined) items.delete(range);
    else items.set(range, after);
    const units =
      kilobytes(
        Math.max(before === undefined ? 0 : bytesOf(before), after === undefined ? 0 : bytesOf(after)),
      ) + indexUnits(before, after, [partition, sort]);
    const kind = table === 'links' ? 'link' : (range.split('#')[0] ?? range);
    const sum = this.written.get(kind) ?? { writes: 0, units: 0 };
    sum.writes++;
    sum.units += units;
    this.written.set(kind, sum);
    if (after !== undefined) this.onPut(table, before, after);
    return { Attributes: after, ConsumedCapacity: { CapacityUnits: units } };
  }
}

function names(table: string): readonly [string, string] {
  const found = SORT[table];
  if (found === undefined) throw new Error(`no table ${table}`);
  return found;
}

const kilobytes = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));

function indexUnits(before: Item | undefined, after: Item | undefined, keys: readonly string[]): number {
  const entry = (item: Item | undefined): Record<string, AttributeValue> | undefined =>
    item?.[INDEX[0]] === undefined || item[INDEX[1]] === undefined
      ? undefined
      : Object.fromEntries(
          [...INDEX, ...keys].flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])),
        );
  const [was, is] = [entry(before), entry(after)];
  if (was === undefined && is === undefined) return 0;
  if (was === undefined || is === undefined) return 1;
  return INDEX.some((name) => was[name]?.S !== is[name]?.S) ? 2 : 0;
}
