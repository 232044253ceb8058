import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createGunzip, createInflate } from 'node:zlib';
import { readOtlp } from '../../input/otlp-protobuf.ts';
import { SOURCE_FORMATS, type SourceFormat } from '../../telemetry/adapters/reader.ts';
import { isGzip } from '../../telemetry/gzip.ts';
import { whyNotParsed } from '../../telemetry/json-size.ts';
import { describeReason, printable } from '../../telemetry/reason.ts';
import { isLoopback, pageCaller } from './callers.ts';
import type { Collected, Collector } from './collector.ts';
import { documentsIn, MOST_DOCUMENTS } from './documents-in.ts';
import { metricsText } from './metrics-text.ts';
import { errorAnswer, exportAnswer } from './otlp-answer.ts';

export interface ServerOptions {
  readonly collector: Collector;
  /** bearer token that requests must carry; none on loopback */
  readonly token: string | undefined;
  /** largest body, bytes, as sent and unpacked */
  readonly maxBody: number;
  /** bytes of bodies at once, above which senders are told to come back */
  readonly maxUnderWay: number;
}

/** Why a request is not taken: its HTTP status, and words for the sender. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const unpackers = { gzip: createGunzip, deflate: createInflate } as const;

/**
 * The listener: OTLP/HTTP on /v1/traces and /v1/logs (https://opentelemetry.io/docs/specs/otlp/#otlphttp), LiteLLM's generic
 * callback on /litellm (https://docs.litellm.ai/docs/observability/generic_api), JSON documents on /exchanges, /health, /metrics.
 * A request is answered when its events are taken; 503 with Retry-After where there is no room, which senders of OTLP honour.
 */
