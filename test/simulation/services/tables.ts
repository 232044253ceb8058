import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ResourceInUseException,
  ResourceNotFoundException,
  ScanCommand,
  type ScanCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  copied,
  holds,
  type Item,
  type Placeholders,
  projected,
  updated,
  ValidationException,
} from './expressions.ts';

/** Keys of a table and of its sparse indexes. */
export interface TableShape {
  readonly partition: string;
  readonly sort: string;
  /** sort key of each index by the index's name */
  readonly indexes?: Readonly<Record<string, { readonly partition: string; readonly sort: string }>>;
}

/** One record of a table's stream (NEW_AND_OLD_IMAGES). */
export interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventSourceARN: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    /** seconds since 1970, rounded down (API_streams_StreamRecord.html) */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
  };
}

/** An item has 400 KB at most, names and values (ServiceQuotas.html, "Item size"). */
export const ITEM_BYTES = 400 * 1024;
/** BatchGetItem: 100 keys; BatchWriteItem: 25 requests (API_BatchGetItem, API_BatchWriteItem). */
const KEYS_PER_GET = 100;
const REQUESTS_PER_WRITE = 25;

/** An item before a write. */
interface Change {
  readonly table: string;
  readonly id: string;
  readonly before: Item | undefined;
}
/** Items of all tables at one moment: by table, by key. */
export type Snapshot = ReadonlyMap<string, Map<string, Item>>;
/** How many of the last writes a read misses. */
export type Lag = () => number;
/** Writes that an eventually consistent read may miss. */
const MISSED = 4;

interface Keyed extends Placeholders {
  readonly TableName?: string | undefined;
  readonly ConditionExpression?: string | undefined;
}

/** Tables of DynamoDB in memory: what is documented as refused is refused. */
export class Tables {
  readonly #shapes: Record<string, TableShape>;
  /** by table; an item that is held is never changed, only replaced, so that images of the stream may be the same objects */
  readonly #items = new Map<string, Map<string, Item>>();
  readonly streams = new Map<string, StreamRecord[]>();
  #sequence = 10_000;
  /** what the last writes changed, newest last: what an eventually consistent read may not know yet */
  readonly #recent: Change[] = [];

  readonly #now: () => number;

  /** @param now the service's clock, ms */
  constructor(shapes: Readonly<Record<string, TableShape>>, now: () => number = () => 0) {
    this.#now = now;
    this.#shapes = {};
    for (const [name, shape] of Object.entries(shapes)) this.#make(name, shape);
  }

