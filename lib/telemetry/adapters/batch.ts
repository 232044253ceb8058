import { kindOf } from '../reason.ts';
import { ADAPTER_DEFAULTS, type Adapted, type AdapterDefaults, NO_CALL, refused } from './adapter.ts';
import { at, type Json, jsonIn, listOf, nameIn, objectOf, textAt } from './fields.ts';
import { isOtherEndpoint } from './model-calls.ts';
import { fromPair } from './openai.ts';
import type { Late } from './otel.ts';

/**
 * Batches, whose input and output are files of their own, joined by `custom_id`: OpenAI's
 * (https://platform.openai.com/docs/guides/batch) and Anthropic's (https://docs.anthropic.com/en/docs/build-with-claude/batch-processing).
 * Holds at most `MAX_HELD` lines whose other half has not come.
 */
export class BatchReader {
  readonly #defaults: AdapterDefaults;
  readonly #halves: Map<string, HeldHalf>;

  /** @param held what another reader of the same input held, to go on from */
  constructor(defaults: AdapterDefaults = ADAPTER_DEFAULTS, held?: HeldBatch) {
    this.#defaults = defaults;
    this.#halves = new Map(held);
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
      const other = this.#halves.get(half.id);
      if (other !== undefined && other.half.kind !== half.kind) {
        this.#halves.delete(half.id);
        all.push(joined(half, other.half, this.#defaults));
        continue;
      }
      this.#halves.set(half.id, { half, origin });
      const [oldest] = this.#halves.size > MAX_HELD ? this.#halves : [];
      if (oldest === undefined) continue;
      this.#halves.delete(oldest[0]);
      late.push(halfAlone(oldest[1]));
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
    const late = [...this.#halves.values()].map(halfAlone);
    this.#halves.clear();
    return late;
  }
}

interface HeldHalf {
  readonly half: Half;
  readonly origin: unknown;
}

function halfAlone({ half, origin }: HeldHalf): Late {
  const [field, missing] = half.kind === 'request' ? ['response', 'output'] : ['request', 'input'];
  const message = `the batch's ${missing} for this custom_id is not in the input: give both files, one batch after the other`;
  return { origin, reason: { field, value: kindOf(half.id), message } };
}

export type HeldBatch = ReadonlyMap<string, HeldHalf>;

const MAX_HELD = 200_000;

type Half =
  | { readonly kind: 'request'; readonly id: string; readonly body: Json; readonly url: string | undefined }
  | {
      readonly kind: 'answer';
      readonly id: string;
      readonly body: unknown;
      readonly status: unknown;
      readonly error: unknown;
    };

/** Whether a document is a line of a batch's input or output. */
export function isBatchLine(json: unknown): boolean {
  return halvesOf(json).length > 0;
}

function halvesOf(json: unknown, inList = false): Half[] {
  const requests = listOf(at(json, 'requests'));
  if (requests.length > 0 && !inList) return requests.flatMap((held) => halvesOf(held, true));
  const id = textAt(json, 'custom_id');
  if (id === undefined) return [];
  const body = objectOf(jsonIn(at(json, 'body'))) ?? objectOf(at(json, 'params'));
  if (body !== undefined) return [{ kind: 'request', id, body, url: textAt(json, 'url') }];
  const result = at(json, 'result');
  if (objectOf(result) !== undefined)
    return [{ kind: 'answer', id, body: at(result, 'message'), status: undefined, error: errorOf(result) }];
  if (at(json, 'response') === undefined && at(json, 'error') === undefined) return [];
  const response = at(json, 'response');
  return [
    {
      kind: 'answer',
      id,
      body: jsonIn(at(response, 'body')),
      status: at(response, 'status_code'),
      error: at(json, 'error'),
    },
  ];
}

/** A result of Anthropic's batches that is no message: errored, canceled, expired. */
function errorOf(result: unknown): unknown {
  const type = textAt(result, 'type');
  return type === undefined || type === 'succeeded' ? undefined : (at(result, 'error') ?? { type });
}

function joined(one: Half, other: Half, defaults: AdapterDefaults): Adapted {
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
  return fromPair(pair, request.body, account === undefined ? defaults : { ...defaults, account });
}