export class CollectServer {
  readonly server: Server;
  readonly #options: ServerOptions;
  #underWay = 0;
  #requests = 0;
  #draining = false;
  readonly #answers = new Map<string, number>();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.server = createServer((request, response) => {
      // whatever a request does, it ends itself alone
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.server.requestTimeout = 60_000;
    this.server.headersTimeout = 20_000;
  }

  /**
   * Takes no more requests, and waits for those under way; what has not come or been taken within that time is not answered,
   * and its sender sends it again.
   * @param within ms
   */
  async drain(within: number): Promise<void> {
    this.#draining = true;
    const end = Date.now() + within;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    while (this.#requests > 0 && Date.now() < end) await new Promise((later) => setTimeout(later, 20));
    this.server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests++;
    const url = urlOf(request.url);
    let status = 500;
    try {
      if (url === undefined) throw new Refusal(400, 'not a URL');
      this.#refusePages(request);
      status = await this.#route(request, response, url);
    } catch (error) {
      status = error instanceof Refusal ? error.status : 503;
      const why = error instanceof Error ? error.message : String(error);
      if (!response.headersSent) {
        // OTLP: 503 and 429 are sent again, everything else is dropped
        if (status === 503 || status === 429) response.setHeader('retry-after', '1');
        if (status === 413 || this.#draining) response.setHeader('connection', 'close');
        if (isProtobuf(request) && isOtlpPath(url)) {
          response.statusCode = status;
          binary(response, errorAnswer(printable(why)));
        } else answer(response, status, { code: status, message: printable(why) });
      }
    } finally {
      this.#requests--;
      const key = `${known(url?.pathname ?? '')} ${status}`;
      this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, url: URL): Promise<number> {
    if (request.method === 'GET' && url.pathname === '/health') {
      answer(response, this.#draining ? 503 : 200, { status: this.#draining ? 'draining' : 'ok' });
      return response.statusCode;
    }
    if (request.method === 'GET' && url.pathname === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(metricsText(this.#options.collector, this.#answers, this.#underWay));
      return 200;
    }
    if (known(url.pathname) === 'other')
      throw new Refusal(404, 'paths: /v1/traces, /v1/logs, /litellm, /exchanges, /health, /metrics');
    if (request.method !== 'POST') throw new Refusal(405, 'POST');
    if (this.#draining) throw new Refusal(503, 'shutting down');
    this.#authorize(request);
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > this.#options.maxBody)
      throw new Refusal(413, `body longer than ${this.#options.maxBody} bytes`);
    let held = 0;
    // what is announced and does not come must not keep others out: bytes count when they are there
    const hold = (bytes: number) => {
      if (this.#underWay + bytes > this.#options.maxUnderWay)
        throw new Refusal(503, 'too much under way: the stream does not keep up');
      this.#underWay += bytes;
      held += bytes;
    };
    try {
      const body = await this.#body(request, hold);
      const collected = await this.#collect(request, url, body);
      this.#accept(request, response, url, collected);
      return 200;
    } finally {
      this.#underWay -= held;
    }
  }

  #refusePages({ headers }: IncomingMessage): void {
    const bound = this.server.address();
    const why = pageCaller(headers, typeof bound === 'object' && bound !== null && isLoopback(bound.address));
    if (why !== undefined) throw new Refusal(403, why);
  }

  #authorize(request: IncomingMessage): void {
    const { token } = this.#options;
    if (token === undefined) return;
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${token}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw new Refusal(401, 'authorization: Bearer TOKEN');
  }

  async #body(request: IncomingMessage, hold: (bytes: number) => void): Promise<Buffer> {
    const { maxBody } = this.#options;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request) {
      size += (chunk as Buffer).length;
      if (size > maxBody) throw new Refusal(413, `body longer than ${maxBody} bytes`);
      hold((chunk as Buffer).length);
      chunks.push(chunk as Buffer);
    }
    const body = Buffer.concat(chunks);
    // shippers send packed files as they are
    const unnamed = isGzip(body) ? 'gzip' : 'identity';
    const encoding = request.headers['content-encoding'] ?? unnamed;
    if (encoding === 'identity') return body;
    if (encoding !== 'gzip' && encoding !== 'deflate')
      throw new Refusal(415, `content-encoding ${printable(encoding)}: gzip or none`);
    return this.#unpacked(body, encoding, hold);
  }

  /** Every byte counts as it comes out: many small bodies at once may each become a large one. */
  async #unpacked(
    body: Buffer,
    encoding: keyof typeof unpackers,
    hold: (bytes: number) => void,
  ): Promise<Buffer> {
    const { maxBody } = this.#options;
    const chunks: Buffer[] = [];
    const plain = unpackers[encoding]();
    plain.end(body);
    let size = 0;
    try {
      for await (const chunk of plain) {
        size += (chunk as Buffer).length;
        if (size > maxBody) throw new Refusal(413, `body longer than ${maxBody} bytes`);
        hold((chunk as Buffer).length);
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal(400, `body: not ${encoding}`);
    }
    return Buffer.concat(chunks);
  }

  async #collect(request: IncomingMessage, url: URL, body: Buffer): Promise<Collected> {
    const { collector } = this.#options;
    if (isOtlpPath(url)) return collector.collect([otlpOf(url.pathname, isProtobuf(request), body)], 'otel');
    const { documents, faults } = await documentsOf(body);
    const from = url.pathname === '/litellm' ? 'litellm' : (url.searchParams.get('from') ?? 'auto');
    const source = SOURCE_FORMATS.find((format) => format === from);
    if (source === undefined) throw new Refusal(400, `from: not one of ${SOURCE_FORMATS.join(', ')}`);
    return collector.collect(documents, source as SourceFormat, faults);
  }

  /** OTLP's answers are messages of its own. */
  #accept(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    { events, skipped, reasons, warning, waiting }: Collected,
  ): void {
    if (!isOtlpPath(url)) {
      const told = reasons.slice(0, 5).map(describeReason);
      const counts = { events, skipped, rejected: reasons.length };
      const held =
        waiting > 0
          ? { waiting: `${waiting} lines of batches, until the batch's other file is posted too` }
          : {};
      answer(response, 200, { ...counts, ...held, ...(told.length > 0 ? { reasons: told } : {}) });
      return;
    }
    const [first] = reasons;
    const message = first === undefined ? warning : describeReason(first);
    const partial = message === undefined ? undefined : { rejected: reasons.length, message };
    if (isProtobuf(request))
      binary(response, partial === undefined ? Buffer.alloc(0) : exportAnswer(partial));
    else {
      const name = url.pathname === '/v1/logs' ? 'rejectedLogRecords' : 'rejectedSpans';
      const said = partial && { [name]: partial.rejected, errorMessage: partial.message };
      answer(response, 200, said === undefined ? {} : { partialSuccess: said });
    }
  }
}

const PATHS = ['/v1/traces', '/v1/logs', '/v1/metrics', '/litellm', '/exchanges', '/health', '/metrics'];

/** What is asked for; undefined for what is no URL, such as `//`. */
function urlOf(target: string | undefined): URL | undefined {
  try {
    const url = new URL(target ?? '/', 'http://collect');
    // some join the path to an address that ends in a slash, and end it in one
    url.pathname = url.pathname.replace(/(?<=.)\/$/, '');
    return url;
  } catch {
    return undefined;
  }
}

function known(path: string): string {
  return PATHS.includes(path) ? path : 'other';
}

function isProtobuf({ headers }: IncomingMessage): boolean {
  return /^application\/(?:x-)?protobuf\b/.test(headers['content-type'] ?? '');
}

function isOtlpPath(url: URL | undefined): boolean {
  return url?.pathname.startsWith('/v1/') === true;
}

function binary(response: ServerResponse, body: Buffer): void {
  response.setHeader('content-type', 'application/x-protobuf');
  response.end(body);
}

function otlpOf(path: string, isBinary: boolean, body: Buffer): unknown {
  // metrics hold no calls; they are taken so that one exporter endpoint serves for all signals
  if (path === '/v1/metrics') return { resourceMetrics: [] };
  try {
    if (isBinary)
      return { resourceSpans: [], ...(readOtlp(body, path === '/v1/logs' ? 'logs' : 'traces') as object) };
    const text = body.toString('utf8');
    const why = whyNotParsed(text);
    if (why !== undefined) throw new Refusal(400, `body: ${why}`);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, `body: ${isBinary && error instanceof Error ? error.message : 'not JSON'}`);
  }
}

/** Documents of a body. @throws Refusal where nothing is one, or they are too many */
async function documentsOf(body: Buffer): ReturnType<typeof documentsIn> {
  const found = await documentsIn(body.toString('utf8'));
  const [first] = found.faults;
  if (found.documents.length === 0 && first !== undefined) throw new Refusal(400, first.message);
  if (found.isTooMany) throw new Refusal(413, `more than ${MOST_DOCUMENTS} documents: send fewer at once`);
  return found;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify(body)}\n`);
}
