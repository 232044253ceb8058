import type { ExportShape } from './export-shape.ts';
import { jsonIn, listOf, objectOf, textAt } from './fields.ts';

/** What gateways keep of calls in tables of their own, under the key that they checked. */
export const GATEWAYS: readonly ExportShape[] = [
  {
    name: 'bifrost',
    source: 'https://github.com/maximhq/bifrost/blob/main/framework/logstore/tables.go (Log)',
    matches: (entry) => 'selected_key_id' in entry && 'virtual_key_id' in entry && 'status' in entry,
    isOther: (entry) => entry.status === 'processing' || OTHER_OBJECTS.test(textAt(entry, 'object') ?? ''),
    pair: (entry) => ({
      ...{ id: entry.id, time: entry.timestamp, usage: entry.token_usage },
      account:
        entry.customer_id ?? entry.team_id ?? entry.user_id ?? entry.virtual_key_id ?? entry.virtual_key_name,
      request: {
        ...objectOf(jsonIn(entry.params)),
        model: entry.model,
        ...(filled(entry.input_history) ?? { input: jsonIn(entry.responses_input_history) }),
      },
      response: {
        ...objectOf(jsonIn(entry.output_message)),
        finish_reason: entry.stop_reason,
        ...(entry.status === 'error' ? { error: jsonIn(entry.error_details) ?? true } : {}),
      },
    }),
  },
  {
    name: 'bricksllm',
    source: 'https://github.com/bricks-cloud/BricksLLM/blob/main/internal/event/event.go (Event)',
    matches: (entry) => 'key_id' in entry && 'prompt_token_count' in entry && 'request' in entry,
    pair: (entry) => ({
      ...{ id: entry.id, time: entry.created_at, status: entry.status, url: entry.path },
      account: entry.key_id,
      usage: {
        prompt_tokens: entry.prompt_token_count,
        completion_tokens: entry.completion_token_count,
      },
      request: { model: entry.model, ...objectOf(bytesIn(entry.request)) },
      response: objectOf(bytesIn(entry.response)) ?? {},
    }),
  },
];

/** Go writes bytes as base64 (https://pkg.go.dev/encoding/json#Marshal). */
function bytesIn(written: unknown): unknown {
  return typeof written === 'string' && !/^\s{0,64}[[{]/.test(written)
    ? jsonIn(Buffer.from(written, 'base64').toString('utf8'))
    : jsonIn(written);
}

/** What Bifrost's log holds besides calls of language models, by `object`. A call whose bodies lie in another store is one all the same. */
const OTHER_OBJECTS =
  /embed|rerank|speech|transcription|image|video|ocr|models|count_tokens|^file|^batch|^container/i;

function filled(written: unknown): { readonly messages: readonly unknown[] } | undefined {
  const messages = listOf(jsonIn(written));
  return messages.length === 0 ? undefined : { messages };
}