  #make(name: string, shape: TableShape): void {
    this.#shapes[name] = shape;
    this.#items.set(name, new Map());
    this.streams.set(name, []);
  }

  /** All items of a table, for oracles. */
  items(table: string): Item[] {
    return [...this.#table(table).values()];
  }

  /** Names of all tables that are there now. */
  names(): string[] {
    return [...this.#items.keys()];
  }

  /** Deletes items for which `gone` holds, as the time to live does: with a record in the stream. */
  expire(table: string, gone: (item: Item) => boolean): number {
    const dead = this.items(table).filter(gone);
    for (const item of dead) this.#write(table, item, undefined);
    return dead.length;
  }

  /** Takes over other items as they are, beside those that are held, past all conditions; no record in the stream. */
  adopt(table: string, items: ReadonlyMap<string, Item>): void {
    for (const [id, item] of items) this.#table(table).set(id, copied(item));
  }

  /** Changes an item past all conditions, as damage does; no record in the stream. */
  damage(table: string, key: Item, change: (item: Item) => Item): void {
    const held = this.#table(table).get(this.#id(table, key));
    if (held !== undefined) this.#table(table).set(this.#id(table, key), change(copied(held)));
  }

  snapshot(): Snapshot {
    return structuredClone(this.#items);
  }

  restore(saved: Snapshot, table: string): void {
    this.#items.set(table, structuredClone(saved.get(table) ?? new Map()));
  }

  /**
   * What a reader sees: the items, or, where it asked for no consistent read and `lag` says so, as they were some writes
   * ago (HowItWorks.ReadConsistency.html). Reads of an index are never consistent.
   */
  #seen(table: string | undefined, consistent: boolean | undefined, lag: Lag): Map<string, Item> {
    const items = this.#table(table);
    const missed = consistent === true ? 0 : lag();
    if (missed === 0) return items;
    const old = new Map(items);
    for (const change of this.#recent.slice(-missed).reverse()) {
      if (change.table !== table) continue;
      if (change.before === undefined) old.delete(change.id);
      else old.set(change.id, change.before);
    }
    return old;
  }

  /**
   * @param partial share of a batch that is answered as unprocessed; undefined: nothing is
   * @param lag how many of the last writes an eventually consistent read misses
   */
  run(command: object, partial?: (size: number) => number, lag: Lag = () => 0): unknown {
    if (command instanceof GetItemCommand) {
      const { input } = command;
      const seen = this.#seen(input.TableName, input.ConsistentRead, lag);
      const held = seen.get(this.#id(input.TableName, input.Key));
      return held === undefined ? {} : { Item: projected(input.ProjectionExpression, held, input) };
    }
    if (command instanceof PutItemCommand) {
      const { input } = command;
      const item: Item = input.Item ?? {};
      this.#check(input, item);
      this.#write(input.TableName, item, copied(item));
      return { ConsumedCapacity: { CapacityUnits: 1 } };
    }
    if (command instanceof DeleteItemCommand) {
      const { input } = command;
      this.#check(input, input.Key ?? {});
      this.#write(input.TableName, input.Key ?? {}, undefined);
      return {};
    }
    if (command instanceof UpdateItemCommand) {
      const { input } = command;
      const before = this.#check(input, input.Key ?? {});
      const after = updated(input.UpdateExpression ?? '', before ?? copied(input.Key ?? {}), input);
      this.#write(input.TableName, input.Key ?? {}, after);
      const told = input.ReturnValues === 'ALL_NEW' ? { Attributes: copied(after) } : {};
      return { ...told, ConsumedCapacity: { CapacityUnits: 1 } };
    }
    if (command instanceof BatchGetItemCommand) return this.#batchGet(command.input, lag, partial);
    if (command instanceof BatchWriteItemCommand) return this.#batchWrite(command.input, partial);
    if (command instanceof QueryCommand || command instanceof ScanCommand)
      return this.#search(command.input, lag);
    if (command instanceof CreateTableCommand || command instanceof DescribeTableCommand)
      return this.#aboutTable(command);
    throw new ValidationException(`${command.constructor.name} is not modelled`);
  }

  /** A table that is there is not made again, one that is not there is not described (API_CreateTable, API_DescribeTable). */
  #aboutTable(command: CreateTableCommand | DescribeTableCommand): unknown {
    const name = command.input.TableName ?? '';
    const held = this.#shapes[name];
    if (command instanceof CreateTableCommand) {
      if (held !== undefined) throw new ResourceInUseException({ message: name, $metadata: {} });
      const [partition = '', sort = ''] = (command.input.KeySchema ?? []).map((key) => key.AttributeName);
      this.#make(name, { partition, sort });
    } else if (held === undefined) throw new ResourceNotFoundException({ message: name, $metadata: {} });
    return { Table: { TableName: name, TableStatus: 'ACTIVE' } };
  }

  #batchGet(input: BatchGetItemCommandInput, lag: Lag, partial?: (size: number) => number): unknown {
    const Responses: Record<string, Item[]> = {};
    const UnprocessedKeys: Record<string, unknown> = {};
    for (const [table, request] of Object.entries(input.RequestItems ?? {})) {
      const keys = request.Keys ?? [];
      if (keys.length === 0 || keys.length > KEYS_PER_GET)
        throw new ValidationException(`${keys.length} keys of 1 to ${KEYS_PER_GET}`);
      const taken = keys.length - (partial?.(keys.length) ?? 0);
      const seen = this.#seen(table, request.ConsistentRead, lag);
      Responses[table] = keys.slice(0, taken).flatMap((key) => {
        const held = seen.get(this.#id(table, key));
        return held === undefined ? [] : [copied(held)];
      });
      if (taken < keys.length) UnprocessedKeys[table] = { ...request, Keys: keys.slice(taken) };
    }
    return { Responses, UnprocessedKeys };
  }

  #batchWrite(input: BatchWriteItemCommandInput, partial?: (size: number) => number): unknown {
    const UnprocessedItems: Record<string, unknown> = {};
    this.#checkAll(input);
    for (const [table, requests] of Object.entries(input.RequestItems ?? {})) {
      const taken = requests.length - (partial?.(requests.length) ?? 0);
      for (const { PutRequest, DeleteRequest } of requests.slice(0, taken)) {
        if (PutRequest?.Item !== undefined) this.#write(table, PutRequest.Item, copied(PutRequest.Item));
        if (DeleteRequest?.Key !== undefined) this.#write(table, DeleteRequest.Key, undefined);
      }
      if (taken < requests.length) UnprocessedItems[table] = requests.slice(taken);
    }
    return { UnprocessedItems };
  }

  /** One request that is wrong refuses all of them, before anything is written (API_BatchWriteItem). */
  #checkAll({ RequestItems = {} }: BatchWriteItemCommandInput): void {
    const all = Object.entries(RequestItems).flatMap(([table, requests]) =>
      requests.map(({ PutRequest, DeleteRequest }) => ({
        id: `${table} ${this.#id(table, PutRequest?.Item ?? DeleteRequest?.Key)}`,
        bytes: bytesOf(PutRequest?.Item ?? {}),
      })),
    );
    if (all.length === 0 || all.length > REQUESTS_PER_WRITE)
      throw new ValidationException(`${all.length} requests of 1 to ${REQUESTS_PER_WRITE}`);
    if (new Set(all.map(({ id }) => id)).size < all.length)
      throw new ValidationException('Provided list of item keys contains duplicates');
    if (all.some(({ bytes }) => bytes > ITEM_BYTES))
      throw new ValidationException('Item size has exceeded the maximum allowed size');
  }

  #search(input: QueryCommandInput | ScanCommandInput, lag: Lag): unknown {
    const table = input.TableName ?? '';
    const index = input.IndexName === undefined ? undefined : this.#shapes[table]?.indexes?.[input.IndexName];
    if (input.IndexName !== undefined && index === undefined)
      throw new ValidationException(`no index ${input.IndexName}`);
    const { partition, sort } = index ?? this.#shape(table);
    const condition = 'KeyConditionExpression' in input ? input.KeyConditionExpression : undefined;
    const consistent = index === undefined && input.ConsistentRead === true;
    const found = [...this.#seen(table, consistent, lag).values()]
      .filter((item) => item[partition] !== undefined && item[sort] !== undefined)
      .filter((item) => holds(condition, item, input))
      .filter((item) => inSegment(item[partition]?.S ?? '', input))
      .sort((a, b) => ((a[sort]?.S ?? '') < (b[sort]?.S ?? '') ? -1 : 1));
    if ('ScanIndexForward' in input && input.ScanIndexForward === false) found.reverse();
    // a page of one partition ends with the key that the next begins behind (API_Query, `LastEvaluatedKey`)
    const paged = condition !== undefined && index === undefined;
    const start = paged ? input.ExclusiveStartKey?.[sort]?.S : undefined;
    const begins = start === undefined ? 0 : found.findIndex((item) => (item[sort]?.S ?? '') === start) + 1;
    const page = found.slice(begins, begins + (input.Limit ?? found.length));
    const last = page.at(-1);
    const more = paged && last !== undefined && input.Limit === page.length;
    return {
      ...(more ? { LastEvaluatedKey: { [partition]: last[partition], [sort]: last[sort] } } : {}),
      Items: page
        .filter((item) => holds(input.FilterExpression, item, input))
        .map((item) => projected(input.ProjectionExpression, item, input)),
    };
  }

  #check(input: Keyed, key: Item): Item | undefined {
    const held = this.#table(input.TableName).get(this.#id(input.TableName, key));
    if (!holds(input.ConditionExpression, held ?? {}, input))
      throw new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
      });
    return held;
  }

  #write(table: string | undefined, key: Item, after: Item | undefined): void {
    if (after !== undefined && bytesOf(after) > ITEM_BYTES)
      throw new ValidationException('Item size has exceeded the maximum allowed size');
    const items = this.#table(table);
    const id = this.#id(table, key);
    const before = items.get(id);
    if (after === undefined) items.delete(id);
    else items.set(id, after);
    if (before === undefined && after === undefined) return;
    this.#recent.push({ table: table ?? '', id, before });
    if (this.#recent.length > MISSED) this.#recent.shift();
    const { partition, sort } = this.#shape(table);
    this.streams.get(table ?? '')?.push({
      eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
      eventSourceARN: `arn:aws:dynamodb:us-east-1:000000000000:table/${table}/stream/2026-03-02T00:00:00.000`,
      dynamodb: {
        SequenceNumber: String(++this.#sequence),
        ApproximateCreationDateTime: Math.floor(this.#now() / 1000),
        Keys: { [partition]: key[partition] ?? { S: '' }, [sort]: key[sort] ?? { S: '' } },
        ...(after === undefined ? {} : { NewImage: after }),
        ...(before === undefined ? {} : { OldImage: before }),
      },
    });
  }

  #shape(table: string | undefined): TableShape {
    const shape = this.#shapes[table ?? ''];
    if (shape === undefined) throw new ValidationException(`no table ${table}`);
    return shape;
  }

  #table(table: string | undefined): Map<string, Item> {
    const items = this.#items.get(table ?? '');
    if (items === undefined) throw new ValidationException(`no table ${table}`);
    return items;
  }

  #id(table: string | undefined, key: Item | undefined): string {
    const { partition, sort } = this.#shape(table);
    const [hash, range] = [key?.[partition]?.S, key?.[sort]?.S];
    if (hash === undefined || hash === '' || range === undefined || range === '')
      throw new ValidationException(`the key of ${table} needs ${partition} and ${sort}`);
    return `${hash}\u0000${range}`;
  }
}

/** Bytes of an item, names and values (CapacityUnitCalculations.html). */
export function bytesOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[-.]/g, '').length / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  if (value.NS !== undefined) return value.NS.reduce((sum, held) => sum + valueBytes({ N: held }), 0);
  if (value.BS !== undefined) return value.BS.reduce((sum, bytes) => sum + bytes.length, 0);
  if (value.L !== undefined) return value.L.reduce((sum, held) => sum + 1 + valueBytes(held), 3);
  return 1;
}

/** A partition lies in one segment of a parallel scan; whoever names no segment reads all of them (API_Scan, `Segment`). */
function inSegment(key: string, input: QueryCommandInput | ScanCommandInput): boolean {
  const { Segment: segment, TotalSegments: segments } = 'Segment' in input ? input : {};
  if (segment === undefined || segments === undefined) return true;
  if (segment >= segments) throw new ValidationException('Segment must be less than TotalSegments');
  let hash = 0;
  for (const character of key) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return hash % segments === segment;
}
