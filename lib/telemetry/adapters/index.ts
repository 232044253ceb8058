import { parseExchange } from '../parse-exchange.ts';
import type { Adapter } from './adapter.ts';
import { fromBedrock } from './bedrock.ts';
import { fromLiteLlm } from './litellm.ts';
import { fromOpenAi } from './openai.ts';
import { fromOtel } from './otel.ts';

const fromExchange: Adapter = (json) => {
  const parsed = parseExchange(json);
  return parsed.ok
    ? { exchanges: [parsed.exchange], reasons: [], skipped: 0 }
    : { exchanges: [], reasons: [parsed.reason], skipped: 0 };
};

/** The formats that the recorder reads, by the name on the command line. */
export const ADAPTERS = {
  exchange: fromExchange,
  otel: fromOtel,
  bedrock: fromBedrock,
  litellm: fromLiteLlm,
  openai: fromOpenAi,
} as const satisfies Record<string, Adapter>;

export type InputFormat = keyof typeof ADAPTERS;
