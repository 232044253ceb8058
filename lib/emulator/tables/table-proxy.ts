import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR_MS } from '../../time.ts';
import { TABLE_STREAM_LABEL } from '../names.ts';
import { localOnly } from '../services/local-only.ts';
import { ObservedWrites } from './observed-writes.ts';
import { TableMeters } from './table-meter.ts';
import { shapeOf, type TableShape, tableName } from './table-shape.ts';
import {
  answerStreams,
  createTableStream,
  StreamsError,
  type StreamViewType,
  type TableStream,
} from './table-stream.ts';
import { type Answer, type Body, ownAnswer, rewritten, Upstream } from './upstream.ts';

const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
/** Longer than any client keeps a connection idle, so that none is closed under a request. */
const KEEP_ALIVE_MS = HOUR_MS;

/**
 * Stands in front of a DynamoDB emulator and adds what it lacks: table streams (old and new image of every write,
 * see ObservedWrites), the item that was there when a condition fails, the TTL operations, and a meter of the units
 * that AWS would bill. Everything else goes through untouched. It must be the only way into the emulator. With images,
 * a write costs one more read inside.
 */
export class TableProxy {
  readonly #upstream: Upstream;
  readonly #shapes = new Map<string, TableShape>();
  readonly #streams = new Map<string, TableStream>();
  readonly #timeToLive = new Map<string, { AttributeName?: string } | undefined>();
  readonly #meters = new TableMeters();
  readonly #writes: ObservedWrites;
  readonly #server: Server;

  private constructor(upstreamPort: number) {
    this.#upstream = new Upstream(upstreamPort);
    this.#writes = new ObservedWrites(this.#upstream, this.#shapes, this.#meters);
    this.#server = localOnly(createServer((incoming, outgoing) => this.#serve(incoming, outgoing)));
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** @param upstreamPort of the emulator behind, on loopback */
  static async start(upstreamPort: number): Promise<TableProxy> {
    const proxy = new TableProxy(upstreamPort);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#upstream.close();
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      if (incoming.method === 'GET' && incoming.url === '/_meter') {
        outgoing.setHeader('content-type', 'application/json');
        outgoing.end(JSON.stringify(this.#meters));
        return;
      }
      this.#answer(incoming.headers, Buffer.concat(parts)).then(
        (answer) => send(answer, outgoing),
        (error: unknown) => {
          outgoing.statusCode = 500;
          outgoing.setHeader('content-type', 'application/x-amz-json-1.0');
          outgoing.end(JSON.stringify({ __type: 'InternalServerError', message: String(error) }));
        },
      );
    });
  }

  async #answer(headers: IncomingHttpHeaders, raw: Buffer): Promise<Answer> {
    const [service = '', operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
    const parse = (): Body => JSON.parse(raw.toString()) as Body;
    if (service.startsWith('DynamoDBStreams')) return this.#answerStreams(operation, parse());
    if (READS.has(operation)) return this.#read(headers, parse());
    if (WRITES.has(operation)) return this.#writes.one(operation, headers, parse());
    switch (operation) {
      case 'BatchWriteItem':
      case 'TransactWriteItems':
        return this.#writes.many(operation, headers, parse());
      case 'CreateTable':
        return this.#createTable(headers, parse());
      case 'DescribeTable':
        return this.#describe(await this.#upstream.forward(headers, raw));
      case 'UpdateTimeToLive': {
        const { TableName: table, TimeToLiveSpecification: specification } = parse();
        this.#timeToLive.set(tableName(table), specification as { AttributeName?: string });
        return ownAnswer(200, { TimeToLiveSpecification: specification });
      }
      case 'DescribeTimeToLive': {
        const set = this.#timeToLive.get(tableName(parse().TableName));
        return ownAnswer(200, {
          TimeToLiveDescription: set
            ? { TimeToLiveStatus: 'ENABLED', AttributeName: set.AttributeName }
            : { TimeToLiveStatus: 'DISABLED' },
        });
      }
      default:
        return this.#upstream.forward(headers, raw);
    }
  }

  #answerStreams(operation: string, body: Body): Answer {
    try {
      return ownAnswer(200, answerStreams(operation, body, this.#streams));
    } catch (error) {
      if (!(error instanceof StreamsError)) throw error;
      return ownAnswer(400, {
        __type: `com.amazonaws.dynamodb.v20120810#${error.code}`,
        message: error.message,
      });
    }
  }

  async #read(headers: IncomingHttpHeaders, body: Body): Promise<Answer> {
    const { answer, units } = await this.#upstream.withCapacity(headers, body);
    for (const [table, count] of units) {
      const counted = this.#meters.of(table);
      counted.reads++;
      counted.readUnits += count;
    }
    return answer;
  }

  async #createTable(headers: IncomingHttpHeaders, body: Body): Promise<Answer> {
    const { StreamSpecification: specification, ...rest } = body as {
      StreamSpecification?: { StreamEnabled?: boolean; StreamViewType?: StreamViewType };
    } & Body;
    const answer = await this.#upstream.forward(headers, JSON.stringify(rest));
    if (answer.status !== 200) return answer;
    const table = tableName(body.TableName);
    const view = specification?.StreamEnabled ? specification.StreamViewType : undefined;
    const stream = view ? createTableStream(table, view) : undefined;
    if (stream) this.#streams.set(stream.arn, stream);
    this.#shapes.set(table, { ...shapeOf(body), stream, view });
    return this.#describe(answer);
  }

  /** Adds the stream to a table's description. */
  #describe(answer: Answer): Answer {
    if (answer.status !== 200) return answer;
    const response = JSON.parse(answer.body.toString()) as {
      [kind in 'Table' | 'TableDescription']?: { TableName: string };
    };
    const description = response.Table ?? response.TableDescription;
    const shape = description && this.#shapes.get(description.TableName);
    if (!description || !shape?.stream) return answer;
    Object.assign(description, {
      StreamSpecification: { StreamEnabled: true, StreamViewType: shape.view },
      LatestStreamArn: shape.stream.arn,
      LatestStreamLabel: TABLE_STREAM_LABEL,
    });
    return rewritten(answer, response);
  }
}

function send({ status, headers, body }: Answer, outgoing: ServerResponse): void {
  outgoing.statusCode = status;
  for (const name of ['content-type', 'x-amzn-requestid', 'x-amz-crc32']) {
    const value = headers[name];
    if (value !== undefined) outgoing.setHeader(name, value);
  }
  outgoing.setHeader('content-length', body.length);
  outgoing.end(body);
}
