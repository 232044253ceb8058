import { kindOf } from '../reason.ts';
import { ADAPTER_DEFAULTS, type Adapted, type AdapterDefaults, NO_CALL, refused } from './adapter.ts';
import { at, type Json, nameAt, numberAt, objectOf, textAt } from './fields.ts';
import { HeldWeight } from './held-weight.ts';
import { fromPair } from './openai.ts';
import type { Late } from './otel.ts';

/** What is known of a call so far: its summary, its messages, and where the first of them stood. */
interface HeldCall {
  readonly summary: Json | undefined;
  readonly messages: readonly Json[];
  readonly origin: unknown;
}

export type HeldNewRelic = ReadonlyMap<string, HeldCall>;

/** Calls whose other events have not come. */
const MAX_HELD = 50_000;
const SUMMARY = 'LlmChatCompletionSummary';
const MESSAGE = 'LlmChatCompletionMessage';

/** Whether an entry is an event of New Relic's AI monitoring. */
export function isNewRelic(entry: Json): boolean {
  return typeof entry.eventType === 'string' && entry.eventType.startsWith('Llm');
}

/**
 * New Relic's events of AI monitoring, as NRDB exports them: a summary and the messages of a call are events of their own, in any
 * order, joined by the summary's id (https://docs.newrelic.com/attribute-dictionary/?event=LlmChatCompletionSummary and
 * LlmChatCompletionMessage). A call is told when all messages that its summary counts are there, else at the end.
 */
export class NewRelicReader {
  readonly #defaults: AdapterDefaults;
  readonly #calls: Map<string, HeldCall>;
  readonly #weight = new HeldWeight();
  #aging: ReadonlySet<string> = new Set();

  /** @param held what another reader of the same input held, to go on from */
  constructor(defaults: AdapterDefaults = ADAPTER_DEFAULTS, held?: HeldNewRelic) {
    this.#defaults = defaults;
    this.#calls = new Map(held);
    for (const [id, call] of this.#calls) this.#weight.add(id, call);
  }

  /** Calls that are half told; good until the next event is read. */
  get held(): HeldNewRelic {
    return this.#calls;
  }

  read(json: unknown, origin?: unknown): Adapted & { readonly late: readonly Late[] } {
    const event = objectOf(json) ?? {};
    if (event.eventType !== SUMMARY && event.eventType !== MESSAGE) return { ...NO_CALL, late: [] };
    const id = textAt(event, event.eventType === SUMMARY ? 'id' : 'completion_id');
    if (id === undefined)
      return { ...refused('completion_id', kindOf(event.completion_id), 'missing'), late: [] };
    const held = this.#calls.get(id) ?? { summary: undefined, messages: [], origin };
    const call =
      event.eventType === SUMMARY
        ? { ...held, summary: event }
        : { ...held, messages: [...held.messages, event] };
    this.#calls.set(id, call);
    this.#weight.add(id, event);
    const counted = numberAt(call.summary, 'response.number_of_messages');
    if (counted !== undefined && call.messages.length >= counted) {
      this.#calls.delete(id);
      this.#weight.drop(id);
      return { ...this.#told(call), late: [] };
    }
    const late: Late[] = [];
    for (const oldest of this.#calls.keys()) {
      if (this.#calls.size <= MAX_HELD && !this.#weight.isOver) break;
      late.push(...this.#release(oldest));
    }
    return { exchanges: [], reasons: [], skipped: 0, late };
  }

  /** What was half told already at the call before: for listeners, whose input does not end. */
  age(): readonly Late[] {
    const late = [...this.#aging].flatMap((id) => this.#release(id));
    this.#aging = new Set(this.#calls.keys());
    return late;
  }

  /** What is left when the input ends. */
  finish(): readonly Late[] {
    return [...this.#calls.keys()].flatMap((id) => this.#release(id));
  }

  #release(id: string): Late[] {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    this.#weight.drop(id);
    if (call === undefined) return [];
    const { exchanges, reasons, odd = [] } = this.#told(call);
    const { origin } = call;
    return [
      ...exchanges.map((exchange) => ({ origin, exchange, odd })),
      ...reasons.map((reason) => ({ origin, reason })),
    ];
  }

  #told({ summary, messages }: HeldCall): Adapted {
    if (summary === undefined)
      return refused(
        'completion_id',
        'nothing',
        `messages whose ${SUMMARY} is not in the input: export both`,
      );
    const inOrder = messages.toSorted(
      (a, b) => (numberAt(a, 'sequence') ?? 0) - (numberAt(b, 'sequence') ?? 0),
    );
    const asked = inOrder.filter(({ is_response }) => is_response !== true);
    if (asked.length === 0)
      return refused(
        MESSAGE,
        'nothing',
        'no messages: record_content is off, or only summaries were exported',
      );
    const answer = inOrder.find(({ is_response }) => is_response === true);
    const request = {
      model: summary['request.model'] ?? summary['response.model'],
      messages: asked.map(({ role, content }) => ({ role, content })),
      temperature: summary['request.temperature'],
      max_tokens: summary['request.max_tokens'],
    };
    const pair = {
      id: summary.request_id ?? summary.id,
      time: summary.timestamp,
      account: ACCOUNTS.map((name) => nameAt(summary, name)).find((name) => name !== undefined),
      usage: {
        prompt_tokens: summary['response.usage.prompt_tokens'],
        completion_tokens: summary['response.usage.completion_tokens'],
      },
      response: {
        text: at(answer, 'content'),
        finish_reason: summary['response.choices.finish_reason'],
        ...(summary.error === true ? { error: true } : {}),
      },
    };
    return fromPair(pair, request, this.#defaults, false);
  }
}

/** Custom attributes begin with `llm.`: https://docs.newrelic.com/docs/ai-monitoring/customize-agent-ai-monitoring/ */
const ACCOUNTS = [
  ...[
    'siphonwatch.account',
    'llm.account',
    'llm.customer_id',
    'llm.user_id',
    'llm.user',
    'enduser.id',
    'userId',
  ],
];
