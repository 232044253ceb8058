import { parseExchange } from '../parse-exchange.ts';
import type { Adapter } from './adapter.ts';
import { fromBedrock } from './bedrock.ts';
import { fromLiteLlm } from './litellm.ts';
import { fromGemini, fromOpenAi } from './openai.ts';
import { fromOtel } from './otel.ts';

const fromExchange: Adapter = (json, defaults) => {
  const parsed = parseExchange(json, defaults?.show);
  return parsed.ok
    ? { exchanges: [parsed.exchange], reasons: [], skipped: 0, odd: parsed.odd }
    : { exchanges: [], reasons: [parsed.reason], skipped: 0 };
};

/**
 * The formats that the recorder reads, by the name on the command line.
 *
 * @example
 * import { ADAPTERS } from '@siphonwatch/recorder';
 *
 * const { exchanges } = ADAPTERS.openai({
 *   time: '2026-03-01T08:00:00Z',
 *   account: 'acme',
 *   request: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'How do tides work?' }] },
 *   response: { id: 'chatcmpl-B1x9', usage: { prompt_tokens: 12, completion_tokens: 340 } },
 * });
 * exchanges[0].usage.outputTokens; // => 340
 */
export const ADAPTERS = {
  exchange: fromExchange,
  otel: fromOtel,
  bedrock: fromBedrock,
  litellm: fromLiteLlm,
  openai: fromOpenAi,
  gemini: fromGemini,
} as const satisfies Record<string, Adapter>;

export type InputFormat = keyof typeof ADAPTERS;
