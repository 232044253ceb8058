import { numberIn } from './fields.ts';
import { textIn } from './otel-endings.ts';
import { otelBody } from './otel-messages.ts';
import type { Attributes } from './otlp.ts';
import { paramsOf } from './request.ts';

/** Sampling parameters: the conventions' attributes, else those of a body that the span holds. */
export function otelParams(attributes: Attributes): Record<string, unknown> {
  const body = paramsOf(otelBody(attributes));
  const amount = (...names: string[]) => numberOf(attributes, names);
  const fact = (...names: string[]) =>
    names.map((name) => textIn(attributes[name])).find((text) => text !== undefined);
  const seed = amount('gen_ai.request.seed', 'gen_ai.openai.request.seed', 'openai.request.seed');
  return {
    ...body,
    temperature:
      amount('gen_ai.request.temperature', 'llm.temperature', 'ai.settings.temperature') ?? body.temperature,
    topP: amount('gen_ai.request.top_p', 'llm.top_p', 'ai.settings.topP') ?? body.topP,
    maxTokens:
      amount(
        'gen_ai.request.max_tokens',
        'llm.request.max_tokens',
        'ai.settings.maxOutputTokens',
        'ai.settings.maxTokens',
      ) ?? body.maxTokens,
    n: amount('gen_ai.request.choice.count') ?? body.n,
    seed: seed ?? body.seed,
    responseFormat:
      fact('gen_ai.output.type', 'gen_ai.openai.request.response_format', 'openai.request.response_format') ??
      body.responseFormat,
  };
}

/** The first of these attributes that is a number. */
export function numberOf(attributes: Attributes, names: readonly string[]): number | undefined {
  return names.map((name) => numberIn(attributes[name])).find((found) => found !== undefined);
}
