import type { AdapterDefaults, Found } from './adapter.ts';
import { NO_TRUST } from './claimed-accounts.ts';
import { outcomeFrom } from './endings.ts';
import { jsonIn, listOf, nameInText, objectOf } from './fields.ts';
import { otelAccount } from './otel-accounts.ts';
import { MODELS, modelIn } from './otel-calls.ts';
import { answerTokens, endingsIn, textIn } from './otel-endings.ts';
import { DETAILS } from './otel-messages.ts';
import { numberOf, otelParams } from './otel-params.ts';
import { type Attributes, type OtlpEntry, otlpField } from './otlp.ts';
import type { ReadMessage } from './read-message.ts';
import { readMessages } from './request.ts';
import { isoFrom, isoFromNanoseconds } from './times.ts';

/** The facts of a call, as its span and its log events tell them. */
export function callIn(
  entry: OtlpEntry,
  messages: readonly ReadMessage[],
  words: readonly string[],
  defaults: AdapterDefaults,
): Found {
  const { attributes, resource, events } = entry;
  const details = events.filter(({ name }) => name === DETAILS).map((event) => event.attributes);
  const fact = (...names: string[]): string | undefined => {
    for (const name of names)
      for (const held of [attributes, ...details, resource]) {
        const text = textIn(held[name]) ?? nameInText(held, name);
        if (text !== undefined) return text;
      }
    return undefined;
  };
  const amount = (...names: string[]) => numberOf(attributes, names);
  const told = answerTokens(attributes);
  return {
    id: fact('gen_ai.response.id', 'ai.response.id') ?? entry.key,
    providerId: true,
    time:
      isoFromNanoseconds(otlpField(entry.entry, 'startTimeUnixNano')) ??
      isoFromNanoseconds(otlpField(entry.entry, 'timeUnixNano')) ??
      isoFromNanoseconds(otlpField(entry.entry, 'observedTimeUnixNano')),
    ...otelAccount(fact, defaults.clients ?? NO_TRUST, defaults.accountField),
    model: fact(...MODELS) ?? modelIn(attributes),
    messages,
    completion: completionIn(attributes),
    inputTokens:
      amount(
        'gen_ai.usage.input_tokens',
        'gen_ai.usage.prompt_tokens',
        'llm.token_count.prompt',
        'llm.usage.prompt_tokens',
        'ai.usage.inputTokens',
        'ai.usage.promptTokens',
        'gen_ai.response.prompt_tokens',
      ) ?? told.input,
    outputTokens:
      amount(
        'gen_ai.usage.output_tokens',
        'gen_ai.usage.completion_tokens',
        'llm.token_count.completion',
        'llm.usage.completion_tokens',
        'ai.usage.outputTokens',
        'ai.usage.completionTokens',
        'gen_ai.response.completion_tokens',
      ) ?? told.output,
    params: otelParams(attributes),
    outcome: outcomeFrom(endingsIn(entry, words)),
    ip: fact('client.address', 'network.peer.address', 'http.client_ip', 'metadata.requester_ip_address'),
    asn: fact('siphonwatch.asn'),
    tls: fact('siphonwatch.tls', 'tls.client.ja4', 'tls.client.ja3'),
    userAgent: fact('user_agent.original', 'http.user_agent', 'metadata.user_agent'),
    credential: fact('siphonwatch.credential', 'metadata.user_api_key_hash'),
    plan: fact('siphonwatch.plan'),
    product: fact('siphonwatch.product'),
    createdAt: isoFrom(fact('siphonwatch.created_at')),
    payment: fact('siphonwatch.payment'),
  };
}

function completionIn(attributes: Attributes): string | undefined {
  const output = listOf(jsonIn(attributes['gen_ai.output.messages']))[0];
  const said =
    output === undefined ? undefined : readMessages([{ role: 'assistant', ...objectOf(output) }])[0]?.content;
  return said ?? textIn(attributes['gen_ai.completion.0.content']) ?? textIn(attributes['ai.response.text']);
}
