import { kindOf } from '../reason.ts';
import { nameBeside } from './account-names.ts';
import { ADAPTER_DEFAULTS, type Adapted, type AdapterDefaults } from './adapter.ts';
import { at, type Json, jsonIn, objectOf, textAt } from './fields.ts';
import { HeldWeight } from './held-weight.ts';
import { HALVES } from './lines-of-products.ts';
import { fromPair } from './openai.ts';
import type { Late } from './otel.ts';
import { readRequest } from './request.ts';

/**
 * Logs of somebody's own gateway that tell a call in two lines: one when the request comes, one when the answer is there, joined by
 * the id that both have. Each says by a word which of the two it is; a line of another kind is none of this reader's.
 */
interface Half {
  readonly kind: 'request' | 'response';
  readonly id: string;
  readonly entry: Json;
  readonly body: Json | undefined;
  readonly origin?: unknown;
  /** the account, where the operator said where lines name it */
  readonly account?: string | undefined;
}

export type HeldLines = ReadonlyMap<string, Half>;

/** Lines whose other half has not come. */
const MAX_HELD = 50_000;
const IDS = [
  ...[
    'request_id',
    'requestId',
    'req_id',
    'reqId',
    'x_request_id',
    'x-request-id',
    'correlation_id',
    'correlationId',
  ],
  ...['call_id', 'trace_id', 'traceId', 'id'],
];
/** Fields that say what a line tells. */
const KINDS = [
  ...[
    'event',
    'event_type',
    'eventType',
    'type',
    'kind',
    'phase',
    'direction',
    'stage',
    'action',
    'msg',
    'message',
  ],
  ...['log_type', 'name'],
];
const BODIES = ['body', 'payload', 'data', 'request', 'response', 'request_body', 'response_body', 'content'];
const REQUEST = /(?:^|[^a-z])(?:request|req|inbound|incoming|prompt)(?:$|[^a-z])/i;
const RESPONSE = /(?:^|[^a-z])(?:response|res|resp|reply|answer|outbound|outgoing|completion)(?:$|[^a-z])/i;
const LONGEST = 60;

/** The half of a call that a line tells; undefined for any other line. */
function halfOf(entry: Json): Half | undefined {
  const told = HALVES.map(({ half }) => half(entry)).find((held) => held !== undefined);
  if (told !== undefined) return told;
  const id = IDS.map((name) => textAt(entry, name)).find((held) => held !== undefined);
  const said = KINDS.map((name) => textAt(entry, name)).filter(
    (held) => held !== undefined && held.length <= LONGEST,
  );
  const isRequest = said.some((word) => REQUEST.test(word ?? ''));
  const isResponse = said.some((word) => RESPONSE.test(word ?? ''));
  if (id === undefined || id.length > 256 || isRequest === isResponse) return undefined;
  const bodies = [...BODIES.map((name) => objectOf(jsonIn(entry[name]))), entry];
  const asked = bodies.find((body) => body !== undefined && readRequest(body) !== undefined);
  if (isRequest)
    return asked === undefined || TOLD.some((name) => name in entry)
      ? undefined
      : { kind: 'request', id, entry, body: asked };
  const body = bodies.find((held) => held !== undefined && isAnswer(held));
  return asked !== undefined || body === undefined ? undefined : { kind: 'response', id, entry, body };
}

/** A line that has one of these beside its request tells the whole call. */
const TOLD = ['response', 'response_body', 'completion', 'answer', 'output', 'choices', 'result', 'usage'];
/** Fields of answers: Chat Completions, Responses and Converse, Anthropic, Gemini, and of errors. */
const ANSWERS = ['choices', 'output', 'stop_reason', 'candidates', 'usage', 'usageMetadata', 'error', 'text'];

function isAnswer(body: Json): boolean {
  return ANSWERS.some((name) => body[name] !== undefined);
}

/** Whether an entry tells one half of a call. */
export function isHalf(entry: Json): boolean {
  return halfOf(entry) !== undefined;
}

/** Joins such lines, whichever comes first. */
export class LinesApartReader {
  readonly #defaults: AdapterDefaults;
  readonly #halves: Map<string, Half>;
  readonly #weight = new HeldWeight();
  #aging: ReadonlySet<string> = new Set();

  /** @param held what another reader of the same input held, to go on from */
  constructor(defaults: AdapterDefaults = ADAPTER_DEFAULTS, held?: HeldLines) {
    this.#defaults = defaults;
    this.#halves = new Map(held);
    for (const [id, half] of this.#halves) this.#weight.add(id, half.entry);
  }

  /** Halves without the other; good until the next line is read. */
  get held(): HeldLines {
    return this.#halves;
  }

  /** @param account that the line names where the operator says */
  read(json: unknown, origin?: unknown, account?: string): Adapted & { readonly late: readonly Late[] } {
    const found = halfOf(objectOf(json) ?? {});
    if (found === undefined) return { exchanges: [], reasons: [], skipped: 1, late: [] };
    const half = { ...found, account };
    const other = this.#halves.get(half.id);
    if (other !== undefined && other.kind !== half.kind) {
      this.#halves.delete(half.id);
      this.#weight.drop(half.id);
      const [request, response] = half.kind === 'request' ? [half, other] : [other, half];
      return { ...joined(request, response, this.#defaults), late: [] };
    }
    // an id that comes again before its answer: what came first is told by itself
    const late = other === undefined ? [] : this.#release(half.id);
    this.#halves.set(half.id, { ...half, origin });
    this.#weight.add(half.id, half.entry);
    for (const oldest of this.#halves.keys()) {
      if (this.#halves.size <= MAX_HELD && !this.#weight.isOver) break;
      late.push(...this.#release(oldest));
    }
    return { exchanges: [], reasons: [], skipped: 0, late };
  }

  /** What was half told already at the call before: for listeners, whose input does not end. */
  age(): readonly Late[] {
    const late = [...this.#aging].flatMap((id) => this.#release(id));
    this.#aging = new Set(this.#halves.keys());
    return late;
  }

  /** What is left when the input ends. */
  finish(): readonly Late[] {
    return [...this.#halves.keys()].flatMap((id) => this.#release(id));
  }

  /** A request without its answer is a call of which nobody knows how it ended; an answer alone says nothing of what was asked. */
  #release(id: string): Late[] {
    const half = this.#halves.get(id);
    this.#halves.delete(id);
    this.#weight.drop(id);
    if (half === undefined) return [];
    const { origin } = half;
    if (half.kind === 'response') {
      const message = 'the line of the request with this id is not in the input: give both';
      return [{ origin, reason: { field: 'request', value: kindOf(id), message } }];
    }
    const { exchanges, reasons, odd = [] } = joined(half, undefined, this.#defaults);
    return [
      ...exchanges.map((exchange) => ({ origin, exchange, odd })),
      ...reasons.map((reason) => ({ origin, reason })),
    ];
  }
}

function joined(request: Half, response: Half | undefined, defaults: AdapterDefaults): Adapted {
  const answer = response?.entry ?? {};
  const pair = {
    ...answer,
    ...request.entry,
    ...{ id: request.id, status: at(answer, 'status') ?? at(answer, 'status_code'), usage: answer.usage },
    account: nameBeside(request.entry) ?? nameBeside(answer),
    request: request.body,
    response: response?.body,
  };
  const account = request.account ?? response?.account;
  return fromPair(
    pair,
    request.body ?? {},
    account === undefined ? defaults : { ...defaults, account },
    true,
  );
}
