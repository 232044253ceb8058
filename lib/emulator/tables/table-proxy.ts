import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOCAL_REGION, TABLE_STREAM_LABEL } from '../names.ts';
import { type IndexShape, type Item, itemBytes, writeUnits } from './item-size.ts';
import {
  answerStreams,
  createTableStream,
  StreamsError,
  type StreamViewType,
  type TableStream,
} from './table-stream.ts';

/**
 * Stands in front of a DynamoDB emulator and adds what it lacks: table streams (old and new image of every write,
 * under a lock per item, so that the order of the images is the order of the writes), the item that was there when
 * a condition fails, the TTL operations, and a meter of the units that AWS would bill. Everything else goes through
 * untouched. It must be the only way into the emulator. With images, a write costs one more read inside.
 */
export interface TableProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** Units and calls of one table since the start. */
export interface TableMeter {
  writes: number;
  writeUnits: number;
  reads: number;
  readUnits: number;
  conditionFailures: number;
  /** largest item that a write left, bytes; tables with images only */
  largestItemBytes: number;
}

interface Shape {
  readonly keys: readonly string[];
  readonly indexes: readonly IndexShape[];
  readonly stream: TableStream | undefined;
  readonly view: StreamViewType | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Body = Record<string, unknown>;

interface KeyedWrite {
  readonly table: string;
  readonly key: Item;
}

const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

/** Port of the emulator behind, on loopback. */
export async function startTableProxy(upstreamPort: number): Promise<TableProxy> {
  // Idle connections end on this side, before the emulator ends them under a request that is on its way.
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 4000 });
  const shapes = new Map<string, Shape>();
  const streams = new Map<string, TableStream>();
  const timeToLive = new Map<string, unknown>();
  const meters = new Map<string, TableMeter>();
  const locks = new Map<string, Promise<unknown>>();

  const meter = (table: string): TableMeter => {
    let found = meters.get(table);
    if (!found) {
      found = { writes: 0, writeUnits: 0, reads: 0, readUnits: 0, conditionFailures: 0, largestItemBytes: 0 };
      meters.set(table, found);
    }
    return found;
  };

  const forward = (headers: IncomingHttpHeaders, body: Buffer | string, target?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent: IncomingHttpHeaders = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
      delete sent['accept-encoding'];
      delete sent['transfer-encoding'];
      delete sent.expect;
      if (target) sent['x-amz-target'] = target;
      const outgoing = httpRequest(
        { host: '127.0.0.1', port: upstreamPort, method: 'POST', path: '/', headers: sent, agent },
        (incoming) => {
          const parts: Buffer[] = [];
          incoming.on('data', (part: Buffer) => parts.push(part));
          incoming.on('error', reject);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 500,
              headers: incoming.headers,
              body: Buffer.concat(parts),
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  /** Runs `work` after all earlier work on any of the keys, in the order of asking. */
  const locked = <T>(keys: readonly string[], work: () => Promise<T>): Promise<T> => {
    const unique = [...new Set(keys)];
    const run = Promise.all(unique.map((key) => locks.get(key))).then(work);
    const done = run.then(
      () => undefined,
      () => undefined,
    );
    for (const key of unique) locks.set(key, done);
    void done.then(() => {
      for (const key of unique) if (locks.get(key) === done) locks.delete(key);
    });
    return run;
  };

  const readItem = async (
    headers: IncomingHttpHeaders,
    { table, key }: KeyedWrite,
  ): Promise<{ readonly item: Item | undefined; readonly refused?: string }> => {
    const answer = await forward(
      headers,
      JSON.stringify({ TableName: table, Key: key, ConsistentRead: true }),
      'DynamoDB_20120810.GetItem',
    );
    const text = answer.body.toString();
    if (answer.status === 400) return { item: undefined, refused: text };
    if (answer.status !== 200) throw new Error(`reading an image of ${table} failed: ${text}`);
    return { item: (JSON.parse(text) as { Item?: Item }).Item };
  };

  const image = async (headers: IncomingHttpHeaders, write: KeyedWrite): Promise<Item | undefined> => {
    const { item, refused } = await readItem(headers, write);
    if (refused) throw new Error(`reading an image of ${write.table} was refused: ${refused}`);
    return item;
  };

  const lockName = ({ table, key }: KeyedWrite): string =>
    `${table}|${JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)))}`;

  const keyOf = (shape: Shape, item: Item): Item =>
    Object.fromEntries(shape.keys.map((name) => [name, item[name] ?? {}]));

  const record = (write: KeyedWrite, before: Item | undefined, after: Item | undefined, factor = 1): void => {
    const shape = shapes.get(write.table);
    const counted = meter(write.table);
    counted.writes++;
    counted.writeUnits += factor * writeUnits(before, after, shape?.indexes ?? []);
    if (after) counted.largestItemBytes = Math.max(counted.largestItemBytes, itemBytes(after));
    shape?.stream?.append(write.key, before, after, Date.now());
  };

  const writeOne = async (operation: string, headers: IncomingHttpHeaders, body: Body): Promise<Answer> => {
    const table = tableName(body.TableName);
    const shape = shapes.get(table);
    if (!shape || (!shape.stream && shape.indexes.length === 0)) return writeUnobserved(table, headers, body);
    const key = operation === 'PutItem' ? keyOf(shape, body.Item as Item) : (body.Key as Item);
    const write = { table, key };
    return locked([lockName(write)], async () => {
      const read = await readItem(headers, write);
      // A bad key is refused here first; the caller gets the emulator's words for the operation that it asked for.
      if (read.refused) return forward(headers, JSON.stringify(body));
      const before = read.item;
      const wanted = body.ReturnValues ?? 'NONE';
      // UpdateItem can return the new image for nothing; only UPDATED_* has to be read afterwards.
      const inBand = operation === 'UpdateItem' && !String(wanted).startsWith('UPDATED_');
      const answer = await forward(
        headers,
        JSON.stringify(inBand ? { ...body, ReturnValues: 'ALL_NEW' } : body),
      );
      if (answer.status !== 200) return failedCondition(answer, body, write, before);
      const response = JSON.parse(answer.body.toString()) as { Attributes?: Item };
      const after =
        operation === 'PutItem'
          ? (body.Item as Item)
          : operation === 'DeleteItem'
            ? undefined
            : inBand
              ? response.Attributes
              : await image(headers, write);
      record(write, before, after);
      if (!inBand || wanted === 'ALL_NEW') return answer;
      const { Attributes: _, ...rest } = response;
      return json(answer, wanted === 'ALL_OLD' && before ? { ...rest, Attributes: before } : rest);
    });
  };

  const failedCondition = (
    answer: Answer,
    body: Body,
    write: KeyedWrite,
    before: Item | undefined,
  ): Answer => {
    const error = JSON.parse(answer.body.toString()) as { __type?: string; Item?: Item };
    if (!error.__type?.endsWith('ConditionalCheckFailedException')) return answer;
    const counted = meter(write.table);
    counted.conditionFailures++;
    counted.writes++;
    counted.writeUnits += writeUnits(before, before, []);
    return body.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before
      ? json(answer, { ...error, Item: before })
      : answer;
  };

  /** A table without stream and indexes: the emulator's own count of units is right. */
  const writeUnobserved = async (
    table: string,
    headers: IncomingHttpHeaders,
    body: Body,
  ): Promise<Answer> => {
    const { answer, units } = await withCapacity(headers, body);
    const counted = meter(table);
    counted.writes++;
    if (answer.status === 200) counted.writeUnits += units.get(table) ?? 0;
    else if (answer.body.includes('ConditionalCheckFailedException')) {
      counted.conditionFailures++;
      counted.writeUnits++; // at least one; the item that was there is not known here
    }
    return answer;
  };

  const withCapacity = async (
    headers: IncomingHttpHeaders,
    body: Body,
  ): Promise<{ readonly answer: Answer; readonly units: ReadonlyMap<string, number> }> => {
    const asked = body.ReturnConsumedCapacity !== undefined && body.ReturnConsumedCapacity !== 'NONE';
    const answer = await forward(
      headers,
      JSON.stringify(asked ? body : { ...body, ReturnConsumedCapacity: 'TOTAL' }),
    );
    const units = new Map<string, number>();
    if (answer.status !== 200) return { answer, units };
    const response = JSON.parse(answer.body.toString()) as { ConsumedCapacity?: Capacity | Capacity[] };
    for (const capacity of [response.ConsumedCapacity ?? []].flat()) {
      units.set(capacity.TableName, (units.get(capacity.TableName) ?? 0) + capacity.CapacityUnits);
    }
    if (asked) return { answer, units };
    const { ConsumedCapacity: _, ...rest } = response;
    return { answer: json(answer, rest), units };
  };

  const read = async (headers: IncomingHttpHeaders, body: Body): Promise<Answer> => {
    const { answer, units } = await withCapacity(headers, body);
    for (const [table, count] of units) {
      const counted = meter(table);
      counted.reads++;
      counted.readUnits += count;
    }
    return answer;
  };

  /** BatchWriteItem and TransactWriteItems: all keys under lock, an image of each before and after. */
  const writeMany = async (operation: string, headers: IncomingHttpHeaders, body: Body): Promise<Answer> => {
    const writes = operation === 'BatchWriteItem' ? batchWrites(body) : transactWrites(body);
    const keyed = writes.map(({ table, key, item }): KeyedWrite => {
      const shape = shapes.get(table);
      return { table, key: key ?? (shape && item ? keyOf(shape, item) : {}) };
    });
    const factor = operation === 'TransactWriteItems' ? 2 : 1;
    return locked(keyed.map(lockName), async () => {
      const reads = await Promise.all(keyed.map((write) => readItem(headers, write)));
      if (reads.some((read) => read.refused)) return forward(headers, JSON.stringify(body));
      const answer = await forward(headers, JSON.stringify(body));
      if (answer.status !== 200) return answer;
      const after = await Promise.all(keyed.map((write) => image(headers, write)));
      keyed.forEach((write, i) => {
        record(write, reads[i]?.item, after[i], factor);
      });
      return answer;
    });
  };

  const createTable = async (headers: IncomingHttpHeaders, body: Body): Promise<Answer> => {
    const { StreamSpecification: specification, ...rest } = body as {
      StreamSpecification?: { StreamEnabled?: boolean; StreamViewType?: StreamViewType };
    } & Body;
    const answer = await forward(headers, JSON.stringify(rest));
    if (answer.status !== 200) return answer;
    const table = tableName(body.TableName);
    const view = specification?.StreamEnabled ? specification.StreamViewType : undefined;
    const stream = view ? createTableStream(table, view) : undefined;
    if (stream) streams.set(stream.arn, stream);
    shapes.set(table, { ...shapeOf(body), stream, view });
    return describe(answer);
  };

  /** Adds the stream to a table's description. */
  const describe = (answer: Answer): Answer => {
    if (answer.status !== 200) return answer;
    const response = JSON.parse(answer.body.toString()) as {
      [kind in 'Table' | 'TableDescription']?: { TableName: string };
    };
    const description = response.Table ?? response.TableDescription;
    const shape = description && shapes.get(description.TableName);
    if (!description || !shape?.stream) return answer;
    Object.assign(description, {
      StreamSpecification: { StreamEnabled: true, StreamViewType: shape.view },
      LatestStreamArn: shape.stream.arn,
      LatestStreamLabel: TABLE_STREAM_LABEL,
    });
    return json(answer, response);
  };

  const answer = async (headers: IncomingHttpHeaders, raw: Buffer): Promise<Answer> => {
    const [service = '', operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
    const parse = (): Body => JSON.parse(raw.toString()) as Body;
    if (service.startsWith('DynamoDBStreams')) {
      try {
        return local(200, answerStreams(operation, parse(), streams));
      } catch (error) {
        if (!(error instanceof StreamsError)) throw error;
        return local(400, {
          __type: `com.amazonaws.dynamodb.v20120810#${error.code}`,
          message: error.message,
        });
      }
    }
    if (READS.has(operation)) return read(headers, parse());
    if (WRITES.has(operation)) return writeOne(operation, headers, parse());
    switch (operation) {
      case 'BatchWriteItem':
      case 'TransactWriteItems':
        return writeMany(operation, headers, parse());
      case 'CreateTable':
        return createTable(headers, parse());
      case 'DescribeTable':
        return describe(await forward(headers, raw));
      case 'UpdateTimeToLive': {
        const { TableName: table, TimeToLiveSpecification: specification } = parse();
        timeToLive.set(tableName(table), specification);
        return local(200, { TimeToLiveSpecification: specification });
      }
      case 'DescribeTimeToLive': {
        const set = timeToLive.get(tableName(parse().TableName)) as { AttributeName?: string } | undefined;
        return local(200, {
          TimeToLiveDescription: set
            ? { TimeToLiveStatus: 'ENABLED', AttributeName: set.AttributeName }
            : { TimeToLiveStatus: 'DISABLED' },
        });
      }
      default:
        return forward(headers, raw);
    }
  };

  const server: Server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      if (incoming.method === 'GET' && incoming.url === '/_meter') {
        outgoing.setHeader('content-type', 'application/json');
        outgoing.end(JSON.stringify(Object.fromEntries(meters)));
        return;
      }
      answer(incoming.headers, Buffer.concat(parts)).then(
        ({ status, headers, body }) => {
          outgoing.statusCode = status;
          for (const name of ['content-type', 'x-amzn-requestid', 'x-amz-crc32']) {
            const value = headers[name];
            if (value !== undefined) outgoing.setHeader(name, value);
          }
          outgoing.setHeader('content-length', body.length);
          outgoing.end(body);
        },
        (error: unknown) => {
          outgoing.statusCode = 500;
          outgoing.setHeader('content-type', 'application/x-amz-json-1.0');
          outgoing.end(JSON.stringify({ __type: 'InternalServerError', message: String(error) }));
        },
      );
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Longer than any client keeps a connection idle, so that none is closed under a request. */
const KEEP_ALIVE_MS = 3_600_000;

interface Capacity {
  readonly TableName: string;
  readonly CapacityUnits: number;
}

/** The name in `TableName`, which may also be an ARN. */
function tableName(value: unknown): string {
  const text = String(value);
  return text.startsWith('arn:') ? (text.split('/')[1] ?? text) : text;
}

/** A rewritten body: the emulator's checksum of the old one is dropped. */
function json(answer: Answer, body: object): Answer {
  const { 'x-amz-crc32': _, ...headers } = answer.headers;
  return { status: answer.status, headers, body: Buffer.from(JSON.stringify(body)) };
}

function local(status: number, body: object): Answer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': LOCAL_REGION },
    body: Buffer.from(JSON.stringify(body)),
  };
}

interface KeySchema {
  readonly KeySchema: readonly { readonly AttributeName: string }[];
}

interface IndexDefinition extends KeySchema {
  readonly Projection?: { readonly ProjectionType?: string; readonly NonKeyAttributes?: readonly string[] };
}

/** Keys and secondary indexes from a CreateTable request. */
function shapeOf(body: Body): Pick<Shape, 'keys' | 'indexes'> {
  const names = (schema: KeySchema): string[] => schema.KeySchema.map((part) => part.AttributeName);
  const keys = names(body as unknown as KeySchema);
  const definitions = [body.GlobalSecondaryIndexes ?? [], body.LocalSecondaryIndexes ?? []].flat();
  return {
    keys,
    indexes: (definitions as IndexDefinition[]).map((index) => ({
      keys: names(index),
      projected:
        index.Projection?.ProjectionType === 'ALL'
          ? undefined
          : [...keys, ...names(index), ...(index.Projection?.NonKeyAttributes ?? [])],
    })),
  };
}

interface AnyWrite {
  readonly table: string;
  readonly key?: Item;
  readonly item?: Item;
}

function batchWrites(body: Body): AnyWrite[] {
  const requests = body.RequestItems as Record<
    string,
    { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } }[]
  >;
  return Object.entries(requests).flatMap(([table, list]) =>
    list.map(
      ({ PutRequest: put, DeleteRequest: del }): AnyWrite => ({
        table: tableName(table),
        ...(put && { item: put.Item }),
        ...(del && { key: del.Key }),
      }),
    ),
  );
}

function transactWrites(body: Body): AnyWrite[] {
  type Action = { TableName: string; Item?: Item; Key?: Item };
  return (body.TransactItems as Record<string, Action>[]).flatMap((entry) =>
    Object.values(entry).map(
      (action): AnyWrite => ({
        table: tableName(action.TableName),
        ...(action.Item && { item: action.Item }),
        ...(action.Key && { key: action.Key }),
      }),
    ),
  );
}
