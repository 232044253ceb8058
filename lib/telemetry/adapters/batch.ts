import { isOverfull } from '../json-size.ts';
import { kindOf, type Reason } from '../reason.ts';
import {
  ADAPTER_DEFAULTS,
  type Adapted,
  type AdapterDefaults,
  NO_CALL,
  overfull,
  refused,
} from './adapter.ts';
import { at, type Json, jsonIn, listOf, nameIn, objectOf, textAt } from './fields.ts';
import { HeldWeight } from './held-weight.ts';
import { isOtherEndpoint } from './model-calls.ts';
import { fromPair } from './openai.ts';
import type { Late } from './otel.ts';
import { isoFrom } from './times.ts';

/**
 * Batches, whose input and output are files of their own, joined by `custom_id`: OpenAI's
 * (https://platform.openai.com/docs/guides/batch) and Anthropic's (https://docs.anthropic.com/en/docs/build-with-claude/batch-processing).
 * Results of Anthropic's, and requests that expired, hold no time: they take it from the batch's own object (`created_at`), before
 * or behind them. Holds at most `MAX_HELD` lines whose other half, or time, has not come.
 */
export class BatchReader {
  readonly #defaults: AdapterDefaults;
  readonly #halves: Map<string, HeldHalf>;
  readonly #weight = new HeldWeight();
  /** time of the batch whose object came last */
  #created: string | undefined;

