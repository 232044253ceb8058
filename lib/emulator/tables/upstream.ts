import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { LOCAL_REGION } from '../names.ts';

/** A response of the emulator, or one that is given in its place. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request's parsed body. */
export type Body = Record<string, unknown>;

interface Capacity {
  readonly TableName: string;
  readonly CapacityUnits: number;
}

/** The DynamoDB emulator behind the proxy, on loopback. */
export class Upstream {
  // idle connections end on this side, before the emulator ends them under a request that is on its way
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 4000 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** @param target `x-amz-target`, where it is another operation than the one that the headers name */
  forward(headers: IncomingHttpHeaders, body: Buffer | string, target?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent: IncomingHttpHeaders = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
      delete sent['accept-encoding'];
      delete sent['transfer-encoding'];
      delete sent.expect;
      if (target) sent['x-amz-target'] = target;
      const outgoing = httpRequest(
        { host: '127.0.0.1', port: this.#port, method: 'POST', path: '/', headers: sent, agent: this.#agent },
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
  }

  /** The response, and the capacity units by table that the emulator counted, whether the caller asked for them or not. */
  async withCapacity(
    headers: IncomingHttpHeaders,
    body: Body,
  ): Promise<{ readonly answer: Answer; readonly units: ReadonlyMap<string, number> }> {
    const asked = body.ReturnConsumedCapacity !== undefined && body.ReturnConsumedCapacity !== 'NONE';
    const answer = await this.forward(
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
    return { answer: rewritten(answer, rest), units };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A rewritten body: the emulator's checksum of the old one is dropped. */
export function rewritten(answer: Answer, body: object): Answer {
  const { 'x-amz-crc32': _, ...headers } = answer.headers;
  return { status: answer.status, headers, body: Buffer.from(JSON.stringify(body)) };
}

/** A response that the emulator has no part in. */
export function ownAnswer(status: number, body: object): Answer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': LOCAL_REGION },
    body: Buffer.from(JSON.stringify(body)),
  };
}