  /** @param held what another reader of the same input held, to go on from */
  constructor(defaults: AdapterDefaults = ADAPTER_DEFAULTS, held?: HeldBatch) {
    this.#defaults = defaults;
    this.#halves = new Map(held);
    for (const [id, { half }] of this.#halves) this.#weight.add(id, half);
    const batch = this.#halves.get(BATCH)?.half;
    this.#created = batch?.kind === 'batch' ? batch.time : undefined;
  }

  /** Lines whose other half has not come, by their id; good until the next line is read. */
  get held(): HeldBatch {
    return this.#halves;
  }

  read(json: unknown, origin?: unknown): Adapted & { readonly late: readonly Late[] } {
    const found = halvesOf(json);
    if (found.length === 0)
      return { ...refused('custom_id', kindOf(at(json, 'custom_id')), 'not a line of a batch'), late: [] };
    const all: Adapted[] = [];
    const late: Late[] = [];
    for (const half of found) {
      if (half.kind !== 'batch' && isOverfull(half.body)) {
        all.push({ ...NO_CALL, skipped: 0, reasons: [overfull()] });
        continue;
      }
      if (half.kind === 'batch') {
        all.push(NO_CALL);
        late.push(...this.#dated(half, origin));
        continue;
      }
      const other = this.#halves.get(half.id);
      if (other?.half.kind === 'pair') late.push(heldAlone(other));
      else if (other !== undefined && other.half.kind !== 'batch' && other.half.kind !== half.kind) {
        const pair: Pair = { kind: 'pair', id: half.id, one: half, other: other.half };
        const made = joined(pair, this.#defaults, this.#created);
        this.#forget(half.id);
        if (made.reasons.some(isTime)) this.#hold({ half: pair, origin }, late);
        else all.push(made);
        continue;
      }
      this.#hold({ half, origin }, late);
    }
    return {
      exchanges: all.flatMap(({ exchanges }) => exchanges),
      reasons: all.flatMap(({ reasons }) => reasons),
      skipped: all.reduce((sum, { skipped }) => sum + skipped, 0),
      odd: all.flatMap(({ odd }) => odd ?? []),
      late,
    };
  }

  finish(): readonly Late[] {
    const late = [...this.#halves.values()].filter(({ half }) => half.kind !== 'batch').map(heldAlone);
    this.#halves.clear();
    return late;
  }

  #hold(held: HeldHalf, late: Late[]): void {
    this.#forget(held.half.id);
    this.#halves.set(held.half.id, held);
    this.#weight.add(held.half.id, held.half);
    for (const [id, oldest] of this.#halves) {
      if (this.#halves.size <= MAX_HELD && !this.#weight.isOver) return;
      this.#forget(id);
      if (oldest.half.kind !== 'batch') late.push(heldAlone(oldest));
    }
  }

  #forget(id: string): void {
    this.#halves.delete(id);
    this.#weight.drop(id);
  }

  /** Pairs that waited for the time of their batch; without any, what comes next is the batch's. */
  #dated(batch: Batch, origin: unknown): readonly Late[] {
    const waiting = [...this.#halves.values()].filter(({ half }) => half.kind === 'pair');
    if (waiting.length === 0) {
      this.#created = batch.time;
      this.#halves.set(BATCH, { half: batch, origin });
    }
    return waiting.flatMap((held) => {
      this.#forget(held.half.id);
      if (held.half.kind !== 'pair') return [];
      const { exchanges, reasons, odd } = joined(held.half, this.#defaults, batch.time);
      return [
        ...exchanges.map((exchange) => ({ origin: held.origin, exchange, odd: odd ?? [] })),
        ...reasons.map((reason) => ({ origin: held.origin, reason })),
      ];
    });
  }
}

const isTime = ({ field }: Reason) => field === 'time';

interface HeldHalf {
  readonly half: Held;
  readonly origin: unknown;
}

function heldAlone({ half, origin }: HeldHalf): Late {
  if (half.kind === 'pair') return { origin, reason: { field: 'time', value: 'nothing', message: NO_TIME } };
  const [field, missing] = half.kind === 'request' ? ['response', 'output'] : ['request', 'input'];
  const message = `the batch's ${missing} for this custom_id is not in the input: give both files, one batch after the other`;
  return { origin, reason: { field, value: kindOf(half.id), message } };
}

const NO_TIME =
  "missing: this result of a batch holds none. Give the batch's own object too, as a file beside its results (it has created_at: GET /v1/messages/batches/ID of Anthropic, GET /v1/batches/ID of OpenAI), or write created_at into each line";

export type HeldBatch = ReadonlyMap<string, HeldHalf>;

const MAX_HELD = 200_000;
/** Where the batch's object is held: no `custom_id`, which is of letters, digits, `_` and `-`, begins so. */
const BATCH = '(batch)';

type Half = RequestHalf | AnswerHalf;
type Held = Half | Pair | Batch;

interface RequestHalf {
  readonly kind: 'request';
  readonly id: string;
  readonly body: Json;
  readonly url: string | undefined;
  readonly time: unknown;
}

interface AnswerHalf {
  readonly kind: 'answer';
  readonly id: string;
  readonly body: unknown;
  readonly status: unknown;
  readonly error: unknown;
  readonly time: unknown;
}

/** Both halves, of which none says when */
interface Pair {
  readonly kind: 'pair';
  readonly id: string;
  readonly one: Half;
  readonly other: Half;
}

/** The object of a batch: https://docs.anthropic.com/en/api/retrieving-message-batches, https://platform.openai.com/docs/api-reference/batch/object */
interface Batch {
  readonly kind: 'batch';
  readonly id: string;
  readonly time: string;
}

/** Whether a document is a line of a batch's input or output. */
export function isBatchLine(json: unknown): boolean {
  return halvesOf(json).length > 0;
}

/** Requests of a list that are read in one go. */
const PIECE = 256;

/** A document of many requests as several of few; itself where it is another. */
export function batchPieces(json: unknown): readonly unknown[] {
  const requests = listOf(at(json, 'requests'));
  if (requests.length <= PIECE || batchOf(json) !== undefined) return [json];
  const pieces: unknown[] = [];
  for (let from = 0; from < requests.length; from += PIECE)
    pieces.push({ requests: requests.slice(from, from + PIECE) });
  return pieces;
}

function halvesOf(json: unknown, inList = false): (Half | Batch)[] {
  const batch = inList ? undefined : batchOf(json);
  if (batch !== undefined) return [batch];
  const requests = listOf(at(json, 'requests'));
  if (requests.length > 0 && !inList) return requests.flatMap((held) => halvesOf(held, true));
  const id = textAt(json, 'custom_id');
  if (id === undefined) return [];
  const time = at(json, 'created_at') ?? at(json, 'time') ?? at(json, 'timestamp');
  const body = objectOf(jsonIn(at(json, 'body'))) ?? objectOf(at(json, 'params'));
  if (body !== undefined) return [{ kind: 'request', id, body, url: textAt(json, 'url'), time }];
  const result = at(json, 'result');
  if (objectOf(result) !== undefined)
    return [
      {
        ...{ kind: 'answer', id, time, body: at(result, 'message') },
        ...{ status: undefined, error: errorOf(result) },
      },
    ];
  if (at(json, 'response') === undefined && at(json, 'error') === undefined) return [];
  const response = at(json, 'response');
  return [
    {
      kind: 'answer',
      id,
      time,
      body: jsonIn(at(response, 'body')),
      status: at(response, 'status_code'),
      error: at(json, 'error'),
    },
  ];
}

function batchOf(json: unknown): Batch | undefined {
  if (at(json, 'type') !== 'message_batch' && at(json, 'object') !== 'batch') return undefined;
  const time = isoFrom(at(json, 'created_at'));
  return time === undefined ? undefined : { kind: 'batch', id: BATCH, time };
}

/** A result of Anthropic's batches that is no message: errored, canceled, expired. */
function errorOf(result: unknown): unknown {
  const type = textAt(result, 'type');
  return type === undefined || type === 'succeeded' ? undefined : (at(result, 'error') ?? { type });
}

/** @param created when the batch was, for a pair whose answer and lines do not say */
function joined({ one, other }: Pair, defaults: AdapterDefaults, created: string | undefined): Adapted {
  const request = one.kind === 'request' ? one : other;
  const answer = one.kind === 'answer' ? one : other;
  if (request.kind !== 'request' || answer.kind !== 'answer') return NO_CALL;
  if (request.url !== undefined && isOtherEndpoint(request.url)) return NO_CALL;
  const failed = answer.error === undefined || answer.error === null ? {} : { error: answer.error };
  const response = { ...objectOf(answer.body), ...failed };
  const pair = { custom_id: request.id, request: request.body, response, status: answer.status };
  const field = defaults.accountField;
  // as the operator names it: custom_id, request.metadata.tenant
  const account = field === undefined ? undefined : (nameIn(pair, field) ?? nameIn(request.body, field));
  const known = account === undefined ? defaults : { ...defaults, account };
  const made = fromPair(pair, request.body, known, true);
  const time = answer.time ?? request.time ?? created;
  return time !== undefined && made.reasons.some(isTime)
    ? fromPair({ ...pair, time }, request.body, known, true)
    : made;
}
